package keychain

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// How a token is renewed, whatever the network.
//
//	lock SLOT.lock ─ read the newest dump ─ still the value that wants renewal?
//	    │                                             no: somebody did it, done
//	    ▼
//	SLOT.intent on disk ─ request ─┬─ new value ─ dump on disk ─ given out ─ intent gone
//	                               ├─ the same value: nothing written, asked again by its Window
//	                               ├─ refused: state, intent says so; not asked again
//	                               └─ no answer: intent stays, again in 1 to 30 min, or Later
//
// One renewal of a slot runs at a time, over all processes. Whoever asks meanwhile
// waits for it and shares what comes of it. It does not end with the context of
// who asked: a refresh token is good for one use, and the answer to it is the only
// copy of the next one. A new value that cannot be written is kept in memory,
// written when next asked for, and not used before. A value that a person assigns
// during a renewal stays; a failed renewal changes no slot.

// Refresher renews the tokens of one kind of slot out of themselves.
type Refresher interface {
	// Window tells when the token can be renewed, and by when it should be. held is
	// when it came into the slot, or when a Refresh last gave it again as it was;
	// expires is when it ends (zero: nobody knows; Never: it does not). The zero Window
	// is for a token that cannot be renewed. No I/O.
	Window(t Token, held, expires time.Time) Window
	// Refresh makes the requests. It is called once for a value, or again after an
	// error that is no Refusal; after a crash too, for a value of which nobody knows
	// whether the network has already taken it. A token that is to go on comes back as
	// it is, with its end; so it does beside an error, where the end is known all the same.
	Refresh(ctx context.Context, t Token) (Fresh, error)
}

// Maker makes a token out of what is in a raw_ slot, by logging in. It is asked
// only where there is no token, or none that can be renewed: a login an hour
// looks like an attack.
type Maker interface {
	// Make makes the requests. Errors are as for Refresher.
	Make(ctx context.Context, raw Token) (Fresh, error)
}

// Window is a span of time.
type Window struct {
	From time.Time // not before
	By   time.Time // should have happened by then
	// Looks says that a renewal only asks the network about the token: it tells the
	// end, or that the token is no good any more, and moves nothing.
	Looks bool
}

// Never is the end of a value of which the network says that it has none.
func Never() time.Time { return time.Date(9999, time.December, 31, 0, 0, 0, 0, time.UTC) }

// Fresh is a new value.
type Fresh struct {
	// Value is the whole new value of the slot, in one of its shapes.
	Value Value
	// Expires is when it ends, where the value has no field expires_at: zero where
	// nobody knows, Never where the network says that it does not.
	Expires time.Time
	// Final says that no renewal moves Expires: a person has to do something by then.
	Final bool
	// Raw is the new value of the raw_ slot, where making the token changed that.
	Raw Value
	// Next is when a Maker may be asked again, over restarts; zero: whenever there is
	// need. A person who assigns the raw_ slot anew ends the wait.
	Next time.Time
	// Answer is what a person brought back from the page that a token was parked
	// for, where that is not a new value. See Put and Token.Answer.
	Answer Value
}

// Refusal is an error that asking again will not mend: a person has to.
type Refusal struct {
	// State is Dead, or Parked where a page has to be opened. State.Until is when
	// asking again may help; zero: not before a new value is assigned.
	State State
	Err   error
}

// Error is the text of the cause.
func (r *Refusal) Error() string { return r.Err.Error() }

// Unwrap returns the cause.
func (r *Refusal) Unwrap() error { return r.Err }

// Later is an error after which asking again may help, but not soon: the network
// answered, or has so much time that a day does not matter. It counts for renewals on
// schedule; a token that was refused is worth another try in minutes.
type Later struct {
	// After is the least time to the next try. Where the token ends before that, it is
	// half of what is left.
	After time.Duration
	Err   error
}

// Error is the text of the cause.
func (l *Later) Error() string { return l.Err.Error() }

// Unwrap returns the cause.
func (l *Later) Unwrap() error { return l.Err }

// ErrNotRenewable says that nothing can make a new token for the slot.
var ErrNotRenewable = errors.New("the token cannot be renewed: assign a new one")

// Renew makes a new token for a slot whose token was refused. Where the slot holds
// another one by now, that is returned. The error says why there is no new token:
// ErrNotRenewable, a *Refusal, or what the network said; the slot then holds what
// it held.
func (k *KeyChain) Renew(ctx context.Context, refused Token) (Token, error) {
	for range 2 { // a renewal under way may be of the token before the refused one
		t, err := k.renew(ctx, refused.Slot, modeRefused, func(r record, held bool) bool {
			return !held || r.value.Equal(refused.Value)
		})
		if err != nil || !t.Equal(refused.Value) {
			return t, err
		}
	}
	return Token{}, fmt.Errorf("keychain: %s: the network gave the refused token again", refused.Slot)
}

func (k *KeyChain) record(slot string) (record, bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	r, ok := k.now.slots[slot]
	return r, ok
}
