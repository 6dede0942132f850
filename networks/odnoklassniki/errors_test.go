package odnoklassniki_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/networktest"
)

// TestRecordedCodes has every code that is on record, by its name.
func TestRecordedCodes(t *testing.T) {
	var codes map[string]int
	if err := json.Unmarshal(recorded(t, "error-codes.json"), &codes); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]networks.Kind{
		"UNKNOWN": networks.Temporary, "SERVICE": networks.Temporary, "SYSTEM": networks.Temporary,
		"METHOD": networks.Malformed, "REQUEST": networks.Malformed,
		"ACTION_BLOCKED": networks.RateLimited, "FLOOD_BLOCKED": networks.RateLimited,
		"IP_BLOCKED": networks.RateLimited, "LIMIT_REACHED": networks.RateLimited,
		"PERMISSION_DENIED": networks.Forbidden, "PARAM_PERMISSION": networks.Forbidden,
		"PARAM_APPLICATION_DISABLED": networks.Forbidden,
		"PARAM":                      networks.BadBatch, "NOT_FOUND": networks.BadBatch,
		"PARAM_API_KEY": networks.Unauthorized, "PARAM_SESSION_EXPIRED": networks.Unauthorized,
		"PARAM_SESSION_KEY": networks.Unauthorized, "PARAM_SIGNATURE": networks.Unauthorized,
		"AUTH_LOGIN": networks.Unauthorized, "SESSION_REQUIRED": networks.Unauthorized, "NO_SUCH_APP": networks.Unauthorized,
	} {
		code, ok := codes[name]
		if !ok {
			t.Errorf("%s is not on record", name)
		}
		delete(codes, name)
		for _, status := range []int{200, 400, 500} {
			body := fmt.Sprintf(`{"error_code":%d,"error_msg":"%s : Invalid uids of the-token","error_data":null}`, code, name)
			e := networktest.Whole(ask(t, &server{status: status, body: body}, token, "1", "2"))
			if e == nil || e.Kind != want || e.Code != fmt.Sprint(code) || e.Op != "odnoklassniki: group.getInfo" {
				t.Errorf("%s, http %d: %v, want %s", name, status, e, want)
			}
			if e != nil && (want == networks.Unauthorized || want == networks.Forbidden) == (e.Hint == "") && want != networks.Malformed && code != 9 {
				t.Errorf("%s: the hint is %q", name, e.Hint)
			}
			if e != nil && strings.Contains(e.Error()+e.Hint, "the-token") {
				t.Errorf("%s: the error holds the token: %v", name, e)
			}
		}
	}
	if len(codes) > 0 {
		t.Errorf("codes that nobody classified: %v", codes)
	}
}

func TestRefusedParameters(t *testing.T) {
	for msg, want := range map[string]networks.Kind{
		"PARAM : Invalid uids value":       networks.NotFound,
		"PARAM_USER_ID : Invalid group_id": networks.NotFound,
		"PARAM : Invalid parameter fields": networks.Malformed,
		"PARAM : Missing parameter format": networks.Malformed,
		"":                                 networks.Malformed,
	} {
		for _, code := range []int{100, 110} {
			body := fmt.Sprintf(`{"error_code":"%d","error_msg":%q}`, code, msg)
			if e := networktest.Whole(ask(t, &server{status: 200, body: body}, token, "1")); e == nil || e.Kind != want {
				t.Errorf("%d %q: %v, want %s", code, msg, e, want)
			}
		}
	}
}

func TestUnknownCode(t *testing.T) {
	e := networktest.Whole(ask(t, &server{status: 200, body: `{"error_code":424242,"error_msg":"new"}`}, token, "1", "2"))
	if e == nil || e.Kind != networks.Malformed || e.Msg != "new" {
		t.Errorf("%v, want malformed", e)
	}
	e = networktest.Whole(ask(t, &server{status: 404, body: `<html>`}, token, "1"))
	if e == nil || e.Kind != networks.Malformed || !strings.Contains(e.Hint, "base_url") {
		t.Errorf("%v, want malformed: an address that is not there says nothing of a group", e)
	}
}

func TestIncompleteTokens(t *testing.T) {
	for _, missing := range []string{"app_key", "app_secret", "access_token"} {
		s := &server{status: 200, body: `[]`}
		tok := keychain.Token{Slot: "ok", Value: token.With(map[string]string{missing: ""})}
		e := networktest.Whole(ask(t, s, tok, "1", "2"))
		if e == nil || e.Kind != networks.Unauthorized || !strings.Contains(e.Hint, missing) || s.asked != nil {
			t.Errorf("without %s: %v (hint %q)", missing, e, e.Hint)
		}
	}
}

func TestCheck(t *testing.T) {
	for body, c := range map[string]struct {
		report string
		kind   networks.Kind
	}{
		`[{"uid":"53038939046008","members_count":5}]`: {"may read groups", 0},
		`[]`: {"may read groups", 0},
		`{"error_code":300,"error_msg":"NOT_FOUND"}`:        {"may read groups", 0},
		`{"error_code":102,"error_msg":"SESSION EXPIRED"}`:  {"", networks.Unauthorized},
		`{"error_code":10,"error_msg":"PERMISSION_DENIED"}`: {"", networks.Forbidden},
		`{"error_code":104,"error_msg":"PARAM_SIGNATURE"}`:  {"", networks.Unauthorized},
		`<html>`: {"", networks.Malformed},
		`{}`:     {"", networks.Malformed},
	} {
		report, err := (&server{status: 200, body: body}).network().(networks.Checker).Check(t.Context(), token)
		e := networktest.Whole(nil, err)
		if report != c.report || (e == nil) != (c.kind == 0) || e != nil && e.Kind != c.kind {
			t.Errorf("%s: %q, %v, want %q, %s", body, report, err, c.report, c.kind)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		for life, want := range map[time.Duration]string{
			30 * time.Minute: "may read groups; good for 30 minutes", 720 * time.Hour: "may read groups; good for 30 days after its last use",
			-time.Hour: "may read groups; its time is over, unless polls prolonged it",
		} {
			at := time.Now().Add(life).UTC().Format(time.RFC3339)
			dated := keychain.Token{Slot: "ok", Value: token.With(map[string]string{"expires_at": at})}
			report, err := (&server{status: 200, body: `[]`}).network().(networks.Checker).Check(t.Context(), dated)
			if err != nil || report != want {
				t.Errorf("%q, %v, want %q", report, err, want)
			}
		}
	})
}
