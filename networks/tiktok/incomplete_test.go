package tiktok_test

import (
	"errors"
	"strings"
	"testing"

	"collectord/keychain"
	"collectord/networks"
)

// TestLoginWithoutItsApp says where the app's words are.
func TestLoginWithoutItsApp(t *testing.T) {
	for _, l := range (&server{}).network().(networks.LoginNetwork).Logins() {
		for _, in := range []map[string]keychain.Secret{{}, {"client_key": "k"}, {"client_secret": "s"}} {
			_, err := l.Begin(in, "http://127.0.0.1:9185/")
			var e *networks.Error
			if !errors.As(err, &e) || e.Kind != networks.Forbidden || !strings.Contains(e.Hint, "developers.tiktok.com/apps") || !strings.Contains(e.Msg, "is missing") {
				t.Errorf("%s with %d of two: %v", l.Name, len(in), err)
			}
		}
	}
}
