package meta

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/internal/rest"
	"collectord/networks/networktest"
)

// TestRules goes through the whole table of codes, its edges included.
func TestRules(t *testing.T) {
	client := rest.NewClient("instagram", networks.Options{})
	for _, c := range []struct {
		codes   []int
		subcode int
		kind    networks.Kind
	}{
		{[]int{-1, 1, 2}, 0, networks.Temporary},
		{[]int{3, 10, 200, 250, 299}, 0, networks.Forbidden},
		{[]int{4, 17, 32, 341, 613, 80000, 80001, 80002, 80014}, 0, networks.RateLimited},
		{[]int{102, 190}, 0, networks.Unauthorized},
		{[]int{190}, 458, networks.Unauthorized},
		{[]int{190}, 460, networks.Unauthorized},
		{[]int{190}, 463, networks.Unauthorized},
		{[]int{190}, 467, networks.Unauthorized},
		{[]int{190}, 459, networks.Challenge},
		{[]int{190}, 464, networks.Challenge},
		{[]int{368}, 0, networks.Challenge},
		{[]int{24, 110, 803}, 0, networks.NotFound},
		{[]int{100}, 33, networks.NotFound},
		{[]int{100, 5, 300, 79999, 80015, 999999}, 0, networks.Malformed},
	} {
		for _, code := range c.codes {
			f := Fault{Code: code, Subcode: c.subcode, Message: "words"}
			e := f.Error(client, "op", http.StatusBadRequest, Usage{}, keychain.Token{})
			if e.Kind != c.kind {
				t.Errorf("%s is %s, want %s", f.Number(), e.Kind, c.kind)
			}
			if e.Kind == networks.Challenge && e.Link == "" {
				t.Errorf("%s is a challenge without a link", f.Number())
			}
			if (e.Kind == networks.Unauthorized || e.Kind == networks.Forbidden || e.Kind == networks.Challenge) && e.Hint == "" {
				t.Errorf("%s: the operator gets no hint", f.Number())
			}
		}
	}
}

// TestFaultsWithoutACode has only a type, a status or words to go by.
func TestFaultsWithoutACode(t *testing.T) {
	client := rest.NewClient("instagram", networks.Options{})
	for _, c := range []struct {
		body   string
		status int
		kind   networks.Kind
		code   string
	}{
		{`{"error":{"type":"OAuthException"}}`, 400, networks.Unauthorized, "http 400"},
		{`{"error":{"code":424242,"is_transient":true}}`, 400, networks.Temporary, "424242"},
		{`{"error":{"code":4,"is_transient":true}}`, 400, networks.RateLimited, "4"},
		{`{"error":{"code":424242}}`, 500, networks.Temporary, "424242"},
		{`{"error":{"code":424242}}`, 429, networks.RateLimited, "424242"},
		{`{"error":{"code":424242}}`, 401, networks.Unauthorized, "424242"},
		{`{"error":{"code":"190","message":"odd"}}`, 400, networks.Malformed, "http 400"},
		{`{"error":"invalid_request"}`, 400, networks.Malformed, "http 400"},
		{`{"error":{}}`, 200, networks.Malformed, "http 200"},
		{`{"error":{"code":100,"message":"(#100) Invalid appsecret_proof"}}`, 400, networks.Forbidden, "100"},
		{`{"error":{"code":100,"message":"This requires the 'Page Public Content Access' feature"}}`, 400, networks.Forbidden, "100"},
		{`{"error":{"code":100,"message":"Object does not exist"}}`, 400, networks.NotFound, "100"},
	} {
		f := ReadFault([]byte(c.body))
		if f == nil {
			t.Errorf("%s is no fault", c.body)
			continue
		}
		if e := f.Error(client, "op", c.status, Usage{}, keychain.Token{}); e.Kind != c.kind || e.Code != c.code {
			t.Errorf("%s with http %d: %v, want %s, code %s", c.body, c.status, e, c.kind, c.code)
		}
	}
	for _, body := range []string{"", "null", "[]", `{"id":"1"}`, `{"error":null}`, "<html>", `{"error":{"code":1}`} {
		if f := ReadFault([]byte(body)); f != nil {
			t.Errorf("%q is the fault %+v, want none", body, f)
		}
	}
}

func TestRecordedUsage(t *testing.T) {
	b := networktest.Recorded(t, "facebook/rate-limit-headers.json")
	var recorded map[string]json.RawMessage
	if err := json.Unmarshal([]byte(b), &recorded); err != nil {
		t.Fatal(err)
	}
	h := http.Header{}
	for k, v := range recorded {
		h.Set(k, string(v))
	}
	if u := ReadUsage(h); u.Percent != 91 || u.Regain != 0 {
		t.Errorf("usage is %+v, want 91 %%", u)
	}
}

