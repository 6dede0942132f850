package apptoken_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/internal/apptoken"
	"collectord/networks/internal/rest"
	"collectord/networks/networktest"
)

// server is an http.RoundTripper that gives one answer, and keeps the request.
type server struct {
	status int
	body   string
	err    error
	asked  *http.Request
	form   string
}

func (s *server) RoundTrip(r *http.Request) (*http.Response, error) {
	s.asked = r
	form, _ := io.ReadAll(r.Body)
	s.form = string(form)
	if s.err != nil {
		return nil, s.err
	}
	return networktest.Response(r, s.status, nil, s.body), nil
}

func (s *server) app(basic bool) *apptoken.App {
	return &apptoken.App{
		Rest: rest.NewClient("net", networks.Options{HTTP: &http.Client{Transport: s}}),
		Op:   "token", URL: "https://auth.example/token", Basic: basic, Slot: "tc", Hint: "look at the app's page",
	}
}

const (
	id     = "MARKEDid"
	secret = "MARKED+secret/="
	old    = "MARKEDold"
)

func slot(more ...string) keychain.Token {
	fields := map[string]string{"client_id": id, "client_secret": secret}
	for i := 0; i < len(more); i += 2 {
		fields[more[i]] = more[i+1]
	}
	return keychain.Token{Slot: "tc", Value: keychain.Mapping(fields)}
}

func TestRefresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{status: 200, body: `{"access_token":"new","expires_in":3600,"token_type":"bearer"}`}
		fresh, err := s.app(false).Refresh(t.Context(), slot("access_token", old, "expires_at", "1999-01-01T00:00:00Z"))
		if err != nil {
			t.Fatal(err)
		}
		want := slot("access_token", "new", "expires_at", "2000-01-01T01:00:00Z")
		if !fresh.Value.Equal(want.Value) {
			text, _ := fresh.Value.Reveal()
			t.Errorf("the new value is %s", text)
		}
		if err := apptoken.Format("tc", "App").Check("tc", fresh.Value); err != nil {
			t.Error(err)
		}
		if s.form != "client_id=MARKEDid&client_secret=MARKED%2Bsecret%2F%3D&grant_type=client_credentials" || s.asked.Header.Get("Authorization") != "" {
			t.Errorf("asked with %s, %s", s.form, s.asked.Header.Get("Authorization"))
		}
	})
}

func TestBasic(t *testing.T) {
	s := &server{status: 200, body: `{"access_token":"new"}`}
	fresh, err := s.app(true).Refresh(t.Context(), slot("expires_at", "1999-01-01T00:00:00Z"))
	if err != nil || fresh.Value.Get("access_token") != "new" || fresh.Value.Get("expires_at") != "" {
		t.Errorf("%v, expires at %q, want no end", err, fresh.Value.Get("expires_at"))
	}
	pair, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(s.asked.Header.Get("Authorization"), "Basic "))
	if string(pair) != "MARKEDid:MARKED+secret/=" || s.form != "grant_type=client_credentials" {
		t.Errorf("asked with %s, %s", s.form, pair)
	}
}

// failures are what a token service may answer in place of a token. A refusal is what
// asking again will not mend.
func failures() map[string]struct {
	server  server
	kind    networks.Kind
	refusal bool
} {
	echo := fmt.Sprintf("no: %s %s %s", id, secret, old)
	return map[string]struct {
		server  server
		kind    networks.Kind
		refusal bool
	}{
		"Twitch, id":       {server{status: 400, body: `{"status":400,"message":"invalid client"}`}, networks.Unauthorized, true},
		"Twitch, secret":   {server{status: 403, body: `{"status":403,"message":"` + echo + `"}`}, networks.Unauthorized, true},
		"Reddit":           {server{status: 401, body: `{"message":"Unauthorized","error":401}`}, networks.Unauthorized, true},
		"RFC 6749":         {server{status: 400, body: `{"error":"invalid_grant","error_description":"` + echo + `"}`}, networks.Unauthorized, true},
		"RFC 6749, in 200": {server{status: 200, body: `{"error":"unsupported_grant_type"}`}, networks.Unauthorized, true},
		"a block page":     {server{status: 403, body: `<html>` + echo}, networks.Forbidden, false},
		"elsewhere":        {server{status: 404, body: `{"message":"` + echo + `"}`}, networks.Malformed, false},
		"too fast":         {server{status: 429, body: `{"message":"slow"}`}, networks.RateLimited, false},
		"down":             {server{status: 503, body: `<html>`}, networks.Temporary, false},
		"no answer":        {server{err: errors.New("broken line " + secret)}, networks.Temporary, false},
		"no token":         {server{status: 200, body: `{"expires_in":5}`}, networks.Malformed, false},
		"odd token":        {server{status: 200, body: `{"access_token":5}`}, networks.Malformed, false},
		"no JSON":          {server{status: 200, body: `<html>` + echo}, networks.Malformed, false},
	}
}

func TestFailures(t *testing.T) {
	for name, c := range failures() {
		t.Run(name, func(t *testing.T) {
			a := c.server.app(false)
			tok := slot("access_token", old)
			fresh, err := a.Refresh(t.Context(), tok)
			var refusal *keychain.Refusal
			var e *networks.Error
			if !errors.As(err, &e) || e.Kind != c.kind || errors.As(err, &refusal) != c.refusal || !fresh.Value.IsZero() {
				t.Fatalf("%v (%T), want %s, a refusal: %v", err, err, c.kind, c.refusal)
			}
			if c.refusal && (refusal.State.Name != keychain.Dead || refusal.State.Hint != a.Hint || e.Hint != a.Hint) {
				t.Errorf("the state is %+v", refusal.State)
			}
			_, checkErr := a.Check(t.Context(), tok, "reads", func() error { return &networks.Error{Kind: networks.Unauthorized} })
			var asIs *networks.Error
			if !errors.As(checkErr, &asIs) || asIs.Kind != c.kind || errors.As(checkErr, &refusal) {
				t.Errorf("a check says %v", checkErr)
			}
			if name == "no answer" {
				return // what a transport says is the transport's; http's own holds no token
			}
			for _, s := range []string{err.Error(), fmt.Sprintf("%+v", err), e.Msg, e.Hint, checkErr.Error()} {
				if strings.Contains(s, "MARKED") {
					t.Errorf("an error holds a secret: %s", s)
				}
			}
		})
	}
}

