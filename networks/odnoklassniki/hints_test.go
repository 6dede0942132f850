package odnoklassniki_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"collectord/networks"
)

// TestHintsOfTheTokenService: what a person can do about a refusal, and nothing where
// waiting helps.
func TestHintsOfTheTokenService(t *testing.T) {
	for word, want := range map[string]struct {
		kind networks.Kind
		hint string
	}{
		"invalid_grant":           {networks.Unauthorized, "log in"},
		"access_denied":           {networks.Unauthorized, "log in"},
		"invalid_client":          {networks.Unauthorized, "the letter"},
		"unauthorized_client":     {networks.Unauthorized, "the letter"},
		"server_error":            {networks.Temporary, ""},
		"temporarily_unavailable": {networks.Temporary, ""},
		"something_else":          {networks.Malformed, ""},
	} {
		s, q := begin(t, (&server{status: 400, body: `{"error":"` + word + `"}`}).network(), "code")
		_, err := s.Finish(t.Context(), loopback+"?"+url.Values{"code": {"C"}, "state": {q.Get("state")}}.Encode())
		var e *networks.Error
		if !errors.As(err, &e) || e.Kind != want.kind || !strings.Contains(e.Hint, want.hint) || want.hint == "" && e.Hint != "" {
			t.Errorf("%s: %v with the hint %q", word, err, e.Hint)
		}
	}
}
