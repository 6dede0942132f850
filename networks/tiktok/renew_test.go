package tiktok_test

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/networktest"
	"collectord/networks/sim"
	"collectord/networks/tiktok"
)

// noSecrets fails if an error shows what no error may.
func noSecrets(t *testing.T, err error) {
	t.Helper()
	text := fmt.Sprintf("%v %+v", err, err)
	var refusal *keychain.Refusal
	if errors.As(err, &refusal) {
		text += refusal.State.Reason + refusal.State.Hint
	}
	for _, secret := range []string{"the-access", "the-refresh", "the-secret", "the-code"} {
		if strings.Contains(text, secret) {
			t.Errorf("the error holds %s: %s", secret, text)
		}
	}
}

func refresher(n networks.Network) keychain.Refresher { return n.(networks.Renewer).Refreshers()["tt"] }

// TestRotation renews three times, with each the refresh token of the one before.
func TestRotation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := simulated(world())
		now := token
		for i := 1; i <= 3; i++ {
			fresh, err := refresher(n).Refresh(t.Context(), now)
			if err != nil {
				t.Fatal(err)
			}
			want := token.With(map[string]string{
				"access_token": fmt.Sprintf("act.made-%d", i), "refresh_token": fmt.Sprintf("rft.made-%d", i), "open_id": brandID,
				"expires_at":         time.Now().Add(24 * time.Hour).UTC().Format(time.RFC3339),
				"refresh_expires_at": time.Now().Add(365 * 24 * time.Hour).UTC().Format(time.RFC3339),
			})
			if !fresh.Value.Equal(want) || !fresh.Raw.IsZero() {
				t.Errorf("renewal %d: %v, %s", i, fresh.Value.Names(), fresh.Value.Get("access_token"))
			}
			now = keychain.Token{Slot: "tt", Value: fresh.Value}
			if err := tiktok.Descriptor().Slots[0].Check("tt", fresh.Value); err != nil {
				t.Errorf("the slot does not take it: %v", err)
			}
			if _, err := n.(networks.Checker).Check(t.Context(), now); err != nil {
				t.Errorf("the new token is refused: %v", err)
			}
			time.Sleep(time.Hour)
		}
		_, err := refresher(n).Refresh(t.Context(), token)
		var refusal *keychain.Refusal
		if !errors.As(err, &refusal) || refusal.State.Name != keychain.Dead || !strings.Contains(refusal.State.Hint, "keychain login tiktok") {
			t.Errorf("a refresh token used twice: %v, want a refusal with a hint to log in", err)
		}
		noSecrets(t, err)
	})
}

// TestKeptRefreshToken: an answer without another refresh token leaves the old one.
func TestKeptRefreshToken(t *testing.T) {
	s := &server{status: 200, body: `{"access_token":"act.next","expires_in":"86400","open_id":"-0a"}`}
	fresh, err := refresher(s.network()).Refresh(t.Context(), token)
	if err != nil || fresh.Value.Get("refresh_token") != "rft.the-refresh" || fresh.Value.Get("access_token") != "act.next" || fresh.Value.Get("expires_at") == "" {
		t.Errorf("%v, %v", fresh.Value.Names(), err)
	}
	want := url.Values{"client_key": {"the-key"}, "client_secret": {"the-secret"}, "grant_type": {"refresh_token"}, "refresh_token": {"rft.the-refresh"}}
	if s.form.Encode() != want.Encode() || s.asked.URL.String() != "https://open.tiktokapis.com/v2/oauth/token/" {
		t.Errorf("asked %s for %v", s.asked.URL, s.form)
	}
}

func TestRefreshRefused(t *testing.T) {
	for name, c := range map[string]struct {
		status  int
		body    string
		refusal bool
		kind    networks.Kind
		hint    string
	}{
		"expired":          {200, flat("invalid_grant"), true, networks.Unauthorized, "log in again"},
		"expired, 400":     {400, flat("invalid_grant"), true, networks.Unauthorized, "log in again"},
		"withdrawn":        {403, flat("access_denied"), true, networks.Unauthorized, "log in again"},
		"another app":      {401, flat("invalid_client"), true, networks.Unauthorized, "client_key"},
		"no scope":         {400, flat("invalid_scope"), false, networks.Forbidden, "user.info.stats"},
		"odd request":      {400, flat("invalid_request"), false, networks.Malformed, ""},
		"a new word":       {400, flat("solar_flare"), false, networks.Malformed, ""},
		"a new word, 503":  {503, flat("solar_flare"), false, networks.Temporary, ""},
		"busy":             {500, flat("server_error"), false, networks.Temporary, ""},
		"limited":          {429, `{"error":{"code":"rate_limit_exceeded"}}`, false, networks.RateLimited, ""},
		"down":             {502, "<html>", false, networks.Temporary, ""},
		"somebody's proxy": {401, "<html>", false, networks.Malformed, ""},
		"no JSON":          {200, "<html>", false, networks.Malformed, ""},
		"no token":         {200, "{}", false, networks.Malformed, ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := refresher((&server{status: c.status, body: c.body}).network()).Refresh(t.Context(), token)
			var refusal *keychain.Refusal
			if errors.As(err, &refusal) != c.refusal {
				t.Errorf("%v, want a refusal: %v", err, c.refusal)
			}
			if e := networktest.Whole(nil, err); e == nil || e.Kind != c.kind || !strings.Contains(e.Hint, c.hint) {
				t.Errorf("%v, want %s", err, c.kind)
			}
			noSecrets(t, err)
		})
	}
}

