package meta

import (
	"context"
	"errors"
	"net/url"
	"time"

	"collectord/keychain"
	"collectord/networks"
)

const (
	day = 24 * time.Hour
	// youngest is the age from which a long-lived token may be refreshed
	// (https://developers.facebook.com/docs/instagram-platform/reference/refresh_access_token,
	// read 2026-11-22).
	youngest = day
	// half is half the life of a long-lived token: what is left when its renewal
	// falls due, so that there are 30 days to mend what goes wrong.
	half = 30 * day
	// again is how long a renewal rests that failed, and how often a token is looked at.
	again = day
	// mourning is how long after its end a token is still tried: until then, Meta's own
	// word for it is wanted. Afterwards only a login helps.
	mourning = day
)

// AccessOf reads a token. The error says what is missing from it.
type AccessOf func(op string, t keychain.Token) (Access, *networks.Error)

// Refreshed renews tokens of 60 days, which Instagram and Threads give to accounts of
// their own: out of themselves, without a person and without the app. It is a
// keychain.Refresher for bare tokens.
type Refreshed struct {
	Tokens *Client // where tokens are made
	Op     string  // the grant: "ig_refresh_token"
	Access AccessOf
	Hint   string // what a person does about a token that is gone
}

// Window is the last 30 days of a token's 60. Where nobody knows its end it is when the
// token is a day old, as soon as that is allowed: the renewal tells. There is none for
// a token that has ended, which a person has to replace.
func (r Refreshed) Window(t keychain.Token, held, expires time.Time) keychain.Window {
	if t.Bare() == "" || !expires.IsZero() && time.Since(expires) > mourning {
		return keychain.Window{}
	}
	w := keychain.Window{From: held.Add(youngest), By: held.Add(youngest)}
	if !expires.IsZero() {
		w.By = expires.Add(-half)
	}
	if w.By.Before(w.From) {
		w.By = w.From
	}
	return w
}

// Refresh gives the token another 60 days; the answer may be the same token. One that
// has expired cannot be refreshed
// (https://developers.facebook.com/docs/instagram-platform/reference/refresh_access_token,
// https://developers.facebook.com/docs/threads/get-started/long-lived-tokens, read
// 2026-11-22).
func (r Refreshed) Refresh(ctx context.Context, t keychain.Token) (keychain.Fresh, error) {
	a, e := r.Access(r.Op, t)
	if e != nil {
		return keychain.Fresh{}, Refusal(e, r.Hint)
	}
	g, err := r.Tokens.Grant(ctx, Ask{
		Op: r.Op, Path: "refresh_access_token",
		Query: url.Values{"grant_type": {r.Op}, "access_token": {a.Bearer}},
	})
	if err != nil {
		return keychain.Fresh{}, Refusal(err, r.Hint)
	}
	return keychain.Fresh{Value: keychain.Bare(g.Token.Reveal()), Expires: g.Expires}, nil
}

// Inspected looks at tokens of Facebook Login once a day, and exchanges those that came
// with their app and have 30 days or less left. A look tells when a token ends, when
// Meta stops to show data though it goes on, and that it was revoked. It is a
// keychain.Refresher.
type Inspected struct {
	Graph  *Client // asks about tokens
	Tokens *Client // exchanges them
	Access AccessOf
	// Probe makes one request with a token that Meta does not let ask about itself, so
	// that it is known to be good.
	Probe func(ctx context.Context, t keychain.Token, a Access) error
	Hint  string // what a person does about a token that is gone
}

// Window is once a day, and at once for a token whose end can be told and is not known
// yet. Without its app a token is looked at and no more.
func (r Inspected) Window(t keychain.Token, held, expires time.Time) keychain.Window {
	if _, e := r.Access(inspectOp, t); e != nil {
		return keychain.Window{}
	}
	w := keychain.Window{By: held.Add(again), Looks: !withApp(t)}
	if expires.IsZero() && !w.Looks {
		w.By = held
	}
	return w
}

// Refresh looks, and exchanges a token that is due for it.
func (r Inspected) Refresh(ctx context.Context, t keychain.Token) (keychain.Fresh, error) {
	a, e := r.Access(inspectOp, t)
	if e != nil {
		return keychain.Fresh{}, Refusal(e, r.Hint)
	}
	as := keychain.Fresh{Value: t.Value}
	in, err := r.Graph.Inspect(ctx, a, Asker(t, a))
	if !withApp(t) && NotTold(err) {
		err = r.Probe(ctx, t, a)
		return as, Refusal(err, r.Hint)
	}
	if err != nil {
		return keychain.Fresh{}, Refusal(err, r.Hint)
	}
	as.Expires, as.Final = in.End()
	if !withApp(t) || in.Expires.IsZero() || time.Until(in.Expires) > half {
		return as, nil
	}
	g, err := r.exchange(ctx, t, a, in)
	if err != nil {
		return as, Refusal(err, r.Hint)
	}
	in.Expires = g.Expires
	fresh := keychain.Fresh{Value: t.With(map[string]string{"access_token": g.Token.Reveal()})}
	if !g.Expires.IsZero() {
		fresh.Expires, fresh.Final = in.End()
	}
	return fresh, nil
}

// exchange asks for a token of 60 days. An expired one cannot be exchanged, and Meta
// does not extend every token without its person: that is an error while the old one
// still works.
func (r Inspected) exchange(ctx context.Context, t keychain.Token, a Access, in Inspection) (Grant, error) {
	g, err := r.Tokens.Exchange(ctx, t.Get("app_id"), t.Get("app_secret"), a.Bearer)
	if err != nil || g.Expires.IsZero() || !g.Expires.Before(in.Expires.Add(day)) {
		return g, err
	}
	stale := r.Graph.rest.Error("fb_exchange_token", networks.Challenge, "", "Meta gave no longer life: the token ends at "+in.Expires.Format(time.RFC3339), nil)
	stale.Hint = "log in before that; " + r.Hint
	return Grant{}, &keychain.Later{After: again, Err: stale}
}

// withApp reports whether a token came with its app.
func withApp(t keychain.Token) bool { return t.Get("app_id") != "" && t.Get("app_secret") != "" }

// Asker is the token that asks about a token: the app's own where the app is known.
func Asker(t keychain.Token, a Access) string {
	if withApp(t) {
		return t.Get("app_id") + "|" + t.Get("app_secret")
	}
	return a.Bearer
}

// NotTold reports whether an error of Inspect means that the token may not ask about
// itself.
func NotTold(err error) bool {
	var e *networks.Error
	return errors.As(err, &e) && (e.Kind == networks.Forbidden || e.Code == "100")
}

// Refusal is err as the keychain wants it: what a person has to mend becomes a
// *keychain.Refusal, and all else is tried again in a day: there are 30 of them. Hint
// says what the person is to do.
func Refusal(err error, hint string) error {
	var e *networks.Error
	var late *keychain.Later
	if errors.As(err, &late) || !errors.As(err, &e) {
		return err
	}
	state := keychain.State{Name: keychain.Dead, Hint: hint}
	switch e.Kind {
	case networks.Unauthorized:
	case networks.Challenge:
		state.Name, state.Link, state.Hint = keychain.Parked, e.Link, e.Hint
	default:
		return &keychain.Later{After: again, Err: err}
	}
	return &keychain.Refusal{State: state, Err: err}
}
