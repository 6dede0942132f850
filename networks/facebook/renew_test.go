package facebook_test

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/networktest"
)

func refresher(n networks.Network) keychain.Refresher {
	return n.(networks.Renewer).Refreshers()["fb"]
}

func TestWindow(t *testing.T) {
	const day = 24 * time.Hour
	held := time.Now().Add(-time.Hour)
	r := refresher(says(200, "").network())
	for name, c := range map[string]struct {
		token   keychain.Token
		expires time.Time
		by      time.Time // zero: never
		looks   bool
	}{
		"60 days":                  {withApp, held.Add(60 * day), held.Add(day), false},
		"for ever":                 {withApp, keychain.Never(), held.Add(day), false},
		"end unknown":              {withApp, time.Time{}, held, false},
		"ended":                    {withApp, held.Add(-10 * day), held.Add(day), false},
		"without app":              {bare, held.Add(60 * day), held.Add(day), true},
		"without app, end unknown": {bare, time.Time{}, held.Add(day), true},
		"without value":            {keychain.Token{}, time.Time{}, time.Time{}, false},
	} {
		if w := r.Window(c.token, held, c.expires); !w.From.IsZero() || !w.By.Equal(c.by) || w.Looks != c.looks {
			t.Errorf("%s: %+v, want by %v", name, w, c.by)
		}
	}
	if m := says(200, "").network().(networks.Renewer).Makers(); len(m) != 0 {
		t.Errorf("makers: %v", m)
	}
}

func TestRefresh(t *testing.T) {
	const day = 24 * time.Hour
	for name, c := range map[string]struct {
		kind  string
		left  time.Duration // 0: for ever
		data  time.Duration // access to data; 0: for ever
		same  bool
		ends  time.Duration // 0: never
		final bool
	}{
		"half its life over":         {"USER", 29 * day, 80 * day, false, 60 * day, false},
		"young":                      {"USER", 45 * day, 80 * day, true, 45 * day, false},
		"for ever":                   {"PAGE", 0, 0, true, 0, false},
		"for ever, and data for 70":  {"PAGE", 0, 70 * day, true, 70 * day, true},
		"young, and data for 10":     {"USER", 45 * day, 10 * day, true, 10 * day, true},
		"renewed, and data for 40":   {"USER", 20 * day, 40 * day, false, 40 * day, true},
		"system user, data for ever": {"SYSTEM_USER", 20 * day, 0, false, 60 * day, false},
	} {
		t.Run(name, func(t *testing.T) {
			w, n := simulated(t)
			at := func(d time.Duration) string {
				if d == 0 {
					return "0"
				}
				return strconv.FormatInt(time.Now().Add(d).Unix(), 10)
			}
			w.AllowToken("facebook", access, appID, secret, c.kind, at(c.left), at(c.data))
			token := suite().Token
			fresh, err := refresher(n).Refresh(t.Context(), token)
			if err != nil {
				t.Fatal(err)
			}
			if fresh.Value.Equal(token.Value) != c.same || fresh.Value.Get("app_secret") != secret || fresh.Value.Get("app_id") != appID {
				t.Errorf("the new value is %v, the old one again: %v", fresh.Value, fresh.Value.Equal(token.Value))
			}
			left := time.Until(fresh.Expires)
			if c.ends == 0 != fresh.Expires.Equal(keychain.Never()) || c.ends > 0 && (left > c.ends || left < c.ends-time.Minute) || fresh.Final != c.final {
				t.Errorf("it expires in %v, final: %v", left, fresh.Final)
			}
		})
	}
}

