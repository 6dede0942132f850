// Package keychain keeps the tokens of social networks: in slots with names, on
// disk encrypted, written whole or not at all, and renewed without ever losing
// the one that works.
//
//	k, err := keychain.Open(keychain.Options{Dir: "/var/lib/collectord"})
//	err = k.LoadLast()                        // the newest dump that can be read
//	err = k.Assign("vk", keychain.Bare(...))  // checked, and on disk when it returns
//	v, ok := k.Get("vk")
//
// A slot is two letters a network ("vk"), raw_ and the letters for what a token
// is made from ("raw_vk"), either with a name where there are several
// ("vk:second"). What each kind takes is a Format; networks declare theirs.
//
//	command line ──┐                     ┌── daemon
//	               ▼                     ▼
//	      lock ─ read the newest dump ─ change ─ write a dump ─ unlock
//	                           │
//	                           ▼
//	 DIR/keychain/20261121T231500.123456789Z-5e0c1f2a.age   one a change, 50 kept
//
// Dumps. Every change writes a dump of its own: JSON, encrypted with age, 0600,
// to a temporary file that is synced and renamed, in a folder that is synced. The
// name is the time, later than that of any dump before it whatever the clock
// says, and eight digits that tell the key. The newest dump that can be read is
// what the keychain holds. Any number of goroutines and processes may change it at
// once: a change is made under a lock, to what the newest dump holds at that moment.
//
// Damage. A dump that cannot be read is named in Warnings and the one before it is
// taken. Where none can be read, or the newest is for another key, nothing is
// loaded and nothing written: an empty keychain never takes the place of a full one.
//
// The key is an age identity: keychain.key in $CREDENTIALS_DIRECTORY where systemd
// hands one over, else in DIR, made at the first change. Dumps without the key are
// worth nothing, to thieves and owners alike.
//
// States. What became of a token (State) is kept in a file beside the dumps and
// speaks of one value: assigning another clears it.
//
// Renewal. Networks hand in how tokens are refreshed (Refresher) or made (Maker);
// Autocomplete and Renew do the rest, see there. This package makes no requests.
//
// Nothing in it logs, and no error, state or listing holds a secret: Get, Token
// and Value.Reveal are the only ways out.
package keychain

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// Options is what a KeyChain is opened with.
type Options struct {
	// Dir is the state folder; dumps go into Dir/keychain. It is made if missing.
	Dir string
	// Credentials is the folder in which systemd puts credentials; the empty string
	// means $CREDENTIALS_DIRECTORY.
	Credentials string
	// Formats go before those of the function Formats, kind by kind.
	Formats []Format
	// Checkers try tokens, by kind of slot.
	Checkers map[string]Checker
	// Refreshers renew tokens, by kind of slot; Makers make them, by kind of raw_ slot.
	Refreshers map[string]Refresher
	Makers     map[string]Maker
	// Ahead is the time between two calls of Autocomplete: what would fall due
	// before the next one is renewed now. 0 means 30 minutes.
	Ahead time.Duration
}

// Checker asks a network whether it accepts a token. Report says in a few words
// what the token is.
type Checker func(ctx context.Context, token Token) (report string, err error)

// KeyChain holds tokens. Its methods may be called at the same time.
type KeyChain struct {
	opts    Options
	disk    disk
	formats formats

	write sync.Mutex // one change at a time; held around the lock of the folder

	mu       sync.RWMutex // guards what follows
	id       dumpID       // the dump that now comes from; "" for none
	seen     dumpID       // the newest dump there was, which may be damaged
	changes  int          // how often what is here was replaced
	now      content
	states   map[string]stateEntry
	warnings []error

	renewals *renewals
}

// Open returns the keychain of a folder, empty until LoadLast, Load or a change.
// It reads nothing and makes no key yet.
func Open(opts Options) (*KeyChain, error) {
	if opts.Dir == "" {
		return nil, errors.New("keychain: no folder was named")
	}
	if opts.Credentials == "" {
		opts.Credentials = os.Getenv("CREDENTIALS_DIRECTORY")
	}
	if opts.Ahead <= 0 {
		opts.Ahead = 30 * time.Minute
	}
	return &KeyChain{
		opts:     opts,
		disk:     disk{state: opts.Dir, credentials: opts.Credentials},
		formats:  formats(Formats()).with(opts.Formats),
		renewals: newRenewals(),
	}, nil
}

// Close waits for the renewals under way: a new token that a network has sent is
// saved. The keychain can be read afterwards, and renews no more.
func (k *KeyChain) Close() { k.renewals.close() }

// Format prints where the keychain is and the names of its slots.
func (k *KeyChain) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "keychain %s (%s)", k.disk.folder(), strings.Join(k.Slots(), ", "))
}

