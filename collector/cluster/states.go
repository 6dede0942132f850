package cluster

import (
	"context"
	"encoding/json"
	"maps"
	"time"
)

// This file is what who uses a token tells who uses it next: that the network told it to
// wait, or refused it.

// tokenState is the value of state.SLOT.
type tokenState struct {
	Nonce string          `json:"nonce"`
	Stamp string          `json:"stamp"` // of the token's value, as the keychain has it
	At    time.Time       `json:"at"`
	State json.RawMessage `json:"state"`
}

func stateKey(slot string) string { return "state." + slotKey(slot) }

// TellState tells the other nodes what became of a slot's token, as JSON that has no secret
// in it. The stamp names the value that it is about. It does not wait; while NATS is away
// the newest of each slot is kept.
func (c *Cluster) TellState(slot, stamp string, state json.RawMessage) {
	c.mu.Lock()
	c.states[slot] = tokenState{c.nonce, stamp, time.Now().UTC(), state}
	c.mu.Unlock()
	select {
	case c.statesMoved <- struct{}{}:
	default:
	}
}

// State is what another process told of a slot's token last. It is not ok where nobody has,
// or this process told something later.
func (c *Cluster) State(slot string) (stamp string, state json.RawMessage, ok bool) {
	c.mu.Lock()
	b := c.buckets
	_, later := c.states[slot]
	c.mu.Unlock()
	if b == nil || later {
		return "", nil, false
	}
	e, there := b.tokens.look(stateKey(slot))
	var s tokenState
	if !there || e.gone || json.Unmarshal(e.value, &s) != nil || s.Nonce == c.nonce {
		return "", nil, false
	}
	return s.Stamp, s.State, true
}

// sendStates sends what TellState was given, as long as NATS takes it.
func (c *Cluster) sendStates(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.statesMoved:
		}
		for !c.flushStates(ctx) {
			if sleep(ctx, time.Second) != nil {
				return
			}
		}
	}
}

// flushStates reports whether the others have all that TellState was given. What another
// node has told later, while this one was cut off, stays.
func (c *Cluster) flushStates(ctx context.Context) bool {
	c.mu.Lock()
	b, pending := c.buckets, maps.Clone(c.states)
	c.mu.Unlock()
	if b == nil {
		return len(pending) == 0
	}
	all := true
	for slot, s := range pending {
		if b.tellState(ctx, slot, s) != nil {
			all = false
			continue
		}
		c.mu.Lock()
		if c.states[slot].At.Equal(s.At) {
			delete(c.states, slot)
		}
		c.mu.Unlock()
	}
	return all
}

// tellState puts a state in the place of one that was told before it. The error is ErrAway,
// or errTaken.
func (b *buckets) tellState(ctx context.Context, slot string, s tokenState) error {
	e, _, err := b.tokens.get(ctx, stateKey(slot))
	if err != nil {
		return err
	}
	var theirs tokenState
	if json.Unmarshal(e.value, &theirs) == nil && theirs.At.After(s.At) {
		b.tokens.note(stateKey(slot), e)
		return nil
	}
	value, err := json.Marshal(s)
	if err != nil {
		return err
	}
	_, err = b.tokens.replace(ctx, stateKey(slot), value, e.revision, 0)
	return err
}
