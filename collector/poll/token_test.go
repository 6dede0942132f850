package poll

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"collectord/keychain"
	"collectord/networks"
)

// refusing answers with the error while the token is "old".
func refusing(e networks.Error) func(keychain.Token, networks.Batch) ([]networks.Result, error) {
	return func(token keychain.Token, b networks.Batch) ([]networks.Result, error) {
		if token.Bare() == "old" {
			e := e
			return nil, &e
		}
		return good(token, b)
	}
}

// TestWhatARefusedTokenComesTo: dead where the network or the renewal says so, and
// not where time may mend it.
func TestWhatARefusedTokenComesTo(t *testing.T) {
	unauthorized := networks.Error{Op: "fake: get", Kind: networks.Unauthorized, Hint: "log in"}
	elsewhere := unauthorized
	for name, c := range map[string]struct {
		elsewhere bool
		renew     func(string) (string, error)
		state     string
		hint      string
		kind      networks.Kind
	}{
		"nothing renews it":       {state: keychain.Dead, hint: "log in", kind: networks.Unauthorized},
		"good elsewhere":          {elsewhere: true, state: keychain.Cooling, hint: "log in", kind: networks.RateLimited},
		"the renewal is refused":  {renew: refusedAs(keychain.Dead), state: keychain.Dead, hint: "of the renewal", kind: networks.Unauthorized},
		"and that elsewhere":      {elsewhere: true, renew: refusedAs(keychain.Dead), state: keychain.Dead, hint: "of the renewal", kind: networks.Unauthorized},
		"the renewal is parked":   {renew: refusedAs(keychain.Parked), state: keychain.Parked, hint: "of the renewal", kind: networks.Challenge},
		"the renewal takes time":  {renew: func(string) (string, error) { return "", errors.New("timeout") }, kind: networks.Temporary},
		"the new one is as bad":   {renew: func(string) (string, error) { return "old", nil }, state: keychain.Dead, hint: "log in", kind: networks.Unauthorized},
		"so is it, and elsewhere": {elsewhere: true, renew: func(string) (string, error) { return "old", nil }, state: keychain.Cooling, hint: "log in", kind: networks.RateLimited},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := unauthorized
				if elsewhere.Until = time.Now().Add(15 * time.Minute); c.elsewhere {
					e = elsewhere
				}
				tokens := tokensOf(map[string]string{"vk": "old"})
				tokens.renew = c.renew
				f := &fakeNetwork{size: 1, answer: refusing(e)}
				p := pollerOf(f, tokens, 100, "vk")
				o := poll(t, p, named(20), 0)
				wantKinds(t, o, map[networks.Kind]int{c.kind: 20})
				if s := tokens.last("vk"); s.Name != c.state || !strings.Contains(s.Hint, c.hint) {
					t.Errorf("state %+v, want %q with the hint %q", s, c.state, c.hint)
				}
				if f.count() > 2 {
					t.Errorf("%d requests with a refused token", f.count())
				}
				// Whatever it was, it mends where the network takes the token again.
				f.answer = good
				time.Sleep(4 * time.Hour)
				wantKinds(t, poll(t, p, named(20), 0), map[networks.Kind]int{0: 20})
			})
		})
	}
}

// TestHintNamesTheSlot: the command that mends a token with a name puts the new one there.
func TestHintNamesTheSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tokens := tokensOf(map[string]string{"vk:b": "old"})
		f := &fakeNetwork{size: 1, answer: refusing(networks.Error{Op: "fake: get", Kind: networks.Unauthorized, Hint: "log in: collectord keychain login vk"})}
		o := poll(t, pollerOf(f, tokens, 100, "vk:b"), named(1), 0)
		const want = "log in: collectord keychain login vk --slot vk:b"
		if s := tokens.last("vk:b"); s.Hint != want || o.answers[0].Err.Hint != want {
			t.Errorf("hints %q and %q, want %q", s.Hint, o.answers[0].Err.Hint, want)
		}
	})
}

