package keychain

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"strings"
	"time"
	"unicode"
)

// The values of State.Name.
const (
	OK      = "ok"      // as far as is known
	Cooling = "cooling" // not before State.Until: a limit or a quota
	Parked  = "parked"  // a person has to do something; State.Link says where
	Dead    = "dead"    // refused; a new value has to be assigned
)

// State is what became of a token. It speaks of one value: a slot that gets
// another one, or none, is ok. The zero State is ok.
type State struct {
	Name   string    // OK, Cooling, Parked, Dead; "" is OK
	Reason string    // the error in one line
	Hint   string    // what to do about it
	Until  time.Time // when it is tried again
	Link   string    // the page a person must open
	Times  int       // how often in a row, which doubles the rest
}

const (
	stateFile = "state.json"
	maxReason = 500  // bytes of a reason or a hint
	maxLink   = 4096 // bytes; a page for a person has a signed token in its address
)

// stateEntry is a State on disk, with the stamp of the value it speaks of: an
// entry about another value does not count, so that assigning clears the state
// without a second write that a crash could come before.
type stateEntry struct {
	Stamp  string    `json:"stamp"`
	Name   string    `json:"state"`
	Reason string    `json:"reason,omitempty"`
	Hint   string    `json:"hint,omitempty"`
	Until  time.Time `json:"until,omitzero"`
	Link   string    `json:"link,omitempty"`
	Times  int       `json:"times,omitempty"`
	Since  time.Time `json:"since"`
}

// State returns what is remembered of the slot's token. A rest that is over is
// still told: Until says when it ended.
func (k *KeyChain) State(slot string) State {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.stateOf(slot)
}

// stateOf is State for a caller who holds k.mu.
func (k *KeyChain) stateOf(slot string) State {
	r, held := k.now.slots[slot]
	e, ok := k.states[slot]
	if !held || !ok || e.Stamp != r.stamp {
		return State{}
	}
	return State{e.Name, e.Reason, e.Hint, e.Until, e.Link, e.Times}
}

// SetState remembers what became of the slot's token, over restarts, in a small
// file of its own: no dump is written. Reasons are bounded and the keychain's
// secrets taken out of them. An empty slot has no state: an ErrEmpty.
func (k *KeyChain) SetState(slot string, s State) error {
	if s.Name == "" {
		s.Name = OK
	}
	k.mu.RLock()
	r, held := k.now.slots[slot]
	same := k.stateOf(slot) == s || k.stateOf(slot) == State{} && s == State{Name: OK}
	k.mu.RUnlock()
	if !held {
		return mistakef(ErrEmpty, "keychain: %s holds nothing", slot)
	}
	if same {
		return nil
	}
	return k.setState(slot, stateEntry{Stamp: r.stamp, Name: s.Name, Reason: k.clean(s.Reason), Hint: k.clean(s.Hint),
		Until: s.Until.UTC().Round(0), Link: k.cleanLink(s.Link), Times: s.Times, Since: time.Now().UTC()})
}

// setState writes the entry between those of other processes.
func (k *KeyChain) setState(slot string, e stateEntry) error {
	unlock, err := k.lock()
	if err != nil {
		return err
	}
	defer unlock()
	if err := k.sync(); err != nil {
		return err
	}
	k.mu.RLock()
	states := maps.Clone(k.states)
	k.mu.RUnlock()
	if states == nil {
		states = make(map[string]stateEntry)
	}
	states[slot] = e
	k.mu.RLock()
	maps.DeleteFunc(states, func(slot string, e stateEntry) bool {
		r, held := k.now.slots[slot]
		return e.Name == OK || !held || r.stamp != e.Stamp // nothing to say, or about a value that is gone
	})
	k.mu.RUnlock()
	if err := k.disk.writeStates(states); err != nil {
		return err
	}
	k.mu.Lock()
	k.states = states
	k.mu.Unlock()
	return nil
}

func (d disk) readStates() (map[string]stateEntry, error) {
	text, err := os.ReadFile(d.path(stateFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("keychain: states: %w", err)
	}
	var states map[string]stateEntry
	if err := json.Unmarshal(text, &states); err != nil {
		return nil, mistakef(ErrDamaged, "keychain: states: %s is not JSON; it is written anew", d.path(stateFile))
	}
	return states, nil
}

func (d disk) writeStates(states map[string]stateEntry) error {
	text, err := json.MarshalIndent(states, "", "  ")
	if err != nil {
		return fmt.Errorf("keychain: states: %w", err)
	}
	if err := d.write(d.path(stateFile), append(text, '\n')); err != nil {
		return fmt.Errorf("keychain: states: %w", err)
	}
	return nil
}

// clean takes every secret of the keychain out of text, puts it on one line and
// bounds it.
func (k *KeyChain) clean(text string, more ...Value) string {
	text = k.hider(more...).redact(text)
	text = strings.Join(strings.FieldsFunc(text, unicode.IsControl), " ")
	if len(text) > maxReason {
		text = strings.ToValidUTF8(text[:maxReason], "") + "..."
	}
	return text
}

// cleanLink is clean for an address, which is whole or not there: one that was cut
// leads nowhere.
func (k *KeyChain) cleanLink(link string, more ...Value) string {
	link = k.hider(more...).redact(link)
	if len(link) > maxLink || strings.ContainsFunc(link, unicode.IsControl) {
		return ""
	}
	return link
}

// hider takes out what the keychain holds, and more.
func (k *KeyChain) hider(more ...Value) hider {
	k.mu.RLock()
	now, hidden := k.now, k.hidden
	k.mu.RUnlock()
	if len(more) == 0 {
		return hidden()
	}
	return hiding(append(now.values(), more...)...)
}

// Redact takes the keychain's secrets out of a text, as the last wall before a log.
func (k *KeyChain) Redact(text string) string { return k.hider().redact(text) }
