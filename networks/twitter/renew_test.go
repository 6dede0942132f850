package twitter_test

import (
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/networktest"
	"collectord/networks/sim"
	"collectord/networks/twitter"
)

const (
	key      = "key-" + networktest.Marker
	secret   = "s+/&=%-" + networktest.Marker
	clientID = "client-" + networktest.Marker
)

func slotOf(fields ...string) keychain.Token {
	m := make(map[string]string)
	for i := 0; i < len(fields); i += 2 {
		m[fields[i]] = fields[i+1]
	}
	return keychain.Token{Slot: "tw", Value: keychain.Mapping(m)}
}

func appSlot() keychain.Token { return slotOf("consumer_key", key, "consumer_secret", secret) }

func userSlot(access, refresh string) keychain.Token {
	return slotOf("client_id", clientID, "client_secret", secret, "access_token", access, "refresh_token", refresh)
}

func refresher(n networks.Network) keychain.Refresher {
	return n.(networks.Renewer).Refreshers()["tw"]
}

// simulated is a world with the suite's accounts, an app and a client, and an X that
// asks it.
func simulated(t *testing.T) (*sim.World, networks.Network) {
	t.Helper()
	w := sim.NewWorld(1)
	fill(w)
	w.XApp(key, secret)
	w.XClient(clientID, secret, "34262462")
	w.XClient("public", "", "34262462")
	server := httptest.NewServer(sim.Twitter(w))
	t.Cleanup(server.Close)
	return w, twitter.New(networks.Options{BaseURL: server.URL})
}

func TestWindow(t *testing.T) {
	held := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	r := refresher((&server{}).network())
	for name, c := range map[string]struct {
		token   keychain.Token
		expires time.Time
		by      time.Time // zero: not renewed
	}{
		"four keys":        {four, time.Time{}, time.Time{}},
		"bearer":           {bearer, time.Time{}, time.Time{}},
		"nothing":          {keychain.Token{}, time.Time{}, time.Time{}},
		"app":              {appSlot(), time.Time{}, time.Unix(1, 0)},
		"app with bearer":  {slotOf("consumer_key", key, "consumer_secret", secret, "bearer_token", "b"), keychain.Never(), keychain.Never()},
		"user":             {userSlot("a", "r"), held.Add(2 * time.Hour), held.Add(115 * time.Minute)},
		"user, no end":     {userSlot("a", "r"), time.Time{}, held.Add(115 * time.Minute)},
		"user, short":      {userSlot("a", "r"), held.Add(4 * time.Minute), held.Add(2 * time.Minute)},
		"user, long ended": {userSlot("a", "r"), held.Add(-time.Hour), held.Add(-time.Hour)},
	} {
		if w := r.Window(c.token, held, c.expires); !w.By.Equal(c.by) || !w.From.IsZero() || w.Looks {
			t.Errorf("%s: %+v, want by %v", name, w, c.by)
		}
	}
	if m := (&server{}).network().(networks.Renewer).Makers(); len(m) != 0 {
		t.Errorf("makers: %v", m)
	}
}

// TestBearerIsMade: by key and secret, kept beside them, the same one until it is
// invalidated.
func TestBearerIsMade(t *testing.T) {
	w, n := simulated(t)
	var e *networks.Error
	if _, err := networks.Fetch(t.Context(), n, appSlot(), map[string]string{"a": "ria_novosti"}); !errors.As(err, &e) || e.Kind != networks.Unauthorized || e.Code != "no app token" {
		t.Fatalf("without its token: %v", err)
	}
	token := appSlot()
	var bearers []string
	for range 3 {
		fresh, err := refresher(n).Refresh(t.Context(), token)
		if err != nil || !fresh.Expires.Equal(keychain.Never()) {
			t.Fatalf("%v until %v, %v", fresh.Value, fresh.Expires, err)
		}
		token.Value = fresh.Value
		bearers = append(bearers, token.Get("bearer_token"))
		if len(bearers) == 2 {
			w.RevokeToken("twitter", bearers[1])
		}
	}
	if bearers[0] == "" || bearers[0] != bearers[1] || bearers[1] == bearers[2] {
		t.Errorf("the bearers are %q", bearers)
	}
	if _, err := networks.Fetch(t.Context(), n, token, map[string]string{"a": "ria_novosti"}); err != nil {
		t.Error(err)
	}
	for what, c := range map[string]struct {
		token keychain.Token
		want  string
	}{
		"without token": {appSlot(), "id and secret are good"},
		"with token":    {token, "its token does not expire"},
		"revoked":       {slotOf("consumer_key", key, "consumer_secret", secret, "bearer_token", bearers[0]), "made anew when it is needed"},
	} {
		if report, err := n.(networks.Checker).Check(t.Context(), c.token); err != nil || !strings.Contains(report, c.want) {
			t.Errorf("%s: %q, %v", what, report, err)
		}
	}
}

