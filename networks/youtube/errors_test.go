package youtube_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"collectord/keychain"
	"collectord/networks"
)

// failure makes one request that fails, about as many accounts as given.
func failure(t *testing.T, s *server, accounts ...string) *networks.Error {
	t.Helper()
	results, err := ask(t, s, accounts...)
	var e *networks.Error
	if !errors.As(err, &e) {
		t.Fatalf("%v, %v, want a *networks.Error", results, err)
	}
	return e
}

func TestRecordedRefusals(t *testing.T) {
	for _, c := range []struct {
		file   string
		status int
		kind   networks.Kind
		code   string
		hint   string
	}{
		{"error-keyInvalid.json", 400, networks.Unauthorized, "keyInvalid", "make a new API key"},
		{"error-403-accessNotConfigured.json", 403, networks.Forbidden, "accessNotConfigured", "enable"},
		{"error-403-permission.json", 403, networks.Forbidden, "http 403", ""},
		{"error-403-quotaExceeded.json", 403, networks.Quota, "quotaExceeded", "midnight Pacific"},
		{"error-429-errorinfo.json", 429, networks.RateLimited, "RATE_LIMIT_EXCEEDED", ""},
	} {
		t.Run(c.file, func(t *testing.T) {
			e := failure(t, &server{status: c.status, body: recorded(t, c.file)}, id(1), id(2))
			if e.Kind != c.kind || e.Code != c.code || !strings.Contains(e.Hint, c.hint) {
				t.Errorf("%v (hint %q), want %s, code %s, a hint with %q", e, e.Hint, c.kind, c.code, c.hint)
			}
			if e.Op != "youtube: channels.list" || e.Msg == "" || len(e.Msg) > 210 {
				t.Errorf("Op %q, Msg %q", e.Op, e.Msg)
			}
		})
	}
}

func body(reason, info, message, metadata string) string {
	return `{"error":{"message":"` + message + `","errors":[{"reason":"` + reason + `"}],"details":[{"reason":"` + info + `","metadata":{` + metadata + `}}]}}`
}

func TestRefusals(t *testing.T) {
	const perDay = `"quota_unit":"1/d/{project}"`
	for name, c := range map[string]struct {
		status   int
		body     string
		accounts int
		kind     networks.Kind
	}{
		"a wrong key":           {400, body("badRequest", "API_KEY_INVALID", "API key not valid. Please pass a valid API key.", ""), 2, networks.Unauthorized},
		"a wrong key, in words": {400, body("badRequest", "", "API key not valid. Please pass a valid API key.", ""), 2, networks.Unauthorized},
		"an expired key":        {400, body("badRequest", "", "API key expired. Please renew the API key.", ""), 2, networks.Unauthorized},
		"a bad request":         {400, body("badRequest", "", "Request contains an invalid argument.", ""), 2, networks.Malformed},
		"the old quota":         {403, body("dailyLimitExceeded", "", "Daily Limit Exceeded", ""), 2, networks.Quota},
		"the new quota":         {429, body("rateLimitExceeded", "RATE_LIMIT_EXCEEDED", "Quota exceeded", perDay), 2, networks.Quota},
		"too fast":              {403, body("rateLimitExceeded", "", "Rate Limit Exceeded", ""), 2, networks.RateLimited},
		"by minute":             {429, body("", "RATE_LIMIT_EXCEEDED", "x", `"quota_unit":"1/min/{project}"`), 2, networks.RateLimited},
		"another machine":       {403, body("ipRefererBlocked", "API_KEY_IP_ADDRESS_BLOCKED", "x", ""), 2, networks.Forbidden},
		"switched off":          {403, body("forbidden", "SERVICE_DISABLED", "x", ""), 2, networks.Forbidden},
		"no key":                {403, body("forbidden", "", "x", ""), 2, networks.Forbidden},
		"backend":               {500, body("backendError", "", "Backend Error", ""), 2, networks.Temporary},
		"backend 403":           {403, body("backendError", "", "Backend Error", ""), 2, networks.Temporary},
		"bad gateway":           {502, "<html>", 2, networks.Temporary},
		"no such channel":       {404, body("channelNotFound", "", "x", ""), 1, networks.NotFound},
		"one of two unknown":    {404, body("channelNotFound", "", "x", ""), 2, networks.BadBatch},
		"one forbidden":         {403, body("channelForbidden", "", "x", ""), 1, networks.Blocked},
		"another server":        {404, "<html>", 1, networks.Malformed},
		"odd types":             {403, `{"error":{"message":5,"errors":{},"details":"x"}}`, 2, networks.Forbidden},
	} {
		t.Run(name, func(t *testing.T) {
			e := failure(t, &server{status: c.status, body: c.body}, []string{id(1), id(2)}[:c.accounts]...)
			if e.Kind != c.kind {
				t.Errorf("%v, want %s", e, c.kind)
			}
		})
	}
}

