package keychain_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"collectord/keychain"
)

const day = 24 * time.Hour

// looker is a network that is asked about a token once a day, and never moves its end.
type looker struct {
	window keychain.Window // zero: once a day
	fresh  keychain.Fresh
	err    error
	calls  atomic.Int32
}

func (l *looker) Window(_ keychain.Token, held, _ time.Time) keychain.Window {
	if l.window != (keychain.Window{}) {
		return l.window
	}
	return keychain.Window{By: held.Add(day), Looks: true}
}

func (l *looker) Refresh(_ context.Context, t keychain.Token) (keychain.Fresh, error) {
	l.calls.Add(1)
	fresh := l.fresh
	if fresh.Value.IsZero() {
		fresh.Value = t.Value
	}
	return fresh, l.err
}

// days lets time pass beside a caller who renews what is due every hour.
func days(t *testing.T, k *keychain.KeyChain, n int) (outcomes []keychain.Outcome) {
	t.Helper()
	for range 24 * n {
		time.Sleep(time.Hour)
		some, err := k.AutocompleteDue(t.Context())
		must(t, err)
		outcomes = append(outcomes, some...)
	}
	return outcomes
}

func dumps(t *testing.T, k *keychain.KeyChain) int {
	t.Helper()
	infos, err := k.Dumps()
	must(t, err)
	return len(infos)
}

// TestLooksWriteNothing: a token that stays as it is costs one request a day and no
// dump; what the network says of its end is kept, once.
func TestLooksWriteNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, dir := &looker{}, t.TempDir()
		k := open(t, dir, refreshing(l))
		defer k.Close()
		must(t, k.Assign("vk", keychain.Bare("token")))
		held := k.Show()[0].AssignedAt
		if got := days(t, k, 5); len(got) != 0 || dumps(t, k) != 1 {
			t.Errorf("outcomes %v, %d dumps", got, dumps(t, k))
		}
		if n := l.calls.Load(); n < 4 || n > 6 {
			t.Errorf("%d requests in 5 days", n)
		}
		end := time.Now().Add(40 * day).UTC()
		l.fresh = keychain.Fresh{Expires: end, Final: true}
		if got := days(t, k, 5); len(got) != 0 || dumps(t, k) != 2 {
			t.Errorf("outcomes %v, %d dumps", got, dumps(t, k))
		}
		info := k.Show()[0]
		if !info.ExpiresAt.Equal(end) || info.Renewable || info.Endless || !info.AssignedAt.Equal(held) {
			t.Errorf("%+v", info)
		}
		// An answer that tells no end leaves the one that is known.
		l.fresh = keychain.Fresh{}
		days(t, k, 2)
		if info := k.Show()[0]; !info.ExpiresAt.Equal(end) {
			t.Errorf("%+v", info)
		}
		l.fresh = keychain.Fresh{Expires: keychain.Never()}
		days(t, k, 2)
		if info := k.Show()[0]; !info.Endless || !info.ExpiresAt.IsZero() {
			t.Errorf("%+v", info)
		}
		// It is on disk.
		again := open(t, dir, refreshing(&looker{}))
		defer again.Close()
		must(t, again.LoadLast())
		if info := again.Show()[0]; !info.Endless {
			t.Errorf("after a restart: %+v", info)
		}
	})
}

// TestLater: a renewal that the network put off is tried again in a day, or in half of
// what is left of the token, and not every half hour.
func TestLater(t *testing.T) {
	for name, c := range map[string]struct {
		left        time.Duration // of the token; 0: nobody knows
		err         error
		least, most int32 // requests in 4 days
	}{
		"a day":        {60 * day, &keychain.Later{After: day, Err: errors.New("later")}, 4, 5},
		"end unknown":  {0, &keychain.Later{After: day, Err: errors.New("later")}, 4, 5},
		"ends in 2 d":  {2 * day, &keychain.Later{After: day, Err: errors.New("later")}, 6, 200},
		"other errors": {60 * day, errors.New("timeout"), 90, 97},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := &looker{window: keychain.Window{By: time.Unix(1, 0)}, err: c.err}
				k := open(t, t.TempDir(), refreshing(l))
				defer k.Close()
				fresh := keychain.Fresh{Value: keychain.Bare("token")}
				if c.left > 0 {
					fresh.Expires = time.Now().Add(c.left)
				}
				must(t, k.Put("vk", fresh))
				days(t, k, 4)
				if n := l.calls.Load(); n < c.least || n > c.most {
					t.Errorf("%d requests in 4 days", n)
				}
				if info := k.Show()[0]; info.RenewalError == nil || !info.Renewable {
					t.Errorf("%+v", info)
				}
				// Somebody whose token is refused does not wait for a day.
				l.err = nil
				l.fresh = keychain.Fresh{Value: keychain.Bare("next")}
				time.Sleep(day)
				next, err := k.Renew(t.Context(), keychain.Token{Slot: "vk", Value: keychain.Bare("token")})
				if err != nil || next.Bare() != "next" {
					t.Errorf("%v, %v", next, err)
				}
			})
		})
	}
}

// TestEndBesideAnError: what the network said of the end is kept though the renewal
// failed, and the failure still rests.
func TestEndBesideAnError(t *testing.T) {
	end := time.Now().Add(20 * day).UTC()
	l := &looker{window: always, err: &keychain.Later{After: day, Err: errors.New("no longer life")}, fresh: keychain.Fresh{Expires: end}}
	k := open(t, t.TempDir(), refreshing(l))
	defer k.Close()
	must(t, k.Assign("vk", keychain.Bare("token")))
	for range 3 {
		_, err := k.Autocomplete(t.Context())
		must(t, err)
	}
	if info := k.Show()[0]; !info.ExpiresAt.Equal(end) || info.RenewalError == nil || l.calls.Load() != 1 {
		t.Errorf("%+v after %d requests", info, l.calls.Load())
	}
}

// TestRefusedAndGivenAgain: a network that gives the refused token again is asked once,
// and not at every refusal.
func TestRefusedAndGivenAgain(t *testing.T) {
	l := &looker{}
	k := open(t, t.TempDir(), refreshing(l))
	defer k.Close()
	must(t, k.Assign("vk", keychain.Bare("token")))
	for range 3 {
		_, err := k.Renew(t.Context(), keychain.Token{Slot: "vk", Value: keychain.Bare("token")})
		contains(t, err, "the network gave the refused token again")
	}
	if n := l.calls.Load(); n != 1 {
		t.Errorf("%d requests", n)
	}
}
