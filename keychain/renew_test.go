package keychain_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"collectord/keychain"
)

var always = keychain.Window{From: time.Unix(1, 0), By: time.Unix(1, 0)}

// fakeRefresher is a network that gives n, n+1 ... for n and, as VK does, takes
// every value once.
type fakeRefresher struct {
	window keychain.Window
	err    error
	before func() // in the request
	calls  atomic.Int32

	mu   sync.Mutex
	used map[string]bool
}

func (f *fakeRefresher) Window(keychain.Token, time.Time, time.Time) keychain.Window { return f.window }

func (f *fakeRefresher) Refresh(_ context.Context, t keychain.Token) (keychain.Fresh, error) {
	f.calls.Add(1)
	if f.before != nil {
		f.before()
	}
	if f.err != nil {
		return keychain.Fresh{}, f.err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.used[t.Bare()] {
		return keychain.Fresh{}, &keychain.Refusal{Err: errors.New("used twice: the whole family is revoked")}
	}
	if f.used == nil {
		f.used = make(map[string]bool)
	}
	f.used[t.Bare()] = true
	return keychain.Fresh{Value: keychain.Bare(t.Bare() + "+"), Expires: time.Now().Add(time.Hour)}, nil
}

func refreshing(f keychain.Refresher) func(*keychain.Options) {
	return func(o *keychain.Options) { o.Refreshers = map[string]keychain.Refresher{"vk": f} }
}

func TestAutocompleteRefreshesWhatIsDue(t *testing.T) {
	for _, c := range []struct {
		name      string
		window    keychain.Window
		soon, now bool
	}{
		{name: "due", window: always, soon: true, now: true},
		{name: "due before the next run", window: keychain.Window{By: time.Now().Add(20 * time.Minute)}, soon: true, now: true},
		{name: "due later", window: keychain.Window{By: time.Now().Add(40 * time.Minute)}, now: true},
		{name: "too early", window: keychain.Window{From: time.Now().Add(time.Minute), By: time.Now().Add(time.Minute)}},
		{name: "never"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, mode := range []string{"soon", "now"} {
				f := &fakeRefresher{window: c.window}
				dir := t.TempDir()
				k := open(t, dir, refreshing(f))
				must(t, k.Assign("vk", keychain.Bare("a")))
				run, expected := k.Autocomplete, c.soon
				if mode == "now" {
					run, expected = k.AutocompleteNow, c.now
				}
				outcomes, err := run(t.Context())
				must(t, err)
				if expected != (len(outcomes) == 1) || len(outcomes) == 1 && outcomes[0].Err != nil {
					t.Errorf("%s: %v", mode, outcomes)
				}
				value := "a"
				if expected {
					value = "a+"
				}
				want(t, k, "vk", value)
				want(t, loaded(t, dir), "vk", value)
				if expected && k.Show()[0].ExpiresAt.Before(time.Now()) {
					t.Errorf("expires at %v", k.Show()[0].ExpiresAt)
				}
			}
		})
	}
}

// TestOneRenewalAtATime: many goroutines over two keychains of one folder, and the
// network is asked once.
func TestOneRenewalAtATime(t *testing.T) {
	dir := t.TempDir()
	f := &fakeRefresher{window: always}
	ks := []*keychain.KeyChain{open(t, dir, refreshing(f)), open(t, dir, refreshing(f))}
	must(t, ks[0].Assign("vk", keychain.Bare("a")))
	must(t, ks[1].LoadLast())
	refused, _ := ks[0].Token("vk")
	var all sync.WaitGroup
	for i := range 40 {
		all.Go(func() {
			got, err := ks[i%2].Renew(context.Background(), refused)
			if err != nil || got.Bare() != "a+" || got.Slot != "vk" {
				t.Errorf("%q %v", got.Bare(), err)
			}
		})
	}
	all.Wait()
	if n := f.calls.Load(); n != 1 {
		t.Errorf("%d requests", n)
	}
}

