package threads

import (
	"context"
	"net/url"
	"time"

	"collectord/keychain"
	"collectord/networks/internal/meta"
)

// look is how long a token is held whose end nobody knows before it is refreshed, which
// tells its end: as soon as Threads takes it.
const look = 24 * time.Hour

// loginHint is what the operator does about a token that is gone.
const loginHint = "get a new token: collectord keychain login threads"

// Refreshers renew the tokens of the slot th.
func (n *network) Refreshers() map[string]keychain.Refresher {
	return map[string]keychain.Refresher{"th": (*refresher)(n)}
}

// Makers are none: Threads gives no token for a password.
func (n *network) Makers() map[string]keychain.Maker { return nil }

type refresher network

// Window is the last 30 days of a token's 60.
func (r *refresher) Window(t keychain.Token, held, expires time.Time) keychain.Window {
	if t.Bare() == "" {
		return keychain.Window{}
	}
	return meta.Window(held, expires, look)
}

// Refresh gives the token another 60 days. One that has expired cannot be refreshed
// (https://developers.facebook.com/docs/threads/get-started/long-lived-tokens, read
// 2026-11-22).
func (r *refresher) Refresh(ctx context.Context, t keychain.Token) (keychain.Fresh, error) {
	const op = "th_refresh_token"
	a, e := access(op, t)
	if e != nil {
		return keychain.Fresh{}, meta.Refusal(e, loginHint)
	}
	g, err := r.tokens.Grant(ctx, meta.Ask{
		Op: op, Path: "refresh_access_token",
		Query: url.Values{"grant_type": {op}, "access_token": {a.Bearer}},
	})
	if err != nil {
		return keychain.Fresh{}, meta.Refusal(err, loginHint)
	}
	return keychain.Fresh{Value: keychain.Bare(g.Token.Reveal()), Expires: g.Expires}, nil
}