func TestWindow(t *testing.T) {
	a := (&server{}).app(false)
	held := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		token   keychain.Token
		expires time.Time
		by      time.Time
	}{
		"no token yet":      {slot(), time.Time{}, time.Unix(1, 0)},
		"for 60 days":       {slot("access_token", old), held.Add(1440 * time.Hour), held.Add(1296 * time.Hour)},
		"for an hour":       {slot("access_token", old), held.Add(time.Hour), held.Add(54 * time.Minute)},
		"nobody knows":      {slot("access_token", old), time.Time{}, held.Add(54 * time.Minute)},
		"over when it came": {slot("access_token", old), held.Add(-time.Hour), held.Add(-time.Hour)},
	} {
		w := a.Window(c.token, held, c.expires)
		if !w.From.IsZero() || !w.By.Equal(c.by) {
			t.Errorf("%s: %v, want by %v", name, w, c.by)
		}
	}
}

func TestBearer(t *testing.T) {
	a := (&server{}).app(false)
	if gotID, bearer, e := a.Bearer("op", slot("access_token", old)); gotID != id || bearer != old || e != nil {
		t.Errorf("%s %s %v", gotID, bearer, e)
	}
	for code, tok := range map[string]keychain.Token{
		apptoken.NoToken: slot(),
		"":               {Slot: "tc", Value: keychain.Bare(old)},
	} {
		if _, _, e := a.Bearer("op", tok); e == nil || e.Kind != networks.Unauthorized || e.Code != code || e.Hint == "" {
			t.Errorf("%v, want unauthorized, code %q", e, code)
		}
	}
	if _, err := a.Refresh(t.Context(), keychain.Token{Slot: "tc", Value: keychain.Bare(old)}); err == nil {
		t.Error("a bare string is refreshed")
	}
}

func TestCheck(t *testing.T) {
	refused := &networks.Error{Op: "net: op", Kind: networks.Unauthorized}
	limited := &networks.Error{Op: "net: op", Kind: networks.RateLimited}
	good := server{status: 200, body: `{"access_token":"new","expires_in":3600}`}
	for name, c := range map[string]struct {
		token  keychain.Token
		probe  error
		report string
		err    error
	}{
		"no token yet":  {slot(), errors.New("not to be asked"), "the app's token is made when it is needed", nil},
		"a good token":  {slot("access_token", old, "expires_at", time.Now().Add(960*time.Hour).Format(time.RFC3339)), nil, "app, reads; its token is good for 40 days and renewed by itself", nil},
		"a short one":   {slot("access_token", old, "expires_at", time.Now().Add(time.Hour).Format(time.RFC3339)), nil, "good for 60 minutes", nil},
		"an over one":   {slot("access_token", old, "expires_at", "1999-01-01T00:00:00Z"), nil, "its token is renewed by itself", nil},
		"no known end":  {slot("access_token", old), nil, "its token is renewed by itself", nil},
		"an ended one":  {slot("access_token", old), refused, "has ended and is made anew", nil},
		"limited":       {slot("access_token", old), limited, "", limited},
		"no app at all": {keychain.Token{}, nil, "", nil},
	} {
		s := good
		report, err := s.app(false).Check(context.Background(), c.token, "reads", func() error { return c.probe })
		switch {
		case name == "no app at all":
			if err == nil {
				t.Errorf("%s: %q", name, report)
			}
		case !errors.Is(err, c.err) || c.err == nil && !strings.Contains(report, c.report):
			t.Errorf("%s: %q, %v, want %q", name, report, err, c.report)
		}
	}
}

// TestLifeIsBelieved: to ten years, and no longer.
func TestLifeIsBelieved(t *testing.T) {
	const tenYears = 10 * 365 * 24 * 60 * 60
	for life, known := range map[int]bool{-1: false, 0: false, 1: true, tenYears - 1: true, tenYears: false} {
		s := &server{status: 200, body: fmt.Sprintf(`{"access_token":"new","expires_in":%d}`, life)}
		fresh, err := s.app(false).Refresh(t.Context(), slot())
		if got := fresh.Value.Get("expires_at") != ""; err != nil || got != known {
			t.Errorf("%d s: expires at %q, %v", life, fresh.Value.Get("expires_at"), err)
		}
	}
}

// TestTheMostTellingWords: what a refusal says in words goes before its code word, and
// that is better than nothing.
func TestTheMostTellingWords(t *testing.T) {
	for body, want := range map[string]string{
		`{"error":"invalid_client","error_description":"no such app"}`: "no such app",
		`{"error":"invalid_client","message":"the id is wrong"}`:       "the id is wrong",
		`{"error":"invalid_client"}`:                                   "invalid_client",
		`{"errors":[{"message":"first"},{"message":"second"}]}`:        "first",
		`{"error":401,"message":"Unauthorized"}`:                       "Unauthorized",
	} {
		s := &server{status: 401, body: body}
		_, err := s.app(false).Refresh(t.Context(), slot())
		var e *networks.Error
		if !errors.As(err, &e) || e.Msg != want {
			t.Errorf("%s: %v, want the words %q", body, err, want)
		}
	}
}
