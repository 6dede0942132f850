package sim

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// vectors are signatures of OAuth 1.0a that X documents, and of the very call that
// networks/twitter makes.
func vectors(t *testing.T) (v struct {
	ConsumerSecret string            `json:"consumer_secret"`
	TokenSecret    string            `json:"token_secret"`
	OAuth          map[string]string `json:"oauth"`
	Cases          []struct {
		Method, URL, Signature, From string
		Params                       map[string]string
	}
},
) {
	t.Helper()
	b, err := os.ReadFile("../../../shared/recorded/x/oauth1-vectors.json")
	switch {
	case err == nil:
	case os.Getenv("CI") != "":
		t.Fatal(err)
	default:
		t.Skipf("the recorded signatures are not here: %v", err)
	}
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestSignatureVectors(t *testing.T) {
	v := vectors(t)
	if len(v.Cases) == 0 {
		t.Fatal("there are no cases")
	}
	for _, c := range v.Cases {
		q := url.Values{}
		for k, s := range c.Params {
			q.Set(k, s)
		}
		r := httptest.NewRequest(c.Method, c.URL+"?"+q.Encode(), nil)
		r.RequestURI = r.URL.RequestURI() // as a server sees it
		if got := oauthSignature(r, v.OAuth, v.ConsumerSecret, v.TokenSecret); got != c.Signature {
			t.Errorf("%s %s: the signature is %s, want %s (%s)", c.Method, c.URL, got, c.Signature, c.From)
		}
	}
}

// TestTwitterIsStrict has requests that the real X refuses.
func TestTwitterIsStrict(t *testing.T) {
	w := NewWorld(1)
	w.Add(Account{Network: "twitter", ID: "1", Handle: "a", Followers: 5})
	w.AllowToken("twitter", "bearer")
	h := Twitter(w)
	const good = "/2/users/by?usernames=a&user.fields=public_metrics"
	for name, c := range map[string]struct {
		method, target, authorization string
		status                        int
	}{
		"good":           {"GET", good, "Bearer bearer", 200},
		"no token":       {"GET", good, "", 401},
		"another token":  {"GET", good, "Bearer other", 401},
		"unsigned":       {"GET", good, `OAuth oauth_token="bearer"`, 401},
		"odd header":     {"GET", good, `OAuth x`, 401},
		"POST":           {"POST", good, "Bearer bearer", 405},
		"path":           {"GET", "/1.1/users/lookup.json?screen_name=a", "Bearer bearer", 404},
		"parameter":      {"GET", good + "&expansions=pinned_tweet_id", "Bearer bearer", 400},
		"twice":          {"GET", good + "&usernames=b", "Bearer bearer", 400},
		"field":          {"GET", "/2/users/by?usernames=a&user.fields=followers", "Bearer bearer", 400},
		"bad handle":     {"GET", "/2/users/by?usernames=a,b-c", "Bearer bearer", 400},
		"no handle":      {"GET", "/2/users/by", "Bearer bearer", 400},
		"too many":       {"GET", "/2/users?ids=" + strings.Repeat("1,", 100) + "1", "Bearer bearer", 400},
		"bearer for one": {"GET", "/2/users/me", "Bearer bearer", 403},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(c.method, c.target, nil)
			r.Header.Set("Authorization", c.authorization)
			rec := httptest.NewRecorder()
			h.ServeHTTP(rec, r)
			if rec.Code != c.status {
				body, _ := io.ReadAll(rec.Body)
				t.Errorf("%d, want %d: %s", rec.Code, c.status, body)
			}
		})
	}
	if n := w.Requests("twitter"); n != 14 {
		t.Errorf("%d requests were counted, want 14", n)
	}
}

