package meta

import (
	"context"
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
	"collectord/networks/internal/rest"
)

// routes is an http.RoundTripper that answers by the end of the path, and keeps what was
// asked.
type routes struct {
	answers map[string]answering
	asked   []*http.Request
}

func (r *routes) RoundTrip(req *http.Request) (*http.Response, error) {
	r.asked = append(r.asked, req)
	for end, a := range r.answers {
		if strings.HasSuffix(req.URL.Path, end) {
			return a.RoundTrip(req)
		}
	}
	return nil, errors.New("nothing answers " + req.URL.Path)
}

func (r *routes) client() *Client {
	return New(rest.NewClient("facebook", networks.Options{HTTP: &http.Client{Transport: r}}), "https://graph.example", "")
}

func wantKind(t *testing.T, what string, err error, kind networks.Kind, hint string) {
	t.Helper()
	var e *networks.Error
	switch {
	case kind == 0 && err != nil:
		t.Errorf("%s: %v", what, err)
	case kind == 0:
	case !errors.As(err, &e) || e.Kind != kind || !strings.Contains(e.Hint, hint):
		t.Errorf("%s: %v, want %s with a hint of %q", what, err, kind, hint)
	}
}

// TestGrants are answers of the token services.
func TestGrants(t *testing.T) {
	for body, want := range map[string]struct {
		status int
		kind   networks.Kind
		hint   string
		life   time.Duration
	}{
		`{"access_token":"new","expires_in":3600}`:                                  {200, 0, "", time.Hour},
		`{"access_token":"new"}`:                                                    {200, 0, "", 0},
		`{"access_token":"new","expires_in":0}`:                                     {200, 0, "", 0},
		`{"data":[{"access_token":"new","expires_in":"60"}]}`:                       {200, 0, "", time.Minute},
		`{"data":[{"access_token":"a"},{"access_token":"b"}]}`:                      {200, networks.Malformed, "", 0},
		`{"access_token":"a b"}`:                                                    {200, networks.Malformed, "", 0},
		`{"expires_in":5}`:                                                          {200, networks.Malformed, "", 0},
		`<html>`:                                                                    {200, networks.Malformed, "", 0},
		`{"error_type":"OAuthException","code":400,"error_message":"used"}`:         {400, networks.Unauthorized, "log in again", 0},
		`{"error_type":"OAuthException","code":500,"error_message":"later"}`:        {500, networks.Temporary, "", 0},
		`{"error":{"message":"Error validating client secret.","code":1}}`:          {400, networks.Forbidden, "app_id or app_secret", 0},
		`{"error":{"message":"An unknown error","code":1}}`:                         {500, networks.Temporary, "", 0},
		`{"error":{"message":"Error validating application.","code":101}}`:          {400, networks.Forbidden, "app_id or app_secret", 0},
		`{"error":{"message":"This authorization code has been used.","code":100}}`: {400, networks.Unauthorized, "log in again", 0},
		`{"error":{"message":"no such object","code":803}}`:                         {404, networks.Malformed, "", 0},
		`{"error":{"message":"Error validating access token","code":190}}`:          {400, networks.Unauthorized, "", 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			g, err := answering{want.status, body}.client().Grant(t.Context(), Ask{Op: "refresh", Path: "x", Query: url.Values{}})
			wantKind(t, body, err, want.kind, want.hint)
			if good := want.kind == 0; good != (g.Token.Reveal() == "new") || want.life > 0 != !g.Expires.IsZero() ||
				want.life > 0 && !g.Expires.Equal(time.Now().Add(want.life).Truncate(time.Second)) {
				t.Errorf("%s: %+v", body, g)
			}
		})
	}
}

