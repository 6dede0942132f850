package twitch_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"collectord/keychain"
	"collectord/networks"
)

// failure makes one request that fails, of the whole or of its one account.
func failure(t *testing.T, s *server, refs ...networks.Ref) *networks.Error {
	t.Helper()
	results, err := ask(t, s, refs...)
	var e *networks.Error
	if errors.As(err, &e) {
		return e
	}
	if err != nil || len(results) != 1 || results[0].Err == nil {
		t.Fatalf("%v, %v, want a *networks.Error", results, err)
	}
	return results[0].Err
}

func TestRecordedRefusals(t *testing.T) {
	var list []struct {
		Status  int    `json:"status"`
		Message string `json:"message"`
	}
	if err := json.Unmarshal([]byte(recorded(t, "errors.json")), &list); err != nil {
		t.Fatal(err)
	}
	for _, body := range list {
		text, _ := json.Marshal(body) // a struct of two
		want := map[int]networks.Kind{401: networks.Unauthorized, 400: networks.NotFound}[body.Status]
		if e := failure(t, &server{status: body.Status, body: string(text)}, seen); e.Kind != want || e.Msg != body.Message {
			t.Errorf("%s: %v, want %s", text, e, want)
		}
	}
}

func TestRefusals(t *testing.T) {
	one, two := []networks.Ref{{Name: "a"}}, []networks.Ref{{Name: "a"}, {Name: "b"}}
	for name, c := range map[string]struct {
		status int
		body   string
		refs   []networks.Ref
		kind   networks.Kind
	}{
		"a bad name of two":    {400, `{"message":"Bad Identifiers."}`, two, networks.BadBatch},
		"a bad name alone":     {400, `{"message":"Bad Identifiers."}`, one, networks.NotFound},
		"a bad id":             {400, `{"message":"The ID in broadcaster_id is not valid."}`, []networks.Ref{seen}, networks.NotFound},
		"a gone id":            {404, `{"message":"Not found"}`, []networks.Ref{seen}, networks.NotFound},
		"another server":       {404, `<html>`, []networks.Ref{seen}, networks.Malformed},
		"another server's 400": {400, `<html>`, two, networks.Malformed},
		"no such call":         {404, `{"message":""}`, two, networks.Malformed},
		"a bad token":          {401, `{"message":"Invalid OAuth token"}`, two, networks.Unauthorized},
		"a closed app":         {403, `{"message":"forbidden"}`, two, networks.Forbidden},
		"too fast":             {429, `{"message":"Too Many Requests"}`, two, networks.RateLimited},
		"down":                 {503, `{"message":"Service Unavailable"}`, two, networks.Temporary},
	} {
		t.Run(name, func(t *testing.T) {
			if e := failure(t, &server{status: c.status, body: c.body}, c.refs...); e.Kind != c.kind {
				t.Errorf("%v, want %s", e, c.kind)
			}
		})
	}
}

func TestLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(26 * 365 * 24 * time.Hour) // a bubble begins in 2000, when epoch seconds were smaller than hints
		now := time.Now()
		h := http.Header{}
		h.Set("Ratelimit-Reset", fmt.Sprint(now.Add(40*time.Second).Unix()))
		if e := failure(t, &server{status: 429, header: h, body: `{}`}, seen); !e.Until.Equal(now.Add(40 * time.Second)) {
			t.Errorf("until %v, want in 40 s", e.Until.Sub(now))
		}
		h.Set("Retry-After", "7")
		if e := failure(t, &server{status: 429, header: h, body: `{}`}, seen); !e.Until.Equal(now.Add(7 * time.Second)) {
			t.Errorf("until %v, want in 7 s", e.Until.Sub(now))
		}
	})
}

// TestNoToken: an app without a token is not asked for, and says so in a word that
// leads to a renewal.
func TestNoToken(t *testing.T) {
	s := &server{status: 200, body: `{"data":[]}`}
	n := s.network()
	app := keychain.Token{Slot: "tc", Value: keychain.Mapping(map[string]string{"client_id": "theapp", "client_secret": "appsecret"})}
	for _, ref := range []networks.Ref{{Name: "a"}, seen} {
		_, err := n.Profiles(t.Context(), app, n.Plan([]networks.Ref{ref})[0])
		var e *networks.Error
		if !errors.As(err, &e) || e.Kind != networks.Unauthorized || e.Code != "no app token" || !strings.Contains(e.Hint, "autocomplete") || s.asked != nil {
			t.Errorf("%v, want unauthorized and no request", err)
		}
	}
}
