package sim

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// metaRequest is one request to a simulator of Meta's, and what its answer has.
type metaRequest struct {
	token, target, form string
	status              int
	has                 string
}

func (c metaRequest) check(t *testing.T, h http.Handler) string {
	t.Helper()
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
	return rec.Header().Get("Location")
}

// TestFacebookIsStrict has requests that the real Graph refuses, with its codes.
func TestFacebookIsStrict(t *testing.T) {
	w := NewWorld(1)
	w.Add(Account{Network: "facebook", ID: "11", Handle: "own.page", Type: "page", Followers: 5, Likes: 4})
	w.Add(Account{Network: "facebook", ID: "12", Type: "page", Followers: 6})
	w.Add(Account{Network: "facebook", ID: "13", Handle: "person", Followers: 7})
	w.Add(Account{Network: "facebook", ID: "14", Handle: "gone", Type: "page", State: NotFound})
	w.AllowToken("facebook", "user", "1", "secret")
	w.AllowToken("facebook", "page", "1", "", "PAGE")
	w.AllowToken("facebook", "1|secret", "1", "secret")
	w.RevokeToken("facebook", "dead")
	h := Facebook(w)
	for name, c := range map[string]metaRequest{
		"by name":             {"user", "/v25.0/own.page?fields=followers_count,fan_count", "", 200, `"followers_count":5`},
		"without dots":        {"user", "/v25.0/OWNPAGE?fields=username", "", 200, `"username":"own.page"`},
		"by id":               {"user", "/v25.0/12?fields=id,link,username", "", 200, `"link":"https://www.facebook.com/12"`},
		"unknown name":        {"user", "/v25.0/nobody?fields=id", "", 400, `"code":803`},
		"unknown id":          {"user", "/v25.0/99?fields=id", "", 400, `"error_subcode":33`},
		"gone":                {"user", "/v25.0/gone?fields=id", "", 400, `"code":803`},
		"person":              {"user", "/v25.0/person?fields=id,followers_count", "", 400, `node type (User)`},
		"unknown field":       {"user", "/v25.0/12?fields=zodiac", "", 400, `"code":100`},
		"many ids":            {"user", "/v25.0/?ids=11,12&fields=id", "", 400, `"code":100`},
		"me":                  {"user", "/v25.0/me?fields=id,name", "", 200, `"name":"Simulated Person"`},
		"me of an app":        {"1|secret", "/v25.0/me?fields=id,name", "", 400, `"code":2500`},
		"no token":            {"", "/v25.0/12?fields=id", "", 400, `"code":104`},
		"revoked":             {"dead", "/v25.0/12?fields=id", "", 400, `"error_subcode":460`},
		"token in address":    {"", "/v25.0/12?fields=id&access_token=user", "", 400, `"code":2500`},
		"wrong proof":         {"user", "/v25.0/12?fields=id&appsecret_proof=00", "", 400, `appsecret_proof`},
		"batch":               {"user", "/v25.0/", batch(50, "v25.0/12?fields=id"), 200, `"code":200`},
		"batch of 51":         {"user", "/v25.0/", batch(51, "v25.0/12?fields=id"), 400, `"code":-3`},
		"inspect":             {"1|secret", "/v25.0/debug_token?input_token=page", "", 200, `"type":"PAGE"`},
		"inspect itself":      {"user", "/v25.0/debug_token?input_token=user", "", 200, `"is_valid":true`},
		"inspect another":     {"user", "/v25.0/debug_token?input_token=page", "", 400, `app access token`},
		"inspect a dead one":  {"1|secret", "/v25.0/debug_token?input_token=dead", "", 200, `"is_valid":false`},
		"exchange":            {"", "/v25.0/oauth/access_token?grant_type=fb_exchange_token&client_id=1&client_secret=secret&fb_exchange_token=user", "", 200, `"expires_in":5184000`},
		"exchange, secret":    {"", "/v25.0/oauth/access_token?grant_type=fb_exchange_token&client_id=1&client_secret=x&fb_exchange_token=user", "", 400, `client secret`},
		"exchange, dead":      {"", "/v25.0/oauth/access_token?grant_type=fb_exchange_token&client_id=1&client_secret=secret&fb_exchange_token=dead", "", 400, `"code":190`},
		"exchange, parameter": {"", "/v25.0/oauth/access_token?grant_type=fb_exchange_token&client_id=1&client_secret=secret&fb_exchange_token=user&x=1", "", 400, `"code":100`},
		"refresh":             {"", "/refresh_access_token?grant_type=ig_refresh_token&access_token=user", "", 400, `"code":2500`},
		"code by POST":        {"", "/v25.0/oauth/access_token", "client_id=1", 400, `"code":100`},
		"code, unknown":       {"", "/v25.0/oauth/access_token?client_id=1&client_secret=secret&redirect_uri=x&code=y", "", 400, `"error_subcode":36009`},
		"dialog":              {"", "/v25.0/dialog/oauth?client_id=1", "", 400, `"code":191`},
	} {
		t.Run(name, func(t *testing.T) { c.check(t, h) })
	}
}

