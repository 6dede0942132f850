package instagram_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"collectord/keychain"
	"collectord/networks"
)

func failure(t *testing.T, s *server, token keychain.Token, accounts ...string) *networks.Error {
	t.Helper()
	results, err := ask(t, s, token, accounts...)
	var e *networks.Error
	if !errors.As(err, &e) {
		t.Fatalf("%v, %v, want a *networks.Error", results, err)
	}
	return e
}

func fault(code, subcode int) string {
	return fmt.Sprintf(`{"error":{"message":"(#%d) words","type":"OAuthException","code":%d,"error_subcode":%d}}`, code, code, subcode)
}

// TestRecordedRefusals has Meta refuse whole requests, of both kinds of token.
func TestRecordedRefusals(t *testing.T) {
	for _, c := range []struct {
		file string
		kind networks.Kind
		code string
		hint string
	}{
		{"instagram/error-110-2207013.json", networks.Forbidden, "110/2207013", "ig_user_id"},
		{"facebook/error-190.json", networks.Unauthorized, "190/460", "password"},
		{"facebook/error-100-appsecret-proof.json", networks.Forbidden, "100", "app_secret"},
		{"facebook/error-100-no-permission.json", networks.Forbidden, "100", "review"},
		{"facebook/error-100-unsupported-get.json", networks.Forbidden, "100", "ig_user_id"},
		{"facebook/error-803.json", networks.Forbidden, "803", "ig_user_id"},
	} {
		for _, token := range []keychain.Token{discovery, login} {
			for _, status := range []int{200, 400, 403} {
				e := failure(t, &server{status: status, body: recorded(t, c.file)}, token, "a", "b")
				if e.Kind != c.kind || e.Code != c.code || !strings.Contains(e.Hint, c.hint) || e.Msg == "" {
					t.Errorf("%s, slot %s, http %d: %v (hint %q), want %s, code %s", c.file, token.Slot, status, e, e.Hint, c.kind, c.code)
				}
			}
		}
	}
}

// TestItems has one item of a batch refused, and then both.
func TestItems(t *testing.T) {
	for _, c := range []struct {
		code, subcode int
		kind          networks.Kind
		whole         bool // both refused is the request refused
	}{
		{110, 2207013, networks.NotFound, false},
		{24, 2207006, networks.NotFound, false},
		{4, 0, networks.RateLimited, true},
		{17, 0, networks.RateLimited, true},
		{32, 0, networks.RateLimited, true},
		{613, 0, networks.RateLimited, true},
		{80002, 0, networks.RateLimited, true},
		{190, 463, networks.Unauthorized, true},
		{190, 459, networks.Challenge, true},
		{102, 0, networks.Unauthorized, true},
		{10, 0, networks.Forbidden, true},
		{200, 0, networks.Forbidden, true},
		{100, 33, networks.Forbidden, true},
		{368, 0, networks.Challenge, true},
		{2, 0, networks.Temporary, true},
		{-1, 0, networks.Temporary, true},
		{424242, 0, networks.Malformed, false},
	} {
		t.Run(fmt.Sprintf("%d/%d", c.code, c.subcode), func(t *testing.T) {
			bad := item(400, fault(c.code, c.subcode))
			results, err := ask(t, &server{status: 200, body: batchOf(bad, account("b", "7"))}, discovery, "a", "b")
			if err != nil {
				t.Fatal(err)
			}
			if e := results[0].Err; e == nil || e.Kind != c.kind {
				t.Errorf("%v, want %s", e, c.kind)
			}
			if results[1].Profile == nil {
				t.Errorf("the neighbour: %v", results[1].Err)
			}
			results, err = ask(t, &server{status: 200, body: batchOf(bad, bad)}, discovery, "a", "b")
			var e *networks.Error
			switch errors.As(err, &e); {
			case c.whole && (e == nil || e.Kind != c.kind):
				t.Errorf("both refused: %v, %v, want the request to fail: %s", results, err, c.kind)
			case !c.whole && err != nil:
				t.Errorf("both refused: %v, want it of each account", err)
			}
		})
	}
}