// TestRefreshFails: what a person has to mend is a Refusal, nothing else is, and the
// token is in no word of it.
func TestRefreshFails(t *testing.T) {
	soon := fmt.Sprintf(`{"data":{"type":"USER","is_valid":true,"expires_at":%d}}`, time.Now().Add(20*24*time.Hour).Unix())
	long := `{"access_token":"EAAGnext","expires_in":1728000}`
	words := func(code, subcode int) string {
		return fmt.Sprintf(`{"error":{"message":"words about EAAG%[1]s and app-secret-%[1]s","type":"OAuthException","code":%[2]d,"error_subcode":%[3]d}}`, networktest.Marker, code, subcode)
	}
	for name, c := range map[string]struct {
		answers []string
		refusal string // state, "" for an error to try again
		kind    networks.Kind
		text    string
	}{
		"invalid":         {[]string{`{"data":{"is_valid":false}}`}, keychain.Dead, networks.Unauthorized, "keychain login facebook"},
		"checkpoint":      {[]string{`{"data":{"is_valid":false,"error":{"code":190,"error_subcode":459}}}`}, keychain.Parked, networks.Challenge, "checkpoint"},
		"wrong app":       {[]string{words(190, 0)}, "", networks.Forbidden, "app_secret"},
		"exchange: 190":   {[]string{soon, words(190, 463)}, keychain.Dead, networks.Unauthorized, "keychain login facebook"},
		"exchange: app":   {[]string{soon, `{"error":{"message":"Error validating client secret.","code":1}}`}, "", networks.Forbidden, "app_secret"},
		"exchange: later": {[]string{soon, words(2, 0)}, "", networks.Temporary, ""},
		"exchange: limit": {[]string{soon, words(4, 0)}, "", networks.RateLimited, ""},
		"exchange: empty": {[]string{soon, `{}`}, "", networks.Malformed, ""},
		"exchange: html":  {[]string{soon, `<html>`}, "", networks.Malformed, ""},
		"no longer life":  {[]string{soon, long}, "", networks.Challenge, "keychain login facebook"},
		"look: later":     {[]string{words(2, 0)}, "", networks.Temporary, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := says(200, c.answers...)
			fresh, err := refresher(s.network()).Refresh(t.Context(), suite().Token)
			var e *networks.Error
			var refusal *keychain.Refusal
			if !errors.As(err, &e) || e.Kind != c.kind {
				t.Fatalf("%v, %v, want %s", fresh, err, c.kind)
			}
			hint := e.Hint
			if errors.As(err, &refusal) != (c.refusal != "") || refusal != nil && refusal.State.Name != c.refusal {
				t.Errorf("refusal %+v, want %q", refusal, c.refusal)
			}
			if refusal != nil {
				hint = refusal.State.Hint
			}
			var late *keychain.Later
			if errors.As(err, &late) != (refusal == nil) || late != nil && late.After != 24*time.Hour {
				t.Errorf("it is tried again after %+v", late)
			}
			// The end that a look told is not lost with the exchange.
			if told := !fresh.Expires.IsZero() && fresh.Value.Equal(suite().Token.Value); told != strings.Contains(c.answers[0], "expires_at") && refusal == nil {
				t.Errorf("the end is %v", fresh.Expires)
			}
			if !strings.Contains(hint, c.text) {
				t.Errorf("the hint is %q, want %q in it", hint, c.text)
			}
			if text := err.Error() + hint; strings.Contains(text, networktest.Marker) || strings.Contains(text, "://graph") {
				t.Errorf("a secret or an address: %s", text)
			}
		})
	}
}

// TestRecordedExchange reads the recorded answer of the exchange.
func TestRecordedExchange(t *testing.T) {
	soon := fmt.Sprintf(`{"data":{"type":"USER","is_valid":true,"expires_at":%d}}`, time.Now().Add(20*24*time.Hour).Unix())
	s := says(200, soon, recorded(t, "fb_exchange_token.json"))
	fresh, err := refresher(s.network()).Refresh(t.Context(), withApp)
	if err != nil || fresh.Value.Get("access_token") != "token" || time.Until(fresh.Expires) < 59*24*time.Hour {
		t.Errorf("%v until %v, %v", fresh.Value, fresh.Expires, err)
	}
	const want = "https://graph.facebook.com/v25.0/oauth/access_token?client_id=1234567890&client_secret=appsecret&fb_exchange_token=EAAGtoken&grant_type=fb_exchange_token"
	if got := s.asked[1].URL.String(); got != want {
		t.Errorf("asked %s, want %s", got, want)
	}
	const debug = "https://graph.facebook.com/v25.0/debug_token?input_token=EAAGtoken"
	if got := s.asked[0]; got.URL.String() != debug || got.Header.Get("Authorization") != "Bearer 1234567890|appsecret" {
		t.Errorf("asked %s", got.URL)
	}
}

// TestLook: a token without its app asks about itself or, where Meta does not let it,
// is tried; either way it is known to be good or not.
func TestLook(t *testing.T) {
	self := fmt.Sprintf(`{"data":{"type":"USER","is_valid":true,"expires_at":%d}}`, time.Now().Add(20*24*time.Hour).Unix())
	notOwn := `{"error":{"message":"(#100) You must provide an app access token","type":"OAuthException","code":100}}`
	for name, c := range map[string]struct {
		answers []string
		expires bool
		refusal string
	}{
		"itself":          {[]string{self}, true, ""},
		"is tried":        {[]string{notOwn, `{"id":"1","name":"A"}`}, false, ""},
		"is tried, dead":  {[]string{notOwn, `{"error":{"message":"x","type":"OAuthException","code":190}}`}, false, keychain.Dead},
		"revoked":         {[]string{`{"data":{"is_valid":false}}`}, false, keychain.Dead},
		"not to itself":   {[]string{`{"error":{"message":"x","type":"OAuthException","code":190,"error_subcode":460}}`}, false, keychain.Dead},
		"tried, no words": {[]string{notOwn, `{}`}, false, "later"},
	} {
		s := says(200, c.answers...)
		fresh, err := refresher(s.network()).Refresh(t.Context(), bare)
		var refusal *keychain.Refusal
		var late *keychain.Later
		got := ""
		switch {
		case errors.As(err, &refusal):
			got = refusal.State.Name
		case errors.As(err, &late):
			got = "later"
		case err != nil:
			got = err.Error()
		case !fresh.Value.Equal(bare.Value) || fresh.Expires.IsZero() == c.expires:
			t.Errorf("%s: %v until %v", name, fresh.Value, fresh.Expires)
		}
		if got != c.refusal || len(s.asked) != len(c.answers) {
			t.Errorf("%s: %q after %d requests: %v", name, got, len(s.asked), err)
		}
	}
}
