package threads_test

import (
	"errors"
	"strings"
	"testing"

	"collectord/keychain"
	"collectord/networks"
)

func TestCheck(t *testing.T) {
	for name, c := range map[string]struct {
		token  keychain.Token
		bodies []string
		report string
		kind   networks.Kind
	}{
		"good":       {token, []string{who, five}, "token of @Brand, reads the followers", 0},
		"no scope":   {token, []string{who, fault(10, 0)}, "", networks.Forbidden},
		"no count":   {token, []string{who, `{}`}, "", networks.Malformed},
		"refused":    {token, []string{fault(190, 463)}, "", networks.Unauthorized},
		"nameless":   {token, []string{`{}`}, "", networks.Malformed},
		"no token":   {keychain.Token{}, []string{who}, "", networks.Unauthorized},
		"no mapping": {keychain.Token{Slot: "th", Value: keychain.Mapping(map[string]string{"a": "b"})}, []string{who}, "", networks.Unauthorized},
	} {
		report, err := says(200, c.bodies...).network().(networks.Checker).Check(t.Context(), c.token)
		var e *networks.Error
		if errors.As(err, &e) && e.Kind != c.kind || err == nil && c.kind != 0 || !strings.HasPrefix(report, c.report) || c.report == "" && report != "" {
			t.Errorf("%s: %q, %v, want %q, %s", name, report, err, c.report, c.kind)
		}
	}
}