func TestSavedBeforeUsed(t *testing.T) {
	dir := t.TempDir()
	f := &fakeRefresher{window: always}
	k := open(t, dir, refreshing(f))
	must(t, k.Assign("vk", keychain.Bare("a")))
	f.before = func() { // the intent is on disk before the request
		text, err := os.ReadFile(filepath.Join(dir, "keychain", "vk.intent"))
		if err != nil || !json.Valid(text) {
			t.Errorf("intent: %q %v", text, err)
		}
	}
	a, _ := k.Token("vk")
	if _, err := k.Renew(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "keychain", "vk.intent")); err == nil {
		t.Error("the intent stayed")
	}

	// The new token cannot be written when it arrives: it is not used, not lost, and
	// the network is not asked a second time.
	lock := filepath.Join(dir, "keychain", "lock")
	f.before = func() {
		must(t, os.Remove(lock))
		must(t, os.Mkdir(lock, 0o700))
	}
	b, _ := k.Token("vk")
	_, err := k.Renew(t.Context(), b)
	must(t, os.Remove(lock))
	contains(t, err, "waits in memory")
	if at := k.Due(); time.Until(at) > 0 {
		t.Errorf("it is due at %v", at)
	}
	want(t, k, "vk", "a+")
	want(t, loaded(t, dir), "vk", "a+")
	calls := f.calls.Load()
	outcomes, err := k.Autocomplete(t.Context())
	must(t, err)
	if len(outcomes) != 1 || outcomes[0].Err != nil || f.calls.Load() != calls {
		t.Errorf("%v, %d requests", outcomes, f.calls.Load()-calls)
	}
	want(t, loaded(t, dir), "vk", "a++")
}

func TestFailedRefreshKeepsTheToken(t *testing.T) {
	dir := t.TempDir()
	f := &fakeRefresher{window: always, err: errors.New("timeout")}
	k := open(t, dir, refreshing(f))
	must(t, k.Assign("vk", keychain.Bare("a")))
	a, _ := k.Token("vk")
	for range 5 {
		_, err := k.Renew(t.Context(), a)
		contains(t, err, "vk", "timeout")
	}
	if n := f.calls.Load(); n != 1 {
		t.Errorf("%d requests within a minute", n)
	}
	want(t, loaded(t, dir), "vk", "a")
	if n := len(dumpFiles(t, dir)); n != 1 {
		t.Errorf("%d dumps", n)
	}
	if s := k.State("vk"); s != (keychain.State{}) {
		t.Errorf("state: %+v", s)
	}

	// A value that a person assigns ends the rest.
	f.err = nil
	must(t, k.Assign("vk", keychain.Bare("b")))
	b, _ := k.Token("vk")
	if got, err := k.Renew(t.Context(), b); err != nil || got.Bare() != "b+" {
		t.Errorf("%q %v", got.Bare(), err)
	}

	// A wrong value of the network's is a failure as well.
	bad := keychain.Mapping(map[string]string{"client_id": "MARKED"})
	k = open(t, dir, refreshing(refreshFunc(func() (keychain.Fresh, error) { return keychain.Fresh{Value: bad}, nil })))
	must(t, k.LoadLast())
	c, _ := k.Token("vk")
	_, err := k.Renew(t.Context(), c)
	contains(t, err, "the new token: vk: a mapping needs")
	want(t, loaded(t, dir), "vk", "b+")
}

type refreshFunc func() (keychain.Fresh, error)

func (refreshFunc) Window(keychain.Token, time.Time, time.Time) keychain.Window { return always }

func (f refreshFunc) Refresh(context.Context, keychain.Token) (keychain.Fresh, error) { return f() }

func TestRefusalIsNotAskedAgain(t *testing.T) {
	dir := t.TempDir()
	f := &fakeRefresher{window: always, err: &keychain.Refusal{Err: errors.New("invalid_grant")}}
	k := open(t, dir, refreshing(f))
	must(t, k.Assign("vk", keychain.Bare("a")))
	for range 3 { // also over restarts
		outcomes, err := k.Autocomplete(t.Context())
		must(t, err)
		var refusal *keychain.Refusal
		if len(outcomes) != 1 || !errors.As(outcomes[0].Err, &refusal) {
			t.Fatalf("%v", outcomes)
		}
		contains(t, outcomes[0].Err, "invalid_grant")
		want(t, k, "vk", "a")
		k = loaded(t, dir, refreshing(f))
		if s := k.State("vk"); s.Name != keychain.Dead || !strings.Contains(s.Reason, "invalid_grant") {
			t.Errorf("state: %+v", s)
		}
	}
	if n := f.calls.Load(); n != 1 {
		t.Errorf("%d requests", n)
	}
	f.err = nil
	must(t, k.Assign("vk", keychain.Bare("b")))
	outcomes, err := k.Autocomplete(t.Context())
	must(t, err)
	if len(outcomes) != 1 || outcomes[0].Err != nil {
		t.Errorf("%v", outcomes)
	}
	want(t, k, "vk", "b+")
}