// TestSignedRequestIsTakenOnce has one signed request arrive in ways that the real
// X refuses.
func TestSignedRequestIsTakenOnce(t *testing.T) {
	w := NewWorld(1)
	w.Add(Account{Network: "twitter", ID: "1", Handle: "a", Followers: 5})
	w.AllowToken("twitter", "token", "consumer", "cs", "as", "1")
	h := Twitter(w)
	sign := func(nonce string, at time.Time, target string) *http.Request {
		r := httptest.NewRequest(http.MethodGet, target, nil)
		r.RequestURI = r.URL.RequestURI()
		p := map[string]string{
			"oauth_consumer_key": "consumer", "oauth_nonce": nonce, "oauth_signature_method": "HMAC-SHA1",
			"oauth_timestamp": strconv.FormatInt(at.Unix(), 10), "oauth_token": "token", "oauth_version": "1.0",
		}
		p["oauth_signature"] = oauthSignature(r, p, "cs", "as")
		var parts []string
		for k, v := range p {
			parts = append(parts, k+`="`+oauthEscape(v)+`"`)
		}
		r.Header.Set("Authorization", "OAuth "+strings.Join(parts, ", "))
		return r
	}
	status := func(r *http.Request) int {
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		return rec.Code
	}
	const target = "http://x.example/2/users/by?usernames=a%2CA"
	now := time.Now()
	if got := status(sign("1", now, target)); got != 200 {
		t.Fatalf("a signed request: %d", got)
	}
	if got := status(sign("1", now, target)); got != 401 {
		t.Errorf("the same nonce again: %d, want 401", got)
	}
	if got := status(sign("2", now.Add(-time.Hour), target)); got != 401 {
		t.Errorf("an old request: %d, want 401", got)
	}
	other := sign("3", now, target)
	other.URL.RawQuery = "usernames=b"
	if got := status(other); got != 401 {
		t.Errorf("another query than the signed one: %d, want 401", got)
	}
	if got := status(sign("4", now, "http://x.example/2/users/me")); got != 200 {
		t.Errorf("the own account: %d, want 200", got)
	}
	w.RevokeToken("twitter", "token")
	if got := status(sign("5", now, target)); got != 401 {
		t.Errorf("a revoked token: %d, want 401", got)
	}
}

// TestTwitterTokensAreStrict has requests to the token services that the real X refuses.
func TestTwitterTokensAreStrict(t *testing.T) {
	w := NewWorld(1)
	w.XApp("key", "secret")
	w.XClient("client", "sesame", "1")
	w.XClient("public", "", "1")
	_, refresh := w.XUserToken("client", "1")
	_, open := w.XUserToken("public", "1")
	h := Twitter(w)
	const key, client, wrong = "Basic a2V5OnNlY3JldA==", "Basic Y2xpZW50OnNlc2FtZQ==", "Basic a2V5OngK"
	for _, c := range []struct {
		target, authorization, form, want string
	}{
		{xAppToken, key, "grant_type=client_credentials", `"access_token":"AAAAbearer%2F%3D`},
		{xAppToken, key, "grant_type=password", `"code":99`},
		{xAppToken, key, "grant_type=client_credentials&scope=x", `"code":99`},
		{xAppToken, wrong, "grant_type=client_credentials", `"code":99`},
		{xAppToken, "", "grant_type=client_credentials", `"code":99`},
		{xUserToken, client, "grant_type=password", "unsupported_grant_type"},
		{xUserToken, "", "grant_type=refresh_token&client_id=client&refresh_token=" + refresh, "Missing valid authorization header"},
		{xUserToken, "", "grant_type=refresh_token&client_id=nobody&refresh_token=" + refresh, "Unknown client"},
		{xUserToken, client, "grant_type=authorization_code&code=" + refresh, "authorization code was invalid"},
		{xUserToken, client, "grant_type=refresh_token&refresh_token=" + refresh, `"expires_in":7200`},
		{xUserToken, client, "grant_type=refresh_token&refresh_token=" + refresh, "Value passed for the token was invalid"},
		{xUserToken, "", "grant_type=refresh_token&client_id=public&refresh_token=" + open, `"refresh_token":"xRefresh`},
	} {
		var header []string
		if c.authorization != "" {
			header = []string{"Authorization", c.authorization}
		}
		if status, body := request(h, "POST", c.target, c.form, header...); !strings.Contains(body, c.want) {
			t.Errorf("%s %s: %d %s, want %s", c.target, c.form, status, body, c.want)
		}
	}
	if status, _ := request(h, "GET", xAuthorize+"?client_id=client&response_type=code", ""); status != 400 {
		t.Errorf("a page without challenge and state: %d", status)
	}
	if status, _ := request(h, "GET", "/2/users/me", "", "Authorization", "Bearer key"); status != 401 {
		t.Errorf("an app's key as a bearer: %d", status)
	}
}
