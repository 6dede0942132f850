package poll

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"collectord/keychain"
	"collectord/networks"
)

// telling is a network whose answers tell allowances.
type telling struct {
	fakeNetwork
	mu   sync.Mutex
	told func(n int) []networks.Allowance // with the n-th answer
	sent int
}

// Every answer is told before it is given, as the networks do.
func (n *telling) Profiles(ctx context.Context, token keychain.Token, b networks.Batch) ([]networks.Result, error) {
	n.mu.Lock()
	n.sent++
	for _, a := range n.told(n.sent) {
		networks.TellAllowance(ctx, a)
	}
	n.mu.Unlock()
	return n.fakeNetwork.Profiles(ctx, token, b)
}

func tellingOf(told func(n int) []networks.Allowance) *telling {
	return &telling{fakeNetwork: fakeNetwork{size: 1, answer: good}, told: told}
}

func tellingPoller(n *telling, perSecond float64, slots ...string) (*Poller, *fakeTokens) {
	values := make(map[string]string)
	for _, s := range slots {
		values[s] = s
	}
	tokens := tokensOf(values)
	return New(Options{Network: n, Descriptor: networks.Descriptor{Name: "fake"}, Tokens: tokens, Slots: slots, PerSecond: perSecond}), tokens
}

func rolling(used float64, regain time.Duration) []networks.Allowance {
	a := networks.Allowance{Limit: "X-App-Usage", Used: used, Rolling: true}
	if regain > 0 {
		a.Until = time.Now().Add(regain)
	}
	return []networks.Allowance{a}
}

// TestRollingLimitSlows: full pace up to 75 %, slower and slower from there on, and at full
// pace again when the usage is down or no longer told.
func TestRollingLimitSlows(t *testing.T) {
	for _, c := range []struct {
		used  float64
		apart time.Duration // between requests, of which there is one a second at full pace
	}{{0, time.Second}, {0.5, time.Second}, {0.75, time.Second}, {0.85, 1600 * time.Millisecond}, {0.949, 3941 * time.Millisecond}} {
		synctest.Test(t, func(t *testing.T) {
			full := false
			n := tellingOf(func(int) []networks.Allowance {
				if full {
					return nil
				}
				return rolling(c.used, 0)
			})
			p, tokens := tellingPoller(n, 1, "ig")
			o := poll(t, p, named(12), 0)
			wantKinds(t, o, map[networks.Kind]int{0: 12})
			if apart := n.requests[11].at.Sub(n.requests[10].at); (apart - c.apart).Abs() > 10*time.Millisecond {
				t.Errorf("at %.1f %% used the requests are %v apart, want %v", 100*c.used, apart, c.apart)
			}
			if len(tokens.states["ig"]) > 0 {
				t.Errorf("a token that is only slower changed its state: %+v", tokens.states["ig"])
			}
			full = true
			poll(t, p, named(60), 0) // those that wait already when it is told keep their turn
			if apart := n.requests[71].at.Sub(n.requests[70].at); apart != time.Second {
				t.Errorf("after the usage is down the requests are %v apart", apart)
			}
		})
	}
}

// TestRollingLimitStops: at 95 % no request more, for as long as the network says or a
// quarter of an hour; the poll goes on within its tick once the usage has decayed.
func TestRollingLimitStops(t *testing.T) {
	for _, c := range []struct {
		used         float64
		regain, rest time.Duration
	}{{0.95, 0, 15 * time.Minute}, {1, 0, 15 * time.Minute}, {0.97, 19 * time.Minute, 19 * time.Minute}} {
		synctest.Test(t, func(t *testing.T) {
			n := tellingOf(func(i int) []networks.Allowance {
				if i == 3 {
					return rolling(c.used, c.regain)
				}
				return rolling(0.4, 0)
			})
			p, tokens := tellingPoller(n, 1, "ig")
			o := poll(t, p, named(12), time.Hour)
			wantKinds(t, o, map[networks.Kind]int{0: 12})
			if rest := n.requests[3].at.Sub(n.requests[2].at); rest < c.rest || rest > c.rest+15*time.Minute {
				t.Errorf("at %.0f %% it rested for %v, want %v", 100*c.used, rest, c.rest)
			}
			if o.used.Retries != 0 {
				t.Errorf("%d requests were made again", o.used.Retries)
			}
			if s := tokens.states["ig"]; len(s) != 2 || s[0].Name != keychain.Cooling || s[0].Reason == "" || s[1].Name != "" {
				t.Errorf("the token's states: %+v, want one rest with its reason and its end", s)
			}
		})
	}
}