// TestThreadsIsStrict has requests that the real Threads refuses, with its codes.
func TestThreadsIsStrict(t *testing.T) {
	w := NewWorld(1)
	w.Add(Account{Network: "threads", ID: "1", Handle: "own", Followers: 5})
	w.Add(Account{Network: "threads", ID: "2", Handle: "other", Followers: 6})
	w.AllowToken("threads", "good", "1")
	w.AllowToken("threads", "stranger", "404")
	w.AllowToken("threads", "9|secret", "1")
	h := Threads(w)
	for name, c := range map[string]metaRequest{
		"count":             {"good", "/v1.0/me/threads_insights?metric=followers_count", "", 200, `"total_value":{"value":5}`},
		"names":             {"good", "/v1.0/me?fields=id,username", "", 200, `"username":"own"`},
		"another metric":    {"good", "/v1.0/me/threads_insights?metric=likes", "", 400, `"code":100`},
		"count and names":   {"good", "/v1.0/me?fields=id,followers_count", "", 400, `nonexisting field`},
		"expansion":         {"good", "/v1.0/me?fields=id,threads_insights.metric(followers_count)", "", 400, `nonexisting field`},
		"another account":   {"good", "/v1.0/2?fields=id", "", 400, `"error_subcode":33`},
		"no account":        {"stranger", "/v1.0/me?fields=id", "", 400, `"error_subcode":33`},
		"batch":             {"good", "/v1.0/", batch(1, "v1.0/me?fields=id"), 400, `"code":100`},
		"refresh":           {"", "/refresh_access_token?grant_type=th_refresh_token&access_token=good", "", 200, `"token_type":"bearer"`},
		"refresh, kind":     {"", "/refresh_access_token?grant_type=ig_refresh_token&access_token=good", "", 400, `"code":100`},
		"refresh, unknown":  {"", "/refresh_access_token?grant_type=th_refresh_token&access_token=x", "", 400, `"code":190`},
		"exchange, secret":  {"", "/access_token?grant_type=th_exchange_token&access_token=good", "", 400, `"code":452`},
		"Facebook's":        {"", "/v1.0/oauth/access_token?grant_type=fb_exchange_token&client_id=9&client_secret=secret&fb_exchange_token=good", "", 400, `"code":100`},
		"Facebook's dialog": {"", "/v1.0/dialog/oauth?client_id=9", "", 400, `"code":104`},
	} {
		t.Run(name, func(t *testing.T) { c.check(t, h) })
	}
	dialog := "/oauth/authorize?" + url.Values{
		"client_id": {"9"}, "redirect_uri": {"https://localhost/"}, "response_type": {"code"}, "scope": {"threads_basic"}, "state": {"s"},
	}.Encode()
	back, err := url.Parse(metaRequest{"", dialog, "", 302, ""}.check(t, h))
	if err != nil || back.Query().Get("state") != "s" || back.Query().Get("code") == "" {
		t.Fatalf("the dialog redirects to %v, %v", back, err)
	}
	form := url.Values{
		"client_id": {"9"}, "client_secret": {"secret"}, "grant_type": {"authorization_code"},
		"redirect_uri": {"https://localhost/"}, "code": {back.Query().Get("code")},
	}.Encode()
	metaRequest{"", "/oauth/access_token", strings.Replace(form, "client_secret=secret", "client_secret=x", 1), 400, `client secret`}.check(t, h)
	metaRequest{"", "/oauth/access_token", form, 400, `"error_subcode":36009`}.check(t, h) // the wrong secret spent it
}
