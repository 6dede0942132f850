package odnoklassniki_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/networktest"
	"collectord/networks/odnoklassniki"
	"collectord/networks/sim"
)

// simulated is the network at its simulator.
func simulated(w *sim.World) networks.Network {
	return odnoklassniki.New(networks.Options{HTTP: &http.Client{Transport: networktest.Through{Handler: sim.Odnoklassniki(w)}}})
}

func mapping(slot string, pairs ...string) keychain.Token {
	m := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	return keychain.Token{Slot: slot, Value: keychain.Mapping(m)}
}

func world() *sim.World {
	w := sim.NewWorld(1)
	fill(w)
	w.AllowToken("odnoklassniki", "the-token", "app-key", "app-secret")
	w.AllowToken("odnoklassniki", "the-refresh", "app-key", "app-secret", "app-id")
	w.AllowToken("odnoklassniki", "the-code", "app-key", "app-secret", "app-id")
	return w
}

var raw = mapping("raw_ok", "app_id", "app-id", "app_key", "app-key", "app_secret", "app-secret", "refresh_token", "the-refresh")

// noSecrets fails if an error shows what no error may.
func noSecrets(t *testing.T, err error) {
	t.Helper()
	var refusal *keychain.Refusal
	text := fmt.Sprintf("%v %+v", err, err)
	if errors.As(err, &refusal) {
		text += refusal.State.Reason + refusal.State.Hint
	}
	for _, secret := range []string{"the-token", "the-refresh", "app-secret", "the-code", "the-password"} {
		if strings.Contains(text, secret) {
			t.Errorf("the error holds %s: %s", secret, text)
		}
	}
}

func TestMakeFromRefreshToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := simulated(world())
		fresh, err := n.(networks.Renewer).Makers()["raw_ok"].Make(t.Context(), raw)
		if err != nil {
			t.Fatal(err)
		}
		end := time.Now().Add(30 * time.Minute).UTC().Format(time.RFC3339)
		want := mapping("", "app_key", "app-key", "app_secret", "app-secret", "access_token", "made-1", "expires_at", end)
		if !fresh.Value.Equal(want.Value) || !fresh.Raw.IsZero() {
			t.Errorf("made a value with %v that ends at %s", fresh.Value.Names(), fresh.Value.Get("expires_at"))
		}
		if _, err := n.(networks.Checker).Check(t.Context(), keychain.Token{Slot: "ok", Value: fresh.Value}); err != nil {
			t.Errorf("the new token is refused: %v", err)
		}
	})
}

func TestMakeRefused(t *testing.T) {
	for name, c := range map[string]struct {
		raw     keychain.Token
		refusal bool
		hint    string
	}{
		"a password":      {mapping("raw_ok", "app_id", "app-id", "app_key", "k", "app_secret", "app-secret", "login", "me", "password", "the-password"), true, "keychain login odnoklassniki"},
		"a revoked proof": {mapping("raw_ok", "app_id", "app-id", "app_key", "k", "app_secret", "app-secret", "refresh_token", "gone"), true, "keychain login odnoklassniki"},
		"another app":     {mapping("raw_ok", "app_id", "other", "app_key", "k", "app_secret", "app-secret", "refresh_token", "the-refresh"), true, "app_id"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := simulated(world()).(networks.Renewer).Makers()["raw_ok"].Make(t.Context(), c.raw)
			var refusal *keychain.Refusal
			if errors.As(err, &refusal) != c.refusal || refusal.State.Name != keychain.Dead || !strings.Contains(refusal.State.Hint, c.hint) {
				t.Errorf("%v, want a refusal with a hint about %s", err, c.hint)
			}
			var e *networks.Error
			if !errors.As(err, &e) || e.Kind != networks.Unauthorized {
				t.Errorf("%v, want unauthorized", err)
			}
			noSecrets(t, err)
		})
	}
}

func TestMakeFailsForNow(t *testing.T) {
	for name, s := range map[string]*server{
		"down":          {status: 502, body: "<html>"},
		"no JSON":       {status: 200, body: "<html>"},
		"no token":      {status: 200, body: `{"expires_in":1800}`},
		"an error, 500": {status: 500, body: `{"error":"server_error","error_description":"the-refresh"}`},
		"a busy API":    {status: 200, body: `{"error_code":2,"error_msg":"SERVICE : the-refresh"}`},
		"a new word":    {status: 400, body: `{"error":"the-refresh","error_description":"app-secret"}`},
		"limited":       {status: 429},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.network().(networks.Renewer).Makers()["raw_ok"].Make(t.Context(), raw)
			var refusal *keychain.Refusal
			if err == nil || errors.As(err, &refusal) {
				t.Errorf("%v, want an error that may pass", err)
			}
			noSecrets(t, err)
		})
	}
}

// TestRotation: OK keeps refresh tokens; should it give another one, that is kept.
func TestRotation(t *testing.T) {
	s := &server{status: 200, body: `{"access_token":"a","refresh_token":"next","expires_in":1800}`}
	fresh, err := s.network().(networks.Renewer).Makers()["raw_ok"].Make(t.Context(), raw)
	if err != nil || !fresh.Raw.Equal(raw.With(map[string]string{"refresh_token": "next"})) {
		t.Errorf("%v, %v", fresh.Raw.Names(), err)
	}
	want := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"the-refresh"}, "client_id": {"app-id"}, "client_secret": {"app-secret"}}
	if s.form.Encode() != want.Encode() || s.asked.URL.String() != "https://api.ok.ru/oauth/token.do" {
		t.Errorf("asked %s for %v", s.asked.URL, s.form)
	}
}