// TestInspections are answers of debug_token.
func TestInspections(t *testing.T) {
	token := keychain.Token{Slot: "fb", Value: keychain.Bare("user")}
	for body, want := range map[string]struct {
		status     int
		kind, self networks.Kind // asked by the app, and by the token itself
		text       string
	}{
		`{"data":{"is_valid":true,"type":"USER","application":"App","scopes":["a","b"],"expires_at":949104000}}`: {
			200, 0, 0, `user token of the app "App", scopes a, b, expires in 28 days (2000-01-29)`},
		`{"data":{"is_valid":true,"type":"SYSTEM_USER","data_access_expires_at":949104000}}`: {
			200, 0, 0, "system user token, no scopes, does not expire, access to data ends in 28 days (2000-01-29)"},
		`{"data":{"is_valid":true,"expires_at":946684800}}`:                                      {200, 0, 0, "unknown token, no scopes, expires now"},
		`{"data":{"is_valid":false}}`:                                                            {200, networks.Unauthorized, networks.Unauthorized, ""},
		`{"data":{"is_valid":false,"error":{"code":190,"error_subcode":459,"message":"check"}}}`: {200, networks.Challenge, networks.Challenge, ""},
		`{"data":{"is_valid":false,"error":{"code":0,"message":"odd"}}}`:                         {200, networks.Unauthorized, networks.Unauthorized, ""},
		`{"data":null}`: {200, networks.Malformed, networks.Malformed, ""},
		`<html>`:        {200, networks.Malformed, networks.Malformed, ""},
		`{"error":{"message":"Invalid OAuth access token","code":190}}`: {400, networks.Forbidden, networks.Unauthorized, ""},
		`{"error":{"message":"later","code":2}}`:                        {500, networks.Temporary, networks.Temporary, ""},
	} {
		synctest.Test(t, func(t *testing.T) {
			for by, kind := range map[string]networks.Kind{"1|secret": want.kind, "user": want.self} {
				r := &routes{answers: map[string]answering{"debug_token": {want.status, body}}}
				in, err := r.client().Inspect(t.Context(), Access{Slot: token, Bearer: "user", Secret: "secret"}, by)
				wantKind(t, body, err, kind, "")
				if kind == 0 && in.String() != want.text {
					t.Errorf("%s: %q, want %q", body, in, want.text)
				}
				q := r.asked[0].URL.Query()
				if q.Get("input_token") != "user" || q.Has("appsecret_proof") != (by == "user") || r.asked[0].Header.Get("Authorization") != "Bearer "+by {
					t.Errorf("asked by %s with %v, %v", by, q, r.asked[0].Header)
				}
			}
		})
	}
}

// TestEnd: what ends first, and whether an exchange moves it.
func TestEnd(t *testing.T) {
	early, late := time.Unix(1_000_000, 0), time.Unix(2_000_000, 0)
	for name, c := range map[string]struct {
		in    Inspection
		end   time.Time
		final bool
	}{
		"neither":     {Inspection{}, keychain.Never(), false},
		"the token":   {Inspection{Expires: early, DataUntil: late}, early, false},
		"its data":    {Inspection{Expires: late, DataUntil: early}, early, true},
		"both":        {Inspection{Expires: early, DataUntil: early}, early, false},
		"data alone":  {Inspection{DataUntil: early}, early, true},
		"token alone": {Inspection{Expires: early}, early, false},
	} {
		if end, final := c.in.End(); !end.Equal(c.end) || final != c.final {
			t.Errorf("%s: %v, %v", name, end, final)
		}
	}
}

// TestGet: what is not an answer, or a refusal, fails.
func TestGet(t *testing.T) {
	for body, c := range map[string]struct {
		status int
		kind   networks.Kind
		hint   string
	}{
		`{"name":"x"}`: {200, 0, ""}, `{"name":`: {200, networks.Malformed, ""}, `<html>`: {200, networks.Malformed, ""},
		`{"error":{"message":"no","code":190}}`: {200, networks.Unauthorized, ""},
		`<html>down`:                            {503, networks.Temporary, ""},
		`<html>not here`:                        {404, networks.Malformed, "base_url"},
	} {
		var v struct{ Name string }
		err := answering{c.status, body}.client().Get(t.Context(), Access{Bearer: "user"}, "get", "me", "name", &v)
		wantKind(t, body, err, c.kind, c.hint)
		if (c.kind == 0) != (v.Name == "x") {
			t.Errorf("%s: %+v", body, v)
		}
	}
}

func access(_ string, t keychain.Token) (Access, *networks.Error) {
	if bearer := t.Get("access_token") + t.Bare(); bearer != "" {
		return Access{Slot: t, Bearer: bearer}, nil
	}
	return Access{}, &networks.Error{Op: "x", Kind: networks.Unauthorized, Msg: "no token"}
}

func withItsApp() keychain.Token {
	return keychain.Token{Slot: "fb", Value: keychain.Mapping(map[string]string{"access_token": "old", "app_id": "1", "app_secret": "s"})}
}

