package reddit_test

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/reddit"
	"collectord/networks/sim"
)

// rig is a keychain with an app in slot rd, and the simulated Reddit.
func rig(t *testing.T, secret string) (networks.Network, *keychain.KeyChain, *sim.World) {
	t.Helper()
	w := sim.NewWorld(1)
	w.AllowToken("reddit", "theapp", "MARKEDsecret")
	w.Add(sim.Account{Network: "reddit", ID: "t5_6", Handle: "golang", Name: "Go", Type: networks.Group, Followers: 5})
	server := httptest.NewServer(sim.Reddit(w))
	t.Cleanup(server.Close)
	n := reddit.New(networks.Options{BaseURL: server.URL, AuthURL: server.URL + "/"})
	k, err := keychain.Open(keychain.Options{
		Dir: t.TempDir(), Formats: reddit.Descriptor().Slots, Refreshers: n.(networks.Renewer).Refreshers(),
		Checkers: map[string]keychain.Checker{"rd": n.(networks.Checker).Check},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	if err := k.Assign("rd", keychain.Mapping(map[string]string{"client_id": "theapp", "client_secret": secret})); err != nil {
		t.Fatal(err)
	}
	return n, k, w
}

// TestAppToken follows the app's token from the first poll to its revocation.
func TestAppToken(t *testing.T) {
	n, k, w := rig(t, "MARKEDsecret")
	check := func(want string) {
		t.Helper()
		if report, err := k.Check(t.Context(), "rd"); err != nil || !strings.Contains(report, want) {
			t.Errorf("a check says %q, %v, want %q", report, err, want)
		}
	}
	check("its id and secret are good; the app's token is made when it is needed")
	w.ResetLog("reddit")
	refused, _ := k.Token("rd")
	batch := n.Plan([]networks.Ref{{Name: "golang"}})[0]
	for range 2 {
		_, err := n.Profiles(t.Context(), refused, batch)
		var e *networks.Error
		if !errors.As(err, &e) || e.Kind != networks.Unauthorized {
			t.Fatalf("%v, want unauthorized", err)
		}
		now, err := k.Renew(t.Context(), refused)
		if err != nil || now.Get("client_secret") != "MARKEDsecret" {
			t.Fatalf("%v, %v", now.Names(), err)
		}
		if again, err := k.Renew(t.Context(), refused); err != nil || !again.Equal(now.Value) {
			t.Errorf("asked for a new one that is there: %v", err)
		}
		if _, err := n.Profiles(t.Context(), now, batch); err != nil {
			t.Error(err)
		}
		check("reads communities; its token is good for 1440 minutes")
		if outcomes, err := k.Autocomplete(t.Context()); err != nil || len(outcomes) != 0 {
			t.Errorf("a fresh token is renewed: %v, %v", outcomes, err)
		}
		w.RevokeToken("reddit", now.Get("access_token"))
		check("has ended and is made anew")
		refused = now
	}
	if got := w.Ops("reddit")["access_token"]; got != 4 { // two renewals, two checks
		t.Errorf("%d requests for a token, want 4", got)
	}
}

// TestRefusedApp: a wrong secret is asked for once, and says what to do.
func TestRefusedApp(t *testing.T) {
	_, k, w := rig(t, "MARKEDother")
	app, _ := k.Token("rd")
	for range 3 {
		_, err := k.Renew(t.Context(), app)
		var refusal *keychain.Refusal
		if !errors.As(err, &refusal) || strings.Contains(fmt.Sprintf("%v %+v", err, refusal), "MARKED") {
			t.Fatalf("%v, want a refusal without a secret", err)
		}
	}
	if got := w.Requests("reddit"); got != 1 {
		t.Errorf("%d requests, want 1", got)
	}
	if s := k.State("rd"); s.Name != keychain.Dead || !strings.Contains(s.Hint, "reddit.com/prefs/apps") {
		t.Errorf("the state is %+v", s)
	}
}

func TestChecks(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		kind   networks.Kind
	}{
		"good":      {200, listing(), 0},
		"no JSON":   {200, `<html>`, networks.Malformed},
		"limited":   {429, `{}`, networks.RateLimited},
		"refused":   {401, `{"message":"Unauthorized","error":401}`, networks.Unauthorized},
		"no access": {403, `{"message":"Forbidden","error":403}`, networks.Forbidden},
	} {
		report, err := (&server{status: c.status, body: c.body}).network().(networks.Checker).Check(t.Context(), token)
		var e *networks.Error
		if errors.As(err, &e) && e.Kind != c.kind || err == nil && c.kind != 0 || (c.kind == 0) != strings.HasPrefix(report, "app, reads communities") {
			t.Errorf("%s: %q, %v, want %s", name, report, err, c.kind)
		}
	}
}
