package sim

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// TestInstagramIsStrict has requests that the real Graph refuses, with its codes.
func TestInstagramIsStrict(t *testing.T) {
	w := NewWorld(1)
	w.Add(Account{Network: "instagram", ID: "1", Handle: "own", Followers: 5})
	w.Add(Account{Network: "instagram", ID: "2", Handle: "other", Followers: 6})
	w.AllowToken("instagram", "login", "1")
	w.AllowToken("instagram", "discovery", "1", "secret")
	w.AllowToken("instagram", "stranger", "404", "")
	w.RevokeToken("instagram", "gone")
	h := Instagram(w)
	discover := "fields=" + url.QueryEscape("business_discovery.username(other){username,followers_count}")
	for name, c := range map[string]struct {
		token, target, form string
		status              int
		has                 string
	}{
		"me":                  {"login", "/v25.0/me?fields=user_id,username", "", 200, `"user_id":"1"`},
		"own":                 {"discovery", "/v25.0/1?fields=username,followers_count", "", 200, `"followers_count":5`},
		"other":               {"discovery", "/v25.0/1?" + discover, "", 200, `"followers_count":6`},
		"no token":            {"", "/v25.0/me?fields=id", "", 400, `"code":104`},
		"unknown token":       {"x", "/v25.0/me?fields=id", "", 400, `"code":190`},
		"revoked token":       {"gone", "/v25.0/me?fields=id", "", 400, `"error_subcode":460`},
		"token of nobody":     {"stranger", "/v25.0/404?fields=id", "", 400, `"code":190`},
		"token in address":    {"login", "/v25.0/me?fields=id&access_token=login", "", 400, `"code":2500`},
		"no version":          {"login", "/me?fields=id", "", 400, `"code":2500`},
		"another object":      {"discovery", "/v25.0/2?fields=id", "", 400, `"error_subcode":33`},
		"me by discovery":     {"discovery", "/v25.0/me?fields=id", "", 400, `"error_subcode":33`},
		"discovery by login":  {"login", "/v25.0/me?" + discover, "", 400, `"code":100`},
		"unknown field":       {"login", "/v25.0/me?fields=zodiac", "", 400, `"code":100`},
		"unknown parameter":   {"login", "/v25.0/me?fields=id&metric=1", "", 400, `"code":100`},
		"wrong proof":         {"discovery", "/v25.0/1?fields=id&appsecret_proof=00", "", 400, `"code":100`},
		"batch":               {"discovery", "/v25.0/", batch(1, "v25.0/1?fields=id"), 200, `"code":200`},
		"batch, bad item":     {"discovery", "/v25.0/", batch(1, "1?fields=id"), 200, `"code":400`},
		"batch of 51":         {"discovery", "/v25.0/", batch(51, "v25.0/1?fields=id"), 400, `"code":-3`},
		"batch of none":       {"discovery", "/v25.0/", batch(0, ""), 400, `"code":100`},
		"batch, no JSON":      {"discovery", "/v25.0/", "batch=x", 400, `"code":100`},
		"batch, parameter":    {"discovery", "/v25.0/", batch(1, "v25.0/1?fields=id") + "&x=1", 400, `"code":100`},
		"POST to an account":  {"discovery", "/v25.0/1", "a=b", 400, `"code":100`},
		"token in the form":   {"", "/v25.0/", batch(1, "v25.0/1?fields=id") + "&access_token=discovery", 200, `"code":200`},
		"personal or unknown": {"discovery", "/v25.0/1?fields=business_discovery.username(nobody){id}", "", 400, `"error_subcode":2207013`},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, c.target, nil)
			if c.form != "" {
				r = httptest.NewRequest(http.MethodPost, c.target, strings.NewReader(c.form))
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			}
			if c.token != "" {
				r.Header.Set("Authorization", "Bearer "+c.token)
			}
			rec := httptest.NewRecorder()
			h.ServeHTTP(rec, r)
			body, _ := io.ReadAll(rec.Body)
			if rec.Code != c.status || !strings.Contains(string(body), c.has) {
				t.Errorf("%d %s, want %d with %s", rec.Code, body, c.status, c.has)
			}
		})
	}
}

func batch(n int, relative string) string {
	items := make([]string, n)
	for i := range items {
		items[i] = `{"method":"GET","relative_url":"` + relative + `"}`
	}
	return url.Values{"batch": {"[" + strings.Join(items, ",") + "]"}}.Encode()
}
