package poll

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// Requests that take many units keep their distance, however many wait at once.
func TestLimiterTakesAllUnitsAtOnce(t *testing.T) {
	const cost, requests = 50, 200
	synctest.Test(t, func(t *testing.T) {
		l, start := newLimiter(1), time.Now()
		var mu sync.Mutex
		var at []time.Duration
		var wg sync.WaitGroup
		for range requests {
			wg.Go(func() {
				if err := l.wait(t.Context(), cost); err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				at = append(at, time.Since(start))
			})
		}
		wg.Wait()
		slices.Sort(at)
		for i, d := range at {
			if want := time.Duration(i) * cost * time.Second; d.Round(time.Second) != want {
				t.Fatalf("request %d was let through after %v, want %v", i, d, want)
			}
		}
	})
}
