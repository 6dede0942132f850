package vk_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"collectord/networks"
)

// refusal is the error of a request about two ids that VK refused with body.
func refusal(t *testing.T, body string, b networks.Batch) *networks.Error {
	t.Helper()
	_, err := say(t, body).Profiles(t.Context(), token(), b)
	var e *networks.Error
	if !errors.As(err, &e) {
		t.Fatalf("the error is %v, want a *networks.Error", err)
	}
	return e
}

func TestRecordedErrors(t *testing.T) {
	for file, want := range map[string]struct {
		code string
		kind networks.Kind
	}{
		"error_1":                        {"1", networks.Temporary},
		"error_5":                        {"5/1130", networks.Unauthorized},
		"error_5_subcode_1130_ip":        {"5/1130", networks.Unauthorized},
		"error_5_expired":                {"5/expired", networks.Unauthorized},
		"error_5_revoked":                {"5/revoked", networks.Unauthorized},
		"error_5_invalid":                {"5/invalid", networks.Unauthorized},
		"error_6":                        {"6", networks.RateLimited},
		"error_7":                        {"7", networks.Forbidden},
		"error_9":                        {"9", networks.Quota},
		"error_14":                       {"14", networks.Challenge},
		"error_14_redirect_official":     {"14", networks.Challenge},
		"error_15":                       {"15", networks.Forbidden},
		"error_15_subcode_1134":          {"15/1134", networks.Forbidden},
		"error_17":                       {"17", networks.Challenge},
		"error_27_group_token":           {"27", networks.Forbidden},
		"error_28_service_token":         {"28", networks.Forbidden},
		"error_29":                       {"29", networks.Quota},
		"error_100":                      {"100", networks.Malformed},
		"error_104":                      {"104", networks.BadBatch},
		"error_113_users_get_unknown_id": {"113", networks.BadBatch},
		"error_125":                      {"125", networks.BadBatch},
		"error_1117":                     {"1117", networks.Unauthorized},
	} {
		t.Run(file, func(t *testing.T) {
			e := refusal(t, recorded(t, "errors/"+file+".json"), users("1", "2"))
			if e.Kind != want.kind || e.Code != want.code {
				t.Errorf("%v, want the code %s and %s", e, want.code, want.kind)
			}
			if e.Kind != networks.Temporary && e.Kind != networks.BadBatch && e.Kind != networks.Malformed && e.Hint == "" {
				t.Errorf("%v: no hint", e)
			}
			if e.Kind == networks.Challenge && !strings.HasPrefix(e.Link, "http") {
				t.Errorf("%v: no link", e)
			}
		})
	}
}

func TestErrorText(t *testing.T) {
	e := refusal(t, `{"error":{"error_code":29,"error_msg":"Rate limit reached"}}`, users("1"))
	if got, want := e.Error(), "vk: users.get: code 29: quota: Rate limit reached"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	e = refusal(t, `{"error":{"error_code":5,"error_msg":"bad `+secret+` token"}}`, users("1"))
	if strings.Contains(fmt.Sprintf("%+v", *e), secret) {
		t.Errorf("the error holds the token: %v", e)
	}
}

func TestTooFastWaitsASecond(t *testing.T) {
	e := refusal(t, `{"error":{"error_code":6,"error_msg":"Too many requests per second"}}`, users("1"))
	if wait := time.Until(e.Until); wait <= 0 || wait > time.Second {
		t.Errorf("Until is in %v, want within a second", wait)
	}
}

