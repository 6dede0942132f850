package keychain

import (
	"maps"
	"math"
	"slices"
	"time"
)

// FormatOf returns what slots of the same kind take. The error is an ErrSlot that
// lists the known kinds.
func (k *KeyChain) FormatOf(slot string) (Format, error) { return k.formats.of(slot) }

// Slots returns the names of the slots that hold something, sorted.
func (k *KeyChain) Slots() []string {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return slices.Sorted(maps.Keys(k.now.slots))
}

// Get returns what is in the slot, and whether there is anything.
func (k *KeyChain) Get(slot string) (Value, bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	r, ok := k.now.slots[slot]
	return r.value, ok
}

// Token is Get, in the form in which networks take it.
func (k *KeyChain) Token(slot string) (Token, bool) {
	r, ok := k.record(slot)
	if !ok {
		return Token{}, false
	}
	return Token{Slot: slot, Value: r.value, Answer: r.answer}, true
}

// Assign puts a value into a slot, in place of what was there. Space around the
// value, or around each field but a password, is left out. The new dump is on disk when Assign
// returns nil; else nothing has changed. It logs in nowhere and asks no network.
// The error is an ErrSlot, an ErrFormat, or about the disk.
func (k *KeyChain) Assign(slot string, v Value) error {
	v, err := k.accept(slot, v)
	if err != nil {
		return err
	}
	return k.change(func(slots map[string]record, id dumpID) error {
		slots[slot] = record{value: v, stamp: string(id), assigned: id.time()}
		return nil
	})
}

// Accepts reports whether Assign would take the value, as its error.
func (k *KeyChain) Accepts(slot string, v Value) error {
	_, err := k.accept(slot, v)
	return err
}

// accept trims the value and checks it against the slot's format.
func (k *KeyChain) accept(slot string, v Value) (Value, error) {
	f, err := k.formats.of(slot)
	if err != nil {
		return Value{}, err
	}
	v = v.trim()
	return v, f.Check(slot, v)
}

func (v Value) trim() Value {
	fields := make(map[string]Secret, len(v.all()))
	for name, s := range v.all() {
		if s := trimmedField(name, string(s)); s != "" {
			fields[name] = Secret(s)
		}
	}
	return valueOf(fields)
}

// Delete empties a slot. Older dumps still hold the value until they are pruned.
// The error is an ErrEmpty where there was nothing, or about the disk.
func (k *KeyChain) Delete(slot string) error {
	if _, _, err := ParseSlot(slot); err != nil {
		return err
	}
	return k.change(func(slots map[string]record, _ dumpID) error {
		if _, ok := slots[slot]; !ok {
			return mistakef(ErrEmpty, "keychain: %s holds nothing", slot)
		}
		delete(slots, slot)
		return nil
	})
}

// SlotInfo is what may be told of a slot.
type SlotInfo struct {
	Slot       string
	Kind       string // the shape of the value: "VK ID"
	State      State
	AssignedAt time.Time // when the value came into the slot: assigned, made or refreshed
	ExpiresAt  time.Time // zero where it does not expire, or nobody knows
	// Endless is true where the network says that the value does not expire.
	Endless bool
	// Renewable is true where a Refresher or a Maker will renew the value by itself.
	Renewable bool
	// RenewalError is why the last renewal failed, nil where it did not.
	RenewalError error
}

// DaysLeft is the time to ExpiresAt in days, rounded; below 0 when that is past. It is
// not known where the value does not expire.
func (s SlotInfo) DaysLeft() (days int, known bool) {
	if s.ExpiresAt.IsZero() {
		return 0, false
	}
	return int(math.Round(time.Until(s.ExpiresAt).Hours() / 24)), true
}

// Show lists the slots that hold something, sorted by name, without secrets.
func (k *KeyChain) Show() []SlotInfo {
	infos := make([]SlotInfo, 0)
	for _, slot := range k.Slots() {
		if info, held := k.show(slot); held {
			infos = append(infos, info)
		}
	}
	return infos
}

func (k *KeyChain) show(slot string) (info SlotInfo, held bool) {
	k.mu.RLock()
	r, held := k.now.slots[slot]
	state := k.stateOf(slot)
	k.mu.RUnlock()
	if !held {
		return SlotInfo{}, false
	}
	if state.Name == "" {
		state.Name = OK
	}
	info = SlotInfo{Slot: slot, State: state, AssignedAt: r.assigned, ExpiresAt: r.known(), Endless: r.endless()}
	info.Renewable, info.RenewalError = k.renewable(slot, r)
	if f, err := k.formats.of(slot); err == nil {
		info.Kind = f.Kind(r.value)
	}
	return info, true
}
