package poll

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"collectord/keychain"
	"collectord/networks"
)

// token is one slot as the poller sees it.
type token struct {
	slot string
	// gate lets one request through at a time while it is not known that the
	// token is good, so that a dead one costs one request.
	gate chan struct{}

	mu      sync.Mutex
	value   keychain.Token
	state   keychain.State
	proven  bool
	waiting int // requests that wait for the limiter or are under way
	// renewed is the value that a renewal brought, until the network takes it; by
	// the pass renewedIn. One that is refused is not renewed again at once.
	renewed   keychain.Value
	renewedIn *pass
}

// lease is the right to make one request.
type lease struct {
	token   *token // nil where the network takes none
	value   keychain.Token
	limiter *limiter
	key     string // of the limiter
	probe   bool   // the one try of a dead token
	release func() // see done
}

// slot is that of the lease's token, "" for none.
func (l lease) slot() string {
	if l.token == nil {
		return ""
	}
	return l.token.slot
}

// done gives the lease back, once it is known what came of its request: whoever waits
// for the gate of an unproven token goes by that.
func (l lease) done() {
	if l.release != nil {
		l.release()
	}
}

// set changes the state of the lease's token and remembers it.
func (l lease) set(p *Poller, s keychain.State) {
	if l.token != nil {
		p.setState(l.token, s)
	}
}

// succeeded notes that the network took the token.
func (p *Poller) succeeded(t *token) {
	if t == nil {
		return
	}
	p.setState(t, keychain.State{})
	t.mu.Lock()
	defer t.mu.Unlock()
	t.proven, t.renewedIn = true, nil
}

// usable is whether the token can be asked with now, and its state.
func (t *token) usable(now time.Time) (bool, keychain.State) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch t.state.Name {
	case keychain.Cooling, keychain.Parked:
		return !t.state.Until.After(now), t.state
	case keychain.Dead:
		return false, t.state
	}
	return true, t.state
}

func (p *Poller) setState(t *token, s keychain.State) {
	t.mu.Lock()
	changed := t.state != s
	t.state = s
	if s.Name == keychain.Dead || s.Name == keychain.Parked {
		t.proven = false
	}
	t.mu.Unlock()
	if changed {
		p.opts.Tokens.SetState(t.slot, s)
	}
}

// tokenIn returns the token of a slot as it is in the keychain now, nil for an
// empty slot. A new value in the slot starts with the state that the keychain has
// for it; so does a parked token for which a person brought an answer.
func (p *Poller) tokenIn(slot string) *token {
	v, ok := p.opts.Tokens.Token(slot)
	if !ok {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	t := p.tokens[slot]
	if t == nil {
		t = &token{slot: slot, gate: make(chan struct{}, 1), value: v, state: p.opts.Tokens.State(slot)}
		p.tokens[slot] = t
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case !t.value.Equal(v.Value):
		t.state, t.proven = p.opts.Tokens.State(slot), false
	case !v.Answer.IsZero() && !t.value.Answer.Equal(v.Answer):
		t.state, t.proven = keychain.State{}, false
	}
	t.value = v
	return t
}

func (p *Poller) limiter(key string) *limiter {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.limiters[key]
	if l == nil {
		l = newLimiter(p.opts.PerSecond)
		p.limiters[key] = l
	}
	return l
}

// Status tells the states of tokens that were used, by slot, and how long requests
// have waited for limiters.
func (p *Poller) Status() (states map[string]keychain.State, waited time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	states = make(map[string]keychain.State, len(p.tokens))
	for slot, t := range p.tokens {
		_, states[slot] = t.usable(time.Now())
	}
	for _, l := range p.limiters {
		waited += l.waits()
	}
	return states, waited
}

// acquire returns the right to make the request of a task, when its time has come.
// The error says why nobody can be asked in this pass.
func (r *pass) acquire(ctx context.Context, t *task) (lease, *networks.Error) {
	for {
		l, refusal := r.choose(t)
		if refusal != nil {
			return lease{}, refusal
		}
		release, err := l.enter(ctx)
		if l.probe {
			leave := release
			release = func() { r.probeOver(l.slot()); leave() }
		}
		if err != nil {
			release()
			return lease{}, nil // the caller looks at ctx
		}
		if r.barredFrom(l.key) != nil || l.found(keychain.Dead) && !l.probe { // since it waits
			release()
			continue
		}
		if until := l.limiter.restUntil(); r.tooLate(until) && time.Until(until) > 0 {
			release()
			if l.token == nil {
				return lease{}, r.resting(t, until)
			}
			if ok, s := l.token.usable(time.Now()); ok { // another poll's limiter rests; this token with it
				s.Name, s.Until = keychain.Cooling, until
				l.set(r.poller, s)
			}
			continue
		}
		if err := l.limiter.wait(ctx, max(1, t.batch.Cost)); err != nil {
			release()
			return lease{}, nil
		}
		select {
		case r.underWay <- struct{}{}:
		case <-ctx.Done():
			release()
			return lease{}, nil
		}
		l.release = sync.OnceFunc(func() { <-r.underWay; release() })
		if l.token == nil || r.stillGood(l) {
			return l, nil
		}
		l.release()
	}
}

// stillGood reports whether the token may be used after the wait for it.
func (r *pass) stillGood(l lease) bool {
	now := r.poller.tokenIn(l.token.slot)
	if now != l.token || !now.value.Equal(l.value.Value) {
		return false
	}
	ok, s := l.token.usable(time.Now())
	return ok || s.Name == keychain.Dead && l.probe
}

// found reports whether the lease's token is in a state by now.
func (l lease) found(state string) bool {
	if l.token == nil {
		return false
	}
	_, s := l.token.usable(time.Now())
	return s.Name == state
}

// enter waits for the gate of an unproven token. The caller calls release, whatever
// the error.
func (l lease) enter(ctx context.Context) (release func(), err error) {
	t := l.token
	if t == nil {
		return func() {}, nil
	}
	t.mu.Lock()
	t.waiting++
	proven := t.proven
	t.mu.Unlock()
	leave := func() {
		t.mu.Lock()
		t.waiting--
		t.mu.Unlock()
	}
	if proven {
		return leave, nil
	}
	select {
	case t.gate <- struct{}{}:
		return func() { <-t.gate; leave() }, nil
	case <-ctx.Done():
		return leave, ctx.Err()
	}
}

// probeOver notes that the one try of a dead token has been made.
func (r *pass) probeOver(slot string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.probing[slot] = false
}

// choose picks the token of the task's pool that may be used with the most accounts
// and for the least money, and of those the least busy; one that rests for a moment
// only where there is no other.
func (r *pass) choose(t *task) (lease, *networks.Error) {
	if len(t.slots) == 0 {
		return r.free(t)
	}
	var best candidate
	var worst *networks.Error
	for _, slot := range t.slots {
		c, refusal := r.candidate(slot, t)
		if refusal != nil {
			worst = moreTelling(worst, refusal)
		} else if best.token == nil || c.better(best) {
			best = c
		}
	}
	if best.token == nil {
		return lease{}, worst
	}
	key := best.token.slot + "\n" + t.batch.Limiter
	if r.hopeless(key) {
		return lease{}, r.away()
	}
	return lease{token: best.token, value: best.value, probe: r.probe(best), key: key, limiter: r.poller.limiter(key)}, nil
}

// probe reports whether the candidate's request is the one try of a dead token.
func (r *pass) probe(c candidate) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	slot := c.token.slot
	if !c.probe || r.probed[slot] {
		return false
	}
	r.probed[slot], r.probing[slot] = true, true
	return true
}

