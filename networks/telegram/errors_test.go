package telegram_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"collectord/keychain"
	"collectord/networks"
)

// failure is what one request about a chat came to.
func failure(t *testing.T, s *server, ref networks.Ref) *networks.Error {
	t.Helper()
	n := s.network()
	results, err := n.Profiles(t.Context(), token, n.Plan([]networks.Ref{ref})[0])
	var e *networks.Error
	if errors.As(err, &e) {
		return e
	}
	if len(results) != 1 || results[0].Err == nil {
		t.Fatalf("%v, %v, want an error", results, err)
	}
	return results[0].Err
}

func TestRecordedRefusals(t *testing.T) {
	var all []json.RawMessage
	if err := json.Unmarshal([]byte(recorded(t, "errors.json")), &all); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		for _, body := range all {
			var code struct {
				Code int `json:"error_code"`
			}
			if err := json.Unmarshal(body, &code); err != nil {
				t.Fatal(err)
			}
			want := map[int]networks.Kind{400: networks.NotFound, 401: networks.Unauthorized, 404: networks.Unauthorized, 429: networks.RateLimited}[code.Code]
			e := failure(t, &server{status: code.Code, body: string(body)}, networks.Ref{Name: "durov"})
			if e.Kind != want || e.Code != fmt.Sprint(code.Code) || e.Msg == "" || e.Op != "telegram: getChat" {
				t.Errorf("%s: %v, want %s", body, e, want)
			}
			if code.Code == 429 && time.Until(e.Until) != 34*time.Second {
				t.Errorf("until %v, want in 34 s", time.Until(e.Until))
			}
		}
	})
}

func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		kind   networks.Kind
	}{
		"kicked":            {403, refusal(403, "Forbidden: bot was kicked from the supergroup chat"), networks.Blocked},
		"not a member":      {403, refusal(403, "Forbidden: bot is not a member of the channel chat"), networks.Blocked},
		"no rights":         {403, refusal(403, "Forbidden"), networks.Forbidden},
		"inaccessible":      {400, refusal(400, "Bad Request: member list is inaccessible"), networks.Blocked}, // its names are unknown yet
		"odd request":       {400, refusal(400, "Bad Request: chat_id is empty"), networks.Malformed},
		"server":            {500, refusal(500, "Internal Server Error"), networks.Temporary},
		"gateway":           {502, "<html>", networks.Temporary},
		"gateway, in words": {502, refusal(502, "Bad Gateway"), networks.Temporary},
		"no such path":      {404, "<html>", networks.Malformed},
		"error, status 200": {200, refusal(401, "Unauthorized"), networks.Unauthorized},
		"neither":           {200, `{"ok":false}`, networks.Malformed},
		"odd parameters":    {400, `{"ok":false,"error_code":400,"description":"chat not found","parameters":[]}`, networks.NotFound},
		"odd hint":          {429, `{"ok":false,"error_code":429,"parameters":{"retry_after":"soon"}}`, networks.RateLimited},
		"odd move":          {400, `{"ok":false,"error_code":400,"description":"x","parameters":{"migrate_to_chat_id":"../x"}}`, networks.Malformed},
	} {
		t.Run(name, func(t *testing.T) {
			if e := failure(t, &server{status: c.status, body: c.body}, networks.Ref{Name: "durov"}); e.Kind != c.kind {
				t.Errorf("%v, want %s", e, c.kind)
			}
		})
	}
}

func refusal(code int, description string) string {
	return fmt.Sprintf(`{"ok":false,"error_code":%d,"description":%q}`, code, description)
}

// TestTokenIsNoPartOfErrors: the token is a part of the address, and of what the
// network may say.
func TestTokenIsNoPartOfErrors(t *testing.T) {
	for _, s := range []*server{
		{status: 400, body: refusal(400, "no bot123456:AAsecret-token here")},
		{status: 302}, {status: 500}, {status: 200, body: "123456:AAsecret-token"},
	} {
		e := failure(t, s, networks.Ref{Name: "durov"})
		if text := fmt.Sprintf("%v %+v %s", e, e, e.Hint); strings.Contains(text, "secret") {
			t.Errorf("the error holds the token: %s", text)
		}
	}
}

func TestTokensThatAreNone(t *testing.T) {
	for _, bad := range []string{"", "123456", "AAsecret", "123456:AA/../getUpdates", "123456:AA?x", "123456:AA secret", "123456:AA\n"} {
		s := &server{status: 200, body: `{"ok":true}`}
		n := s.network()
		_, err := n.Profiles(t.Context(), keychain.Token{Slot: "tg", Value: keychain.Bare(bad)}, n.Plan([]networks.Ref{{Name: "durov"}})[0])
		var e *networks.Error
		if !errors.As(err, &e) || e.Kind != networks.Unauthorized || !strings.Contains(e.Hint, "@BotFather") || s.asked != nil {
			t.Errorf("%q: %v, want unauthorized without a request", bad, err)
		}
	}
}

func TestCheck(t *testing.T) {
	report, err := simulated(world()).(networks.Checker).Check(t.Context(), token)
	if err != nil || !strings.HasPrefix(report, "bot @simulated_bot") {
		t.Errorf("%q, %v", report, err)
	}
	for body, want := range map[string]networks.Kind{
		`{"ok":true,"result":{}}`:    networks.Malformed,
		`{"ok":true}`:                networks.Malformed,
		`<html>`:                     networks.Malformed,
		refusal(401, "Unauthorized"): networks.Unauthorized,
		refusal(404, "Not Found"):    networks.Unauthorized,
	} {
		_, err := (&server{status: 200, body: body}).network().(networks.Checker).Check(t.Context(), token)
		var e *networks.Error
		if !errors.As(err, &e) || e.Kind != want {
			t.Errorf("%s: %v, want %s", body, err, want)
		}
	}
}
