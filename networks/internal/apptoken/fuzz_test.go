package apptoken_test

import (
	"strings"
	"testing"
	"time"
)

// FuzzGrant: whatever a token service answers, there is a token and an end that can be
// believed, or an error that tells no secret.
func FuzzGrant(f *testing.F) {
	f.Add(200, `{"access_token":"A","expires_in":3600,"token_type":"bearer"}`)
	f.Add(200, `{"access_token":"A","expires_in":"3600"}`)
	f.Add(200, `{"access_token":"A","expires_in":1e300}`)
	f.Add(200, `{"error":"invalid_grant"}`)
	f.Add(400, `{"status":400,"message":"invalid client"}`)
	f.Add(403, `{"error":403,"error_description":"`+secret+`"}`)
	f.Add(401, `{"errors":[{"message":"Unable to verify your credentials"}]}`)
	f.Add(502, `<html>`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		s := &server{status: status, body: body}
		began := time.Now()
		fresh, err := s.app(status%2 == 0).Refresh(t.Context(), slot("access_token", old))
		if err != nil {
			if strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), old) {
				t.Fatalf("a secret in %v", err)
			}
			return
		}
		if fresh.Value.Get("access_token") == "" || fresh.Value.Get("client_secret") != secret {
			t.Fatalf("%s: the slot holds %v", body, fresh.Value.Names())
		}
		if text := fresh.Value.Get("expires_at"); text != "" {
			if end, err := time.Parse(time.RFC3339, text); err != nil || end.Before(began.Add(-time.Second)) || end.Year() > began.Year()+11 {
				t.Fatalf("%s: expires_at %q", body, text)
			}
		}
	})
}
