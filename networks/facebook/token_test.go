package facebook_test

import (
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/facebook"
	"collectord/networks/networktest"
	"collectord/networks/sim"
)

func TestCheck(t *testing.T) {
	const invalid = `{"data":{"is_valid":false,"error":{"code":190,"subcode":463,"message":"expired"}}}`
	for name, c := range map[string]struct {
		token    keychain.Token
		answers  []string
		report   []string
		kind     networks.Kind
		hint     string
		requests int
	}{
		"recorded":      {withApp, []string{recorded(t, "debug_token.json")}, []string{`user token of the app "appName"`, "manage_pages", "expires now", "access to data ends now"}, 0, "", 1},
		"never expires": {withApp, []string{`{"data":{"type":"SYSTEM_USER","is_valid":true,"expires_at":0}}`}, []string{"system user token, no scopes, does not expire"}, 0, "", 1},
		"invalid":       {withApp, []string{invalid}, nil, networks.Unauthorized, "assign the new", 1},
		"wrong app":     {withApp, []string{fault(190, 0)}, nil, networks.Forbidden, "app_secret", 1},
		"no data":       {withApp, []string{`{}`}, nil, networks.Malformed, "", 1},
		"bare, known":   {bare, []string{`{"data":{"type":"PAGE","is_valid":true}}`}, []string{"page token"}, 0, "", 1},
		"bare, dead":    {bare, []string{fault(190, 463)}, nil, networks.Unauthorized, "expired", 1},
		"bare, own":     {bare, []string{fault(100, 0), `{"id":"1","name":"Our Page"}`}, []string{"token of Our Page", "not known"}, 0, "", 2},
		"bare, unnamed": {bare, []string{fault(100, 0), `{}`}, nil, networks.Malformed, "", 2},
		"none":          {keychain.Token{}, []string{`{}`}, nil, networks.Unauthorized, "assign slot fb", 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := says(200, c.answers...)
			report, err := s.network().(networks.Checker).Check(t.Context(), c.token)
			var e *networks.Error
			if errors.As(err, &e) && (e.Kind != c.kind || !strings.Contains(e.Hint, c.hint)) || err == nil && c.kind != 0 {
				t.Errorf("%v (hint %q), want %s with %q", err, report, c.kind, c.hint)
			}
			for _, part := range c.report {
				if !strings.Contains(report, part) {
					t.Errorf("the report is %q, want %q in it", report, part)
				}
			}
			if len(s.asked) != c.requests {
				t.Errorf("%d requests, want %d", len(s.asked), c.requests)
			}
		})
	}
}

func TestIncompleteTokens(t *testing.T) {
	all := map[string]string{"access_token": "a", "app_id": "b", "app_secret": "c"}
	for missing := range all {
		rest := map[string]string{}
		for k, v := range all {
			if k != missing {
				rest[k] = v
			}
		}
		s := says(200, "[]")
		n := s.network()
		_, err := n.Profiles(t.Context(), keychain.Token{Slot: "fb", Value: keychain.Mapping(rest)}, n.Plan([]networks.Ref{{Name: "a"}})[0])
		var e *networks.Error
		if !errors.As(err, &e) || e.Kind != networks.Unauthorized || !strings.Contains(e.Hint, "app_secret") || len(s.asked) > 0 {
			t.Errorf("without %s: %v", missing, err)
		}
	}
}

// simulated is a world with the suite's accounts, and a Facebook that asks it.
func simulated(t *testing.T) (*sim.World, networks.Network) {
	t.Helper()
	w := sim.NewWorld(1)
	fill(w)
	server := httptest.NewServer(sim.Facebook(w))
	t.Cleanup(server.Close)
	return w, facebook.New(networks.Options{BaseURL: server.URL})
}

// TestLogin goes through the login at the simulator, as a person with a browser.
func TestLogin(t *testing.T) {
	_, n := simulated(t)
	l := n.(networks.LoginNetwork).Logins()[0]
	in := map[string]keychain.Secret{"app_id": appID, "app_secret": secret}
	s, err := l.Begin(in, l.Redirect)
	if err != nil {
		t.Fatal(err)
	}
	redirected := networktest.Browse(t, s.URL())
	if !strings.HasPrefix(redirected, l.Redirect+"?") {
		t.Fatalf("redirected to %s", redirected)
	}
	if _, err := s.Finish(t.Context(), strings.Replace(redirected, "state=", "state=x", 1)); !errors.Is(err, networks.ErrOtherLogin) {
		t.Errorf("another state: %v", err)
	}
	fresh, err := s.Finish(t.Context(), redirected)
	if err != nil {
		t.Fatal(err)
	}
	if fresh.Value.Get("app_id") != appID || fresh.Value.Get("app_secret") != secret || fresh.Expires.IsZero() {
		t.Errorf("the value is %v, expires %v", fresh.Value, fresh.Expires)
	}
	token := keychain.Token{Slot: "fb", Value: fresh.Value}
	if report, err := n.(networks.Checker).Check(t.Context(), token); err != nil || !strings.Contains(report, "expires in 59 days") {
		t.Errorf("the new token: %q, %v", report, err)
	}
	if _, err := networks.Fetch(t.Context(), n, token, map[string]string{"a": "NASA"}); err != nil {
		t.Errorf("the new token: %v", err)
	}

	// A code is good for one use, and for its own app.
	_, err = s.Finish(t.Context(), redirected)
	notice(t, err, networks.Unauthorized, "log in again")
	in["app_secret"] = "wrong-" + networktest.Marker
	if s, err = l.Begin(in, l.Redirect); err != nil {
		t.Fatal(err)
	}
	_, err = s.Finish(t.Context(), networktest.Browse(t, s.URL()))
	notice(t, err, networks.Forbidden, "app_secret")
	if _, err := l.Begin(nil, l.Redirect); err == nil {
		t.Error("a login without an app begins")
	}
}

// notice checks a *networks.Error: its kind, its hint, and that it holds no secret.
func notice(t *testing.T, err error, kind networks.Kind, hint string) {
	t.Helper()
	var e *networks.Error
	if !errors.As(err, &e) || e.Kind != kind || !strings.Contains(e.Hint, hint) {
		t.Errorf("%v, want %s with the hint %q", err, kind, hint)
	}
	if err != nil && (strings.Contains(err.Error(), networktest.Marker) || e != nil && strings.Contains(e.Hint, networktest.Marker)) {
		t.Errorf("the error holds a secret: %v", err)
	}
}

func TestRealAddresses(t *testing.T) {
	n := facebook.New(networks.Options{BaseURL: "https://graph.facebook.com", AuthURL: "https://graph.facebook.com"})
	l := n.(networks.LoginNetwork).Logins()[0]
	s, err := l.Begin(map[string]keychain.Secret{"app_id": "1", "app_secret": "s"}, l.Redirect)
	if err != nil {
		t.Fatal(err)
	}
	if want := "https://www.facebook.com/v25.0/dialog/oauth?client_id=1&redirect_uri=https%3A%2F%2Flocalhost%2F&response_type=code&scope=pages_show_list%2Cpages_read_engagement&state="; !strings.HasPrefix(s.URL(), want) {
		t.Errorf("the dialog is %s", s.URL())
	}
}
