package bluesky

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"collectord/keychain"
	"collectord/networks"
)

// TestNoAnswerAboutOne: what is no answer fails the request, and says nothing about the
// account.
func TestNoAnswerAboutOne(t *testing.T) {
	asked := networks.Batch{Op: getProfile, Refs: []networks.Ref{{Kind: why, ID: "did:plc:asked", Name: "a.example.com"}}}
	for _, body := range []string{"", "<html>", `{"did":"did:plc:asked"`} {
		results, err := answering(t, http.StatusOK, body).Profiles(t.Context(), keychain.Token{}, asked)
		var e *networks.Error
		if !errors.As(err, &e) || e.Kind.OfAccount() || results != nil {
			t.Errorf("%q: %+v, %v", body, results, err)
		}
	}
}

// TestOtherAddresses are of no account of Bluesky.
func TestOtherAddresses(t *testing.T) {
	n := New(networks.Options{})
	for _, in := range []string{
		"https://example.com/profile/bsky.app", "example.com/profile/bsky.app", "ftp://bsky.app/profile/bsky.app",
		"https://bsky.app/search/bsky.app", "https://bsky.app", "https://bsky.app.example.com/profile/a.b",
	} {
		if ref, err := n.Parse(in); err == nil || !strings.Contains(err.Error(), "expected a handle") {
			t.Errorf("Parse(%q) = %+v, %v", in, ref, err)
		}
	}
}