// TestWindows: when tokens of both kinds are renewed or looked at.
func TestWindows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		held := time.Now()
		bare := keychain.Token{Slot: "ig", Value: keychain.Bare("old")}
		at := func(d time.Duration) time.Time { return held.Add(d) }
		r := Refreshed{}
		for name, c := range map[string]struct {
			got, want keychain.Window
		}{
			"no token":       {r.Window(keychain.Token{}, held, at(60*day)), keychain.Window{}},
			"60 days":        {r.Window(bare, held, at(60*day)), keychain.Window{From: at(day), By: at(30 * day)}},
			"unknown":        {r.Window(bare, held, time.Time{}), keychain.Window{From: at(day), By: at(day)}},
			"an hour":        {r.Window(bare, held, at(time.Hour)), keychain.Window{From: at(day), By: at(day)}},
			"over for long":  {r.Window(bare, held, at(-2*day)), keychain.Window{}},
			"just over":      {r.Window(bare, held, at(-time.Hour)), keychain.Window{From: at(day), By: at(day)}},
			"nothing to ask": {Inspected{Access: access}.Window(keychain.Token{}, held, time.Time{}), keychain.Window{}},
			"a look a day":   {Inspected{Access: access}.Window(bare, held, time.Time{}), keychain.Window{By: at(day), Looks: true}},
			"its end":        {Inspected{Access: access}.Window(withItsApp(), held, time.Time{}), keychain.Window{By: held}},
			"known":          {Inspected{Access: access}.Window(withItsApp(), held, at(60*day)), keychain.Window{By: at(day)}},
		} {
			if c.got != c.want {
				t.Errorf("%s: %+v, want %+v", name, c.got, c.want)
			}
		}
	})
}

// TestLooks: a token is exchanged in the second half of its life, if it came with its
// app, and what the exchange gives has to be longer.
func TestLooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		unix := func(d time.Duration) int64 { return time.Now().Add(d).Unix() }
		for name, c := range map[string]struct {
			token   keychain.Token
			left    time.Duration // of the old token
			gives   string
			value   string
			expires time.Duration
			later   bool
		}{
			"young":         {withItsApp(), 31 * day, "", "old", 31 * day, false},
			"old":           {withItsApp(), 29 * day, `{"access_token":"new","expires_in":5184000}`, "new", 60 * day, false},
			"without end":   {withItsApp(), 29 * day, `{"access_token":"new"}`, "new", 0, false},
			"no longer":     {withItsApp(), 29 * day, fmt.Sprintf(`{"access_token":"new","expires_in":%d}`, int((29*day+time.Hour)/time.Second)), "old", 29 * day, true},
			"without an id": {keychain.Token{Slot: "fb", Value: keychain.Mapping(map[string]string{"access_token": "old", "app_secret": "s"})}, 29 * day, "", "old", 29 * day, false},
			"without a key": {keychain.Token{Slot: "fb", Value: keychain.Mapping(map[string]string{"access_token": "old", "app_id": "1"})}, 29 * day, "", "old", 29 * day, false},
		} {
			rt := &routes{answers: map[string]answering{
				"debug_token":  {200, fmt.Sprintf(`{"data":{"is_valid":true,"expires_at":%d}}`, unix(c.left))},
				"access_token": {200, c.gives},
			}}
			r := Inspected{Graph: rt.client(), Tokens: rt.client(), Access: access, Hint: "log in anew",
				Probe: func(context.Context, keychain.Token, Access) error { return errors.New("it was probed") }}
			fresh, err := r.Refresh(t.Context(), c.token)
			var later *keychain.Later
			if errors.As(err, &later) != c.later || !c.later && err != nil || fresh.Value.Get("access_token") != c.value {
				t.Errorf("%s: %q, %v", name, fresh.Value.Get("access_token"), err)
			}
			want := time.Now().Add(c.expires).Truncate(time.Second)
			if c.expires == 0 != fresh.Expires.IsZero() || c.expires > 0 && !fresh.Expires.Equal(want) {
				t.Errorf("%s: ends %v, want %v", name, fresh.Expires, want)
			}
			if exchanged := len(rt.asked) == 2; exchanged != (c.gives != "") {
				t.Errorf("%s: %d requests", name, len(rt.asked))
			}
		}
	})
}
