package poll

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"collectord/networks"
)

// limiter spaces the requests that count against one limit evenly: no bursts, so
// that a limit per second and one per 15 minutes both hold. It goes slower, or rests, by
// what the answers say is used up.
type limiter struct {
	rate      *rate.Limiter
	perSecond rate.Limit // where nothing slows it

	mu     sync.Mutex
	rest   time.Time // no request before
	why    string    // it rests
	shared time.Time // since when its token is this process's, where others use it too
	waited time.Duration
	told   map[string]reading // by the limit's name
}

// reading is what an answer said of a limit, and when.
type reading struct {
	networks.Allowance
	at time.Time
}

func newLimiter(perSecond float64) *limiter {
	return &limiter{
		rate: rate.NewLimiter(rate.Limit(perSecond), 1), perSecond: rate.Limit(perSecond), told: make(map[string]reading),
	}
}

// Of a rolling limit not everything is used: others may count against it as well, and who
// runs into it is kept out for longer.
const (
	slowFrom    = 0.75 // of it used: slower from here on
	stopFrom    = 0.95 // of it used: no request more
	slowest     = 0.25 // of the pace, just before that
	rollingRest = 15 * time.Minute
	// rollingFor is how long what was told of a rolling limit means anything.
	rollingFor = time.Hour
)

// heed takes what one answer said of allowances: it rests until there is some again, and
// sets the pace of the requests to come.
func (l *limiter) heed(told []networks.Allowance, now time.Time) {
	pace := 1.0
	for _, a := range told {
		l.note(reading{a, now})
		until := a.Until
		switch {
		case a.Rolling && a.Used >= stopFrom:
			if !until.After(now) {
				until = now.Add(rollingRest)
			}
			l.restFor(until, fmt.Sprintf("%s tells %.0f %% used", a.Limit, 100*a.Used))
		case a.Rolling && a.Used > slowFrom:
			pace = min(pace, 1-(1-slowest)*(a.Used-slowFrom)/(stopFrom-slowFrom))
		case !a.Rolling && a.Used >= 1 && until.After(now):
			l.restFor(until, a.Limit+" tells that no request is left")
		}
	}
	if r := l.perSecond * rate.Limit(pace); r != l.rate.Limit() {
		l.rate.SetLimitAt(now, r)
	}
}

func (l *limiter) note(r reading) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.told[r.Limit] = r
}

// allowances are those that were told and still mean something.
func (l *limiter) allowances(now time.Time) []networks.Allowance {
	l.mu.Lock()
	defer l.mu.Unlock()
	var known []networks.Allowance
	for _, r := range l.told {
		if r.Rolling && now.Sub(r.at) < rollingFor || !r.Rolling && r.Until.After(now) {
			known = append(known, r.Allowance)
		}
	}
	return known
}

// wait returns when a request that takes cost units may be made. What a rest kept waiting
// takes its turn anew when that ends, one after another, so that the first answer is heeded
// by the others.
func (l *limiter) wait(ctx context.Context, cost int) error {
	for {
		if err := l.sleep(ctx, l.reserve(cost)); err != nil {
			return err
		}
		rest := time.Until(l.restUntil())
		if rest <= 0 {
			return nil
		}
		if err := l.sleep(ctx, rest); err != nil {
			return err
		}
	}
}

// reserve takes all units at once, so that no other request gets in between, and returns
// how long to wait. The units beyond the first delay those who come next.
func (l *limiter) reserve(cost int) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	first := l.rate.ReserveN(now, 1)
	for range cost - 1 {
		l.rate.ReserveN(now, 1)
	}
	return first.DelayFrom(now)
}

func (l *limiter) sleep(ctx context.Context, d time.Duration) error {
	if d > 0 {
		l.mu.Lock()
		l.waited += d
		l.mu.Unlock()
	}
	return sleep(ctx, d)
}

// restFor lets the limiter rest until t, or longer if it does already.
func (l *limiter) restFor(t time.Time, why string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if t.After(l.rest) {
		l.rest, l.why = t, why
	}
}

func (l *limiter) restUntil() time.Time {
	t, _ := l.resting()
	return t
}

// resting is until when the limiter rests, and why.
func (l *limiter) resting() (until time.Time, why string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.rest, l.why
}

// waits returns how long requests have waited in all.
func (l *limiter) waits() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.waited
}
