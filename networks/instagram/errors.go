package instagram

import (
	"errors"
	"strings"

	"collectord/networks"
)

const (
	hintUnknown = "no professional account has this name: it is misspelt, renamed, deleted, or a personal account, which Instagram shows to nobody"
	hintOwn     = "the token's own account cannot be read: ig_user_id, if given, has to be the professional account that the token's user manages, and the token needs instagram_basic, instagram_manage_insights and pages_read_engagement"
)

// explain turns what Meta's common table says into what it means here. Asked for
// are always our own account or, through it, another one by name: Graph's word for
// an unknown name is 110 (24 in a newer wording), while an object that does not
// exist (100, 803) is our own, ig_user_id
// (https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-user/business_discovery,
// read 2026-09).
func explain(e *networks.Error) *networks.Error {
	if e == nil || e.Kind != networks.NotFound {
		return e
	}
	switch code, _, _ := strings.Cut(e.Code, "/"); code {
	case "100", "803":
		e.Kind, e.Hint = networks.Forbidden, hintOwn
	default:
		e.Hint = hintUnknown
	}
	return e
}

// mend explains the error of a whole request, which cannot speak of one account:
// what is unknown then is our own.
func mend(err error) error {
	var e *networks.Error
	if errors.As(err, &e) && e.Kind == networks.NotFound {
		e.Kind, e.Hint = networks.Forbidden, hintOwn
	}
	return err
}