// free is the lease of a network that takes no token.
func (r *pass) free(t *task) (lease, *networks.Error) {
	key := "\n" + t.batch.Limiter
	if e := r.barredFrom(key); e != nil {
		return lease{}, e
	}
	if r.hopeless(key) {
		return lease{}, r.away()
	}
	now := time.Now()
	if fit, _ := r.poller.opts.Ledger.quote("", t.batch.Refs, now); fit == 0 {
		return lease{}, r.poller.opts.Ledger.refusal(r.poller.opts.Descriptor.Name, now)
	}
	return lease{key: key, limiter: r.poller.limiter(key)}, nil
}

// barredFrom is why no request more is made against a limit in this pass.
func (r *pass) barredFrom(key string) *networks.Error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.barred[key]
}

func (r *pass) hopeless(key string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.givenUp[key] >= maxGivenUp
}

func (r *pass) away() *networks.Error {
	return &networks.Error{Op: r.poller.opts.Descriptor.Name, Kind: networks.Temporary,
		Msg: fmt.Sprintf("%d requests in a row had no answer", maxGivenUp), Err: errGaveUp}
}

func (r *pass) resting(t *task, until time.Time) *networks.Error {
	return &networks.Error{Op: r.poller.opts.Descriptor.Name + ": " + t.batch.Op, Kind: networks.RateLimited, Until: until,
		Msg: "no request before " + until.UTC().Format(time.RFC3339), Err: errGaveUp}
}

// candidate is a token that a request may be made with.
type candidate struct {
	token *token
	value keychain.Token
	fit   int   // accounts that its budget has room for
	cost  int64 // of asking for them
	load  int
	probe bool
}

// better reports whether a request is rather made with c than with d.
func (c candidate) better(d candidate) bool {
	switch {
	case c.fit != d.fit:
		return c.fit > d.fit
	case c.cost != d.cost:
		return c.cost < d.cost
	}
	return c.load < d.load
}

// restingLoad is more than any load: a token at work is better than one at rest.
const restingLoad = 1 << 20

