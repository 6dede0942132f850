package poll

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// limiter spaces the requests that count against one limit evenly: no bursts, so
// that a limit per second and one per 15 minutes both hold.
type limiter struct {
	rate *rate.Limiter

	mu     sync.Mutex
	rest   time.Time // no request before
	waited time.Duration
}

func newLimiter(perSecond float64) *limiter {
	return &limiter{rate: rate.NewLimiter(rate.Limit(perSecond), 1)}
}

// wait returns when a request that takes cost units may be made.
func (l *limiter) wait(ctx context.Context, cost int) error {
	if err := l.sleep(ctx, l.reserve(cost)); err != nil {
		return err
	}
	for {
		d := time.Until(l.restUntil())
		if d <= 0 {
			return nil
		}
		if err := l.sleep(ctx, d); err != nil {
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
func (l *limiter) restFor(t time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if t.After(l.rest) {
		l.rest = t
	}
}

func (l *limiter) restUntil() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.rest
}

// waits returns how long requests have waited in all.
func (l *limiter) waits() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.waited
}