// TestEveryCode: every code of the documented table has a kind, about one account
// or several.
func TestEveryCode(t *testing.T) {
	kinds := map[networks.Kind][]int{
		networks.Temporary:    {1, 10, 32, 36, 43},
		networks.RateLimited:  {6},
		networks.Quota:        {9, 29, 601, 1105},
		networks.Unauthorized: {5, 27, 28, 1114, 1116, 1117, 1118, 3609, 3610, 3611},
		networks.Challenge:    {14, 17, 25, 41, 1110, 3300, 3301, 3302, 3303, 3304, 3305, 11500},
		networks.Forbidden:    {2, 3, 4, 7, 8, 11, 15, 16, 18, 20, 21, 23, 24, 33, 34, 35, 37, 38, 42, 101, 1051, 9999},
		networks.Malformed:    {12, 13, 100, 150, 77777},
		networks.BadBatch:     {19, 30, 39, 40, 103, 104, 113, 125, 203, 260, 1260},
	}
	for want, codes := range kinds {
		for _, code := range codes {
			body := fmt.Sprintf(`{"error":{"error_code":%d,"error_msg":"words"}}`, code)
			if e := refusal(t, body, users("1", "2")); e.Kind != want || e.Code != fmt.Sprint(code) || e.Msg != "words" {
				t.Errorf("code %d: %v, want %s", code, e, want)
			}
		}
	}
	for want, codes := range map[networks.Kind][]int{
		networks.NotFound: {39, 104, 113, 125, 1260}, networks.Private: {30, 203}, networks.Hidden: {260}, networks.Blocked: {19},
	} {
		for _, code := range codes {
			r := one(t, say(t, fmt.Sprintf(`{"error":{"error_code":%d}}`, code)), users("1"))
			if r.Err == nil || r.Err.Kind != want {
				t.Errorf("code %d about one account: %v, want %s", code, r.Err, want)
			}
		}
	}
}

// TestWhatUnknownMeans is the table of refusals that speak of accounts.
func TestWhatUnknownMeans(t *testing.T) {
	const (
		e113 = `{"error":{"error_code":113,"error_msg":"Invalid user id"}}`
		e100 = `{"error":{"error_code":100,"error_msg":"One of the parameters specified was missing or invalid: group_ids is undefined"}}`
		none = `{"response":[]}`
	)
	for _, c := range []struct {
		op, kind, body string
		alone          bool
		next           string
		want           networks.Kind // where next is empty
	}{
		{"users.get", "", e113, false, "group?", 0},
		{"users.get", "", e113, true, "group", 0},
		{"users.get", "", none, false, "group", 0},
		{"users.get", "", none, true, "group", 0},
		{"users.get", "user", e113, false, "", networks.BadBatch},
		{"users.get", "user", e113, true, "", networks.NotFound},
		{"users.get", "user", none, false, "", networks.NotFound},
		{"users.get", "user?", e113, false, "", networks.BadBatch},
		{"users.get", "user?", e113, true, "", networks.NotFound},
		{"users.get", "user?", none, true, "", networks.NotFound},
		{"groups.getById", "group", e100, false, "", networks.BadBatch},
		{"groups.getById", "group", e100, true, "", networks.NotFound},
		{"groups.getById", "group", none, false, "", networks.NotFound},
		{"groups.getById", "group?", e100, false, "", networks.BadBatch},
		{"groups.getById", "group?", e100, true, "user?", 0},
		{"groups.getById", "group?", none, false, "user?", 0},
	} {
		b := networks.Batch{Op: c.op, Refs: []networks.Ref{{Kind: c.kind, Name: "one"}, {Kind: c.kind, Name: "two"}}}
		if c.alone {
			b.Refs = b.Refs[:1]
		}
		results, err := say(t, c.body).Profiles(t.Context(), token(), b)
		switch {
		case err != nil:
			if kindOf(err) != c.want || c.want != networks.BadBatch {
				t.Errorf("%+v: %v", c, err)
			}
		case c.next != "":
			if results[0].Next == nil || *results[0].Next != (networks.Ref{Kind: c.next, Name: "one"}) {
				t.Errorf("%+v: %+v", c, results[0])
			}
		case results[0].Err == nil || results[0].Err.Kind != c.want:
			t.Errorf("%+v: %+v", c, results[0])
		}
	}
}

func TestBrowserChallenge(t *testing.T) {
	n := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Challenge", "required")
		w.Header().Set("X-Challenge-Url", "https://vk.ru/challenge.html?id=1")
		_, _ = io.WriteString(w, "<html>")
	})
	_, err := n.Profiles(t.Context(), token(), users("1"))
	var e *networks.Error
	if !errors.As(err, &e) || e.Kind != networks.Challenge || e.Link != "https://vk.ru/challenge.html?id=1" {
		t.Errorf("%v, want a challenge with its link", err)
	}
}

func TestPathOfSomethingElse(t *testing.T) {
	n := serve(t, http.NotFound)
	if _, err := n.Profiles(t.Context(), token(), users("1")); kindOf(err) != networks.Malformed {
		t.Errorf("http 404: %v, want malformed: no account is missing", err)
	}
}
