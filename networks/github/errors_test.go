package github_test

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

// failure makes one request that fails, about as many accounts as given.
func failure(t *testing.T, s *server, names ...string) *networks.Error {
	t.Helper()
	results, err := ask(t, s, named(names...)...)
	var e *networks.Error
	if !errors.As(err, &e) {
		t.Fatalf("%v, %v, want a *networks.Error", results, err)
	}
	return e
}

func TestRefusals(t *testing.T) {
	empty := http.Header{"X-Ratelimit-Remaining": {"0"}}
	for name, c := range map[string]struct {
		status   int
		header   http.Header
		body     string
		accounts int
		kind     networks.Kind
		hint     string
	}{
		"a bad token":            {401, nil, `{"message":"Bad credentials"}`, 2, networks.Unauthorized, "new token"},
		"no rights":              {403, nil, `{"message":"Resource not accessible by personal access token"}`, 2, networks.Forbidden, "refuses"},
		"no points":              {403, empty, `{"message":"API rate limit exceeded for user ID 1."}`, 2, networks.RateLimited, ""},
		"secondary":              {403, nil, `{"message":"You have exceeded a secondary rate limit."}`, 2, networks.RateLimited, ""},
		"secondary, with a hint": {403, http.Header{"Retry-After": {"60"}}, `{"message":"Slow down"}`, 2, networks.RateLimited, ""},
		"no points, by GraphQL":  {200, empty, `{"errors":[{"type":"RATE_LIMITED","message":"API rate limit exceeded for user ID 1."}]}`, 2, networks.RateLimited, ""},
		"no points, older":       {200, empty, `{"data":null,"errors":[{"message":"API rate limit already exceeded for user ID 1."}]}`, 2, networks.RateLimited, ""},
		"too much":               {200, nil, `{"data":null,"errors":[{"type":"RESOURCE_LIMITS_EXCEEDED","message":"Resource limits for this query exceeded."}]}`, 2, networks.BadBatch, ""},
		"too much for one":       {200, nil, `{"data":null,"errors":[{"type":"RESOURCE_LIMITS_EXCEEDED","message":"Resource limits for this query exceeded."}]}`, 1, networks.Temporary, ""},
		"too slow":               {200, nil, `{"data":null,"errors":[{"message":"Something went wrong while executing your query. This may be the result of a timeout"}]}`, 2, networks.Temporary, ""},
		"forbidden by GraphQL":   {200, nil, `{"errors":[{"type":"FORBIDDEN","message":"No"}]}`, 2, networks.Forbidden, "refuses"},
		"a bad query":            {200, nil, `{"errors":[{"message":"Field 'x' doesn't exist on type 'User'"}]}`, 2, networks.Malformed, ""},
		"odd errors":             {200, nil, `{"errors":[5]}`, 2, networks.Malformed, ""},
		"no such place":          {404, nil, `{"message":"Not Found"}`, 1, networks.Malformed, "base_url"},
		"bad gateway":            {502, nil, `<html>`, 2, networks.Temporary, ""},
		"timeout":                {504, nil, `{"message":"We couldn't respond to your request in time."}`, 2, networks.Temporary, ""},
	} {
		t.Run(name, func(t *testing.T) {
			e := failure(t, &server{status: c.status, header: c.header, body: c.body}, []string{"a", "b"}[:c.accounts]...)
			if e.Kind != c.kind || !strings.Contains(e.Hint, c.hint) {
				t.Errorf("%v (hint %q), want %s, a hint with %q", e, e.Hint, c.kind, c.hint)
			}
			if e.Kind == networks.RateLimited && e.Until.IsZero() {
				t.Error("nobody knows until when")
			}
		})
	}
}

func TestLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(26 * 365 * 24 * time.Hour) // a bubble begins in 2000, when epoch seconds were smaller than hints
		now := time.Now()
		hour := fmt.Sprint(now.Add(40 * time.Minute).Unix())
		for name, c := range map[string]struct {
			header map[string]string
			until  time.Duration
		}{
			"the hour":             {map[string]string{"x-ratelimit-remaining": "0", "x-ratelimit-reset": hour}, 40 * time.Minute},
			"points are left":      {map[string]string{"x-ratelimit-remaining": "17", "x-ratelimit-reset": hour}, time.Minute},
			"Retry-After":          {map[string]string{"Retry-After": "30", "x-ratelimit-reset": hour}, 30 * time.Second},
			"nothing said":         {nil, time.Minute},
			"no points, no reset":  {map[string]string{"x-ratelimit-remaining": "0"}, time.Minute},
			"a reset out of sight": {map[string]string{"x-ratelimit-remaining": "0", "x-ratelimit-reset": fmt.Sprint(now.Add(9000 * time.Hour).Unix())}, 25 * time.Hour},
		} {
			h := http.Header{}
			for k, v := range c.header {
				h.Set(k, v)
			}
			for status, body := range map[int]string{429: `{}`, 403: `{"message":"rate limit"}`, 200: `{"errors":[{"type":"RATE_LIMITED"}]}`} {
				e := failure(t, &server{status: status, header: h, body: body}, "a", "b")
				if e.Kind != networks.RateLimited || !e.Until.Equal(now.Add(c.until)) {
					t.Errorf("%s, http %d: %s until %v, want in %v", name, status, e.Kind, e.Until.Sub(now), c.until)
				}
			}
		}
	})
}

func TestCheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)))
		const me = `{"data":{"viewer":{"login":"octocat"}}}`
		for name, c := range map[string]struct {
			status       int
			expiry, also string
			body, report string
			kind         networks.Kind
		}{
			"for ever":     {200, "", "", me, "token of octocat, reads public profiles; GitHub tells no expiry", 0},
			"a zone":       {200, "2026-12-02 13:00:00 UTC", "", me, "token of octocat, reads public profiles; it ends in 10 days, at 2026-12-02T13:00:00Z", 0},
			"an offset":    {200, "2026-12-02 13:00:00 +0200", "", me, "token of octocat, reads public profiles; it ends in 9 days, at 2026-12-02T11:00:00Z", 0},
			"odd expiry":   {200, "soon", "", me, "token of octocat, reads public profiles; GitHub tells no expiry", 0},
			"too much":     {200, "", "repo, user", me, "token of octocat, reads public profiles; GitHub tells no expiry; it may also do repo, user, which collectord needs none of", 0},
			"refused":      {401, "", "", `{"message":"Bad credentials"}`, "", networks.Unauthorized},
			"nobody":       {200, "", "", `{"data":{"viewer":null}}`, "", networks.Malformed},
			"rate limited": {200, "", "", `{"errors":[{"type":"RATE_LIMITED"}]}`, "", networks.RateLimited},
			"no JSON":      {200, "", "", `<html>`, "", networks.Malformed},
		} {
			h := http.Header{}
			h.Set("github-authentication-token-expiration", c.expiry)
			h.Set("x-oauth-scopes", c.also)
			s := &server{status: c.status, header: h, body: c.body}
			report, err := s.network().(networks.Checker).Check(t.Context(), token)
			var e *networks.Error
			if errors.As(err, &e) && e.Kind != c.kind || err == nil && c.kind != 0 || report != c.report {
				t.Errorf("%s: %q, %v, want %q, %s", name, report, err, c.report, c.kind)
			}
		}
	})
}

func TestNoToken(t *testing.T) {
	for _, tok := range []keychain.Token{{}, {Slot: "gh", Value: keychain.Mapping(map[string]string{"token": "ghp_x"})}} {
		for _, ref := range []networks.Ref{{Name: "a"}, {ID: "1"}} {
			s := &server{status: 200, body: `{}`}
			n := s.network()
			_, err := n.Profiles(t.Context(), tok, n.Plan([]networks.Ref{ref})[0])
			var e *networks.Error
			if !errors.As(err, &e) || e.Kind != networks.Unauthorized || !strings.Contains(e.Hint, "slot gh") || s.asked != nil {
				t.Errorf("%v, want unauthorized and no request", err)
			}
		}
	}
}