// TestForbiddenAlone: one account alone that is refused says nothing of the token.
func TestForbiddenAlone(t *testing.T) {
	results, err := ask(t, &server{status: 200, body: batchOf(item(400, fault(10, 0)))}, discovery, "a")
	if err != nil || results[0].Err == nil || results[0].Err.Kind != networks.Forbidden {
		t.Errorf("%v, %v, want forbidden of the account", results, err)
	}
	if e := failure(t, &server{status: 200, body: batchOf(item(400, fault(190, 0)))}, discovery, "a"); e.Kind != networks.Unauthorized {
		t.Errorf("%v, want unauthorized", e)
	}
}

func TestLimits(t *testing.T) {
	const (
		app      = `{"call_count":101,"total_time":25,"total_cputime":25}`
		business = `{"17841405309211844":[{"type":"instagram","call_count":100,"total_cputime":25,"total_time":25,"estimated_time_to_regain_access":19}]}`
	)
	for name, c := range map[string]struct {
		outer, inner []string
		until        time.Duration
		hint         string
	}{
		"nothing said":            {until: 15 * time.Minute},
		"app usage":               {outer: []string{"X-App-Usage", app}, until: 15 * time.Minute, hint: "101 %"},
		"business usage":          {outer: []string{"X-Business-Use-Case-Usage", business}, until: 19 * time.Minute, hint: "100 %"},
		"business usage, in item": {inner: []string{"x-business-use-case-usage", business}, until: 19 * time.Minute, hint: "100 %"},
		"Retry-After":             {inner: []string{"Retry-After", "60"}, until: time.Minute},
		"both":                    {outer: []string{"X-App-Usage", app}, inner: []string{"x-business-use-case-usage", business}, until: 19 * time.Minute, hint: "101 %"},
		"nonsense":                {outer: []string{"X-App-Usage", "[]"}, inner: []string{"x-business-use-case-usage", `{"a":[{"estimated_time_to_regain_access":-5}]}`}, until: 15 * time.Minute},
		"a year":                  {inner: []string{"x-business-use-case-usage", `{"a":[{"estimated_time_to_regain_access":525600}]}`}, until: 24 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				now := time.Now()
				h := http.Header{}
				for i := 0; i < len(c.outer); i += 2 {
					h.Set(c.outer[i], c.outer[i+1])
				}
				body := batchOf(item(400, fault(4, 0), c.inner...))
				e := failure(t, &server{status: 200, header: h, body: body}, discovery, "a")
				if e.Kind != networks.RateLimited || e.Until.Sub(now) != c.until || !strings.Contains(e.Hint, c.hint) {
					t.Errorf("%v until %v (hint %q), want rate limited for %v, a hint with %q", e, e.Until.Sub(now), e.Hint, c.until, c.hint)
				}
			})
		})
	}
}

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		token  keychain.Token
		body   string
		report string
		kind   networks.Kind
	}{
		{login, `{"user_id":"1","username":"brand"}`, "Instagram Login of @brand", 0},
		{discovery, `{"id":"1","username":"brand"}`, "Business Discovery as @brand", 0},
		{login, fault(190, 463), "", networks.Unauthorized},
		{discovery, fault(100, 33), "", networks.Forbidden},
		{login, `{}`, "", networks.Malformed},
		{discovery, `{}`, "", networks.Malformed},
		{keychain.Token{}, `{}`, "", networks.Unauthorized},
	} {
		report, err := (&server{status: 200, body: c.body}).network().(networks.Checker).Check(t.Context(), c.token)
		var e *networks.Error
		if errors.As(err, &e) && e.Kind != c.kind || err == nil && c.kind != 0 || !strings.HasPrefix(report, c.report) || c.report == "" && report != "" {
			t.Errorf("%s: %q, %v, want %q, %s", c.body, report, err, c.report, c.kind)
		}
	}
}
