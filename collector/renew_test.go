package collector

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"collectord/collector/config"
	"collectord/collector/schedule"
	"collectord/keychain"
	"collectord/networks/all"
)

// tokenService refreshes tokens that live for a while.
type tokenService struct {
	life  time.Duration
	calls atomic.Int32
	fails atomic.Bool
}

func (s *tokenService) Window(_ keychain.Token, held, expires time.Time) keychain.Window {
	return keychain.Window{From: held, By: expires.Add(-5 * time.Second)}
}

func (s *tokenService) Refresh(context.Context, keychain.Token) (keychain.Fresh, error) {
	n := s.calls.Add(1)
	if s.fails.Load() {
		return keychain.Fresh{}, errors.New("timeout")
	}
	return keychain.Fresh{Value: keychain.Bare(fmt.Sprint("token-", n)), Expires: time.Now().Add(s.life)}, nil
}

// renewRig is a daemon that looks after its tokens and does nothing else.
type renewRig struct {
	*Daemon
	logs *observer.ObservedLogs
}

func newRenewRig(t *testing.T, autocomplete string, opts keychain.Options) renewRig {
	t.Helper()
	core, logs := observer.New(zapcore.DebugLevel)
	opts.Dir = t.TempDir()
	for _, n := range all.List() {
		opts.Formats = append(opts.Formats, n.Slots...)
	}
	keys, err := keychain.Open(opts)
	if err != nil {
		t.Fatal(err)
	}
	s, err := schedule.Parse(autocomplete)
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Parse("test.yaml", []byte("networks: {vk: {accounts: [ria]}, youtube: {accounts: ['@somebody']}}"), config.Env{Networks: all.List()})
	if err != nil {
		t.Fatal(err)
	}
	return renewRig{&Daemon{keys: keys, log: zap.New(core), cfg: cfg, autocomplete: s, newSchedule: make(chan struct{}, 1)}, logs}
}

// runRenewals runs test beside a daemon that renews by the schedule.
func runRenewals(t *testing.T, autocomplete string, opts keychain.Options, test func(t *testing.T, r renewRig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := newRenewRig(t, autocomplete, opts)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			r.renewTokens(ctx)
		}()
		test(t, r)
		cancel()
		<-done
		r.keys.Close()
	})
}

