package sim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
)

// TestOdnoklassnikiSignatures has the signatures that are on record.
func TestOdnoklassnikiSignatures(t *testing.T) {
	for _, file := range []string{"sig-vector.json", "sig-vector-computed.json"} {
		b, err := os.ReadFile("../../../shared/recorded/odnoklassniki/" + file)
		switch {
		case err == nil:
		case os.Getenv("CI") != "":
			t.Fatal(err)
		default:
			t.Skipf("the recorded signatures are not here: %v", err)
		}
		var v struct {
			Access string            `json:"access_token"`
			Secret string            `json:"application_secret_key"`
			Params map[string]string `json:"params"`
			Sig    string            `json:"sig"`
		}
		if err := json.Unmarshal(b, &v); err != nil {
			t.Fatal(err)
		}
		form := url.Values{"access_token": {v.Access}, "sig": {"x"}}
		for name, value := range v.Params {
			form.Set(name, value)
		}
		if got := okSignature(form, v.Access, v.Secret); got != v.Sig {
			t.Errorf("%s: %s, want %s", file, got, v.Sig)
		}
	}
}

// TestOdnoklassnikiIsStrict has requests that the real one refuses, with its codes.
func TestOdnoklassnikiIsStrict(t *testing.T) {
	w := NewWorld(1)
	w.Add(Account{Network: "odnoklassniki", ID: "1", Handle: "a", Type: "group", Followers: 5})
	w.AllowToken("odnoklassniki", "good", "key", "secret")
	w.AllowToken("odnoklassniki", "refresh", "key", "secret", "id")
	w.RevokeToken("odnoklassniki", "gone")
	h := Odnoklassniki(w)
	for name, c := range map[string]struct {
		token  string
		change map[string]string
		has    string
	}{
		"good":              {"good", nil, `"members_count":5`},
		"no token":          {"", nil, `"error_code":453`},
		"unknown token":     {"other", nil, `"error_code":103`},
		"revoked token":     {"gone", nil, `"error_code":102`},
		"refresh token":     {"refresh", nil, `"error_code":103`},
		"no app":            {"good", map[string]string{"application_key": ""}, `"error_code":101`},
		"another app":       {"good", map[string]string{"application_key": "x"}, `"error_code":101`},
		"wrong signature":   {"good", map[string]string{"sig": "00"}, `"error_code":104`},
		"no format":         {"good", map[string]string{"format": "xml"}, `"error_code":100`},
		"unknown method":    {"good", map[string]string{"method": "group.get"}, `"error_code":3`},
		"unknown parameter": {"good", map[string]string{"url": "x"}, `"error_code":100`},
		"unknown field":     {"good", map[string]string{"fields": "zodiac"}, `"error_code":100`},
		"no id":             {"good", map[string]string{"uids": "a"}, `"error_code":100`},
		"101 ids":           {"good", map[string]string{"uids": strings.Repeat("1,", 100) + "1"}, `"error_code":100`},
		"unknown group":     {"good", map[string]string{"uids": "2"}, `[]`},
	} {
		t.Run(name, func(t *testing.T) {
			form := url.Values{"method": {"group.getInfo"}, "uids": {"1"}, "fields": {"uid,members_count"}, "application_key": {"key"}, "format": {"json"}}
			for k, v := range c.change {
				form.Set(k, v)
			}
			if form.Get("sig") == "" {
				form.Set("sig", okSignature(form, c.token, "secret"))
			}
			form.Set("access_token", c.token)
			if body := okPost(h, "/fb.do", form); !strings.Contains(body, "200 ") || !strings.Contains(body, c.has) {
				t.Errorf("%s, want 200 and %s", body, c.has)
			}
		})
	}
	if body := okPost(h, "/api/group", url.Values{}); !strings.HasPrefix(body, "404") {
		t.Errorf("an unknown path: %s", body)
	}
	for name, form := range map[string]url.Values{
		"unsupported_grant_type": {"grant_type": {"password"}},
		"invalid_grant":          {"grant_type": {"refresh_token"}, "refresh_token": {"good"}},
		"invalid_client":         {"grant_type": {"refresh_token"}, "refresh_token": {"refresh"}, "client_id": {"id"}},
		"invalid_request":        {"grant_type": {"authorization_code"}, "code": {"refresh"}},
	} {
		if body := okPost(h, "/oauth/token.do", form); !strings.HasPrefix(body, "401") || !strings.Contains(body, name) {
			t.Errorf("%s, want %s", body, name)
		}
	}
}

func okPost(h http.Handler, path string, form url.Values) string {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	return fmt.Sprint(rec.Code, " ", rec.Body)
}