// TestBearerRequest is the request as X documents it, with its recorded answer.
func TestBearerRequest(t *testing.T) {
	s := &server{status: 200, body: recorded(t, "oauth2-token-ok.json")}
	var form string
	n := twitter.New(networks.Options{HTTP: &http.Client{Transport: bodyOf(s, &form)}})
	fresh, err := refresher(n).Refresh(t.Context(), slotOf("consumer_key", "a b", "consumer_secret", "c+d"))
	if err != nil || !strings.HasPrefix(fresh.Value.Get("bearer_token"), "AAAA") || !strings.Contains(fresh.Value.Get("bearer_token"), "%2B") {
		t.Fatalf("%v, %v", fresh.Value, err)
	}
	if got := s.asked.URL.String(); got != "https://api.x.com/oauth2/token" || form != "grant_type=client_credentials" {
		t.Errorf("asked %s with %s", got, form)
	}
	pair, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(s.asked.Header.Get("Authorization"), "Basic "))
	if string(pair) != "a+b:c%2Bd" {
		t.Errorf("the header holds %q", pair)
	}
}

// bodyOf keeps the form of the last request.
func bodyOf(next http.RoundTripper, form *string) http.RoundTripper {
	return roundTrip(func(r *http.Request) (*http.Response, error) {
		text, err := io.ReadAll(r.Body)
		*form = string(text)
		if err != nil {
			return nil, err
		}
		return next.RoundTrip(r)
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestRecordedBearerRefusal: a wrong secret and asking too often look alike, so that it
// ends by itself after an hour.
func TestRecordedBearerRefusal(t *testing.T) {
	s := &server{status: 403, body: recorded(t, "oauth2-token-403.json")}
	_, err := refresher(s.network()).Refresh(t.Context(), appSlot())
	var refusal *keychain.Refusal
	if !errors.As(err, &refusal) || refusal.State.Name != keychain.Dead || !strings.Contains(err.Error(), "Unable to verify your credentials") {
		t.Fatalf("%v", err)
	}
	if wait := time.Until(refusal.State.Until); wait < 59*time.Minute || wait > time.Hour {
		t.Errorf("it is tried again in %v", wait)
	}
	notice(t, err, refusal.State.Hint, "API key and its secret")
}

// TestRefreshRotates: each refresh token is good for one use, by both kinds of client.
func TestRefreshRotates(t *testing.T) {
	for client, clientSecret := range map[string]string{clientID: secret, "public": ""} {
		w, n := simulated(t)
		access, refresh := w.XUserToken(client, "34262462")
		token := slotOf("client_id", client, "client_secret", clientSecret, "access_token", access, "refresh_token", refresh)
		var first keychain.Token
		for range 3 {
			first = token
			fresh, err := refresher(n).Refresh(t.Context(), token)
			if err != nil {
				t.Fatalf("%s: %v", client, err)
			}
			if left := time.Until(fresh.Expires); left < 119*time.Minute || left > 2*time.Hour {
				t.Errorf("%s: it expires in %v", client, left)
			}
			if fresh.Value.Get("refresh_token") == token.Get("refresh_token") || fresh.Value.Get("access_token") == token.Get("access_token") || fresh.Value.Get("client_secret") != clientSecret {
				t.Errorf("%s: the new value is not a new pair", client)
			}
			if err := twitter.Descriptor().Slots[0].Check("tw", fresh.Value); err != nil {
				t.Error(err)
			}
			token.Value = fresh.Value
		}
		if report, err := n.(networks.Checker).Check(t.Context(), token); err != nil || !strings.HasPrefix(report, "OAuth 2 user token of @ria_novosti, may read users; good for 1") {
			t.Errorf("%s: %q, %v", client, report, err)
		}
		_, err := refresher(n).Refresh(t.Context(), first)
		var refusal *keychain.Refusal
		if !errors.As(err, &refusal) || refusal.State.Name != keychain.Dead {
			t.Fatalf("%s: a spent refresh token: %v", client, err)
		}
		notice(t, err, refusal.State.Hint, "run collectord keychain login twitter")
		if _, err := n.(networks.Checker).Check(t.Context(), token); err == nil {
			t.Errorf("%s: the login goes on after a refresh token came twice", client)
		}
	}
}

// TestRefreshFails: what a person has to mend is a Refusal, nothing else is: after an
// answer that is not X's own the refresh token may still be good.
func TestRefreshFails(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		dead   bool
		kind   networks.Kind
		hint   string
	}{
		"spent":           {400, `{"error":"invalid_request","error_description":"Value passed for the token was invalid. ` + secret + `"}`, true, networks.Unauthorized, "keychain login twitter"},
		"RFC 6749":        {400, `{"error":"invalid_grant"}`, true, networks.Unauthorized, "keychain login twitter"},
		"confidential":    {401, `{"error":"unauthorized_client","error_description":"Missing valid authorization header"}`, true, networks.Forbidden, "client_secret"},
		"our mistake":     {400, `{"error":"invalid_request","error_description":"Missing required parameter [refresh_token]."}`, false, networks.Malformed, ""},
		"in other words":  {400, `{"error":"teapot"}`, false, networks.Malformed, ""},
		"a page":          {403, `<html>`, false, networks.Malformed, "auth_url"},
		"elsewhere":       {404, `{}`, false, networks.Malformed, "auth_url"},
		"limit":           {429, `{"title":"Too Many Requests"}`, false, networks.RateLimited, ""},
		"down":            {503, `{"error":"server_error"}`, false, networks.Temporary, ""},
		"down, a page":    {502, `<html>`, false, networks.Temporary, ""},
		"down, bad words": {503, `{"error":"invalid"}`, false, networks.Temporary, ""},
		"empty":           {200, ``, false, networks.Malformed, ""},
		"no token":        {200, `{"refresh_token":"next"}`, false, networks.Malformed, ""},
	} {
		s := &server{status: c.status, body: c.body}
		fresh, err := refresher(s.network()).Refresh(t.Context(), userSlot("access-"+networktest.Marker, "refresh-"+networktest.Marker))
		var e *networks.Error
		var refusal *keychain.Refusal
		if !errors.As(err, &e) || e.Kind != c.kind || errors.As(err, &refusal) != c.dead || !fresh.Value.IsZero() {
			t.Errorf("%s: %v, want %s, a refusal: %v", name, err, c.kind, c.dead)
			continue
		}
		notice(t, err, e.Hint, c.hint)
	}
}

// TestRefreshKeepsWhatIsNotSaid: an answer without a new refresh token leaves the old
// one, and one that tells no life has the documented one.
func TestRefreshKeepsWhatIsNotSaid(t *testing.T) {
	s := &server{status: 200, body: `{"access_token":"next","expires_in":"soon"}`}
	fresh, err := refresher(s.network()).Refresh(t.Context(), userSlot("old", "r1"))
	if err != nil || fresh.Value.Get("refresh_token") != "r1" || fresh.Value.Get("access_token") != "next" || time.Until(fresh.Expires) < 119*time.Minute {
		t.Errorf("%v until %v, %v", fresh.Value, fresh.Expires, err)
	}
}

// notice checks a hint, and that neither it nor the error holds a secret.
func notice(t *testing.T, err error, hint, want string) {
	t.Helper()
	if !strings.Contains(hint, want) {
		t.Errorf("the hint is %q, want %q in it", hint, want)
	}
	if text := err.Error() + hint; strings.Contains(text, networktest.Marker) {
		t.Errorf("a secret in %s", text)
	}
}

func TestLogin(t *testing.T) {
	const redirect = "http://127.0.0.1:9185/"
	for client, clientSecret := range map[string]string{clientID: secret, "public": ""} {
		_, n := simulated(t)
		l := n.(networks.LoginNetwork).Logins()[0]
		s, err := l.Begin(map[string]keychain.Secret{"client_id": keychain.Secret(client), "client_secret": keychain.Secret(clientSecret)}, redirect)
		if err != nil {
			t.Fatal(err)
		}
		if clientSecret != "" && strings.Contains(s.URL(), url.QueryEscape(clientSecret)) {
			t.Errorf("the page is %s", s.URL())
		}
		ended := networktest.Browse(t, s.URL())
		if _, err := s.Finish(t.Context(), strings.Replace(ended, "state=", "state=x", 1)); !errors.Is(err, networks.ErrOtherLogin) {
			t.Errorf("another state: %v", err)
		}
		fresh, err := s.Finish(t.Context(), ended)
		if err != nil || fresh.Expires.IsZero() || fresh.Value.Get("refresh_token") == "" || fresh.Value.Get("client_secret") != clientSecret {
			t.Fatalf("%v until %v, %v", fresh.Value, fresh.Expires, err)
		}
		token := keychain.Token{Slot: "tw", Value: fresh.Value}
		if _, err := networks.Fetch(t.Context(), n, token, map[string]string{"a": "ria_novosti"}); err != nil {
			t.Error(err)
		}
		if _, err := refresher(n).Refresh(t.Context(), token); err != nil {
			t.Error(err)
		}
		var e *networks.Error
		if _, err := s.Finish(t.Context(), ended); !errors.As(err, &e) || e.Kind != networks.Unauthorized || strings.Contains(err.Error(), "xCode") {
			t.Errorf("a code that comes again: %v", err)
		}
	}
}

// TestLoginFails has what a browser may come back with, and a client without its secret.
func TestLoginFails(t *testing.T) {
	_, n := simulated(t)
	l := n.(networks.LoginNetwork).Logins()[0]
	begin := func(fields map[string]keychain.Secret) networks.LoginSession {
		t.Helper()
		s, err := l.Begin(fields, "http://127.0.0.1:9185/")
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := begin(map[string]keychain.Secret{"client_id": clientID})
	state := s.URL()[strings.Index(s.URL(), "&state=")+1:]
	for what, c := range map[string]struct {
		address string
		kind    networks.Kind
		hint    string
	}{
		"denied":         {"http://127.0.0.1:9185/?error=access_denied&" + state, networks.Forbidden, "callback URIs"},
		"no code":        {"http://127.0.0.1:9185/?" + state, networks.Malformed, ""},
		"no address":     {"hello", networks.Malformed, ""},
		"without secret": {networktest.Browse(t, s.URL()), networks.Forbidden, "a confidential client needs its secret"},
	} {
		_, err := s.Finish(t.Context(), c.address)
		var e *networks.Error
		if !errors.As(err, &e) || e.Kind != c.kind {
			t.Errorf("%s: %v, want %s", what, err, c.kind)
			continue
		}
		notice(t, err, e.Hint, c.hint)
	}
	if _, err := l.Begin(nil, ""); err == nil {
		t.Error("a login without a client begins")
	}
	real, err := twitter.New(networks.Options{}).(networks.LoginNetwork).Logins()[0].Begin(map[string]keychain.Secret{"client_id": "c"}, "http://127.0.0.1:9185/")
	if err != nil || !strings.HasPrefix(real.URL(), "https://x.com/i/oauth2/authorize?client_id=c&code_challenge=") || !strings.Contains(real.URL(), "scope=users.read+tweet.read+offline.access") {
		t.Errorf("the page is %v, %v", real, err)
	}
	noRefresh := &server{status: 200, body: `{"access_token":"a","expires_in":7200}`}
	s, err = noRefresh.network().(networks.LoginNetwork).Logins()[0].Begin(map[string]keychain.Secret{"client_id": "c"}, "http://127.0.0.1:9185/")
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Finish(t.Context(), "/?code=x&"+s.URL()[strings.Index(s.URL(), "&state=")+1:])
	var e *networks.Error
	if !errors.As(err, &e) || !strings.Contains(e.Hint, "offline.access") {
		t.Errorf("without a refresh token: %v", err)
	}
}
