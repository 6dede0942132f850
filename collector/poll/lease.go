package poll

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"collectord/keychain"
	"collectord/networks"
)

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

// momentary is a rest that is no state of a token: it is over before anybody has read of it.
const momentary = 2 * time.Second

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
		if until, why := l.limiter.resting(); r.tooLate(until) && time.Until(until) > 0 {
			release()
			if l.token == nil || time.Until(until) < momentary {
				return lease{}, r.resting(t, until, why)
			}
			l.restToo(r.poller, until, why)
			continue
		}
		if !r.admit(ctx, l, t) {
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

// restToo lets a token rest whose limiter does, by what another poll met or an answer
// said.
func (l lease) restToo(p *Poller, until time.Time, why string) {
	if ok, s := l.token.usable(time.Now()); ok {
		s.Name, s.Until, s.Reason = keychain.Cooling, until, why
		l.set(p, s)
	}
}

// admit waits for the limiter, and for room among the requests under way. It is
// false when ctx ends first.
func (r *pass) admit(ctx context.Context, l lease, t *task) bool {
	if l.limiter.wait(ctx, max(1, t.batch.Cost)) != nil {
		return false
	}
	select {
	case r.underWay <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// stillGood reports whether the token may be used after the wait for it.
func (r *pass) stillGood(l lease) bool {
	if _, of, _ := strings.Cut(l.key, "\n"); !r.poller.leased(l.token.slot, of, time.Now()) {
		return false
	}
	now := r.poller.tokenIn(l.token.slot)
	if now != l.token || !now.holds(l.value) {
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

// ErrElsewhere is the cause of a failure whose request was not made here: every token
// that could be asked with is another machine's by now.
var ErrElsewhere = errors.New("its token is in use on another machine")

// leased reports whether a token is this process's to use. One that was another's until
// now waits for as long as the limit asks between two requests: the other may have made
// one a moment ago.
func (p *Poller) leased(slot, limiter string, now time.Time) bool {
	if p.opts.Leases == nil {
		return true
	}
	since, ok := p.opts.Leases.Use(slot)
	if ok {
		l := p.limiter(slot + "\n" + limiter)
		l.taken(since, now)
		p.handedOver(slot, since, l)
	}
	return ok
}

// handedOver takes what the machine that used the token until now has found out about it:
// the network goes on counting who was told to wait.
func (p *Poller) handedOver(slot string, since time.Time, l *limiter) {
	p.mu.Lock()
	t := p.tokens[slot]
	p.mu.Unlock()
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if since.After(t.since) {
		t.since, t.state = since, p.opts.Tokens.State(slot)
		t.proven = t.proven && t.state.Name != keychain.Dead && t.state.Name != keychain.Parked
	}
	if t.state.Name == keychain.Cooling {
		l.restFor(t.state.Until, t.state.Reason)
	}
}

// taken rests where the token is this process's anew.
func (l *limiter) taken(since, now time.Time) {
	l.mu.Lock()
	anew := since.After(l.shared)
	l.shared = since
	l.mu.Unlock()
	if anew {
		l.restFor(now.Add(time.Duration(float64(time.Second)/float64(l.perSecond))), "another machine used the token until now")
	}
}
