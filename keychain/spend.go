package keychain

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

// intent says on disk that a value is being spent. It outlives a crash, and a
// refusal: then the value is not spent again.
type intent struct {
	Stamp   string    `json:"stamp"` // of the value that is spent
	Started time.Time `json:"started"`
	Tries   int       `json:"tries"`
	Refused bool      `json:"refused,omitempty"`
	State   State     `json:"state,omitzero"`
}

// spend makes the request with the intent on disk before it and the new value on
// disk after it.
func (k *KeyChain) spend(ctx context.Context, from source, v Value, ask func(context.Context, Token) (Fresh, error)) (Token, error) {
	before := k.disk.readIntent(from.from)
	if before.Stamp != from.fromStamp {
		before = intent{}
	}
	if before.Refused && (before.State.Until.IsZero() || before.State.Until.After(time.Now())) {
		return Token{}, &Refusal{before.State, fmt.Errorf("keychain: %s: %s", from.from, before.State.Reason)}
	}
	in := intent{Stamp: from.fromStamp, Started: time.Now().UTC(), Tries: before.Tries + 1}
	if err := k.writeIntent(from.from, in); err != nil {
		return Token{}, err
	}
	fresh, err := guarded(func() (Fresh, error) { return ask(ctx, Token{Slot: from.from, Value: v}) })
	if err == nil {
		err = k.checkFresh(from, fresh)
	}
	if err != nil {
		err = k.failed(from, in, before, k.cleanError(err, fresh.Value, fresh.Raw))
		if k.same(from, fresh) {
			err = errors.Join(err, k.setEnd(from, fresh))
		}
		return Token{}, err
	}
	return k.save(from, fresh)
}

func (k *KeyChain) checkFresh(from source, fresh Fresh) error {
	if err := k.Accepts(from.slot, fresh.Value); err != nil {
		return fmt.Errorf("the new token: %w", err)
	}
	if fresh.Raw.IsZero() {
		return nil
	}
	return k.Accepts(from.from, fresh.Raw)
}

// failed writes down a refusal; any other error leaves everything as it is.
func (k *KeyChain) failed(from source, in, before intent, err error) error {
	err = fmt.Errorf("keychain: %s: %w", from.from, err)
	var refusal *Refusal
	if !errors.As(err, &refusal) {
		return err
	}
	s := refusal.State
	if s.Name != Parked {
		s.Name = Dead
	}
	if s.Reason == "" {
		s.Reason = strings.TrimPrefix(err.Error(), "keychain: "+from.from+": ") // whoever shows it names the slot
	}
	if before.Tries > 0 {
		s.Reason += fmt.Sprintf("; a renewal begun at %s had no answer that was saved, so the network may have given "+
			"the next token then", before.Started.Format(time.RFC3339))
	}
	if r, held := k.record(from.from); held && from.from == from.slot {
		// Nobody documents how long a refresh token lives; so its age at the end is told.
		s.Reason += "; the value came into the slot at " + r.assigned.Format(time.RFC3339)
	}
	s.Reason, s.Hint, s.Link = k.clean(s.Reason), k.clean(s.Hint), k.cleanLink(s.Link)
	in.Refused, in.State = true, s
	if writeErr := k.writeIntent(from.from, in); writeErr != nil {
		return errors.Join(err, writeErr)
	}
	if _, held := k.record(from.from); held {
		if stateErr := k.SetState(from.from, s); stateErr != nil {
			return errors.Join(err, stateErr)
		}
	}
	return err
}

