package sim

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestTikTokIsStrict has requests that the real one refuses, with its codes.
func TestTikTokIsStrict(t *testing.T) {
	w := NewWorld(1)
	w.Add(Account{Network: "tiktok", ID: "o1", Handle: "a", Followers: 5})
	w.Add(Account{Network: "tiktok", ID: "o2", Handle: "b", Followers: 5, State: Suspended})
	w.AllowToken("tiktok", "good", "o1")
	w.AllowToken("tiktok", "closed", "o2")
	w.AllowToken("tiktok", "refresh", "key", "secret", "o1")
	w.AllowToken("tiktok", "code", "key", "secret", "o1", tiktokChallenge("verifier"))
	w.RevokeToken("tiktok", "gone")
	h := TikTok(w)
	const info, grant = "/v2/user/info/?fields=open_id,follower_count", "/v2/oauth/token/"
	const app = "client_key=key&client_secret=secret&grant_type="
	for _, c := range []struct {
		name, token, target, form string
		status                    int
		has                       string
	}{
		{"good", "good", info, "", 200, `"follower_count":5`},
		{"no token", "", info, "", 401, "access_token_invalid"},
		{"revoked", "gone", info, "", 401, "access_token_invalid"},
		{"a refresh token", "refresh", info, "", 401, "access_token_invalid"},
		{"a closed account", "closed", info, "", 401, "access_token_invalid"},
		{"no fields", "good", "/v2/user/info/", "", 400, "invalid_params"},
		{"an unknown field", "good", info + ",zodiac", "", 400, "invalid_params"},
		{"a parameter", "good", info + "&x=1", "", 400, "invalid_params"},
		{"a path", "good", "/v2/user/info?fields=open_id", "", 404, "Unsupported path"},
		{"POST", "good", info, "a=b", 404, "Unsupported path"},
		{"grant type", "", grant, app + "password", 200, "unsupported_grant_type"},
		{"a parameter of a grant", "", grant, app + "refresh_token&refresh_token=refresh&x=1", 200, "invalid_request"},
		{"another secret", "", grant, "client_key=key&client_secret=x&grant_type=refresh_token&refresh_token=refresh", 200, "invalid_client"},
		{"an access token", "", grant, app + "refresh_token&refresh_token=good", 200, "invalid_grant"},
		{"no verifier", "", grant, app + "authorization_code&code=code&redirect_uri=x", 200, "Code verifier"},
		{"a code", "", grant, app + "authorization_code&code=code&redirect_uri=x&code_verifier=verifier", 200, `"refresh_token":"rft.made`},
		{"a renewal", "", grant, app + "refresh_token&refresh_token=refresh", 200, `"access_token":"act.made`},
		{"the same again", "", grant, app + "refresh_token&refresh_token=refresh", 200, "invalid_grant"},
	} {
		t.Run(c.name, func(t *testing.T) {
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
			if rec.Code != c.status || !strings.Contains(rec.Body.String(), c.has) {
				t.Errorf("%d %s, want %d with %s", rec.Code, rec.Body, c.status, c.has)
			}
		})
	}
}