func TestWhole(t *testing.T) {
	e := func(k networks.Kind, wait int) *networks.Error {
		return &networks.Error{Kind: k, Until: time.Unix(int64(wait), 0)}
	}
	for name, c := range map[string]struct {
		errs []*networks.Error
		want int // index, -1 for none
	}{
		"none":                {nil, -1},
		"one answered":        {[]*networks.Error{e(networks.RateLimited, 0), nil}, -1},
		"one unknown account": {[]*networks.Error{e(networks.RateLimited, 0), e(networks.NotFound, 0)}, -1},
		"one malformed":       {[]*networks.Error{e(networks.RateLimited, 0), e(networks.Malformed, 0)}, -1},
		"the latest":          {[]*networks.Error{e(networks.RateLimited, 1), e(networks.RateLimited, 3), e(networks.RateLimited, 2)}, 1},
		"the gravest":         {[]*networks.Error{e(networks.Temporary, 9), e(networks.RateLimited, 9), e(networks.Unauthorized, 0)}, 2},
		"timed out":           {[]*networks.Error{e(networks.Temporary, 0)}, 0},
		"forbidden alone":     {[]*networks.Error{e(networks.Forbidden, 0)}, -1},
		"all forbidden":       {[]*networks.Error{e(networks.Forbidden, 0), e(networks.Forbidden, 0)}, 0},
		"forbidden, slow":     {[]*networks.Error{e(networks.Forbidden, 0), e(networks.Forbidden, 0), e(networks.Temporary, 0)}, -1},
	} {
		got := Whole(c.errs)
		var want *networks.Error
		if c.want >= 0 {
			want = c.errs[c.want]
		}
		if got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

func TestProof(t *testing.T) {
	// The well-known digest of this sentence under the key "key".
	const want = "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8"
	if got := Proof("The quick brown fox jumps over the lazy dog", "key"); got != want {
		t.Errorf("Proof = %s, want %s", got, want)
	}
}

func TestText(t *testing.T) {
	for in, want := range map[string]Text{
		`"178"`: "178", `178`: "178", `17841405309211844`: "17841405309211844", `null`: "", `true`: "", `{}`: "", `[1]`: "", `-1`: "", `"a\u0062"`: "ab",
	} {
		var got Text
		if err := json.Unmarshal([]byte(in), &got); err != nil || got != want {
			t.Errorf("%s is %q, %v, want %q", in, got, err, want)
		}
	}
	if got := fmt.Sprint(Text("1")); got != "1" {
		t.Errorf("it prints as %q", got)
	}
}

// TestRedirects has what a person may paste.
func TestRedirects(t *testing.T) {
	client := New(rest.NewClient("threads", networks.Options{}), "https://graph.example", "v1.0")
	var code string
	s, err := client.Session(Flow{Page: "https://example/dialog", ID: "1", Redirect: Redirect, Scopes: []string{"a", "b"},
		Exchange: func(_ context.Context, c string) (keychain.Fresh, error) { code = c; return keychain.Fresh{}, nil }})
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(s.URL())
	if err != nil || u.Query().Get("scope") != "a,b" || len(u.Query().Get("state")) < 20 {
		t.Fatalf("the page is %v, %v", u, err)
	}
	state := "state=" + u.Query().Get("state")
	for pasted, want := range map[string]struct {
		code string
		kind networks.Kind // 0 with no code: of another login
	}{
		Redirect + "?code=AQ1&" + state + "#_=_":          {"AQ1", 0},
		" " + Redirect + "?" + state + "&code=AQ2#_ \n":   {"AQ2", 0},
		Redirect + "?code=AQ3&state=other":                {"", 0},
		Redirect + "?code=AQ4":                            {"", networks.Malformed},
		Redirect + "?" + state:                            {"", networks.Malformed},
		Redirect + "?error=access_denied&code=x&" + state: {"", networks.Forbidden},
		"AQcode":                 {"", networks.Malformed},
		"":                       {"", networks.Malformed},
		"http://%zz?" + state:    {"", networks.Malformed},
		strings.Repeat("x", 1e5): {"", networks.Malformed},
	} {
		code = ""
		_, err := s.Finish(t.Context(), pasted)
		var e *networks.Error
		switch errors.As(err, &e); {
		case code != want.code:
			t.Errorf("%.100q: the code is %q, want %q", pasted, code, want.code)
		case want.kind != 0 && (e == nil || e.Kind != want.kind), want.kind == 0 && e != nil:
			t.Errorf("%.100q: %v, want %s", pasted, err, want.kind)
		case want.code == "" && want.kind == 0 && !errors.Is(err, networks.ErrOtherLogin):
			t.Errorf("%.100q: %v, want another login", pasted, err)
		}
	}
	if _, err := client.Session(Flow{}); err == nil {
		t.Error("a login without an app begins")
	}
}

func TestHosts(t *testing.T) {
	for _, c := range []struct{ base, auth, wantBase, wantAuth string }{
		{"", "", "B", "A"},
		{"B", "A", "B", "A"},
		{"x/", "", "x", "x"},
		{"x", "A", "x", "x"},
		{"", "y/", "B", "y"},
		{"x", "y", "x", "y"},
	} {
		if base, auth := Hosts(networks.Options{BaseURL: c.base, AuthURL: c.auth}, "B", "A"); base != c.wantBase || auth != c.wantAuth {
			t.Errorf("%q, %q: %q, %q, want %q, %q", c.base, c.auth, base, auth, c.wantBase, c.wantAuth)
		}
	}
}