func flat(name string) string {
	return fmt.Sprintf(`{"error":%q,"error_description":"about rft.the-refresh of the-secret","log_id":"1"}`, name)
}

func TestWindow(t *testing.T) {
	r := refresher(simulated(world()))
	held := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		without string
		expires time.Time
		want    time.Time
	}{
		"a day":           {"", held.Add(24 * time.Hour), held.Add(18 * time.Hour)},
		"nobody knows":    {"", time.Time{}, held.Add(18 * time.Hour)},
		"no access token": {"access_token", time.Time{}, time.Unix(1, 0)},
		"over":            {"", held.Add(-time.Hour), held.Add(-time.Hour)},
		"cannot":          {"refresh_token", time.Time{}, time.Time{}},
	} {
		w := r.Window(keychain.Token{Slot: "tt", Value: token.With(map[string]string{c.without: ""})}, held, c.expires)
		if !w.By.Equal(c.want) || !w.From.IsZero() {
			t.Errorf("%s: %v to %v, want by %v", name, w.From, w.By, c.want)
		}
	}
}

// TestKeychain has a real keychain make the access token of a new slot, once.
func TestKeychain(t *testing.T) {
	w := world()
	n := simulated(w)
	k, err := keychain.Open(keychain.Options{Dir: t.TempDir(), Formats: tiktok.Descriptor().Slots, Refreshers: n.(networks.Renewer).Refreshers()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	if err := k.Assign("tt", token.With(map[string]string{"access_token": ""})); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := k.Autocomplete(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	got, held := k.Get("tt")
	if !held || got.Get("access_token") != "act.made-1" || got.Get("refresh_token") != "rft.made-1" {
		t.Errorf("%v, %v", got, held)
	}
	if n := w.Ops("tiktok")["oauth/token"]; n != 1 {
		t.Errorf("%d renewals, want 1", n)
	}
}

func begin(t *testing.T, n networks.Network, redirect string) (networks.LoginSession, url.Values) {
	t.Helper()
	l := n.(networks.LoginNetwork).Logins()[0]
	s, err := l.Begin(map[string]keychain.Secret{"client_key": "the-key", "client_secret": "the-secret"}, redirect)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(s.URL())
	if err != nil || u.Host != "www.tiktok.com" || u.Path != "/v2/auth/authorize/" || strings.Contains(s.URL(), "the-secret") {
		t.Fatalf("the page is %s, %v", s.URL(), err)
	}
	return s, u.Query()
}

func TestLogin(t *testing.T) {
	for redirect, pkce := range map[string]bool{"http://127.0.0.1:9185/": true, "http://localhost:9185/callback/": true, "https://collectord.example/": false} {
		t.Run(redirect, func(t *testing.T) {
			w := world()
			s, q := begin(t, simulated(w), redirect)
			if q.Get("client_key") != "the-key" || q.Get("redirect_uri") != redirect || q.Get("scope") != "user.info.basic,user.info.profile,user.info.stats" ||
				len(q.Get("code_challenge")) != map[bool]int{true: 64}[pkce] {
				t.Errorf("the page is asked for %v", q)
			}
			w.AllowToken("tiktok", "the-code", append([]string{"the-key", "the-secret", brandID}, q["code_challenge"]...)...)
			if _, err := s.Finish(t.Context(), redirect+"?code=the-code&state=other"); !errors.Is(err, networks.ErrOtherLogin) {
				t.Errorf("another state: %v", err)
			}
			fresh, err := s.Finish(t.Context(), redirect+"?code=the-code&state="+q.Get("state")+"&scopes=user.info.basic")
			if err != nil || fresh.Value.Get("refresh_token") != "rft.made-1" || fresh.Value.Get("open_id") != brandID {
				t.Fatalf("%v, %v", fresh.Value.Names(), err)
			}
			if err := tiktok.Descriptor().Slots[0].Check("tt", fresh.Value); err != nil {
				t.Errorf("the slot does not take it: %v", err)
			}
			_, err = s.Finish(t.Context(), redirect+"?code=the-code&state="+q.Get("state"))
			if e := networktest.Whole(nil, err); e == nil || e.Kind != networks.Unauthorized {
				t.Errorf("a code used twice: %v, want unauthorized", err)
			}
			noSecrets(t, err)
		})
	}
}

func TestLoginRefused(t *testing.T) {
	n := simulated(sim.NewWorld(1))
	if _, err := n.(networks.LoginNetwork).Logins()[0].Begin(map[string]keychain.Secret{"client_key": "k"}, "http://127.0.0.1:9185/"); err == nil {
		t.Error("a login begins without client_secret")
	}
	s, q := begin(t, n, "http://127.0.0.1:9185/")
	for address, want := range map[string]networks.Kind{
		"http://127.0.0.1:9185/?error=access_denied&error_description=the-secret&state=" + q.Get("state"): networks.Forbidden,
		"http://127.0.0.1:9185/?state=" + q.Get("state"):                                                  networks.Malformed,
		"http://127.0.0.1:9185/": networks.Malformed,
	} {
		_, err := s.Finish(t.Context(), address)
		if e := networktest.Whole(nil, err); e == nil || e.Kind != want {
			t.Errorf("%s: %v, want %s", address, err, want)
		}
		noSecrets(t, err)
	}
}