func refusedAs(state string) func(string) (string, error) {
	return func(string) (string, error) {
		return "", &keychain.Refusal{Err: errors.New("refused"), State: keychain.State{
			Name: state, Reason: "refused", Hint: "the hint of the renewal", Until: time.Now().Add(3 * time.Hour)}}
	}
}

// TestARenewalThatTakesTime: the poll goes on within the same tick once it works.
func TestARenewalThatTakesTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tokens := tokensOf(map[string]string{"vk": "old"})
		since := time.Now()
		tokens.renew = func(string) (string, error) {
			if time.Since(since) < 5*time.Minute {
				return "", errors.New("slow_down")
			}
			return "new", nil
		}
		f := &fakeNetwork{size: 10, answer: refusing(networks.Error{Op: "fake: get", Kind: networks.Unauthorized})}
		o := poll(t, pollerOf(f, tokens, 100, "vk"), named(20), 30*time.Minute)
		wantKinds(t, o, map[networks.Kind]int{0: 20})
		if len(tokens.states["vk"]) > 0 {
			t.Errorf("states: %+v", tokens.states["vk"])
		}
	})
}

// TestQuotaRestsDouble: 1 h doubling to 24 h, once for all requests that met it.
func TestQuotaRestsDouble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tokens := tokensOf(map[string]string{"vk": "a"})
		var used atomic.Bool
		f := &fakeNetwork{size: 1, takes: time.Second}
		f.answer = func(token keychain.Token, b networks.Batch) ([]networks.Result, error) {
			if used.Load() {
				return nil, fail(networks.Quota)
			}
			return good(token, b)
		}
		p := pollerOf(f, tokens, 1000, "vk")
		poll(t, p, named(20), 0) // the token is good: requests run side by side
		used.Store(true)
		for _, hours := range []int{1, 2, 4, 8, 16, 24, 24} {
			poll(t, p, named(20), 0)
			s := tokens.last("vk")
			if rest := time.Until(s.Until).Round(time.Hour); s.Name != keychain.Cooling || rest != time.Duration(hours)*time.Hour {
				t.Errorf("a rest of %v, want %d h: %+v", rest, hours, s)
			}
			before := f.count()
			poll(t, p, named(20), 0)
			if f.count() != before {
				t.Errorf("%d requests during the rest", f.count()-before)
			}
			time.Sleep(time.Until(s.Until) + time.Second)
		}
	})
}

// TestAnswerGoesOnce: the one request after a person brought an answer carries it,
// and the parked token works again.
func TestAnswerGoesOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tokens := tokensOf(map[string]string{"vk": "a"})
		var solved atomic.Bool
		var carried atomic.Int32
		f := &fakeNetwork{size: 1, takes: time.Second}
		f.answer = func(token keychain.Token, b networks.Batch) ([]networks.Result, error) {
			if token.Answer.Bare() == "success" {
				carried.Add(1)
				solved.Store(true)
			}
			if !solved.Load() {
				return nil, &networks.Error{Op: "fake: get", Kind: networks.Challenge, Link: "https://x/"}
			}
			return good(token, b)
		}
		p := pollerOf(f, tokens, 1000, "vk")
		wantKinds(t, poll(t, p, named(20), 0), map[networks.Kind]int{networks.Challenge: 20})
		if s := tokens.last("vk"); s.Name != keychain.Parked || s.Link == "" || s.Times != 1 || f.count() != 1 {
			t.Errorf("%+v after %d requests", s, f.count())
		}
		wantKinds(t, poll(t, p, named(20), 0), map[networks.Kind]int{networks.Challenge: 20})
		if f.count() != 1 {
			t.Errorf("%d requests with a parked token", f.count())
		}
		tokens.mu.Lock()
		tokens.answers = map[string]string{"vk": "success"}
		tokens.mu.Unlock()
		wantKinds(t, poll(t, p, named(20), 0), map[networks.Kind]int{0: 20})
		if carried.Load() != 1 {
			t.Errorf("%d requests carried the answer", carried.Load())
		}
	})
}