// MarshalJSON gives the names of the slots.
func (k *KeyChain) MarshalJSON() ([]byte, error) { return json.Marshal(fmt.Sprint(k)) }

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
// value, or around each field, is left out. The new dump is on disk when Assign
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
		if s := strings.TrimSpace(string(s)); s != "" {
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
}

// Show lists the slots that hold something, sorted by name, without secrets.
func (k *KeyChain) Show() []SlotInfo {
	k.mu.RLock()
	defer k.mu.RUnlock()
	infos := make([]SlotInfo, 0, len(k.now.slots))
	for _, slot := range slices.Sorted(maps.Keys(k.now.slots)) {
		r := k.now.slots[slot]
		info := SlotInfo{Slot: slot, State: k.stateOf(slot), AssignedAt: r.assigned, ExpiresAt: r.end()}
		if info.State.Name == "" {
			info.State.Name = OK
		}
		if f, err := k.formats.of(slot); err == nil {
			info.Kind = f.Kind(r.value)
		}
		infos = append(infos, info)
	}
	return infos
}

// Check asks the network about the token in the slot. The error is an ErrSlot, an
// ErrEmpty, or what the network said.
func (k *KeyChain) Check(ctx context.Context, slot string) (report string, err error) {
	if _, err := k.formats.of(slot); err != nil {
		return "", err
	}
	v, ok := k.Get(slot)
	if !ok {
		return "", mistakef(ErrEmpty, "keychain: %s holds nothing", slot)
	}
	return k.Try(ctx, slot, v)
}

// ErrNoChecker says that nobody has told how tokens of that kind are tried.
var ErrNoChecker = errors.New("nothing can try a token of this kind")

// Try is Check for a value that is not in the slot, or not yet.
func (k *KeyChain) Try(ctx context.Context, slot string, v Value) (report string, err error) {
	v, err = k.accept(slot, v)
	if err != nil {
		return "", err
	}
	kind, _, _ := ParseSlot(slot)
	check := k.opts.Checkers[kind]
	if check == nil {
		return "", fmt.Errorf("%s: %w", slot, ErrNoChecker)
	}
	report, err = check(ctx, Token{Slot: slot, Value: v})
	return k.clean(report, v), k.cleanError(err, v)
}

// Checks reports whether there is a Checker for the slot's kind.
func (k *KeyChain) Checks(slot string) bool {
	kind, _, err := ParseSlot(slot)
	return err == nil && k.opts.Checkers[kind] != nil
}

// cleanedError is an error whose text has lost its secrets. errors.As still finds
// what is in it.
type cleanedError struct {
	text string
	err  error
}

func (e *cleanedError) Error() string { return e.text }
func (e *cleanedError) Unwrap() error { return e.err }

func (k *KeyChain) cleanError(err error, more ...Value) error {
	if err == nil {
		return nil
	}
	return &cleanedError{k.clean(err.Error(), more...), err}
}

// Warnings returns what was wrong with dumps that were passed over when the newest
// one was loaded last.
func (k *KeyChain) Warnings() []error {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return slices.Clone(k.warnings)
}

// LoadLast takes the newest dump that can be read; Warnings names those that could
// not. No dump at all is an empty keychain and no error. The error is an ErrKey
// where a key is missing, unsafe or another one, an ErrDamaged where no dump can
// be read, or about the disk; the keychain then holds what it held.
func (k *KeyChain) LoadLast() error {
	return k.sync()
}

// sync takes over what other processes have changed. Dumps do not change, so one
// that is in memory is not read again.
func (k *KeyChain) sync() (err error) {
	for range 3 { // dumps are pruned while others read
		err = k.syncOnce()
		if !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	return err
}

func (k *KeyChain) syncOnce() error {
	k.mu.RLock()
	seen, changes := k.seen, k.changes
	k.mu.RUnlock()
	ids, err := k.disk.ids()
	if err != nil {
		return err
	}
	if len(ids) == 0 || ids[0] == seen {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.states, _ = k.disk.readStates()
		return nil
	}
	ks, err := k.disk.readKeys()
	if err != nil {
		return err
	}
	id, c, warnings, err := k.disk.newest(ids, ks)
	if err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	// Read under the lock, so that a state set meanwhile is not taken back.
	states, err := k.disk.readStates()
	if err != nil {
		warnings = append(warnings, err)
	}
	k.states = states
	if k.changes != changes { // by somebody who looked later than this
		return nil
	}
	k.changes++
	k.seen, k.id, k.now, k.warnings = ids[0], id, c, warnings
	return nil
}

// lock is held around every change to the folder.
func (k *KeyChain) lock() (unlock func(), err error) {
	k.write.Lock()
	if err := k.disk.prepare(); err != nil {
		k.write.Unlock()
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), lockPatience)
	defer cancel()
	release, err := k.disk.lock(ctx, "lock")
	if err != nil {
		k.write.Unlock()
		return nil, err
	}
	return func() { release(); k.write.Unlock() }, nil
}

