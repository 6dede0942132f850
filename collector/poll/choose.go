package poll

import (
	"fmt"
	"strings"
	"time"

	"collectord/keychain"
	"collectord/networks"
)

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

func (r *pass) resting(t *task, until time.Time, why string) *networks.Error {
	why = strings.TrimPrefix(why, r.poller.opts.Descriptor.Name+": ")
	return &networks.Error{Op: r.poller.opts.Descriptor.Name + ": " + t.batch.Op, Kind: networks.RateLimited, Until: until,
		Msg: "no request before " + until.UTC().Format(time.RFC3339) + ": " + why, Err: errGaveUp}
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
	if !r.poller.leased(slot, t.batch.Limiter, now) {
		return candidate{}, &networks.Error{Op: name, Kind: networks.Temporary, Err: ErrElsewhere}
	}
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
		if r.poller.limiter(slot + "\n" + t.batch.Limiter).restUntil().After(now) {
			c.load += restingLoad // another token need not wait
		}
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
