package oauth_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"collectord/networks"
	"collectord/networks/internal/oauth"
)

func TestReturned(t *testing.T) {
	r := oauth.New()
	for name, c := range map[string]struct {
		address string
		code    string
		other   bool
		text    string
	}{
		"whole":          {address: "http://127.0.0.1:9185/callback?code=C&state=" + r.State, code: "C"},
		"with spaces":    {address: "  https://x/?state=" + r.State + "&code=C%2B1 \n", code: "C+1"},
		"the query":      {address: "code=C&state=" + r.State, code: "C"},
		"question mark":  {address: "?code=C&state=" + r.State, code: "C"},
		"fragment":       {address: "https://x/blank.html#code=C&state=" + r.State, code: "C"},
		"query and more": {address: "https://x/?code=C&state=" + r.State + "#_=_", code: "C"},
		"other state":    {address: "https://x/?code=C&state=" + strings.Repeat("x", 43), other: true},
		"no state":       {address: "https://x/?code=C", other: true},
		"empty state":    {address: "https://x/?code=C&state=", other: true},
		"state twice":    {address: "https://x/?code=C&state=" + r.State + "#state=" + r.State, text: "twice"},
		"code twice":     {address: "https://x/?code=C&code=D&state=" + r.State, text: "twice"},
		"empty":          {address: "", text: "no parameters"},
		"no parameters":  {address: "https://x/", text: "no parameters"},
		"bad escape":     {address: "https://x/?code=%zz&state=" + r.State, text: "damaged"},
		"huge":           {address: "https://x/?code=" + strings.Repeat("C", 40_000), text: "longer"},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := r.Returned(c.address)
			switch {
			case c.other && !errors.Is(err, networks.ErrOtherLogin):
				t.Errorf("error %v, want ErrOtherLogin", err)
			case c.text != "" && (err == nil || !strings.Contains(err.Error(), c.text) || errors.Is(err, networks.ErrOtherLogin)):
				t.Errorf("error %v, want one with %q", err, c.text)
			case !c.other && c.text == "" && (err != nil || v.Get("code") != c.code):
				t.Errorf("%v, %v", v, err)
			}
		})
	}
}

func TestPasted(t *testing.T) {
	r := oauth.New()
	for address, other := range map[string]bool{
		"https://x/#access_token_1=T&expires_in=0":         false,
		"https://x/#access_token=T&state=" + r.State:       false,
		"https://x/#access_token=T&state=another":          true,
		"https://x/#access_token=T&state=" + r.State + "x": true,
	} {
		if _, err := r.Pasted(address); errors.Is(err, networks.ErrOtherLogin) != other {
			t.Errorf("%s: %v", address, err)
		}
	}
	if v, err := r.Pasted("https://x/?code=%zz"); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("%v, %v", v, err)
	}
}

func TestRoundsDiffer(t *testing.T) {
	a, b := oauth.New(), oauth.New()
	if a.State == b.State || a.Verifier == b.Verifier || a.State == a.Verifier || len(a.State) < 32 || len(a.Verifier) < 43 {
		t.Errorf("%+v %+v", a, b)
	}
	u, err := url.Parse(a.Page("https://id.vk.ru/authorize", map[string]string{"client_id": "7 &", "scope": ""}))
	if err != nil || u.Query().Get("client_id") != "7 &" || u.Query().Get("state") != a.State || u.Query().Has("scope") {
		t.Errorf("%v %v", u, err)
	}
	// RFC 7636, appendix B.
	c := oauth.Round{Verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"}.Challenge()
	if c != "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM" {
		t.Errorf("challenge %q", c)
	}
}

func FuzzParse(f *testing.F) {
	r := oauth.Round{State: "the-state-of-this-login-0123456789ab"}
	for _, s := range []string{
		"", "#", "?", "http://127.0.0.1/?code=C&state=" + r.State, "https://x/#access_token=T&expires_in=0",
		"?error=access_denied&error_description=no&state=" + r.State, "code=%", "a;b", "?state=" + r.State + "&state=x", "://=",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, address string) {
		v, err := r.Returned(address)
		if err == nil && v.Get("state") != r.State {
			t.Fatalf("%q is taken for this login", address)
		}
		if err != nil && len(address) > 12 && strings.Contains(err.Error(), address) {
			t.Fatalf("the error repeats %q", address)
		}
		for _, values := range v {
			if len(values) != 1 {
				t.Fatalf("%q: %v", address, v)
			}
		}
		if _, pastedErr := r.Pasted(address); err == nil && pastedErr != nil {
			t.Fatalf("%q: %v pasted, none returned", address, pastedErr)
		}
	})
}
