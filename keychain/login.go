package keychain

import (
	"errors"
	"fmt"
	"os"
	"time"
)

// Put stores what a login brought: Assign for a value whose end is known. Where
// there is an Answer alone, the value stays; the answer is kept beside it, goes
// with the next request (Spend), and the slot is no longer parked.
func (k *KeyChain) Put(slot string, fresh Fresh) error {
	if fresh.Value.IsZero() {
		return k.putAnswer(slot, fresh.Answer)
	}
	v, err := k.accept(slot, fresh.Value)
	if err != nil {
		return err
	}
	return k.change(func(slots map[string]record, id dumpID) error {
		slots[slot] = record{value: v, stamp: string(id), assigned: id.time(), expires: fresh.Expires.UTC(), final: fresh.Final}
		return nil
	})
}

func (k *KeyChain) putAnswer(slot string, answer Value) error {
	if answer = answer.trim(); answer.IsZero() {
		return mistakef(ErrFormat, "keychain: %s: there is neither a value nor an answer", slot)
	}
	// First the state: a daemon that takes the answer at once may park the token again.
	if err := k.SetState(slot, State{Name: OK}); err != nil {
		return err
	}
	return k.change(func(slots map[string]record, _ dumpID) error {
		r, held := slots[slot]
		if !held {
			return mistakef(ErrEmpty, "keychain: %s holds nothing", slot)
		}
		r.answer = answer
		slots[slot] = r
		return nil
	})
}

// Spend takes the token's answer off the disk, so that it is used once, whatever
// happens next. The token is returned without it where somebody else took it, or
// where there is another value by now.
func (k *KeyChain) Spend(t Token) (Token, error) {
	if t.Answer.IsZero() {
		return t, nil
	}
	err := k.change(func(slots map[string]record, _ dumpID) error {
		r := slots[t.Slot]
		if !r.value.Equal(t.Value) || !r.answer.Equal(t.Answer) {
			return errOvertaken
		}
		r.answer = Value{}
		slots[t.Slot] = r
		return nil
	})
	if err != nil {
		t.Answer = Value{}
	}
	if errors.Is(err, errOvertaken) {
		err = nil
	}
	return t, err
}

// restToCarry is the rest that the value before a refresh was in, if it was in one:
// a quota, or a page that a person has to open. It is the account's and not the
// value's, so that the next value has it too. A value that a person assigns has
// not.
func (k *KeyChain) restToCarry(from source) stateEntry {
	k.mu.RLock()
	defer k.mu.RUnlock()
	e := k.states[from.slot]
	if from.from != from.slot || e.Stamp != from.slotStamp || e.Name != Cooling && e.Name != Parked || !e.Until.After(time.Now()) {
		return stateEntry{}
	}
	return e
}

// carryRest gives the rest to the value that was saved. A state that cannot be
// written costs one request that is refused again.
func (k *KeyChain) carryRest(from source, e stateEntry) {
	if r, held := k.record(from.slot); held && e.Name != "" {
		e.Stamp = r.stamp
		_ = k.setState(from.slot, e)
	}
}

// closeIntent ends the intent of a renewal whose new value is saved. A Maker that
// is not to be asked again for a while leaves one that says so. One that stays
// because it cannot be removed speaks of a value that is gone.
func (k *KeyChain) closeIntent(from source, fresh Fresh) {
	if fresh.Next.After(time.Now()) && from.from != from.slot && fresh.Raw.IsZero() {
		in := intent{Stamp: from.fromStamp, Started: time.Now().UTC(), Refused: true, State: State{Name: Parked, Until: fresh.Next.UTC(),
			Reason: fmt.Sprintf("there was a login at %s, and the next one is not made before %s",
				time.Now().UTC().Format(time.RFC3339), fresh.Next.UTC().Format(time.RFC3339))}}
		if k.writeIntent(from.from, in) == nil {
			return
		}
	}
	_ = os.Remove(k.disk.intentPath(from.from))
}