// candidate is the token of a slot if a request may be made with it. A dead token
// is tried once a pass: whoever mended it elsewhere need not tell us.
func (r *pass) candidate(slot string, t *task) (candidate, *networks.Error) {
	name, ledger := r.poller.opts.Descriptor.Name, r.poller.opts.Ledger
	tok := r.poller.tokenIn(slot)
	if tok == nil {
		return candidate{}, &networks.Error{Op: name, Kind: networks.Unauthorized, Msg: "no token in slot " + slot,
			Hint: "store one with `collectord keychain assign " + slot + "`"}
	}
	now := time.Now()
	fit, cost := ledger.quote(slot, t.batch.Refs, now)
	if fit == 0 {
		return candidate{}, ledger.refusal(name, now)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if e := r.barred[slot+"\n"+t.batch.Limiter]; e != nil {
		return candidate{}, e
	}
	ok, s := tok.usable(time.Now())
	tok.mu.Lock()
	c := candidate{token: tok, value: tok.value, fit: fit, cost: cost, load: tok.waiting}
	tok.mu.Unlock()
	switch {
	case ok:
		return c, nil
	case s.Name == keychain.Dead && !r.probed[slot]:
		c.probe = true
		return c, nil
	case s.Name == keychain.Dead && r.probing[slot]:
		c.load += restingLoad // until it is known what came of it
		return c, nil
	case s.Name == keychain.Cooling && !r.tooLate(s.Until):
		c.load += restingLoad // its limiter rests as long
		return c, nil
	}
	return candidate{}, refusal(s, name)
}

// refusal is the state of a token as the reason why it was not asked with.
func refusal(s keychain.State, name string) *networks.Error {
	e := &networks.Error{Op: name, Kind: networks.Unauthorized, Msg: s.Reason, Hint: s.Hint, Err: errGaveUp}
	switch s.Name {
	case keychain.Cooling:
		e.Kind, e.Until = networks.RateLimited, s.Until
	case keychain.Parked:
		e.Kind, e.Until, e.Link = networks.Challenge, s.Until, s.Link
	}
	e.Msg = strings.TrimPrefix(e.Msg, name+": ")
	return e
}

// moreTelling prefers, of two reasons why a pool has no token, the one that says
// most: that a token is resting or refused rather than that a slot is empty.
func moreTelling(a, b *networks.Error) *networks.Error {
	if a == nil || strings.HasPrefix(a.Msg, "no token") {
		return b
	}
	return a
}

// refused renews a token that the network refused, or declares it dead.
func (r *pass) refused(ctx context.Context, t *task, tok lease, e *networks.Error) {
	if tok.token == nil {
		r.bar(tok, e)
		return
	}
	if now := r.poller.tokenIn(tok.token.slot); now != nil && !now.value.Equal(tok.value.Value) {
		return // somebody else renewed it meanwhile
	}
	state := keychain.State{Name: keychain.Dead, Reason: e.Error(), Hint: e.Hint}
	if e.Until.After(time.Now()) { // refused here and now, and good all the same
		state.Name, state.Until = keychain.Cooling, e.Until
	}
	if !t.renewed && !tok.token.isFresh(r, tok.value) {
		t.renewed = true
		fresh, err := r.poller.opts.Tokens.Renew(ctx, tok.value)
		var refusal *keychain.Refusal
		switch {
		case err == nil:
			tok.token.mu.Lock()
			tok.token.renewed, tok.token.renewedIn = fresh.Value, r
			tok.token.mu.Unlock()
			return
		case ctx.Err() != nil:
			return
		case errors.As(err, &refusal):
			state = refusal.State
			state.Reason = e.Error() + "; and no new token: " + state.Reason
		case !errors.Is(err, keychain.ErrNotRenewable):
			late := *e // nobody has said that the token is dead
			late.Kind, late.Until, late.Err = networks.Temporary, time.Time{}, err
			r.bar(tok, &late)
			return
		}
	}
	r.mu.Lock()
	r.probed[tok.token.slot] = true
	r.mu.Unlock()
	tok.set(r.poller, state)
}

// isFresh reports whether the value came of a renewal in this pass, and the network
// has not taken it yet.
func (t *token) isFresh(r *pass, v keychain.Token) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.renewedIn == r && t.renewed.Equal(v.Value)
}

// rest lets a token whose quota or money is used up alone for long.
func (r *pass) rest(tok lease, e *networks.Error) {
	if tok.token == nil {
		r.bar(tok, e)
		tok.limiter.restFor(untilOf(e, firstQuotaRest))
		return
	}
	ok, s := tok.token.usable(time.Now())
	if !ok && s.Times > 0 && s.Until.After(e.Until) {
		return // another request with the same token met it first
	}
	until := untilOf(e, doubled(firstQuotaRest, maxQuotaRest, s.Times))
	tok.limiter.restFor(until)
	tok.set(r.poller, keychain.State{Name: keychain.Cooling, Reason: e.Error(), Hint: e.Hint, Until: until, Times: s.Times + 1})
}

// park leaves a token to a person.
func (r *pass) park(tok lease, e *networks.Error) {
	if tok.token == nil {
		r.bar(tok, e)
		return
	}
	ok, s := tok.token.usable(time.Now())
	if !ok && s.Name == keychain.Parked {
		return // another request with the same token met it first
	}
	until := untilOf(e, doubled(firstParked, maxParked, s.Times))
	tok.set(r.poller, keychain.State{Name: keychain.Parked, Reason: e.Error(), Hint: e.Hint, Until: until, Link: e.Link, Times: s.Times + 1})
}
