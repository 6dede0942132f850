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
// hands one over, else in DIR, made at the first change. Where a file has several,
// the first encrypts and all decrypt; so Rekey can put a new key in place of the old
// one without a moment at which a dump cannot be read. Dumps without the key are worth
// nothing, to thieves and owners alike.
//
// States. What became of a token (State) is kept in a file beside the dumps and
// speaks of one value: assigning another clears it.
//
// Renewal. Networks hand in how tokens are refreshed (Refresher) or made (Maker);
// Autocomplete and Renew do the rest, see there. This package makes no requests.
//
// Nothing in it logs, and no error, state or listing holds a secret: a Value's Bare,
// Get and Reveal are the only ways out.
package keychain

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
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
	hidden   func() hider // of now; made when it is first needed
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
		hidden:   sync.OnceValue(content{}.hider),
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
