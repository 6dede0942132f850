package poll

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"collectord/keychain"
	"collectord/networks"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestFewestRequestsEvenlySpaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeNetwork{size: 10, answer: good, takes: 200 * time.Millisecond}
		o := poll(t, pollerOf(f, tokensOf(map[string]string{"vk": "T"}), 4, "vk"), named(95), 0)
		wantKinds(t, o, map[networks.Kind]int{0: 95})
		if f.count() != 10 || o.used.Requests != 10 {
			t.Errorf("%d requests made, %d counted, want 10", f.count(), o.used.Requests)
		}
		for i := 1; i < len(f.requests); i++ {
			if d := f.requests[i].at.Sub(f.requests[i-1].at); d < 249*time.Millisecond {
				t.Errorf("requests %d and %d are %v apart at 4 a second", i-1, i, d)
			}
		}
		// 9 gaps of 250 ms and the last answer.
		if want := 9*250*time.Millisecond + 200*time.Millisecond; o.took > want*105/100 {
			t.Errorf("it took %v, the limit allows %v", o.took, want)
		}
	})
}

func TestEqualRefsAreAskedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeNetwork{size: 10, answer: good}
		o := poll(t, pollerOf(f, tokensOf(nil), 100), slices.Concat(named(3), named(3)), 0)
		wantKinds(t, o, map[networks.Kind]int{0: 6})
		if len(f.requests) != 1 || len(f.requests[0].refs) != 3 {
			t.Errorf("requests: %+v", f.requests)
		}
	})
}

func TestBetterReferencesMakeFullBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeNetwork{size: 10}
		f.answer = func(token keychain.Token, b networks.Batch) ([]networks.Result, error) {
			results, err := good(token, b)
			for i, r := range b.Refs {
				if r.Kind == "" {
					next := r
					next.Kind = "group"
					results[i] = networks.Result{Next: &next}
				}
			}
			return results, err
		}
		o := poll(t, pollerOf(f, tokensOf(nil), 100), named(40), 0)
		wantKinds(t, o, map[networks.Kind]int{0: 40})
		if f.count() != 8 {
			t.Errorf("%d requests, want 4 for each of two rounds", f.count())
		}
	})
}

func TestReferencesWithoutEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeNetwork{size: 10, answer: func(_ keychain.Token, b networks.Batch) ([]networks.Result, error) {
			results := make([]networks.Result, len(b.Refs))
			for i, r := range b.Refs {
				r.Kind += "x"
				results[i] = networks.Result{Next: &r}
			}
			return results, nil
		}}
		o := poll(t, pollerOf(f, tokensOf(nil), 100), named(3), 0)
		wantKinds(t, o, map[networks.Kind]int{networks.Malformed: 3})
		if f.count() != maxRounds {
			t.Errorf("%d requests, want %d", f.count(), maxRounds)
		}
	})
}

func TestPassingFailures(t *testing.T) {
	for _, tc := range []struct {
		name     string
		kind     networks.Kind
		failures int32 // before it works
		until    time.Duration
		requests int
		want     map[networks.Kind]int
	}{
		{"one failure is asked again", networks.Temporary, 1, 0, 2, map[networks.Kind]int{0: 5}},
		{"three failures too", networks.Temporary, 3, 0, 4, map[networks.Kind]int{0: 5}},
		{"after the fourth they are given up", networks.Temporary, 99, 0, 4, map[networks.Kind]int{networks.Temporary: 5}},
		{"and asked again in the same tick", networks.Temporary, 5, 10 * time.Minute, 6, map[networks.Kind]int{0: 5}},
		{"HTML is asked again once", networks.Malformed, 1, 0, 2, map[networks.Kind]int{0: 5}},
		{"and given up sooner", networks.Malformed, 99, 0, 2, map[networks.Kind]int{networks.Malformed: 5}},
		{"forbidden is not asked again", networks.Forbidden, 99, time.Hour, 1, map[networks.Kind]int{networks.Forbidden: 5}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var n atomic.Int32
				f := &fakeNetwork{size: 10, answer: func(token keychain.Token, b networks.Batch) ([]networks.Result, error) {
					if n.Add(1) <= tc.failures {
						return nil, fail(tc.kind)
					}
					return good(token, b)
				}}
				o := poll(t, pollerOf(f, tokensOf(nil), 100), named(5), tc.until)
				wantKinds(t, o, tc.want)
				if f.count() != tc.requests || o.used.Requests != tc.requests {
					t.Errorf("%d requests made, %d counted, want %d", f.count(), o.used.Requests, tc.requests)
				}
			})
		})
	}
}

func TestNetworkAwayCostsFewRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeNetwork{size: 1, answer: func(keychain.Token, networks.Batch) ([]networks.Result, error) {
			return nil, fail(networks.Temporary)
		}}
		o := poll(t, pollerOf(f, tokensOf(nil), 100), named(500), 0)
		wantKinds(t, o, map[networks.Kind]int{networks.Temporary: 500})
		if f.count() > 40 {
			t.Errorf("%d requests to a network that is away", f.count())
		}
		if o.took > 5*time.Minute {
			t.Errorf("it took %v", o.took)
		}
	})
}

func TestRateLimitWaitsForItsHint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var limited atomic.Bool
		f := &fakeNetwork{size: 10}
		f.answer = func(token keychain.Token, b networks.Batch) ([]networks.Result, error) {
			if limited.CompareAndSwap(false, true) {
				e := fail(networks.RateLimited)
				e.Until = time.Now().Add(40 * time.Second)
				return nil, e
			}
			return good(token, b)
		}
		o := poll(t, pollerOf(f, tokensOf(map[string]string{"vk": "T"}), 100, "vk"), named(30), 0)
		wantKinds(t, o, map[networks.Kind]int{0: 30})
		if o.took < 40*time.Second || o.took > 42*time.Second {
			t.Errorf("it took %v, the network said 40 s", o.took)
		}
		if f.count() != 4 {
			t.Errorf("%d requests, want 4: the refused one and the three", f.count())
		}
	})
}

func TestLongRateLimitIsForLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeNetwork{size: 10, answer: func(keychain.Token, networks.Batch) ([]networks.Result, error) {
			e := fail(networks.RateLimited)
			e.Until = time.Now().Add(time.Hour)
			return nil, e
		}}
		p := pollerOf(f, tokensOf(map[string]string{"vk": "T"}), 100, "vk")
		o := poll(t, p, named(30), 0)
		wantKinds(t, o, map[networks.Kind]int{networks.RateLimited: 30})
		if f.count() != 1 {
			t.Errorf("%d requests, want 1", f.count())
		}
		if o.took > time.Second {
			t.Errorf("it took %v", o.took)
		}
		poll(t, p, named(30), 0)
		if f.count() != 1 {
			t.Error("a poll within the hour asked again")
		}
	})
}

func TestRefusedTokenCostsOneRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tokens := tokensOf(map[string]string{"vk": "bad"})
		f := &fakeNetwork{size: 1, takes: time.Second}
		f.answer = func(token keychain.Token, b networks.Batch) ([]networks.Result, error) {
			if token.Bare() == "bad" {
				return nil, fail(networks.Unauthorized)
			}
			return good(token, b)
		}
		p := pollerOf(f, tokens, 100, "vk")
		o := poll(t, p, named(200), 0)
		wantKinds(t, o, map[networks.Kind]int{networks.Unauthorized: 200})
		if f.count() != 1 {
			t.Errorf("%d requests with a refused token, want 1", f.count())
		}
		if s := tokens.last("vk"); s.Name != keychain.Dead {
			t.Errorf("state %q, want dead", s.Name)
		}
		poll(t, p, named(200), 0)
		if f.count() != 2 {
			t.Errorf("%d requests after the second poll, want one more: it may have been mended", f.count())
		}
		tokens.values["vk"] = "new"
		o = poll(t, p, named(200), 0)
		wantKinds(t, o, map[networks.Kind]int{0: 200})
	})
}

func TestRenewedTokenCompletesThePoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tokens := tokensOf(map[string]string{"vk": "old"})
		tokens.renew = func(string) (string, error) { return "new", nil }
		f := &fakeNetwork{size: 10, takes: 50 * time.Millisecond}
		var served atomic.Int32
		f.answer = func(token keychain.Token, b networks.Batch) ([]networks.Result, error) {
			if token.Bare() == "old" && served.Add(1) > 3 { // it dies in the middle
				return nil, fail(networks.Unauthorized)
			}
			return good(token, b)
		}
		o := poll(t, pollerOf(f, tokens, 100, "vk"), named(200), 0)
		wantKinds(t, o, map[networks.Kind]int{0: 200})
		if tokens.renews != 1 {
			t.Errorf("%d renewals, want 1 for all who waited", tokens.renews)
		}
	})
}

func TestPool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tokens := tokensOf(map[string]string{"vk": "A", "vk:second": "B", "vk:third": "C"})
		f := &fakeNetwork{size: 1, takes: 100 * time.Millisecond}
		f.answer = func(token keychain.Token, b networks.Batch) ([]networks.Result, error) {
			switch token.Bare() {
			case "B":
				return nil, &networks.Error{Op: "fake: get", Kind: networks.Quota}
			case "C":
				return nil, &networks.Error{Op: "fake: get", Kind: networks.Challenge, Link: "https://network.example/captcha"}
			}
			return good(token, b)
		}
		p := pollerOf(f, tokens, 10, "vk", "vk:second", "vk:third", "vk:empty")
		o := poll(t, p, named(50), 0)
		wantKinds(t, o, map[networks.Kind]int{0: 50})
		if f.count() != 52 {
			t.Errorf("%d requests, want 50 and one for each token that rests", f.count())
		}
		if s := tokens.last("vk:second"); s.Name != keychain.Cooling || time.Until(s.Until) < 50*time.Minute {
			t.Errorf("a used up quota: %+v", s)
		}
		if s := tokens.last("vk:third"); s.Name != keychain.Parked || s.Link == "" {
			t.Errorf("a challenge: %+v", s)
		}
	})
}

func TestPoolSharesTheLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tokens := tokensOf(map[string]string{"vk": "A", "vk:second": "B"})
		f := &fakeNetwork{size: 1, answer: good}
		o := poll(t, pollerOf(f, tokens, 1, "vk", "vk:second"), named(40), 0)
		if o.took > 22*time.Second {
			t.Errorf("40 requests with two tokens at 1 a second took %v", o.took)
		}
		by := map[string]int{}
		for _, r := range f.requests {
			by[r.token]++
		}
		if by["A"] < 15 || by["B"] < 15 {
			t.Errorf("requests by token: %v", by)
		}
	})
}

func TestNoToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeNetwork{size: 10, answer: good}
		o := poll(t, pollerOf(f, tokensOf(nil), 100, "vk"), named(3), 0)
		wantKinds(t, o, map[networks.Kind]int{networks.Unauthorized: 3})
		if e := o.answers[0].Err; !strings.Contains(e.Error(), "no token in slot vk") || !strings.Contains(e.Hint, "keychain assign vk") {
			t.Errorf("%v, hint %q", e, e.Hint)
		}
		if f.count() != 0 {
			t.Error("it asked without a token")
		}
	})
}

func TestAccountsWithTokensOfTheirOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeNetwork{size: 10, answer: good}
		accounts := named(2)
		accounts[1].Slots = []string{"vk:own"}
		o := poll(t, pollerOf(f, tokensOf(map[string]string{"vk": "A", "vk:own": "B"}), 100, "vk"), accounts, 0)
		wantKinds(t, o, map[networks.Kind]int{0: 2})
		for _, r := range f.requests {
			if want := map[string]string{"a0": "A", "a1": "B"}[r.refs[0].Name]; r.token != want {
				t.Errorf("%s was asked with %s, want %s", r.refs[0].Name, r.token, want)
			}
		}
	})
}

func TestSpoiltBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeNetwork{size: 500}
		f.answer = func(token keychain.Token, b networks.Batch) ([]networks.Result, error) {
			if slices.ContainsFunc(b.Refs, func(r networks.Ref) bool { return r.Name == "a123" }) {
				return nil, fail(networks.BadBatch)
			}
			return good(token, b)
		}
		o := poll(t, pollerOf(f, tokensOf(nil), 100), named(500), 0)
		wantKinds(t, o, map[networks.Kind]int{0: 499, networks.NotFound: 1})
		if f.count() > 19 {
			t.Errorf("%d requests to find one bad name in 500, want 19 at most", f.count())
		}
		for i, a := range o.answers {
			if a.Spoiler != (i == 123) {
				t.Errorf("account %d: spoiler %v", i, a.Spoiler)
			}
		}
	})
}

func TestAllBadIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeNetwork{size: 500, answer: func(keychain.Token, networks.Batch) ([]networks.Result, error) {
			return nil, fail(networks.BadBatch)
		}}
		o := poll(t, pollerOf(f, tokensOf(nil), 1000), named(500), 0)
		if f.count() > maxHalving+1 {
			t.Errorf("%d requests, want %d at most", f.count(), maxHalving+1)
		}
		kinds := o.kinds()
		if kinds[networks.NotFound]+kinds[networks.Temporary] != 500 || kinds[networks.NotFound] == 0 {
			t.Errorf("answers: %v", kinds)
		}
	})
}

func TestZeroIsDoubted(t *testing.T) {
	for _, tc := range []struct {
		name     string
		before   networks.Count
		second   int64
		requests int
		want     int64
	}{
		{"a fall to 0 is asked again", networks.Known(50), 50, 2, 50},
		{"and believed the second time", networks.Known(50), 0, 2, 0},
		{"0 after 0 is believed", networks.Known(0), 0, 1, 0},
		{"a first 0 is believed", networks.Count{}, 0, 1, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fakeNetwork{size: 10}
				f.answer = func(_ keychain.Token, b networks.Batch) ([]networks.Result, error) {
					if f.count() == 1 {
						return []networks.Result{profile(b.Refs[0], 0)}, nil
					}
					return []networks.Result{profile(b.Refs[0], tc.second)}, nil
				}
				accounts := named(1)
				accounts[0].Before = tc.before
				o := poll(t, pollerOf(f, tokensOf(nil), 100), accounts, 0)
				if n, known := o.answers[0].Profile.Followers.Get(); n != tc.want || !known || f.count() != tc.requests {
					t.Errorf("%d followers (%v) after %d requests", n, known, f.count())
				}
			})
		})
	}
}

func TestOneSickHostDelaysNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeNetwork{size: 1}
		var healthy atomic.Int64
		start := time.Now()
		f.answer = func(token keychain.Token, b networks.Batch) ([]networks.Result, error) {
			if b.Limiter == "sick" {
				return nil, fail(networks.Temporary)
			}
			healthy.Store(int64(time.Since(start)))
			return good(token, b)
		}
		accounts := named(20)
		for i := range accounts {
			accounts[i].Ref.Host = "well"
			if i%2 == 0 {
				accounts[i].Ref.Host = "sick"
			}
		}
		o := poll(t, pollerOf(f, tokensOf(nil), 10), accounts, 0)
		wantKinds(t, o, map[networks.Kind]int{0: 10, networks.Temporary: 10})
		if d := time.Duration(healthy.Load()); d > 2*time.Second {
			t.Errorf("the healthy host's last answer came after %v", d)
		}
	})
}

func TestPanicIsTheNetworksOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeNetwork{size: 10, answer: func(keychain.Token, networks.Batch) ([]networks.Result, error) { panic("nil map") }}
		o := poll(t, pollerOf(f, tokensOf(nil), 100), named(2), 0)
		wantKinds(t, o, map[networks.Kind]int{networks.Malformed: 2})
	})
}

func TestTooFewResults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeNetwork{size: 10, answer: func(keychain.Token, networks.Batch) ([]networks.Result, error) { return nil, nil }}
		o := poll(t, pollerOf(f, tokensOf(nil), 100), named(2), 0)
		wantKinds(t, o, map[networks.Kind]int{networks.Malformed: 2})
	})
}

func TestAnswerErrorEndsThePoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		full := errors.New("disk full")
		f := &fakeNetwork{size: 1, answer: good}
		err := pollerOf(f, tokensOf(nil), 10).Poll(t.Context(), Job{Accounts: named(50), Answer: func(context.Context, []Answer, Usage) error { return full }})
		if !errors.Is(err, full) {
			t.Errorf("error %v, want %v", err, full)
		}
		if f.count() > concurrency(10)+1 {
			t.Errorf("%d requests after the first could not be recorded", f.count())
		}
	})
}

func TestCancelEndsThePoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeNetwork{size: 1, answer: good, takes: time.Hour}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		start := time.Now()
		err := pollerOf(f, tokensOf(nil), 1).Poll(ctx, Job{Accounts: named(50), Answer: func(context.Context, []Answer, Usage) error { return nil }})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
		if d := time.Since(start); d > 6*time.Second {
			t.Errorf("it ended after %v", d)
		}
	})
}

// A slow network gets as many requests at once as keep pace with its limit where an
// answer takes a second, and no more.
func TestConcurrencyIsBounded(t *testing.T) {
	for perSecond, most := range map[float64]int{0.5: minConcurrency, 13.3: 14, 1000: maxUnderWay} {
		synctest.Test(t, func(t *testing.T) {
			f := &fakeNetwork{size: 1, answer: good, takes: 10 * time.Second}
			poll(t, pollerOf(f, tokensOf(nil), perSecond), named(200), 0)
			if f.most != most {
				t.Errorf("at %v a second %d requests were under way at once, want %d", perSecond, f.most, most)
			}
		})
	}
}

func TestItemFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeNetwork{size: 10}
		f.answer = func(token keychain.Token, b networks.Batch) ([]networks.Result, error) {
			results, err := good(token, b)
			for i, r := range b.Refs {
				switch {
				case r.Name == "a1" && f.count() == 1: // a passing failure of one item
					results[i] = networks.Result{Err: fail(networks.Temporary)}
				case r.Name == "a2":
					results[i] = networks.Result{Err: fail(networks.Suspended)}
				case r.Name == "a3":
					results[i] = networks.Result{Err: fail(networks.Malformed)}
				}
			}
			return results, err
		}
		o := poll(t, pollerOf(f, tokensOf(nil), 100), named(5), time.Hour)
		wantKinds(t, o, map[networks.Kind]int{0: 3, networks.Suspended: 1, networks.Malformed: 1})
		if o.took > time.Minute {
			t.Errorf("a malformed part of an answer held the poll up for %v", o.took)
		}
		if f.count() != 2 || len(f.requests[1].refs) != 1 {
			t.Errorf("%d requests, want a second one for the one item", f.count())
		}
	})
}