// advance lets time pass in the bubble.
func advance(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// TestShortLivesAndALongSchedule: the schedule is a day's, and no token is ever
// expired, nor the service asked more than twice in a token's life.
func TestShortLivesAndALongSchedule(t *testing.T) {
	for life, lives := range map[time.Duration]int{time.Minute: 10, time.Hour: 4, 20 * time.Hour: 1} {
		s := &tokenService{life: life}
		opts := keychain.Options{Refreshers: map[string]keychain.Refresher{"vk": s}}
		runRenewals(t, "@daily", opts, func(t *testing.T, r renewRig) {
			advance(10 * time.Second) // the daemon runs when a person assigns a token
			if err := r.keys.Put("vk", keychain.Fresh{Value: keychain.Bare("first"), Expires: time.Now().Add(life)}); err != nil {
				t.Fatal(err)
			}
			for range 60 * lives {
				advance(life / 60)
				if end := r.keys.Show()[0].ExpiresAt; !end.After(time.Now()) {
					t.Fatalf("a token that lives for %v has expired", life)
				}
			}
			if n := int(s.calls.Load()); n < lives || n > 2*lives+1 {
				t.Errorf("%d refreshes in %d lives of %v", n, lives, life)
			}
		})
	}
}

// TestRenewalsOnSchedule: what nobody knows the end of waits for the schedule, and a
// new schedule counts at once.
func TestRenewalsOnSchedule(t *testing.T) {
	m := &hourlyMaker{}
	opts := keychain.Options{Makers: map[string]keychain.Maker{"raw_vk": m}}
	runRenewals(t, "@every 24h", opts, func(t *testing.T, r renewRig) {
		raw := map[string]string{"app_id": "1", "app_secret": "s", "login": "l", "password": "p"}
		if err := r.keys.Assign("raw_vk", keychain.Mapping(raw)); err != nil {
			t.Fatal(err)
		}
		advance(time.Minute)
		if _, held := r.keys.Get("vk"); !held || m.calls.Load() != 1 {
			t.Fatalf("the token was not made within a minute: %d calls", m.calls.Load())
		}
		advance(12 * time.Hour)
		if n := m.calls.Load(); n != 1 {
			t.Errorf("%d calls", n)
		}
		if n := r.logs.FilterMessage("a token was refreshed").Len(); n != 1 {
			t.Errorf("%d lines in the log", n)
		}
	})
}

type hourlyMaker struct{ calls atomic.Int32 }

func (m *hourlyMaker) Make(context.Context, keychain.Token) (keychain.Fresh, error) {
	m.calls.Add(1)
	return keychain.Fresh{Value: keychain.Bare("made")}, nil
}

// TestFailedRenewalsRest: a service that is away is asked less and less often.
func TestFailedRenewalsRest(t *testing.T) {
	s := &tokenService{life: time.Hour}
	s.fails.Store(true)
	opts := keychain.Options{Refreshers: map[string]keychain.Refresher{"vk": s}}
	runRenewals(t, "@daily", opts, func(t *testing.T, r renewRig) {
		if err := r.keys.Put("vk", keychain.Fresh{Value: keychain.Bare("first"), Expires: time.Now().Add(time.Hour)}); err != nil {
			t.Fatal(err)
		}
		advance(3 * time.Hour)
		if n := s.calls.Load(); n < 6 || n > 10 { // after 30 min, then after 1, 2, 4, 8, 16, 30, 30 ...
			t.Errorf("%d requests in 3 h", n)
		}
		s.fails.Store(false)
		advance(time.Hour)
		if v, _ := r.keys.Get("vk"); v.Bare() == "first" {
			t.Error("the token is still the first one")
		}
	})
}

// expiryLines are the lines about the end of a token: "warn vk 14".
func (r renewRig) expiryLines() []string {
	var lines []string
	for _, e := range r.logs.All() {
		if days, ok := e.ContextMap()["days"]; ok {
			lines = append(lines, fmt.Sprint(e.Level, " ", e.ContextMap()["slot"], " ", days))
		}
	}
	return lines
}

func TestExpiriesAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRenewRig(t, "@daily", keychain.Options{})
		told := make(expiries)
		put := func(slot string, days time.Duration) {
			t.Helper()
			if err := r.keys.Put(slot, keychain.Fresh{Value: keychain.Bare("x"), Expires: time.Now().Add(days * day)}); err != nil {
				t.Fatal(err)
			}
		}
		want := func(after time.Duration, lines ...string) {
			t.Helper()
			for end := time.Now().Add(after); time.Now().Before(end); time.Sleep(time.Hour) {
				r.tellExpiries(told)
			}
			if got := r.expiryLines(); !slices.Equal(got, lines) {
				t.Errorf("%q, want %q", got, lines)
			}
			r.logs.TakeAll()
		}
		put("vk", 20)
		put("yt:b", 5) // two of the days are past: one line
		want(time.Hour, "warn yt:b 5")
		want(3*day, "warn yt:b 3")
		put("yt:b", 365)
		want(20*day, "warn vk 14", "warn vk 7", "warn vk 3", "error vk 1")
		put("vk", 60) // the days count again
		want(61*day, "warn vk 14", "warn vk 7", "warn vk 3", "error vk 1")
	})
}

// TestExpiryHints: what to do stands beside it; a restarted daemon says it again.
func TestExpiryHints(t *testing.T) {
	runRenewals(t, "@daily", keychain.Options{}, func(t *testing.T, r renewRig) {
		for _, slot := range []string{"vk", "vk:b", "yt"} {
			if err := r.keys.Put(slot, keychain.Fresh{Value: keychain.Bare("x"), Expires: time.Now().Add(-time.Hour)}); err != nil {
				t.Fatal(err)
			}
		}
		advance(time.Minute)
		hints := make(map[any]any)
		for _, e := range r.logs.FilterMessage("a token has expired, and was not renewed").All() {
			hints[e.ContextMap()["slot"]] = e.ContextMap()["hint"]
		}
		for slot, hint := range map[string]string{
			"vk": "log in again: collectord keychain login vk", "vk:b": "log in again: collectord keychain login vk --slot vk:b",
			"yt": "store another one: collectord keychain assign yt",
		} {
			if hints[slot] != hint {
				t.Errorf("%s: %v", slot, hints[slot])
			}
		}
	})
}

// TestExpiryOfWhatIsRenewed: only a renewal that fails is told, and once.
func TestExpiryOfWhatIsRenewed(t *testing.T) {
	s := &tokenService{life: time.Hour}
	opts := keychain.Options{Refreshers: map[string]keychain.Refresher{"vk": s}}
	runRenewals(t, "@daily", opts, func(t *testing.T, r renewRig) {
		if err := r.keys.Put("vk", keychain.Fresh{Value: keychain.Bare("first"), Expires: time.Now().Add(time.Hour)}); err != nil {
			t.Fatal(err)
		}
		advance(5 * time.Hour)
		if lines := r.expiryLines(); len(lines) != 0 {
			t.Errorf("%q", lines)
		}
		s.fails.Store(true)
		advance(5 * time.Hour)
		if lines := r.expiryLines(); !slices.Equal(lines, []string{"error vk 0"}) {
			t.Errorf("%q", lines)
		}
		if told := tellTokens([]string{"vk"}, r.keys); told[0].Reason != "it is not renewed: keychain: vk: timeout" || told[0].Expires.IsZero() {
			t.Errorf("%+v", told)
		}
	})
}
