package poll

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"collectord/keychain"
	"collectord/networks"
)

// TestSpoilersAreFoundByHalving: an account that is unknown by itself, or in an answer
// about several, spoiled nothing.
func TestSpoilersAreFoundByHalving(t *testing.T) {
	unknown := func(_ keychain.Token, b networks.Batch) ([]networks.Result, error) {
		for i := range b.Refs {
			if len(b.Refs) > 4 && b.Refs[i].Name == "a9" {
				return nil, fail(networks.BadBatch)
			}
		}
		results, err := good(keychain.Token{}, b)
		for i := range b.Refs {
			if b.Refs[i].Name == "a0" || b.Refs[i].Name == "a8" {
				results[i] = networks.Result{Err: fail(networks.NotFound)}
			}
		}
		return results, err
	}
	for _, n := range []int{1, 10} {
		synctest.Test(t, func(t *testing.T) {
			o := poll(t, pollerOf(&fakeNetwork{size: 10, answer: unknown}, tokensOf(nil), 100), named(n), 0)
			for i, a := range o.answers {
				if a.Spoiler {
					t.Errorf("%d accounts: account %d is called a spoiler", n, i)
				}
			}
			if a := o.answers[0]; a.Err == nil || a.Err.Kind != networks.NotFound {
				t.Errorf("%d accounts: %+v", n, a)
			}
		})
	}
}

// TestHintBeyondTheTick: a token that rests for longer than the tick is no reason to end
// the tick, since another one may come.
func TestHintBeyondTheTick(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeNetwork{size: 10, answer: func(token keychain.Token, b networks.Batch) ([]networks.Result, error) {
			if token.Bare() == "new" {
				return good(token, b)
			}
			e := fail(networks.RateLimited)
			e.Until = time.Now().Add(3 * time.Hour)
			return nil, e
		}}
		tokens := tokensOf(map[string]string{"vk": "old"})
		go func() {
			time.Sleep(10 * time.Minute)
			tokens.mu.Lock()
			defer tokens.mu.Unlock()
			tokens.values["vk:other"] = "new"
		}()
		o := poll(t, pollerOf(f, tokens, 100, "vk", "vk:other"), named(5), time.Hour)
		wantKinds(t, o, map[networks.Kind]int{0: 5})
		if o.took < 10*time.Minute || o.took > 30*time.Minute || f.count() != 2 {
			t.Errorf("%d requests in %v", f.count(), o.took)
		}
	})
}

// TestReasonsNameTheNetworkOnce: why a token rests is said once, whoever repeats it.
func TestReasonsNameTheNetworkOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeNetwork{size: 10, answer: func(keychain.Token, networks.Batch) ([]networks.Result, error) {
			e := fail(networks.RateLimited)
			e.Until = time.Now().Add(time.Hour)
			return nil, e
		}}
		for _, p := range []*Poller{pollerOf(f, tokensOf(map[string]string{"vk": "T"}), 100, "vk"), pollerOf(f, tokensOf(nil), 100)} {
			for range 3 {
				for _, a := range poll(t, p, named(30), 0).answers {
					if text := a.Err.Error(); strings.Count(text, "fake") != 1 {
						t.Errorf("%q names the network more than once", text)
					}
				}
			}
		}
	})
}

// TestUsageOfNothing: any of the three is something.
func TestUsageOfNothing(t *testing.T) {
	for _, c := range []struct {
		used Usage
		none bool
	}{
		{Usage{}, true}, {Usage{Requests: 1}, false}, {Usage{Retries: 1}, false}, {Usage{Took: 1}, true},
		{Usage{Spent: Spent{Slot: "tw", Day: "2026-10-17", Micros: 1}}, false},
	} {
		if got := c.used.none(); got != c.none {
			t.Errorf("%+v: none is %v", c.used, got)
		}
	}
}

// TestWaitEnds: whoever waits for his turn, or for the end of a rest, does not ask
// where nobody waits for the answer any more.
func TestWaitEnds(t *testing.T) {
	for name, prepare := range map[string]func(l *limiter){
		"turn": func(l *limiter) { l.reserve(1000) },
		"rest": func(l *limiter) {
			l.heed([]networks.Allowance{{Limit: "x", Used: 1, Until: time.Now().Add(time.Hour)}}, time.Now())
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			l := newLimiter(1)
			prepare(l)
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if err := l.wait(ctx, 1); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
}