// TestQuotaEndsAtMidnightInCalifornia, in the zone of the day that is meant.
func TestQuotaEndsAtMidnightInCalifornia(t *testing.T) {
	for now, want := range map[string]string{
		"2026-01-15T12:00:00Z": "2026-01-16T08:00:00Z", // winter
		"2026-07-15T12:00:00Z": "2026-07-16T07:00:00Z", // summer
		"2026-07-15T06:59:59Z": "2026-07-15T07:00:00Z", // a second before
		"2026-07-15T07:00:00Z": "2026-07-16T07:00:00Z", // at midnight it is the next one
		"2026-03-08T08:30:00Z": "2026-03-09T07:00:00Z", // clocks go forward: a day of 23 h
		"2026-11-01T07:30:00Z": "2026-11-02T08:00:00Z", // clocks go back: a day of 25 h
	} {
		synctest.Test(t, func(t *testing.T) {
			at, err := time.Parse(time.RFC3339, now)
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Until(at))
			s := &server{status: 403, header: http.Header{"Retry-After": {"5"}}, body: body("quotaExceeded", "", "x", "")}
			e := failure(t, s, id(1))
			if got := e.Until.UTC().Format(time.RFC3339); got != want {
				t.Errorf("at %s the quota is used up until %s, want %s", now, got, want)
			}
		})
	}
}

func TestRateLimitHint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{status: 403, header: http.Header{"Retry-After": {"5"}}, body: body("rateLimitExceeded", "", "x", "")}
		if e := failure(t, s, id(1)); time.Until(e.Until) != 5*time.Second {
			t.Errorf("until %v, want in 5 s", e.Until)
		}
	})
}

func TestTokens(t *testing.T) {
	for _, tok := range []keychain.Token{
		{}, {Slot: "yt", Value: keychain.Bare("a\nb")}, {Slot: "yt", Value: keychain.Mapping(map[string]string{"key": "AIza"})},
	} {
		s := &server{status: 200, body: `{"items":[]}`}
		n := s.network()
		_, err := n.Profiles(t.Context(), tok, n.Plan([]networks.Ref{{Name: "abc"}})[0])
		var e *networks.Error
		if !errors.As(err, &e) || e.Kind != networks.Unauthorized || !strings.Contains(e.Hint, "slot yt") || s.asked != nil {
			t.Errorf("%v, want unauthorized and no request", err)
		}
	}
}

func TestCheck(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		kind   networks.Kind
	}{
		"good":        {200, `{"items":[]}`, 0},
		"refused":     {400, body("keyInvalid", "", "Bad Request", ""), networks.Unauthorized},
		"not enabled": {403, body("accessNotConfigured", "", "x", ""), networks.Forbidden},
		"used up":     {403, body("quotaExceeded", "", "x", ""), networks.Quota},
		"no list":     {200, `{}`, networks.Malformed},
	} {
		t.Run(name, func(t *testing.T) {
			report, err := (&server{status: c.status, body: c.body}).network().(networks.Checker).Check(t.Context(), token)
			var e *networks.Error
			if errors.As(err, &e) && e.Kind != c.kind || err == nil && c.kind != 0 {
				t.Errorf("%v, want %s", err, c.kind)
			}
			if (c.kind == 0) != strings.Contains(report, "three significant figures") {
				t.Errorf("the report is %q", report)
			}
		})
	}
}
