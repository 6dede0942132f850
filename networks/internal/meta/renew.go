package meta

import (
	"errors"
	"time"

	"collectord/keychain"
	"collectord/networks"
)

const (
	// youngest is the age from which a long-lived token may be refreshed
	// (https://developers.facebook.com/docs/instagram-platform/reference/refresh_access_token,
	// read 2026-11-22).
	youngest = 24 * time.Hour
	// half is half the life of a long-lived token: what is left when its renewal
	// falls due, so that there are 30 days to mend what goes wrong.
	half = 30 * 24 * time.Hour
)

// Window is when a long-lived token, held since held, can and should be renewed: a
// day after it came at the earliest, and by 30 days before it ends. Where nobody
// knows its end it should be renewed when it was held for unknown: it may have been
// old when it was assigned, and the renewal tells.
func Window(held, expires time.Time, unknown time.Duration) keychain.Window {
	w := keychain.Window{From: held.Add(youngest), By: held.Add(unknown)}
	if !expires.IsZero() {
		w.By = expires.Add(-half)
	}
	if w.By.Before(w.From) {
		w.By = w.From
	}
	return w
}

// Refusal is err as the keychain wants it: what a person has to mend becomes a
// *keychain.Refusal, and all else stays what it is, to be tried again. Hint says
// what the person is to do.
func Refusal(err error, hint string) error {
	var e *networks.Error
	if !errors.As(err, &e) {
		return err
	}
	state := keychain.State{Name: keychain.Dead, Hint: hint}
	switch e.Kind {
	case networks.Unauthorized:
	case networks.Challenge:
		state.Name, state.Link, state.Hint = keychain.Parked, e.Link, e.Hint
	default:
		return err
	}
	return &keychain.Refusal{State: state, Err: err}
}

// Due reports whether a token that ends at expires has had half its life.
func Due(expires time.Time) bool { return time.Until(expires) <= half }