// change makes one change to what the newest dump holds and writes the next one.
// What do gets is a copy; when it fails nothing has changed.
func (k *KeyChain) change(do func(slots map[string]record, id dumpID) error) error {
	unlock, err := k.lock()
	if err != nil {
		return err
	}
	defer unlock()
	if err := k.sync(); err != nil {
		return err
	}
	ids, err := k.disk.ids()
	if err != nil {
		return err
	}
	ks, err := k.keysToWrite(ids)
	if err != nil {
		return err
	}
	k.mu.RLock()
	last, next := k.id, k.now.clone()
	newest := k.seen
	k.mu.RUnlock()
	if len(ids) > 0 && ids[0] > newest {
		newest = ids[0]
	}
	id := nextID(time.Now(), newest, ks[0].tag)
	if next.slots == nil {
		next.slots = make(map[string]record)
	}
	next.time = id.time()
	if err := do(next.slots, id); err != nil {
		return err
	}
	file, err := next.encrypt(ks[0].identity.Recipient())
	if err != nil {
		return fmt.Errorf("keychain: dump: %w", err)
	}
	if err := k.disk.write(k.disk.dumpPath(id), file); err != nil {
		_ = os.Remove(k.disk.dumpPath(id)) // it may be there and not be durable
		return fmt.Errorf("keychain: dump: %w", err)
	}
	k.mu.Lock()
	k.id, k.seen, k.now, k.warnings = id, id, next, nil
	k.changes++
	k.mu.Unlock()
	k.disk.prune(append([]dumpID{id}, ids...), last)
	return nil
}

// keysToWrite returns the keys, the one to encrypt with first. A key is made where
// there is neither a key nor anything that one could open.
func (k *KeyChain) keysToWrite(ids []dumpID) (keys, error) {
	ks, err := k.disk.readKeys()
	if err != nil || len(ks) > 0 {
		return ks, err
	}
	if len(ids) > 0 {
		return nil, mistakef(ErrKey, "keychain: there are %d dumps in %s, but no key: %s",
			len(ids), k.disk.folder(), k.disk.missingKey())
	}
	made, err := k.disk.makeKey()
	if err != nil {
		return nil, err
	}
	return keys{made}, nil
}

// Dump writes a dump of what the keychain holds and returns its id. Changes do so
// by themselves; this one is for a keychain that has a new key.
func (k *KeyChain) Dump() (id string, err error) {
	err = k.change(func(_ map[string]record, next dumpID) error {
		id = string(next)
		return nil
	})
	return id, err
}

// DumpInfo is one saved state of the keychain.
type DumpInfo struct {
	ID    string
	Time  time.Time
	Slots []string // sorted
	Err   error    // why it cannot be read; Slots are unknown then
}

// Dumps lists the saved states, the newest first, those that cannot be read too.
func (k *KeyChain) Dumps() ([]DumpInfo, error) {
	ids, err := k.disk.ids()
	if err != nil {
		return nil, err
	}
	ks, err := k.disk.readKeys()
	if err != nil {
		return nil, err
	}
	infos := make([]DumpInfo, 0, len(ids))
	for _, id := range ids {
		c, err := k.disk.read(id, ks)
		if errors.Is(err, fs.ErrNotExist) {
			continue // pruned meanwhile
		}
		infos = append(infos, DumpInfo{ID: string(id), Time: id.time(), Slots: slices.Sorted(maps.Keys(c.slots)), Err: err})
	}
	return infos, nil
}

// Load makes an older dump the newest: it writes a dump of what that one holds. id
// may be shortened to what tells it from the others. The error wraps
// fs.ErrNotExist where there is no such dump. A token that has been refreshed
// since may be dead in an older dump: most networks take a refresh token once.
func (k *KeyChain) Load(id string) error {
	return k.change(func(slots map[string]record, _ dumpID) error {
		ids, err := k.disk.ids()
		if err != nil {
			return err
		}
		ids = slices.DeleteFunc(ids, func(d dumpID) bool { return id == "" || !strings.HasPrefix(string(d), id) })
		if len(ids) != 1 {
			return mistakef(fs.ErrNotExist, "keychain: %d dumps have an id that begins so; one was expected", len(ids))
		}
		ks, err := k.disk.readKeys()
		if err != nil {
			return err
		}
		c, err := k.disk.read(ids[0], ks)
		if err != nil {
			return err
		}
		clear(slots)
		maps.Copy(slots, c.slots)
		return nil
	})
}
