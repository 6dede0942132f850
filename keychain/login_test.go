package keychain_test

import (
	"context"
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

func TestPut(t *testing.T) {
	dir := t.TempDir()
	k := open(t, dir)
	end := time.Now().Add(24 * time.Hour).Truncate(time.Second)
	must(t, k.Put("vk", keychain.Fresh{Value: keychain.Bare(" a "), Expires: end}))
	k = loaded(t, dir)
	want(t, k, "vk", "a")
	if got := k.Show()[0].ExpiresAt; !got.Equal(end) {
		t.Errorf("expires at %v, want %v", got, end)
	}
	contains(t, k.Put("vk", keychain.Fresh{Value: keychain.Bare("a b")}), "space")
	contains(t, k.Put("vk", keychain.Fresh{}), "neither")
	if err := k.Put("tg", keychain.Fresh{Answer: keychain.Bare("x")}); !errors.Is(err, keychain.ErrEmpty) {
		t.Errorf("an answer for an empty slot: %v", err)
	}
}

// TestAnswerIsSpentOnce: many ask at once, in two processes; one gets the answer,
// and it is off the disk before.
func TestAnswerIsSpentOnce(t *testing.T) {
	dir := t.TempDir()
	k := open(t, dir)
	must(t, k.Assign("vk", keychain.Bare("value-MARKED")))
	must(t, k.SetState("vk", keychain.State{Name: keychain.Parked, Link: "https://x/", Until: time.Now().Add(time.Hour)}))
	answer := keychain.Mapping(map[string]string{"success_token": "answer-MARKED"})
	must(t, k.Put("vk", keychain.Fresh{Answer: answer}))
	want(t, k, "vk", "value-MARKED")
	other := loaded(t, dir)
	for _, k := range []*keychain.KeyChain{k, other} {
		if s := k.State("vk"); s.Name == keychain.Parked {
			t.Errorf("state: %+v", s)
		}
		tok, _ := k.Token("vk")
		if !tok.Answer.Equal(answer) {
			t.Fatal("the answer is not there")
		}
		if text := fmt.Sprintf("%v %+v %#v", tok, tok, tok); strings.Contains(text, "MARKED") {
			t.Errorf("printed: %s", text)
		}
		if text := tok.Redact("is answer-MARKED, value-MARKED"); strings.Contains(text, "MARKED") {
			t.Errorf("redacted: %s", text)
		}
	}
	must(t, k.SetState("vk", keychain.State{Name: keychain.Cooling, Reason: "VK said answer-MARKED"}))
	if s := k.State("vk"); strings.Contains(s.Reason, "MARKED") {
		t.Errorf("state: %+v", s)
	}
	var got atomic.Int32
	var all sync.WaitGroup
	for i := range 10 {
		all.Go(func() {
			k := []*keychain.KeyChain{k, other}[i%2]
			tok, _ := k.Token("vk")
			spent, err := k.Spend(tok)
			if err != nil || spent.Bare() != "value-MARKED" {
				t.Errorf("%v %v", spent, err)
			}
			if !spent.Answer.IsZero() {
				got.Add(1)
				if again, _ := loaded(t, dir).Token("vk"); !again.Answer.IsZero() {
					t.Error("the answer is on disk and in use")
				}
			}
		})
	}
	all.Wait()
	if got.Load() != 1 {
		t.Errorf("%d got the answer", got.Load())
	}
	// One for a value that is gone is nobody's.
	must(t, k.Put("vk", keychain.Fresh{Answer: answer}))
	tok, _ := k.Token("vk")
	must(t, k.Assign("vk", keychain.Bare("new")))
	if spent, err := k.Spend(tok); err != nil || !spent.Answer.IsZero() {
		t.Errorf("%v %v", spent.Answer, err)
	}
	if tok, _ := k.Token("vk"); !tok.Answer.IsZero() {
		t.Error("a new value came with the answer for the one before")
	}
}

// TestRestOutlivesARefresh: a quota is the account's, not the value's.
func TestRestOutlivesARefresh(t *testing.T) {
	dir := t.TempDir()
	f := &fakeRefresher{window: always}
	k := open(t, dir, refreshing(f))
	until := time.Now().Add(3 * time.Hour).UTC().Truncate(time.Second)
	for _, c := range []struct {
		state   keychain.State
		carried bool
	}{
		{keychain.State{Name: keychain.Cooling, Reason: "29", Until: until, Times: 3}, true},
		{keychain.State{Name: keychain.Parked, Link: "https://x/", Until: until, Times: 2}, true},
		{keychain.State{Name: keychain.Cooling, Until: time.Now().Add(-time.Second), Times: 3}, false},
		{keychain.State{Name: keychain.Dead}, false},
	} {
		must(t, k.Assign("vk", keychain.Bare("a"+fmt.Sprint(f.calls.Load()))))
		must(t, k.SetState("vk", c.state))
		outcomes, err := k.Autocomplete(t.Context())
		must(t, err)
		if len(outcomes) != 1 || outcomes[0].Err != nil {
			t.Fatalf("%v", outcomes)
		}
		for _, k := range []*keychain.KeyChain{k, loaded(t, dir)} {
			if s := k.State("vk"); c.carried != (s == c.state) || !c.carried && s != (keychain.State{}) {
				t.Errorf("after a refresh %+v, before it %+v", s, c.state)
			}
		}
		must(t, k.Assign("vk", keychain.Bare("by-hand")))
		if s := k.State("vk"); s != (keychain.State{}) {
			t.Errorf("after an assignment: %+v", s)
		}
	}
}

func TestDue(t *testing.T) {
	now := time.Now()
	near := func(a, b time.Time) bool { return a.Sub(b).Abs() < 2*time.Second }
	f := &fakeRefresher{window: keychain.Window{From: now.Add(20 * time.Minute), By: now.Add(40 * time.Minute)}}
	k := open(t, t.TempDir(), refreshing(f))
	if at := k.Due(); !at.IsZero() {
		t.Errorf("an empty keychain is due at %v", at)
	}
	must(t, k.Assign("vk", keychain.Bare("a")))
	if at := k.Due(); !near(at, now.Add(20*time.Minute)) {
		t.Errorf("not before the window: %v", at)
	}
	f.window = keychain.Window{From: now.Add(time.Minute), By: now.Add(5 * time.Hour)}
	if at := k.Due(); !near(at, now.Add(270*time.Minute)) {
		t.Errorf("half an hour before its end: %v", at)
	}
	f.window, f.err = always, errors.New("timeout")
	_, err := k.Autocomplete(t.Context())
	must(t, err)
	if at := k.Due(); !near(at, time.Now().Add(time.Minute)) {
		t.Errorf("after a failure: %v", at)
	}
	f.window = keychain.Window{}
	if at := k.Due(); !at.IsZero() {
		t.Errorf("what cannot be renewed is due at %v", at)
	}
}

// restingMaker says that it is not to be asked again for a while.
type restingMaker struct {
	fakeMaker
	next time.Duration
}

func (m *restingMaker) Make(ctx context.Context, raw keychain.Token) (keychain.Fresh, error) {
	fresh, err := m.fakeMaker.Make(ctx, raw)
	fresh.Raw, fresh.Next = keychain.Value{}, time.Now().Add(m.next)
	return fresh, err
}

// TestOneLoginInHours: a token that dies young is not made anew before its time,
// over restarts; a person who assigns the raw slot ends the wait.
func TestOneLoginInHours(t *testing.T) {
	dir := t.TempDir()
	m := &restingMaker{next: 4 * time.Hour}
	making := func(o *keychain.Options) { o.Makers = map[string]keychain.Maker{"raw_vk": m} }
	k := open(t, dir, making)
	raw := keychain.Mapping(map[string]string{"app_id": "1", "app_secret": "s", "login": "l", "password": "p"})
	must(t, k.Assign("raw_vk", raw))
	_, err := k.Autocomplete(t.Context())
	must(t, err)
	want(t, k, "vk", "made-1")
	for range 3 {
		refused, _ := k.Token("vk")
		_, err := k.Renew(t.Context(), refused)
		var refusal *keychain.Refusal
		if !errors.As(err, &refusal) || refusal.State.Name != keychain.Parked || time.Until(refusal.State.Until) < 3*time.Hour {
			t.Fatalf("%v", err)
		}
		contains(t, err, "there was a login at")
		k = loaded(t, dir, making)
	}
	if n := m.calls.Load(); n != 1 {
		t.Errorf("%d logins", n)
	}
	must(t, k.Assign("raw_vk", raw))
	refused, _ := k.Token("vk")
	if got, err := k.Renew(t.Context(), refused); err != nil || got.Bare() != "made-2" {
		t.Errorf("%q %v", got.Bare(), err)
	}
	if _, err := os.Stat(filepath.Join(dir, "keychain", "raw_vk.intent")); err != nil {
		t.Error(err)
	}
}

// TestRefusalTellsTheAge: nobody documents how long a refresh token lives.
func TestRefusalTellsTheAge(t *testing.T) {
	f := &fakeRefresher{window: always, err: &keychain.Refusal{Err: errors.New("invalid_grant")}}
	k := open(t, t.TempDir(), refreshing(f))
	must(t, k.Assign("vk", keychain.Bare("a")))
	_, err := k.Autocomplete(t.Context())
	must(t, err)
	if s := k.State("vk"); !strings.Contains(s.Reason, "came into the slot at "+time.Now().UTC().Format("2006-01-02")) {
		t.Errorf("%+v", s)
	}
}