// TestNothingLeft: after the answer that says so no request is made before the reset, and
// none is refused.
func TestNothingLeft(t *testing.T) {
	for _, window := range []time.Duration{40 * time.Second, 20 * time.Minute} {
		for _, slots := range [][]string{nil, {"x"}} {
			synctest.Test(t, func(t *testing.T) {
				var reset time.Time
				n := tellingOf(func(i int) []networks.Allowance {
					if i%5 == 1 {
						reset = time.Now().Add(window)
					}
					return []networks.Allowance{{Limit: "x-rate-limit", Used: float64((i-1)%5+1) / 5, Until: reset}}
				})
				p, _ := tellingPoller(n, 2, slots...)
				o := poll(t, p, named(20), 2*time.Hour)
				wantKinds(t, o, map[networks.Kind]int{0: 20})
				for i := 5; i < 20; i += 5 {
					if gap := n.requests[i].at.Sub(n.requests[i-5].at); gap < window {
						t.Errorf("request %d came %v after the window began, want %v or more", i, gap, window)
					}
				}
				if o.used.Requests != 20 || o.used.Retries != 0 {
					t.Errorf("%+v, want 20 requests and none again", o.used)
				}
				a := p.Allowances()
				if len(a) != 1 || a[0].Used != 1 || len(slots) > 0 && a[0].Slot != slots[0] {
					t.Errorf("Allowances = %+v", a)
				}
				if time.Sleep(window); len(p.Allowances()) != 0 {
					t.Errorf("after the reset it is still told: %+v", p.Allowances())
				}
			})
		}
	}
}

// TestNothingLeftWithoutAReset: who says that nothing is left and not until when is asked
// on: it may be a mistake.
func TestNothingLeftWithoutAReset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := tellingOf(func(int) []networks.Allowance { return []networks.Allowance{{Limit: "x", Used: 1}} })
		p, _ := tellingPoller(n, 1, "x")
		if o := poll(t, p, named(10), 0); o.took > 10*time.Second {
			t.Errorf("it took %v", o.took)
		}
	})
}

// TestPoolStepsOverAnEmptyToken: while one token's window is empty the others are asked
// with, and nobody waits.
func TestPoolStepsOverAnEmptyToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := tellingOf(func(int) []networks.Allowance { return nil })
		p, _ := tellingPoller(n, 1, "a", "b", "c")
		p.limiter("a\n").heed([]networks.Allowance{{Limit: "x", Used: 1, Until: time.Now().Add(90 * time.Second)}}, time.Now())
		p.limiter("c\n").heed([]networks.Allowance{{Limit: "x", Used: 1, Until: time.Now().Add(time.Hour)}}, time.Now())
		o := poll(t, p, named(30), 0)
		wantKinds(t, o, map[networks.Kind]int{0: 30})
		for _, r := range n.requests {
			if r.token != "b" {
				t.Fatalf("a request with the token %q, whose window is empty", r.token)
			}
		}
		if o.took > 30*time.Second {
			t.Errorf("it took %v, want one token's 30 s", o.took)
		}
	})
}

// TestRestSurvivesRequestsUnderWay: an answer to a request that was under way when the token
// began to rest does not end the rest.
func TestRestSurvivesRequestsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeNetwork{size: 1, answer: good}
		tokens := tokensOf(map[string]string{"x": "x"})
		p := pollerOf(f, tokens, 100, "x")
		poll(t, p, named(3), 0)
		tok := p.tokenIn("x")
		until := time.Now().Add(time.Hour)
		p.setState(tok, keychain.State{Name: keychain.Cooling, Until: until})
		p.succeeded(tok)
		if _, s := tok.usable(time.Now()); s.Name != keychain.Cooling || !s.Until.Equal(until) {
			t.Errorf("the state is %+v", s)
		}
		time.Sleep(time.Hour)
		p.succeeded(tok)
		if _, s := tok.usable(time.Now()); s.Name != "" {
			t.Errorf("after the rest the state is %+v", s)
		}
	})
}
