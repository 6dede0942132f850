package github_test

import (
	"errors"
	"testing"

	"collectord/networks"
)

// TestNoAnswerAboutOne: what is no answer fails the request, and says nothing about the
// account.
func TestNoAnswerAboutOne(t *testing.T) {
	for _, ref := range []networks.Ref{{Kind: "org", ID: "7", Name: "a"}, {Kind: "id", ID: "7", Name: "a"}} {
		for _, body := range []string{"", "<html>", `{"id":7`, "[]", `{"id":7,"login":5}`} {
			results, err := ask(t, &server{status: 200, body: body}, ref)
			var e *networks.Error
			if !errors.As(err, &e) || e.Kind.OfAccount() || results != nil {
				t.Errorf("%q about %+v: %+v, %v", body, ref, results, err)
			}
		}
	}
}
