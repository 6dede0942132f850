package tiktok_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/networktest"
)

// TestCodes: the code counts, whatever the status.
func TestCodes(t *testing.T) {
	for code, c := range map[string]struct {
		kind networks.Kind
		hint string
	}{
		"access_token_invalid":    {networks.Unauthorized, "autocomplete"},
		"access_token_expired":    {networks.Unauthorized, "autocomplete"},
		"scope_not_authorized":    {networks.Forbidden, "user.info.stats"},
		"scope_permission_missed": {networks.Forbidden, "user.info.stats"},
		"rate_limit_exceeded":     {networks.RateLimited, ""},
		"internal_error":          {networks.Temporary, ""},
		"invalid_params":          {networks.Malformed, ""},
	} {
		for _, status := range []int{200, 400, 401, 404, 500} {
			body := fmt.Sprintf(`{"data":{},"error":{"code":%q,"message":"words about act.the-access","log_id":"1"}}`, code)
			e := networktest.Whole(ask(t, &server{status: status, body: body}, token, networks.Ref{Kind: "me"}))
			if e == nil || e.Kind != c.kind || e.Code != code || !strings.Contains(e.Hint, c.hint) || e.Op != "tiktok: user/info" {
				t.Errorf("%s, http %d: %v, want %s", code, status, e, c.kind)
			}
			if e != nil && e.Msg != "words about [redacted]" {
				t.Errorf("%s: the words are %q", code, e.Msg)
			}
		}
	}
	e := networktest.Whole(ask(t, &server{status: 404, body: "Unsupported path"}, token, networks.Ref{Kind: "me"}))
	if e == nil || e.Kind != networks.Malformed || !strings.Contains(e.Hint, "base_url") {
		t.Errorf("an unknown path: %v", e)
	}
}

func TestIncompleteTokens(t *testing.T) {
	for missing, code := range map[string]string{"client_key": "", "client_secret": "", "refresh_token": "", "access_token": "no access token"} {
		s := &server{status: 200, body: answer(`{}`)}
		tok := keychain.Token{Slot: "tt", Value: token.With(map[string]string{missing: ""})}
		e := networktest.Whole(ask(t, s, tok, networks.Ref{Kind: "me"}))
		if e == nil || e.Kind != networks.Unauthorized || e.Code != code || e.Hint == "" || s.asked != nil {
			t.Errorf("without %s: %v", missing, e)
		}
	}
}

func TestCheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := simulated(world()).(networks.Checker)
		dated := keychain.Token{Slot: "tt", Value: token.With(map[string]string{
			"refresh_expires_at": time.Now().Add(365 * 24 * time.Hour).Format(time.RFC3339),
		})}
		report, err := n.Check(t.Context(), dated)
		if want := "@brand.co_, reads this account alone; renewed by itself, a login is due in 365 days"; err != nil || report != want {
			t.Errorf("%q, %v, want %q", report, err, want)
		}
		for name, tok := range map[string]keychain.Token{
			"none":   {},
			"a new":  {Slot: "tt", Value: token.With(map[string]string{"access_token": ""})},
			"an old": {Slot: "tt", Value: token.With(map[string]string{"access_token": "act.old"})},
		} {
			_, err := n.Check(t.Context(), tok)
			if e := networktest.Whole(nil, err); e == nil || e.Kind != networks.Unauthorized || e.Hint == "" {
				t.Errorf("%s: %v, want unauthorized", name, err)
			}
		}
	})
}
