package sim

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// request is one to Twitch or Reddit, both of which take it.
func request(h http.Handler, method, target, form string, header ...string) (int, string) {
	r := httptest.NewRequest(method, target, strings.NewReader(form))
	r.Header.Set("User-Agent", "test")
	if form != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	return rec.Code, rec.Body.String()
}

// TestTwitchIsStrict has requests that the real Twitch refuses.
func TestTwitchIsStrict(t *testing.T) {
	w := NewWorld(1)
	w.Add(Account{Network: "twitch", ID: "1", Handle: "a", Followers: 5})
	w.AllowToken("twitch", "app", "secret")
	w.AllowToken("twitch", "good", "app")
	h := Twitch(w)
	for _, c := range []struct {
		method, target, token, id string
		status                    int
		want                      string
	}{
		{"GET", "/helix/users?login=A&id=1", "good", "app", 200, `"id":"1"`},
		{"GET", "/helix/users?login=nobody", "good", "app", 200, `{"data":[]}`},
		{"GET", "/helix/users?login=a", "", "app", 401, "OAuth token is missing"},
		{"GET", "/helix/users?login=a", "other", "app", 401, "Invalid OAuth token"},
		{"GET", "/helix/users?login=a", "app", "secret", 401, "Invalid OAuth token"},
		{"GET", "/helix/users?login=a", "good", "other", 401, "do not match"},
		{"GET", "/helix/users", "good", "app", 400, "Bad Identifiers"},
		{"GET", "/helix/users?login=a-b", "good", "app", 400, "Bad Identifiers"},
		{"GET", "/helix/users?name=a", "good", "app", 400, "Bad Identifiers"},
		{"GET", "/helix/users?" + strings.Repeat("id=1&", 101), "good", "app", 400, "Bad Identifiers"},
		{"POST", "/helix/users?login=a", "good", "app", 404, ""},
		{"GET", "/helix/channels/followers?broadcaster_id=1", "good", "app", 200, `"total":5`},
		{"GET", "/helix/channels/followers", "good", "app", 400, "is required"},
		{"GET", "/helix/channels/followers?broadcaster_id=1&x=1", "good", "app", 400, "malformed"},
		{"GET", "/helix/channels/followers?broadcaster_id=2", "good", "app", 400, "not found"},
		{"GET", "/helix/streams", "good", "app", 404, ""},
	} {
		header := []string{"Client-Id", c.id}
		if c.token != "" {
			header = append(header, "Authorization", "Bearer "+c.token)
		}
		if status, body := request(h, c.method, c.target, "", header...); status != c.status || !strings.Contains(body, c.want) {
			t.Errorf("%s %.60s: %d %s, want %d and %s", c.method, c.target, status, body, c.status, c.want)
		}
	}
	for form, want := range map[string]string{
		"client_id=app&client_secret=secret&grant_type=client_credentials":   `"access_token":"twitchAppToken2"`,
		"client_id=app&client_secret=secret&grant_type=refresh_token":        "Invalid grant type",
		"client_id=app&client_secret=x&grant_type=client_credentials":        "invalid client secret",
		"client_id=other&client_secret=secret&grant_type=client_credentials": "invalid client",
		"client_secret=secret&grant_type=client_credentials":                 "missing client id",
	} {
		if _, body := request(h, "POST", "/oauth2/token", form); !strings.Contains(body, want) {
			t.Errorf("%s: %s, want %s", form, body, want)
		}
	}
}

// TestRedditIsStrict has requests that the real Reddit refuses.
func TestRedditIsStrict(t *testing.T) {
	w := NewWorld(1)
	w.Add(Account{Network: "reddit", ID: "t5_1", Handle: "a", Followers: 5})
	w.AllowToken("reddit", "app", "secret")
	w.AllowToken("reddit", "good", "app")
	h := Reddit(w)
	good := []string{"Authorization", "Bearer good"}
	for _, c := range []struct {
		method, target string
		header         []string
		status         int
		want           string
	}{
		{"GET", "/api/info?sr_name=A,nobody&raw_json=1", good, 200, `"name":"t5_1"`},
		{"GET", "/api/info?id=t5_1", good, 200, `"subscribers":5`},
		{"GET", "/api/info?id=t5_2", good, 200, `"children":[]`},
		{"GET", "/api/info?id=t5_1&sr_name=a", good, 400, ""},
		{"GET", "/api/info", good, 400, ""},
		{"GET", "/api/info?sr_name=a&x=1", good, 400, ""},
		{"GET", "/api/info?sr_name=" + strings.Repeat("a,", 100) + "a", good, 400, ""},
		{"GET", "/api/info?sr_name=a", nil, 401, "Unauthorized"},
		{"GET", "/api/info?sr_name=a", []string{"Authorization", "Bearer app"}, 401, "Unauthorized"},
		{"GET", "/r/a/about", good, 404, ""},
		{"GET", "/api/info?id=t5_1", []string{"Authorization", "Bearer good", "User-Agent", "Go-http-client/1.1"}, 429, "whoa"},
	} {
		if status, body := request(h, c.method, c.target, "", c.header...); status != c.status || !strings.Contains(body, c.want) {
			t.Errorf("%s %.60s: %d %s, want %d and %s", c.method, c.target, status, body, c.status, c.want)
		}
	}
	const basic = "Basic YXBwOnNlY3JldA==" // app:secret
	for _, c := range []struct {
		authorization, form, want string
	}{
		{basic, "grant_type=client_credentials", `"access_token":"redditAppToken2"`},
		{basic, "grant_type=password", "unsupported_grant_type"},
		{"Basic YXBwOnNlY3JldA", "grant_type=client_credentials", "Unauthorized"},
		{"", "grant_type=client_credentials", "Unauthorized"},
	} {
		if _, body := request(h, "POST", "/api/v1/access_token", c.form, "Authorization", c.authorization); !strings.Contains(body, c.want) {
			t.Errorf("%s: %s, want %s", c.form, body, c.want)
		}
	}
}

// TestAppTokensEnd with their time, whether made here or allowed.
func TestAppTokensEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := NewWorld(1)
		w.AllowToken("reddit", "app", "secret")
		made := w.newAppToken("reddit", "app", time.Hour)
		w.AllowToken("reddit", "odd", "app", "tomorrow")
		w.AllowToken("reddit", "nobody's")
		w.AllowToken("reddit", "another's", "another")
		if id, ok := w.appOf("reddit", made); !ok || id != "app" {
			t.Errorf("a fresh token is of %q, %v", id, ok)
		}
		time.Sleep(time.Hour)
		for _, token := range []string{made, "odd", "nobody's", "another's", "unknown", "app"} {
			if _, ok := w.appOf("reddit", token); ok {
				t.Errorf("%s is good", token)
			}
		}
	})
}