func TestWindow(t *testing.T) {
	const day = 24 * time.Hour
	r := simulated(world()).(networks.Renewer).Refreshers()["ok"]
	held := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		life     time.Duration
		from, by time.Duration
	}{
		"30 days":              {30 * day, day, 15 * day},
		"used for a long time": {3 * day, day, day},
		"30 minutes":           {30 * time.Minute, 0, 0},
	} {
		w := r.Window(token, held, held.Add(c.life))
		if c.by == 0 {
			if w != (keychain.Window{}) {
				t.Errorf("%s: %v, want none", name, w)
			}
			continue
		}
		if w.From != held.Add(c.from) || w.By != held.Add(c.by) {
			t.Errorf("%s: %v to %v", name, w.From.Sub(held), w.By.Sub(held))
		}
	}
	if w := r.Window(token, held, time.Time{}); w != (keychain.Window{}) {
		t.Errorf("a token whose end nobody knows: %v, want none", w)
	}
}

func TestTouch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := world()
		r := simulated(w).(networks.Renewer).Refreshers()["ok"]
		fresh, err := r.Refresh(t.Context(), token)
		end := time.Now().Add(30 * 24 * time.Hour).UTC().Format(time.RFC3339)
		if err != nil || !fresh.Value.Equal(token.With(map[string]string{"expires_at": end})) {
			t.Errorf("%v, %v, want the token until %s", fresh.Value.Names(), err, end)
		}
		w.RevokeToken("odnoklassniki", "the-token")
		_, err = r.Refresh(t.Context(), token)
		var refusal *keychain.Refusal
		if !errors.As(err, &refusal) || !strings.Contains(refusal.State.Hint, "log in") {
			t.Errorf("%v, want a refusal with a hint to log in", err)
		}
		noSecrets(t, err)
	})
	for _, s := range []*server{{status: 503}, {status: 200, body: "<html>"}, {status: 200, body: `{"error_code":10,"error_msg":"x"}`}} {
		_, err := s.network().(networks.Renewer).Refreshers()["ok"].Refresh(t.Context(), token)
		var refusal *keychain.Refusal
		if err == nil || errors.As(err, &refusal) {
			t.Errorf("%v, want an error that leaves the token what it is", err)
		}
	}
}

// loopback is where the command waits.
const loopback = "http://127.0.0.1:9185/"

func begin(t *testing.T, n networks.Network, way string) (networks.LoginSession, url.Values) {
	t.Helper()
	for _, l := range n.(networks.LoginNetwork).Logins() {
		if l.Name != way {
			continue
		}
		s, err := l.Begin(map[string]keychain.Secret{"app_id": "app-id", "app_key": "app-key", "app_secret": "app-secret"}, loopback)
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(s.URL())
		if err != nil || u.Host != "connect.ok.ru" || u.Path != "/oauth/authorize" || strings.Contains(s.URL(), "app-secret") {
			t.Fatalf("the page is %s, %v", s.URL(), err)
		}
		return s, u.Query()
	}
	t.Fatalf("there is no login %s", way)
	return nil, nil
}

func TestLogins(t *testing.T) {
	for way, want := range map[string]struct {
		scope  string
		fields string
	}{
		"code":    {"VALUABLE_ACCESS;LONG_ACCESS_TOKEN;GROUP_CONTENT", "access_token app_key app_secret expires_at"},
		"refresh": {"VALUABLE_ACCESS;GROUP_CONTENT", "app_id app_key app_secret refresh_token"},
	} {
		t.Run(way, func(t *testing.T) {
			n := simulated(world())
			s, q := begin(t, n, way)
			if q.Get("client_id") != "app-id" || q.Get("scope") != want.scope || q.Get("response_type") != "code" || q.Get("redirect_uri") != loopback {
				t.Errorf("the page is asked for %v", q)
			}
			if _, err := s.Finish(t.Context(), loopback+"?code=the-code&state=other"); !errors.Is(err, networks.ErrOtherLogin) {
				t.Errorf("another state: %v", err)
			}
			fresh, err := s.Finish(t.Context(), " "+loopback+"?code=the-code&state="+q.Get("state")+"\n")
			if err != nil || strings.Join(fresh.Value.Names(), " ") != want.fields {
				t.Fatalf("%v, %v, want %s", fresh.Value.Names(), err, want.fields)
			}
			for _, f := range odnoklassniki.Descriptor().Slots {
				if slot := map[string]string{"code": "ok", "refresh": "raw_ok"}[way]; f.Slot == slot && f.Check(slot, fresh.Value) != nil {
					t.Errorf("the slot does not take it: %v", f.Check(slot, fresh.Value))
				}
			}
			_, err = s.Finish(t.Context(), loopback+"?code=the-code&state="+q.Get("state"))
			var e *networks.Error
			if !errors.As(err, &e) || e.Kind != networks.Unauthorized {
				t.Errorf("a code used twice: %v, want unauthorized", err)
			}
			noSecrets(t, err)
		})
	}
}

func TestLoginRefused(t *testing.T) {
	n := simulated(world())
	for _, l := range n.(networks.LoginNetwork).Logins() {
		if _, err := l.Begin(map[string]keychain.Secret{"app_id": "1"}, loopback); err == nil {
			t.Errorf("%s begins without app_key", l.Name)
		}
	}
	s, q := begin(t, n, "code")
	for address, want := range map[string]networks.Kind{
		loopback + "?error=access_denied&state=" + q.Get("state"): networks.Forbidden,
		loopback + "?state=" + q.Get("state"):                     networks.Malformed,
		loopback:                                                  networks.Malformed,
		"the-code":                                                networks.Malformed,
		"https://%zz/":                                            networks.Malformed,
	} {
		_, err := s.Finish(t.Context(), address)
		var e *networks.Error
		if !errors.As(err, &e) || e.Kind != want {
			t.Errorf("%s: %v, want %s", address, err, want)
		}
		noSecrets(t, err)
	}
}
