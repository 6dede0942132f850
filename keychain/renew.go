package keychain

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// How a token is renewed, whatever the network.
//
//	lock SLOT.lock ─ read the newest dump ─ still the value that wants renewal?
//	    │                                             no: somebody did it, done
//	    ▼
//	SLOT.intent on disk ─ request ─┬─ new value ─ dump on disk ─ given out ─ intent gone
//	                               ├─ refused: state, intent says so; not asked again
//	                               └─ no answer: intent stays, again in 1 to 30 min
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
	// when it came into the slot, expires when it ends (zero: nobody knows). The
	// zero Window is for a token that cannot be renewed. No I/O.
	Window(t Token, held, expires time.Time) Window
	// Refresh makes the requests. It is called once for a value, or again after an
	// error that is no Refusal; after a crash too, for a value of which nobody knows
	// whether the network has already taken it.
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
}

// Fresh is a new value.
type Fresh struct {
	// Value is the whole new value of the slot, in one of its shapes.
	Value Value
	// Expires is when it ends, where the value has no field expires_at.
	Expires time.Time
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

// ErrNotRenewable says that nothing can make a new token for the slot.
var ErrNotRenewable = errors.New("the token cannot be renewed: assign a new one")

// Outcome is what came of one slot in Autocomplete.
type Outcome struct {
	Slot string
	Err  error // nil: there is a new token
}

const (
	renewTimeout  = 2 * time.Minute // for a renewal, with all its requests
	renewFailed   = time.Minute     // before asking again, doubling
	renewFailures = 30 * time.Minute
)

// renewals is what a KeyChain knows of renewals besides what is on disk.
type renewals struct {
	flights singleflight.Group

	mu      sync.Mutex
	closed  bool
	busy    sync.WaitGroup
	failed  map[string]failure // by slot
	unsaved map[string]unsaved // by slot
}

type failure struct {
	stamp string
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
	return &renewals{failed: make(map[string]failure), unsaved: make(map[string]unsaved)}
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

// Renew makes a new token for a slot whose token was refused. Where the slot holds
// another one by now, that is returned. The error says why there is no new token:
// ErrNotRenewable, a *Refusal, or what the network said; the slot then holds what
// it held.
func (k *KeyChain) Renew(ctx context.Context, refused Token) (Token, error) {
	for range 2 { // a renewal under way may be of the token before the refused one
		t, err := k.renew(ctx, refused.Slot, "refused", func(r record, held bool) bool {
			return !held || r.value.Equal(refused.Value)
		})
		if err != nil || !t.Equal(refused.Value) {
			return t, err
		}
	}
	return Token{}, fmt.Errorf("keychain: %s: the network gave the refused token again", refused.Slot)
}

// Autocomplete renews every token that falls due before Options.Ahead has passed,
// and makes those that a raw_ slot promises and that are missing. It returns what
// it tried; one slot's failure stops no other. The error is about the disk.
func (k *KeyChain) Autocomplete(ctx context.Context) ([]Outcome, error) {
	return k.autocomplete(ctx, "due", func(w Window) bool {
		now := time.Now()
		return !w.From.After(now) && !w.By.After(now.Add(k.opts.Ahead))
	})
}

// AutocompleteNow is Autocomplete for every token that can be renewed, due or not.
func (k *KeyChain) AutocompleteNow(ctx context.Context) ([]Outcome, error) {
	return k.autocomplete(ctx, "now", func(w Window) bool { return !w.From.After(time.Now()) })
}

func (k *KeyChain) autocomplete(ctx context.Context, mode string, due func(Window) bool) ([]Outcome, error) {
	if err := k.LoadLast(); err != nil {
		return nil, err
	}
	slots := k.wanting(due)
	outcomes := make([]Outcome, len(slots))
	var all sync.WaitGroup
	underWay := make(chan struct{}, 8)
	for i, slot := range slots {
		all.Go(func() {
			underWay <- struct{}{}
			defer func() { <-underWay }()
			_, err := k.renew(ctx, slot, mode, func(r record, held bool) bool { return k.wants(slot, r, held, due) })
			outcomes[i] = Outcome{Slot: slot, Err: err}
		})
	}
	all.Wait()
	return outcomes, nil
}

// wanting lists the slots to renew, sorted.
func (k *KeyChain) wanting(due func(Window) bool) []string {
	candidates := k.Slots()
	for _, slot := range candidates {
		if target, ok := madeBy(slot); ok {
			candidates = append(candidates, target)
		}
	}
	slices.Sort(candidates)
	candidates = slices.Compact(candidates)
	return slices.DeleteFunc(candidates, func(slot string) bool {
		r, held := k.record(slot)
		return !k.wants(slot, r, held, due)
	})
}

// wants reports whether the slot is to be renewed: by its Refresher where that can,
// else by its Maker where there is no token or none that is good.
func (k *KeyChain) wants(slot string, r record, held bool, due func(Window) bool) bool {
	if k.hasUnsaved(slot) {
		return true
	}
	if held {
		if _, w := k.refresher(slot, r); w != (Window{}) {
			return due(w)
		}
	}
	if _, _, ok := k.maker(slot); !ok {
		return false
	}
	end := r.end()
	return !held || k.State(slot).Name == Dead || !end.IsZero() && end.Before(time.Now().Add(k.opts.Ahead))
}

func (k *KeyChain) record(slot string) (record, bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	r, ok := k.now.slots[slot]
	return r, ok
}

// refresher returns who renews the token; the zero Window for nobody.
func (k *KeyChain) refresher(slot string, r record) (Refresher, Window) {
	kind, _, _ := ParseSlot(slot)
	by := k.opts.Refreshers[kind]
	if by == nil {
		return nil, Window{}
	}
	return by, by.Window(Token{Slot: slot, Value: r.value}, r.assigned, r.end())
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
		return k.renewLocked(ctx, slot, wants)
	})
	select {
	case done := <-ch:
		t, _ := done.Val.(Token)
		return t, done.Err
	case <-ctx.Done():
		return Token{}, ctx.Err()
	}
}

