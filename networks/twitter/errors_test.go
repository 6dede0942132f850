package twitter_test

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
		{"error-401.json", 401, networks.Unauthorized, "http 401", "make new ones"},
		{"error-401-v11.json", 401, networks.Unauthorized, "89", "make new ones"},
		{"error-402-credits-new.json", 402, networks.Payment, "credits-depleted", "buy credits"},
		{"error-402-credits-old.json", 402, networks.Payment, "credits", "buy credits"},
		{"error-403-453-v11.json", 403, networks.Forbidden, "453", "plan"},
		{"error-403-client-not-enrolled.json", 403, networks.Forbidden, "client-not-enrolled", "Project"},
		{"error-404-v11-lookup.json", 404, networks.BadBatch, "17", ""},
		{"error-429-rate-docs.json", 429, networks.RateLimited, "88", ""},
		{"error-429-rate-v2.json", 429, networks.RateLimited, "http 429", ""},
		{"error-429-usage-capped.json", 429, networks.Quota, "usage-capped", "billing period"},
		{"oauth2-token-403.json", 403, networks.Unauthorized, "99", "make new ones"},
	} {
		t.Run(c.file, func(t *testing.T) {
			e := failure(t, &server{status: c.status, body: recorded(t, c.file)}, "a", "b")
			if e.Kind != c.kind || e.Code != c.code || !strings.Contains(e.Hint, c.hint) {
				t.Errorf("%v (hint %q), want %s, code %s, a hint with %q", e, e.Hint, c.kind, c.code, c.hint)
			}
			if e.Op != "twitter: users/by" || e.Msg == "" || len(e.Msg) > 210 {
				t.Errorf("Op %q, Msg %q", e.Op, e.Msg)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	const names = `{"errors":[{"parameters":{"usernames":["a-b"]},"message":"bad"}],"title":"Invalid Request","type":"https://api.twitter.com/2/problems/invalid-request"}`
	const flat = `{"parameter":"usernames","value":"a-b","title":"Invalid Request","type":"https://api.x.com/2/problems/invalid-request"}`
	const other = `{"errors":[{"parameters":{"user.fields":["x"]},"message":"bad"}],"title":"Invalid Request","type":"https://api.twitter.com/2/problems/invalid-request"}`
	for name, c := range map[string]struct {
		status   int
		body     string
		accounts int
		kind     networks.Kind
	}{
		"a bad handle of two":       {400, names, 2, networks.BadBatch},
		"a bad handle alone":        {400, names, 1, networks.NotFound},
		"a bad handle, the new way": {400, flat, 2, networks.BadBatch},
		"a bad field":               {400, other, 1, networks.Malformed},
		"an unknown address":        {404, "<html>", 1, networks.Malformed},
		"an unknown account":        {404, `{"type":"https://api.x.com/2/problems/resource-not-found"}`, 1, networks.NotFound},
		"v1.1, one unknown":         {404, `{"errors":[{"code":17}]}`, 1, networks.NotFound},
		"a locked account":          {403, `{"errors":[{"code":326,"message":"locked"}]}`, 1, networks.Challenge},
		"over capacity":             {503, `{"errors":[{"code":130,"message":"Over capacity"}]}`, 2, networks.Temporary},
		"bad gateway":               {502, "<html>", 2, networks.Temporary},
		"bearer on a user's call":   {403, `{"type":"https://api.x.com/2/problems/unsupported-authentication"}`, 2, networks.Forbidden},
		"odd types":                 {403, `{"type":5,"title":[],"errors":[{"code":"x"}]}`, 2, networks.Forbidden},
		"credits used up":           {403, `{"type":"https://api.x.com/2/problems/credits"}`, 2, networks.Payment},
		"credits used up, anew":     {403, `{"type":"https://api.x.com/2/problems/credits-depleted"}`, 2, networks.Payment},
		"usage capped":              {429, `{"type":"https://api.x.com/2/problems/usage-capped"}`, 2, networks.Quota},
	} {
		t.Run(name, func(t *testing.T) {
			e := failure(t, &server{status: c.status, body: c.body}, []string{"a", "b"}[:c.accounts]...)
			if e.Kind != c.kind {
				t.Errorf("%v, want %s", e, c.kind)
			}
			if e.Kind == networks.Challenge && e.Link != "https://x.com/login" {
				t.Errorf("Link is %q", e.Link)
			}
		})
	}
}

func TestLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(26 * 365 * 24 * time.Hour) // a bubble begins in 2000, when epoch seconds were smaller than hints
		now := time.Now()
		at := func(d time.Duration) string { return fmt.Sprint(now.Add(d).Unix()) }
		for name, c := range map[string]struct {
			header map[string]string
			until  time.Duration
			kind   networks.Kind
		}{
			"15 minutes":      {map[string]string{"x-rate-limit-remaining": "0", "x-rate-limit-reset": at(9 * time.Minute)}, 9 * time.Minute, networks.RateLimited},
			"no remaining":    {map[string]string{"x-rate-limit-reset": at(9 * time.Minute)}, 9 * time.Minute, networks.RateLimited},
			"the app's day":   {day("app", "0", at(9*time.Minute), at(20*time.Hour)), 20 * time.Hour, networks.Quota},
			"the user's day":  {day("user", "0", at(9*time.Minute), at(20*time.Hour)), 20 * time.Hour, networks.Quota},
			"a day with rest": {day("app", "3", at(9*time.Minute), at(20*time.Hour)), 9 * time.Minute, networks.RateLimited},
			"an odd clock":    {map[string]string{"x-rate-limit-remaining": "0", "x-rate-limit-reset": at(400 * 24 * time.Hour)}, 25 * time.Hour, networks.RateLimited},
			"nothing said":    {nil, 0, networks.RateLimited},
		} {
			h := http.Header{}
			for k, v := range c.header {
				h.Set(k, v)
			}
			e := failure(t, &server{status: 429, header: h}, "a", "b")
			if e.Kind != c.kind || c.until > 0 && !e.Until.Equal(now.Add(c.until)) || c.until == 0 && !e.Until.IsZero() {
				t.Errorf("%s: %s until %v, want %s in %v", name, e.Kind, e.Until.Sub(now), c.kind, c.until)
			}
		}
	})
}