// TestCrashDuringRefresh: a process died between the request and the dump. The old
// value is tried once more, and the refusal says what has happened.
func TestCrashDuringRefresh(t *testing.T) {
	dir := t.TempDir()
	f := &fakeRefresher{window: always, err: errors.New("cut off")}
	k := open(t, dir, refreshing(f))
	must(t, k.Assign("vk", keychain.Bare("a")))
	a, _ := k.Token("vk")
	_, err := k.Renew(t.Context(), a)
	contains(t, err, "cut off")
	f.used, f.err = map[string]bool{"a": true}, nil
	k = loaded(t, dir, refreshing(f)) // restarted
	outcomes, err := k.Autocomplete(t.Context())
	must(t, err)
	if len(outcomes) != 1 || outcomes[0].Err == nil || !strings.Contains(k.State("vk").Reason, "had no answer that was saved") {
		t.Errorf("%v %+v", outcomes, k.State("vk"))
	}
	want(t, loaded(t, dir), "vk", "a")
}

func TestAssignedDuringRefresh(t *testing.T) {
	dir := t.TempDir()
	f := &fakeRefresher{window: always}
	k := open(t, dir, refreshing(f))
	other := open(t, dir)
	must(t, k.Assign("vk", keychain.Bare("a")))
	f.before = func() { must(t, other.Assign("vk", keychain.Bare("mine"))) }
	a, _ := k.Token("vk")
	got, err := k.Renew(t.Context(), a)
	if err != nil || got.Bare() != "mine" {
		t.Errorf("%q %v", got.Bare(), err)
	}
	want(t, loaded(t, dir), "vk", "mine")
}

// TestRenewalOutlivesItsCaller: who asked has gone; the answer is saved, and Close
// waits for that.
func TestRenewalOutlivesItsCaller(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	gone := make(chan struct{})
	f := &fakeRefresher{window: always, before: func() { cancel(); <-gone }}
	k := open(t, dir, refreshing(f))
	must(t, k.Assign("vk", keychain.Bare("a")))
	a, _ := k.Token("vk")
	if _, err := k.Renew(ctx, a); !errors.Is(err, context.Canceled) {
		t.Errorf("renew: %v", err)
	}
	close(gone)
	k.Close()
	want(t, loaded(t, dir), "vk", "a+")
	if _, err := k.Renew(context.Background(), keychain.Token{Slot: "vk", Value: keychain.Bare("a+")}); err == nil {
		t.Error("a closed keychain renews")
	}
}

type fakeMaker struct {
	calls atomic.Int32
	err   error
}

func (m *fakeMaker) Make(_ context.Context, raw keychain.Token) (keychain.Fresh, error) {
	m.calls.Add(1)
	return keychain.Fresh{Value: keychain.Bare(fmt.Sprint("made-", m.calls.Load())), Raw: raw.With(map[string]string{"app_secret": "rotated"})}, m.err
}

func TestMake(t *testing.T) {
	dir := t.TempDir()
	m := &fakeMaker{}
	f := &fakeRefresher{}
	k := open(t, dir, refreshing(f), func(o *keychain.Options) { o.Makers = map[string]keychain.Maker{"raw_vk": m} })
	raw := map[string]string{"app_id": "1", "app_secret": "s", "login": "l", "password": "p"}
	must(t, k.Assign("raw_vk:x", keychain.Mapping(raw)))
	want(t, k, "vk:x", "") // assigning logs in nowhere
	for range 3 {          // a token that works is not made anew
		_, err := k.Autocomplete(t.Context())
		must(t, err)
	}
	want(t, loaded(t, dir), "vk:x", "made-1")
	if v, _ := k.Get("raw_vk:x"); v.Get("app_secret") != "rotated" || v.Get("login") != "l" {
		t.Error("the raw value was not rotated")
	}
	must(t, k.SetState("vk:x", keychain.State{Name: keychain.Dead}))
	_, err := k.Autocomplete(t.Context())
	must(t, err)
	want(t, k, "vk:x", "made-2")

	// A failed login never replaces a token.
	m.err = &keychain.Refusal{Err: errors.New("wrong password")}
	must(t, k.SetState("vk:x", keychain.State{Name: keychain.Dead}))
	for range 3 {
		outcomes, err := k.Autocomplete(t.Context())
		must(t, err)
		if len(outcomes) != 1 || outcomes[0].Err == nil {
			t.Errorf("%v", outcomes)
		}
	}
	want(t, loaded(t, dir), "vk:x", "made-2")
	if m.calls.Load() != 3 {
		t.Errorf("%d logins", m.calls.Load())
	}
	// A token refused for good is made anew where it cannot be refreshed.
	m.err, f.window, f.err = nil, always, &keychain.Refusal{Err: errors.New("invalid_grant")}
	must(t, k.Assign("raw_vk:x", keychain.Mapping(raw)))
	must(t, k.Assign("vk:x", keychain.Bare("old")))
	old, _ := k.Token("vk:x")
	if got, err := k.Renew(t.Context(), old); err != nil || got.Bare() != "made-4" {
		t.Errorf("%q %v", got.Bare(), err)
	}
}