func (k *KeyChain) renewLocked(ctx context.Context, slot string, wants func(record, bool) bool) (Token, error) {
	if err := k.disk.prepare(); err != nil {
		return Token{}, err
	}
	unlock, err := k.disk.lock(ctx, slot+".lock")
	if err != nil {
		return Token{}, err
	}
	defer unlock()
	if err := k.sync(); err != nil {
		return Token{}, err
	}
	r, held := k.record(slot)
	if !wants(r, held) {
		return Token{Slot: slot, Value: r.value}, nil
	}
	if err := k.resting(slot, r.stamp); err != nil {
		return Token{}, err
	}
	t, err := k.renewFrom(ctx, slot, r, held)
	k.remember(slot, r.stamp, err)
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

// resting is the error of the last try, while it is too early for the next one.
func (k *KeyChain) resting(slot, stamp string) error {
	k.renewals.mu.Lock()
	defer k.renewals.mu.Unlock()
	f, ok := k.renewals.failed[slot]
	if !ok || f.stamp != stamp || !time.Now().Before(f.again) {
		return nil
	}
	return fmt.Errorf("%w; not tried again before %s", f.err, f.again.UTC().Format(time.RFC3339))
}

// remember keeps the error of a try, so that many who ask make one request.
func (k *KeyChain) remember(slot, stamp string, err error) {
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
	if f.stamp != stamp {
		f = failure{stamp: stamp}
	}
	rest := min(renewFailed<<min(f.times, 10), renewFailures)
	k.renewals.failed[slot] = failure{stamp, err, time.Now().Add(rest), f.times + 1}
}

// source is what a renewal spends: the value of a slot, which is another one than
// the slot that gets the token where that is made from a raw_ slot.
type source struct {
	slot, from           string
	fromStamp, slotStamp string
}

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
	fresh, err := ask(ctx, Token{Slot: from.from, Value: v})
	if err == nil {
		err = k.checkFresh(from, fresh)
	}
	if err != nil {
		return Token{}, k.failed(from, in, before, k.cleanError(err, fresh.Value, fresh.Raw))
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
		s.Reason = err.Error()
	}
	if before.Tries > 0 {
		s.Reason += fmt.Sprintf("; a renewal begun at %s had no answer that was saved, so the network may have given "+
			"the next token then", before.Started.Format(time.RFC3339))
	}
	if r, held := k.record(from.from); held && from.from == from.slot {
		// Nobody documents how long a refresh token lives; so its age at the end is told.
		s.Reason += "; the value came into the slot at " + r.assigned.Format(time.RFC3339)
	}
	s.Reason, s.Hint, s.Link = k.clean(s.Reason), k.clean(s.Hint), k.clean(s.Link)
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
	var kept Value
	rest := k.restToCarry(from)
	err := k.change(func(slots map[string]record, id dumpID) error {
		kept = fresh.Value.trim()
		if now := slots[from.slot]; now.stamp != from.slotStamp {
			kept = now.value
			return errOvertaken
		}
		next := record{value: kept, stamp: string(id), assigned: id.time(), expires: fresh.Expires.UTC()}
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