func day(who, remaining, short, long string) map[string]string {
	return map[string]string{
		"x-rate-limit-remaining": "0", "x-rate-limit-reset": short,
		"x-" + who + "-limit-24hour-remaining": remaining, "x-" + who + "-limit-24hour-reset": long,
	}
}

func TestWrongClockIsNamed(t *testing.T) {
	h := http.Header{"Date": {time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)}}
	s := &server{status: 401, header: h, body: `{"title":"Unauthorized"}`}
	n := s.network()
	_, err := n.Profiles(t.Context(), four, n.Plan([]networks.Ref{{Name: "a"}})[0])
	var e *networks.Error
	if !errors.As(err, &e) || !strings.Contains(e.Hint, "clock is") {
		t.Errorf("%v with the hint %q, want one about the clock", err, e.Hint)
	}
	if e := failure(t, s, "a"); strings.Contains(e.Hint, "clock is 1h") {
		t.Errorf("a bearer token needs no clock, and the hint is %q", e.Hint)
	}
}

// TestClockThatIsRightIsNotNamed: a hint about the clock for five minutes and more, and
// not where X did not say its time.
func TestClockThatIsRightIsNotNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		date := func(off time.Duration) string { return time.Now().Add(off).UTC().Format(http.TimeFormat) }
		for said, named := range map[string]bool{
			"": false, "yesterday": false, date(0): false,
			date(5*time.Minute - time.Second): false, date(5 * time.Minute): true, date(-5 * time.Minute): true,
		} {
			s := &server{status: 401, header: http.Header{"Date": {said}}, body: `{"title":"Unauthorized"}`}
			n := s.network()
			_, err := n.Profiles(t.Context(), four, n.Plan([]networks.Ref{{Name: "a"}})[0])
			var e *networks.Error
			if !errors.As(err, &e) || strings.Contains(e.Hint, " off, and every") != named || e.Hint == "" {
				t.Errorf("%q: %v with the hint %q", said, err, e.Hint)
			}
		}
	})
}

// TestHintOfARefusedToken: one that is made anew by itself wants no new keys.
func TestHintOfARefusedToken(t *testing.T) {
	hints := make(map[string]string)
	for form, token := range map[string]keychain.Token{
		"app": slotOf("consumer_key", key, "consumer_secret", secret, "bearer_token", "made"), "user": userSlot("access", "refresh"), "four": four,
	} {
		n := (&server{status: 401, body: `{"title":"Unauthorized"}`}).network()
		_, err := n.Profiles(t.Context(), token, n.Plan([]networks.Ref{{Name: "a"}})[0])
		var e *networks.Error
		if !errors.As(err, &e) || e.Kind != networks.Unauthorized {
			t.Fatalf("%s: %v", form, err)
		}
		hints[form] = e.Hint
	}
	if hints["app"] != hints["user"] || hints["app"] == hints["four"] || hints["four"] == "" {
		t.Errorf("%q", hints)
	}
}
