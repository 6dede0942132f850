package sim_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"collectord/networks/sim"
)

// vkAsk posts a form to the simulated token services.
func vkAsk(t *testing.T, h http.Handler, path string, form url.Values) map[string]any {
	t.Helper()
	req := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, req)
	var answer map[string]any
	if err := json.Unmarshal(rec.Body.Bytes(), &answer); err != nil {
		t.Fatalf("%s: %d %s", path, rec.Code, rec.Body)
	}
	return answer
}

// TestVKRefreshTokensAreGoodForOneUse: the second use revokes all that came of the
// login, and is counted.
func TestVKRefreshTokensAreGoodForOneUse(t *testing.T) {
	w := sim.NewWorld(1)
	w.VKApp(sim.VKApp{ID: "51", User: "1"})
	h := sim.VKAuth(w)
	login := w.VKLogin("51")
	form := url.Values{"grant_type": {"refresh_token"}, "client_id": {"51"}, "refresh_token": {login["refresh_token"]}, "device_id": {"another"}}
	if a := vkAsk(t, h, "/oauth2/auth", form); a["error_description"] != "device_id is invalid" {
		t.Errorf("another device: %v", a)
	}
	form.Set("device_id", login["device_id"])
	next := vkAsk(t, h, "/oauth2/auth", form)
	access, _ := next["access_token"].(string)
	if state, _ := w.Token("vk", access); state != sim.TokenGood || next["refresh_token"] == login["refresh_token"] {
		t.Errorf("%v, its token is %v", next, state)
	}
	if a := vkAsk(t, h, "/oauth2/auth", form); a["error_description"] != "refresh_token is missing or invalid" {
		t.Errorf("a second use: %v", a)
	}
	for _, token := range []string{access, login["access_token"]} {
		if state, _ := w.Token("vk", token); state != sim.TokenRevoked {
			t.Errorf("after a second use a token of the login is %v", state)
		}
	}
	form.Set("refresh_token", next["refresh_token"].(string))
	if a := vkAsk(t, h, "/oauth2/auth", form); a["error"] != "invalid_grant" {
		t.Errorf("a refresh of a login that is over: %v", a)
	}
	if s := w.VKAuthStats(); s.Refreshes != 1 || s.Logins != 1 || len(s.Reuses) != 1 {
		t.Errorf("%+v", s)
	}
}

func TestVKTokensExpire(t *testing.T) {
	w := sim.NewWorld(1)
	w.AllowTokenUntil("vk", "short", time.Now().Add(-time.Second))
	w.AllowTokenUntil("vk", "long", time.Now().Add(time.Hour))
	for token, want := range map[string]sim.TokenState{"short": sim.TokenExpired, "long": sim.TokenGood} {
		if state, _ := w.Token("vk", token); state != want {
			t.Errorf("%s: %v", token, state)
		}
	}
	a := vkAsk(t, sim.VK(w), "/method/users.get", url.Values{"access_token": {"short"}, "v": {"5.199"}, "user_ids": {"1"}})
	if text, _ := json.Marshal(a); !strings.Contains(string(text), "access_token has expired") {
		t.Errorf("%s", text)
	}
}

// TestVKAuthIsStrict: what the real one refuses.
func TestVKAuthIsStrict(t *testing.T) {
	w := sim.NewWorld(1)
	w.VKApp(sim.VKApp{ID: "51", User: "1", Redirects: []string{"https://me.example/"}})
	h := sim.VKAuth(w)
	for want, q := range map[string]string{
		"redirect_uri is incorrect": "client_id=51&redirect_uri=http://127.0.0.1/&code_challenge=" + strings.Repeat("c", 43) + "&code_challenge_method=S256&state=" + strings.Repeat("s", 32),
		"code_challenge or state":   "client_id=51&redirect_uri=https://me.example/&code_challenge=c&code_challenge_method=S256&state=short",
		"Security Error":            "client_id=51&redirect_uri=https://me.example/&response_type=token",
		"client_id is incorrect":    "client_id=52",
	} {
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/authorize?"+q, nil))
		if rec.Code == http.StatusFound || !strings.Contains(rec.Body.String(), want) {
			t.Errorf("%s: %d %s, want %s", q, rec.Code, rec.Body, want)
		}
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, httptest.NewRequest(http.MethodPost, "/oauth2/auth?client_id=51", nil))
	if !strings.Contains(rec.Body.String(), "secrets belong into a body") {
		t.Errorf("%s", rec.Body)
	}
}
