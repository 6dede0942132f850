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
	held := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	r := refresher(says(200, "").network())
	for name, c := range map[string]struct {
		token    keychain.Token
		expires  time.Time
		from, by time.Time
	}{
		"60 days":       {withApp, held.Add(60 * day), held.Add(day), held.Add(30 * day)},
		"end unknown":   {withApp, time.Time{}, held.Add(day), held.Add(7 * day)},
		"ends soon":     {withApp, held.Add(10 * day), held.Add(day), held.Add(day)},
		"without app":   {bare, held.Add(60 * day), time.Time{}, time.Time{}},
		"without value": {keychain.Token{}, time.Time{}, time.Time{}, time.Time{}},
	} {
		if w := r.Window(c.token, held, c.expires); !w.From.Equal(c.from) || !w.By.Equal(c.by) {
			t.Errorf("%s: from %v by %v, want from %v by %v", name, w.From, w.By, c.from, c.by)
		}
	}
	if m := says(200, "").network().(networks.Renewer).Makers(); len(m) != 0 {
		t.Errorf("makers: %v", m)
	}
}

func TestRefresh(t *testing.T) {
	const day = 24 * time.Hour
	for name, c := range map[string]struct {
		kind string
		left time.Duration // 0: for ever
		same bool
	}{
		"half its life over": {"USER", 29 * day, false},
		"young":              {"USER", 45 * day, true},
		"for ever":           {"PAGE", 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			w, n := simulated(t)
			end := "0"
			if c.left > 0 {
				end = strconv.FormatInt(time.Now().Add(c.left).Unix(), 10)
			}
			w.AllowToken("facebook", access, appID, secret, c.kind, end)
			token := suite().Token
			fresh, err := refresher(n).Refresh(t.Context(), token)
			if err != nil {
				t.Fatal(err)
			}
			if fresh.Value.Equal(token.Value) != c.same || fresh.Value.Get("app_secret") != secret || fresh.Value.Get("app_id") != appID {
				t.Errorf("the new value is %v, the old one again: %v", fresh.Value, fresh.Value.Equal(token.Value))
			}
			left := time.Until(fresh.Expires)
			switch {
			case c.left == 0 && !fresh.Expires.IsZero(), c.same && c.left > 0 && (left > c.left || left < c.left-time.Minute), !c.same && left < 59*day:
				t.Errorf("it expires in %v", left)
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
