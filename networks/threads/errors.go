package threads

import (
	"errors"

	"collectord/networks"
)

const (
	hintOwn   = "the token's own account cannot be read: the profile may be gone, or the token may be one of another Meta product"
	hintScope = "the token lacks a scope: log in again with threads_basic and threads_manage_insights (collectord keychain login threads)"
)

// mend explains what Meta's common table says of a request, which is always about the
// token's own account: one that is not found is not shown to the token
// (https://developers.facebook.com/documentation/threads/troubleshooting, read
// 2026-11-22).
func mend(err error) error {
	var e *networks.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Kind {
	case networks.NotFound:
		e.Kind, e.Hint = networks.Forbidden, hintOwn
	case networks.Forbidden:
		e.Hint = hintScope
	default: // the common table's own words will do
	}
	return err
}
