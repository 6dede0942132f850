package twitch_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/sim"
	"collectord/networks/twitch"
)

// rig is a keychain with an app in slot tc, and the simulated Twitch.
func rig(t *testing.T, secret string) (networks.Network, *keychain.KeyChain, *sim.World) {
	t.Helper()
	w := sim.NewWorld(1)
	w.AllowToken("twitch", "theapp", "MARKEDsecret")
	w.Add(sim.Account{Network: "twitch", ID: "1", Handle: "twitch", Name: "Twitch", Followers: 5})
	server := httptest.NewServer(sim.Twitch(w))
	t.Cleanup(server.Close)
	n := twitch.New(networks.Options{BaseURL: server.URL, AuthURL: server.URL + "/"})
	k, err := keychain.Open(keychain.Options{
		Dir: t.TempDir(), Formats: twitch.Descriptor().Slots, Refreshers: n.(networks.Renewer).Refreshers(),
		Checkers: map[string]keychain.Checker{"tc": n.(networks.Checker).Check},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	if err := k.Assign("tc", keychain.Mapping(map[string]string{"client_id": "theapp", "client_secret": secret})); err != nil {
		t.Fatal(err)
	}
	return n, k, w
}

// TestAppToken follows the app's token from the first poll to its revocation.
func TestAppToken(t *testing.T) {
	n, k, w := rig(t, "MARKEDsecret")
	if report, err := k.Check(t.Context(), "tc"); err != nil || !strings.Contains(report, "its id and secret are good") {
		t.Errorf("a check says %q, %v", report, err)
	}
	w.ResetLog("twitch")
	app, _ := k.Token("tc")
	batch := n.Plan([]networks.Ref{{Name: "twitch"}})[0]
	_, err := n.Profiles(t.Context(), app, batch)
	var e *networks.Error
	if !errors.As(err, &e) || e.Kind != networks.Unauthorized || w.Requests("twitch") != 0 {
		t.Fatalf("%v after %d requests, want unauthorized and none", err, w.Requests("twitch"))
	}
	renew := func(refused keychain.Token) keychain.Token {
		t.Helper()
		var all sync.WaitGroup
		for range 8 { // whoever is refused asks, and one request is made
			all.Go(func() {
				if _, err := k.Renew(context.Background(), refused); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if got := w.Ops("twitch")["oauth2/token"]; got != 1 {
			t.Errorf("%d requests for a token, want 1", got)
		}
		w.ResetLog("twitch")
		now, _ := k.Token("tc")
		if now.Get("client_secret") != "MARKEDsecret" || now.Get("access_token") == refused.Get("access_token") {
			t.Errorf("the slot holds %v", now.Names())
		}
		if _, err := n.Profiles(t.Context(), now, batch); err != nil {
			t.Error(err)
		}
		return now
	}
	first := renew(app)
	if ends := k.Show()[0].ExpiresAt; ends.IsZero() {
		t.Error("nobody knows when the token ends")
	}
	if outcomes, err := k.Autocomplete(t.Context()); err != nil || len(outcomes) != 0 {
		t.Errorf("a fresh token is renewed: %v, %v", outcomes, err)
	}
	w.RevokeToken("twitch", first.Get("access_token"))
	if _, err := n.Profiles(t.Context(), first, batch); !errors.As(err, &e) || e.Kind != networks.Unauthorized {
		t.Errorf("a revoked token: %v", err)
	}
	if report, err := k.Check(t.Context(), "tc"); err != nil || !strings.Contains(report, "made anew") {
		t.Errorf("a check of a revoked token says %q, %v", report, err)
	}
	w.ResetLog("twitch")
	renew(first)
	if report, err := k.Check(t.Context(), "tc"); err != nil || !strings.Contains(report, "good for 60 days and renewed by itself") {
		t.Errorf("a check says %q, %v", report, err)
	}
}

// TestRefusedApp: a wrong secret is asked for once, and says what to do.
func TestRefusedApp(t *testing.T) {
	_, k, w := rig(t, "MARKEDother")
	app, _ := k.Token("tc")
	for range 3 {
		_, err := k.Renew(t.Context(), app)
		var refusal *keychain.Refusal
		if !errors.As(err, &refusal) || strings.Contains(fmt.Sprintf("%v %+v", err, refusal), "MARKED") {
			t.Fatalf("%v, want a refusal without a secret", err)
		}
	}
	if got := w.Requests("twitch"); got != 1 {
		t.Errorf("%d requests, want 1", got)
	}
	if s := k.State("tc"); s.Name != keychain.Dead || !strings.Contains(s.Hint, "dev.twitch.tv/console/apps") || !strings.Contains(s.Reason, "invalid client secret") {
		t.Errorf("the state is %+v", s)
	}
	_, err := k.Check(t.Context(), "tc")
	var e *networks.Error
	if !errors.As(err, &e) || e.Kind != networks.Unauthorized || !strings.Contains(e.Hint, "assign") {
		t.Errorf("a check says %v", err)
	}
}

// TestTokenServiceAway: what is in the slot stays.
func TestTokenServiceAway(t *testing.T) {
	_, k, w := rig(t, "MARKEDsecret")
	w.Break("twitch", func(rw http.ResponseWriter, _ *http.Request) bool {
		rw.WriteHeader(http.StatusServiceUnavailable)
		return true
	})
	app, _ := k.Token("tc")
	_, err := k.Renew(t.Context(), app)
	var refusal *keychain.Refusal
	var e *networks.Error
	if errors.As(err, &refusal) || !errors.As(err, &e) || e.Kind != networks.Temporary {
		t.Errorf("%v, want temporary", err)
	}
	if now, _ := k.Token("tc"); !now.Equal(app.Value) || k.State("tc") != (keychain.State{}) {
		t.Errorf("the slot holds %v, its state is %+v", now.Names(), k.State("tc"))
	}
}

func TestChecks(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		kind   networks.Kind
	}{
		"good":     {200, `{"data":[]}`, 0},
		"no data":  {200, `{}`, networks.Malformed},
		"no JSON":  {200, `<html>`, networks.Malformed},
		"limited":  {429, `{}`, networks.RateLimited},
		"refused":  {401, `{"message":"Invalid OAuth token"}`, networks.Unauthorized},
		"no app":   {403, `{"message":"forbidden"}`, networks.Forbidden},
		"no place": {404, `<html>`, networks.Malformed},
	} {
		report, err := (&server{status: c.status, body: c.body}).network().(networks.Checker).Check(t.Context(), token)
		var e *networks.Error
		if errors.As(err, &e) && e.Kind != c.kind || err == nil && c.kind != 0 || (c.kind == 0) != strings.HasPrefix(report, "app, reads channels") {
			t.Errorf("%s: %q, %v, want %s", name, report, err, c.kind)
		}
	}
}
