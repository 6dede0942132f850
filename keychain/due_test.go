package keychain_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"collectord/keychain"
)

// lifeRefresher renews tokens that live for a while, of which 5 s are left unused.
type lifeRefresher struct {
	fakeRefresher
	life time.Duration
}

func (r *lifeRefresher) Window(_ keychain.Token, held, _ time.Time) keychain.Window {
	return keychain.Window{From: held, By: held.Add(r.life - 5*time.Second)}
}

// TestDueOfShortLives: a token is renewed before its end, however short its life, and
// not more often than twice in it.
func TestDueOfShortLives(t *testing.T) {
	for life, want := range map[time.Duration]time.Duration{
		time.Minute:         27500 * time.Millisecond, // half of what there is
		10 * time.Minute:    297500 * time.Millisecond,
		2 * time.Hour:       90*time.Minute - 5*time.Second, // half an hour before
		60 * 24 * time.Hour: 60*24*time.Hour - 30*time.Minute - 5*time.Second,
	} {
		f := &lifeRefresher{life: life}
		k := open(t, t.TempDir(), refreshing(f))
		must(t, k.Assign("vk", keychain.Bare("a")))
		if got := k.Due().Sub(k.Show()[0].AssignedAt); got != want {
			t.Errorf("what lives for %v is due after %v, want %v", life, got, want)
		}
		outcomes, err := k.AutocompleteDue(t.Context())
		if err != nil || len(outcomes) != 0 {
			t.Errorf("renewed at once: %v %v", outcomes, err)
		}
	}
	f := &fakeRefresher{window: always}
	k := open(t, t.TempDir(), refreshing(f))
	must(t, k.Assign("vk", keychain.Bare("a")))
	outcomes, err := k.AutocompleteDue(t.Context())
	if err != nil || len(outcomes) != 1 || outcomes[0].Err != nil {
		t.Errorf("%v %v", outcomes, err)
	}
	want(t, k, "vk", "a+")
}

// TestDueOfRefused: what the network refused for good is due no more, over restarts,
// until a person assigns another value.
func TestDueOfRefused(t *testing.T) {
	dir := t.TempDir()
	f := &fakeRefresher{window: always, err: &keychain.Refusal{Err: errors.New("invalid_grant")}}
	k := open(t, dir, refreshing(f))
	must(t, k.Assign("vk", keychain.Bare("a")))
	if info := k.Show()[0]; !info.Renewable || info.RenewalError != nil || k.Due().IsZero() {
		t.Errorf("%+v, due %v", info, k.Due())
	}
	_, err := k.AutocompleteDue(t.Context())
	must(t, err)
	for range 2 {
		if info := k.Show()[0]; !info.Renewable || info.RenewalError == nil || !k.Due().IsZero() {
			t.Errorf("%+v, due %v", info, k.Due())
		}
		k = loaded(t, dir, refreshing(f))
	}
	must(t, k.Assign("vk", keychain.Bare("b")))
	if info := k.Show()[0]; info.RenewalError != nil || k.Due().After(time.Now()) || k.Due().IsZero() {
		t.Errorf("%+v, due %v", info, k.Due())
	}
	until := time.Now().Add(5 * time.Hour).UTC()
	f.err = &keychain.Refusal{State: keychain.State{Until: until}, Err: errors.New("too many")}
	_, err = k.AutocompleteDue(t.Context())
	must(t, err)
	if at := k.Due(); !at.Equal(until) {
		t.Errorf("due %v, want %v", at, until)
	}
}

// failingMaker fails, and is no Refusal.
type failingMaker struct{ calls int }

func (m *failingMaker) Make(context.Context, keychain.Token) (keychain.Fresh, error) {
	m.calls++
	return keychain.Fresh{}, errors.New("timeout")
}

// TestDueOfWhatIsMissing: a raw_ slot makes its token due at once; after a failure it
// rests, and a raw_ slot assigned anew ends the rest.
func TestDueOfWhatIsMissing(t *testing.T) {
	m := &failingMaker{}
	k := open(t, t.TempDir(), func(o *keychain.Options) { o.Makers = map[string]keychain.Maker{"raw_vk": m} })
	raw := keychain.Mapping(map[string]string{"app_id": "1", "app_secret": "s", "login": "l", "password": "p"})
	for round := range 2 {
		must(t, k.Assign("raw_vk:x", raw))
		if at := k.Due(); at.IsZero() || at.After(time.Now()) {
			t.Errorf("due %v", at)
		}
		for range 2 {
			_, err := k.AutocompleteDue(t.Context())
			must(t, err)
			if rest := time.Until(k.Due()); rest < 50*time.Second || rest > time.Minute {
				t.Errorf("due in %v", rest)
			}
		}
		if m.calls != round+1 {
			t.Errorf("%d calls in round %d", m.calls, round)
		}
	}
	// A token that works, and of which nobody knows the end, is not made anew.
	must(t, k.Assign("vk:x", keychain.Bare("a")))
	if at := k.Due(); !at.IsZero() {
		t.Errorf("due %v", at)
	}
	must(t, k.Put("vk:x", keychain.Fresh{Value: keychain.Bare("b"), Expires: time.Now().Add(3 * time.Hour)}))
	if left := time.Until(k.Due()).Round(time.Minute); left != 150*time.Minute {
		t.Errorf("due in %v", left)
	}
}

func TestShowTellsWhoRenews(t *testing.T) {
	k := open(t, t.TempDir(), refreshing(&fakeRefresher{}), func(o *keychain.Options) {
		o.Makers = map[string]keychain.Maker{"raw_ok": &fakeMaker{}}
		o.Refreshers["ig"] = &fakeRefresher{window: always}
	})
	for _, slot := range []string{"ig", "vk", "yt"} {
		must(t, k.Assign(slot, keychain.Bare("a")))
	}
	must(t, k.Assign("ok", keychain.Mapping(map[string]string{"app_key": "a", "app_secret": "b", "access_token": "c"})))
	must(t, k.Assign("raw_ok", keychain.Mapping(map[string]string{"app_id": "1", "app_key": "a", "app_secret": "b", "refresh_token": "c"})))
	var renewable []string
	for _, info := range k.Show() {
		if info.Renewable {
			renewable = append(renewable, info.Slot)
		}
	}
	if !slices.Equal(renewable, []string{"ig", "ok"}) {
		t.Errorf("%q", renewable)
	}
}

func TestDaysLeft(t *testing.T) {
	for in, want := range map[time.Duration]int{
		14 * 24 * time.Hour: 14, 30 * time.Hour: 1, 40 * time.Hour: 2, time.Hour: 0, -time.Hour: 0, -20 * time.Hour: -1, -72 * time.Hour: -3,
	} {
		if days, known := (keychain.SlotInfo{ExpiresAt: time.Now().Add(in)}).DaysLeft(); days != want || !known {
			t.Errorf("%v: %d days, %v", in, days, known)
		}
	}
	if _, known := (keychain.SlotInfo{}).DaysLeft(); known {
		t.Error("what does not expire has days left")
	}
}
