package facebook

import (
	"errors"
	"strings"

	"collectord/networks"
)

const (
	hintUnknown = "no Page has this name or id for this token: it is misspelt, renamed, deleted, unpublished, or shown to some ages or countries alone"
	hintNoPage  = "this is a person's profile or a group, which show no counts to the API; only Pages do"
	hintReview  = "the token does not manage this Page, and the app has no Page Public Metadata Access: ask Meta for its review, or use a token of somebody who manages the Page"
)

// explain turns what Meta's common table says of a batch's item into what it means
// for a Page (https://developers.facebook.com/docs/graph-api/reference/page, read
// 2026-09). Code 100 stands for many things, which only its words tell apart.
func explain(e *networks.Error) *networks.Error {
	if e == nil {
		return nil
	}
	code, _, _ := strings.Cut(e.Code, "/")
	switch {
	case code == "100" && strings.Contains(e.Msg, "nonexisting field"):
		e.Kind, e.Hint = networks.NotFound, hintNoPage
	case code == "100" && e.Kind == networks.Forbidden && !strings.Contains(e.Hint, "app_secret"):
		e.Hint = hintReview
	case code == "10":
		e.Hint = hintReview
	case e.Kind == networks.NotFound:
		e.Hint = hintUnknown
	}
	return e
}

// mend explains the error of a whole request, which cannot speak of one Page: what
// Graph does not find then is the address itself.
func mend(err error) error {
	var e *networks.Error
	if errors.As(err, &e) && e.Kind == networks.NotFound {
		e.Kind, e.Hint = networks.Malformed, "Graph refused the batch itself: see base_url and api_version"
	}
	return err
}
