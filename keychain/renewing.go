package keychain

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

const (
	renewTimeout  = 2 * time.Minute // for a renewal, with all its requests
	renewFailed   = time.Minute     // before asking again, doubling
	renewFailures = 30 * time.Minute
)

// modeRefused is the mode of a renewal that somebody asks for whose token was refused.
const modeRefused = "refused"

// renewals is what a KeyChain knows of renewals besides what is on disk.
type renewals struct {
	flights singleflight.Group

	mu      sync.Mutex
	turn    func(ctx context.Context, slot string) (done func(), err error) // see TakeTurns
	closed  bool
	busy    sync.WaitGroup
	failed  map[string]failure // by slot
	unsaved map[string]unsaved // by slot
	looked  map[string]look    // by slot
}

// look is when a Refresh gave a value again as it was. It is not on disk: a restart
// costs one more request.
type look struct {
	stamp string
	at    time.Time
}

type failure struct {
	stake string
	err   error
	again time.Time
	times int
}

// unsaved is a new value that the disk did not take.
type unsaved struct {
	source source
	fresh  Fresh
}

func newRenewals() *renewals {
	return &renewals{failed: make(map[string]failure), unsaved: make(map[string]unsaved), looked: make(map[string]look)}
}

func (r *renewals) begin() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closed {
		r.busy.Add(1)
	}
	return !r.closed
}

func (r *renewals) close() {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.busy.Wait()
}

// refresher returns who renews the token; the zero Window for nobody.
func (k *KeyChain) refresher(slot string, r record) (Refresher, Window) {
	kind, _, _ := ParseSlot(slot)
	by := k.opts.Refreshers[kind]
	if by == nil {
		return nil, Window{}
	}
	w, _ := guarded(func() (Window, error) { // one that panics is nobody's window: its end is told, as of all that nobody renews
		return by.Window(Token{Slot: slot, Value: r.value}, k.heldSince(slot, r), r.end()), nil
	})
	return by, w
}

// heldSince is when the value came into the slot or was last given again.
func (k *KeyChain) heldSince(slot string, r record) time.Time {
	k.renewals.mu.Lock()
	defer k.renewals.mu.Unlock()
	if l := k.renewals.looked[slot]; l.stamp == r.stamp && l.at.After(r.assigned) {
		return l.at
	}
	return r.assigned
}

// maker returns who makes a token for the slot, and the raw_ slot to make it from.
func (k *KeyChain) maker(slot string) (by Maker, raw string, ok bool) {
	kind, _, _ := ParseSlot(slot)
	by, raw = k.opts.Makers[rawPrefix+kind], rawPrefix+slot
	_, held := k.record(raw)
	return by, raw, held && by != nil && !strings.HasPrefix(kind, rawPrefix)
}

// renew runs a renewal, or joins one of the same mode that is under way. The
// token that the slot holds is returned where wants says no.
func (k *KeyChain) renew(ctx context.Context, slot, mode string, wants func(record, bool) bool) (Token, error) {
	if _, _, err := ParseSlot(slot); err != nil {
		return Token{}, err
	}
	ch := k.renewals.flights.DoChan(slot+"\n"+mode, func() (any, error) {
		if !k.renewals.begin() {
			return Token{}, errors.New("keychain: closed")
		}
		defer k.renewals.busy.Done()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), renewTimeout)
		defer cancel()
		return k.renewLocked(ctx, slot, mode, wants)
	})
	select {
	case done := <-ch:
		t, _ := done.Val.(Token)
		return t, done.Err
	case <-ctx.Done():
		return Token{}, ctx.Err()
	}
}

func (k *KeyChain) renewLocked(ctx context.Context, slot, mode string, wants func(record, bool) bool) (Token, error) {
	if err := k.disk.prepare(); err != nil {
		return Token{}, err
	}
	unlock, err := k.disk.lock(ctx, slot+".lock")
	if err != nil {
		return Token{}, err
	}
	defer unlock()
	done, err := k.takeTurn(ctx, slot)
	if err != nil {
		return Token{}, err
	}
	defer done()
	if err := k.sync(); err != nil {
		return Token{}, err
	}
	r, held := k.record(slot)
	if !wants(r, held) {
		return Token{Slot: slot, Value: r.value}, nil
	}
	if err := k.resting(slot, r); err != nil {
		return Token{}, err
	}
	stake := k.stake(slot, r)
	t, err := k.renewFrom(ctx, slot, r, held)
	if err == nil && mode == modeRefused && t.Equal(r.value) {
		// Remembered as a failure, so that it is not asked for once more at each refusal.
		t, err = Token{}, fmt.Errorf("keychain: %s: the network gave the refused token again", slot)
	}
	k.remember(slot, stake, err, k.restAfter(mode, r, err))
	return t, err
}