// save writes the new value and gives it out. A value that came into the slot
// meanwhile stays: a person put it there.
func (k *KeyChain) save(from source, fresh Fresh) (Token, error) {
	if k.same(from, fresh) {
		return k.keep(from, fresh)
	}
	var kept Value
	rest := k.restToCarry(from)
	err := k.change(func(slots map[string]record, id dumpID) error {
		kept = fresh.Value.trim()
		if now := slots[from.slot]; now.stamp != from.slotStamp {
			kept = now.value
			return errOvertaken
		}
		next := record{value: kept, stamp: string(id), assigned: id.time(), expires: fresh.Expires.UTC(), final: fresh.Final}
		if from.from == from.slot {
			next.answer = slots[from.slot].answer
		}
		slots[from.slot] = next
		if raw := slots[from.from]; !fresh.Raw.IsZero() && raw.stamp == from.fromStamp {
			slots[from.from] = record{value: fresh.Raw.trim(), stamp: string(id), assigned: id.time()}
		}
		return nil
	})
	if err == nil {
		k.carryRest(from, rest)
	}
	k.renewals.mu.Lock()
	defer k.renewals.mu.Unlock()
	if err != nil && !errors.Is(err, errOvertaken) {
		k.renewals.unsaved[from.slot] = unsaved{from, fresh}
		return Token{}, fmt.Errorf("the new token of %s waits in memory, unused, until it can be written: %w", from.slot, err)
	}
	delete(k.renewals.unsaved, from.slot)
	k.closeIntent(from, fresh)
	if kept.IsZero() {
		return Token{}, mistakef(ErrEmpty, "keychain: %s was emptied during its renewal", from.slot)
	}
	return Token{Slot: from.slot, Value: kept}, nil
}

// same reports whether a refresh gave the value that the slot holds.
func (k *KeyChain) same(from source, fresh Fresh) bool {
	r, held := k.record(from.slot)
	return held && from.from == from.slot && r.stamp == from.slotStamp && fresh.Raw.IsZero() && r.value.Equal(fresh.Value.trim())
}

// keep ends a refresh that gave the same value.
func (k *KeyChain) keep(from source, fresh Fresh) (Token, error) {
	err := k.setEnd(from, fresh)
	k.renewals.mu.Lock()
	defer k.renewals.mu.Unlock()
	k.renewals.looked[from.slot] = look{from.slotStamp, time.Now()}
	k.closeIntent(from, fresh)
	return Token{Slot: from.slot, Value: fresh.Value.trim()}, err
}

// setEnd writes what a network said of the end of a value that stays. Nothing is
// written where it said nothing new: a look a day would push every older dump out.
func (k *KeyChain) setEnd(from source, fresh Fresh) error {
	r, _ := k.record(from.slot)
	if fresh.Expires.IsZero() || r.expires.Equal(fresh.Expires) && r.final == fresh.Final {
		return nil
	}
	return k.change(func(slots map[string]record, _ dumpID) error {
		if now := slots[from.slot]; now.stamp == from.slotStamp {
			now.expires, now.final = fresh.Expires.UTC(), fresh.Final
			slots[from.slot] = now
		}
		return nil
	})
}

var errOvertaken = errors.New("the slot got another value")

func (k *KeyChain) hasUnsaved(slot string) bool {
	k.renewals.mu.Lock()
	defer k.renewals.mu.Unlock()
	_, ok := k.renewals.unsaved[slot]
	return ok
}

// saveUnsaved writes a new value that could not be written before.
func (k *KeyChain) saveUnsaved(slot string) (t Token, done bool, err error) {
	k.renewals.mu.Lock()
	u, ok := k.renewals.unsaved[slot]
	k.renewals.mu.Unlock()
	if !ok {
		return Token{}, false, nil
	}
	t, err = k.save(u.source, u.fresh)
	return t, true, err
}

// readIntent returns the intent of a slot, the zero intent for none or for one
// that cannot be read.
func (d disk) readIntent(slot string) intent {
	var in intent
	text, err := os.ReadFile(d.intentPath(slot))
	if err != nil || json.Unmarshal(text, &in) != nil {
		return intent{}
	}
	return in
}

func (k *KeyChain) writeIntent(slot string, in intent) error {
	text, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("keychain: intent: %w", err)
	}
	if err := k.disk.write(k.disk.intentPath(slot), append(text, '\n')); err != nil {
		return fmt.Errorf("keychain: intent: %w", err)
	}
	return nil
}
