package poll

import (
	"cmp"
	"context"
	"errors"
	"slices"
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
	since   time.Time // it is this process's; see Leases
	waiting int       // requests that wait for the limiter or are under way
	// renewed is the value that a renewal brought, until the network takes it; by
	// the pass renewedIn. One that is refused is not renewed again at once.
	renewed   keychain.Value
	renewedIn *pass
}

// holds reports whether the slot still holds a value.
func (t *token) holds(v keychain.Token) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.value.Equal(v.Value)
}

// succeeded notes that the network took the token.
func (p *Poller) succeeded(t *token) {
	if t == nil {
		return
	}
	// A request that was under way when the token began to rest ends no rest.
	if _, s := t.usable(time.Now()); s.Name != keychain.Cooling || !s.Until.After(time.Now()) {
		p.setState(t, keychain.State{})
	}
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

// Holds reports whether the keychain has a token in the slot.
func (p *Poller) Holds(slot string) bool {
	_, ok := p.opts.Tokens.Token(slot)
	return ok
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

// Allowance is what the network last said of one of its limits.
type Allowance struct {
	networks.Allowance
	Slot    string // "" for a network without tokens
	Limiter string // as networks.Batch.Limiter
}

// Allowances tells what is known of the network's limits, the fullest first.
func (p *Poller) Allowances() []Allowance {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	var known []Allowance
	for key, l := range p.limiters {
		slot, of, _ := strings.Cut(key, "\n")
		for _, a := range l.allowances(now) {
			known = append(known, Allowance{Allowance: a, Slot: slot, Limiter: of})
		}
	}
	slices.SortFunc(known, func(a, b Allowance) int {
		return cmp.Or(cmp.Compare(b.Used, a.Used), cmp.Compare(a.Slot, b.Slot), cmp.Compare(a.Limit, b.Limit), cmp.Compare(a.Limiter, b.Limiter))
	})
	return known
}

// refused renews a token that the network refused, or declares it dead.
func (r *pass) refused(ctx context.Context, t *task, tok lease, e *networks.Error) {
	if tok.token == nil {
		r.bar(tok, e)
		return
	}
	if now := r.poller.tokenIn(tok.token.slot); now != nil && !now.holds(tok.value) {
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
		tok.limiter.restFor(untilOf(e, firstQuotaRest), e.Error())
		return
	}
	ok, s := tok.token.usable(time.Now())
	if !ok && s.Times > 0 && s.Until.After(e.Until) {
		return // another request with the same token met it first
	}
	until := untilOf(e, doubled(firstQuotaRest, maxQuotaRest, s.Times))
	tok.limiter.restFor(until, e.Error())
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