// renewFrom tries the sources of a new token in their order.
func (k *KeyChain) renewFrom(ctx context.Context, slot string, r record, held bool) (Token, error) {
	if t, done, err := k.saveUnsaved(slot); done {
		return t, err
	}
	err := fmt.Errorf("keychain: %s: %w", slot, ErrNotRenewable)
	if held {
		if by, w := k.refresher(slot, r); w != (Window{}) {
			if w.From.After(time.Now()) {
				return Token{}, fmt.Errorf("keychain: %s cannot be renewed before %s", slot, w.From.UTC().Format(time.RFC3339))
			}
			t, refreshErr := k.spend(ctx, source{slot, slot, r.stamp, r.stamp}, r.value, by.Refresh)
			var refusal *Refusal
			if refreshErr == nil || !errors.As(refreshErr, &refusal) {
				return t, refreshErr
			}
			err = refreshErr
		}
	}
	if by, rawSlot, ok := k.maker(slot); ok {
		raw, _ := k.record(rawSlot)
		return k.spend(ctx, source{slot, rawSlot, raw.stamp, r.stamp}, raw.value, by.Make)
	}
	return Token{}, err
}

// renewable reports whether the slot's token will be renewed without a person, and why
// the last try failed, nil where none did.
func (k *KeyChain) renewable(slot string, r record) (bool, error) {
	_, w := k.refresher(slot, r)
	_, _, made := k.maker(slot)
	if w == (Window{}) && !made {
		return false, nil
	}
	moves := made || !w.Looks && !r.final && !r.endless()
	if f, failed := k.lastFailure(slot, r); failed {
		return moves, f.err
	}
	if in := k.disk.readIntent(slot); in.Stamp == r.stamp && in.Refused {
		return moves, errors.New(in.State.Reason)
	}
	return moves, nil
}

// stake is what a renewal is made from: the stamps of the slot's value and of its raw_
// slot's. A person who assigns either ends the rest after a failure.
func (k *KeyChain) stake(slot string, r record) string {
	raw, _ := k.record(rawPrefix + slot)
	return r.stamp + "\n" + raw.stamp
}

// lastFailure is the last try that failed, with what is in the slot now.
func (k *KeyChain) lastFailure(slot string, r record) (failure, bool) {
	stake := k.stake(slot, r)
	k.renewals.mu.Lock()
	defer k.renewals.mu.Unlock()
	f, ok := k.renewals.failed[slot]
	return f, ok && f.stake == stake
}

// resting is the error of the last try, while it is too early for the next one.
func (k *KeyChain) resting(slot string, r record) error {
	f, failed := k.lastFailure(slot, r)
	if !failed || !time.Now().Before(f.again) {
		return nil
	}
	return fmt.Errorf("%w; not tried again before %s", f.err, f.again.UTC().Format(time.RFC3339))
}

// restAfter is the least time to the next try after an error that is a Later; 0 where
// there is nothing to say.
func (k *KeyChain) restAfter(mode string, r record, err error) time.Duration {
	var late *Later
	if mode == modeRefused || !errors.As(err, &late) {
		return 0
	}
	if end := r.known(); !end.IsZero() {
		return min(late.After, max(time.Until(end)/2, 0))
	}
	return late.After
}

// remember keeps the error of a try, so that many who ask make one request. The next
// try is not before least has passed, nor before the rest that doubles with every
// failure.
func (k *KeyChain) remember(slot, stake string, err error, least time.Duration) {
	k.renewals.mu.Lock()
	defer k.renewals.mu.Unlock()
	if err == nil {
		delete(k.renewals.failed, slot)
		return
	}
	if _, waits := k.renewals.unsaved[slot]; waits {
		return // writing it costs no request
	}
	f := k.renewals.failed[slot]
	if f.stake != stake {
		f = failure{stake: stake}
	}
	rest := max(least, min(renewFailed<<min(f.times, 10), renewFailures))
	k.renewals.failed[slot] = failure{stake, err, time.Now().Add(rest), f.times + 1}
}

// source is what a renewal spends: the value of a slot, which is another one than
// the slot that gets the token where that is made from a raw_ slot.
type source struct {
	slot, from           string
	fromStamp, slotStamp string
}
