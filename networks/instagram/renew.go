package instagram

import (
	"context"
	"net/url"
	"time"

	"collectord/keychain"
	"collectord/networks/internal/meta"
)

// look is how long a token is held whose end nobody knows before it is refreshed, which
// tells its end: as soon as Instagram takes it.
const look = 24 * time.Hour

// loginHint is what the operator does about a token that is gone.
const loginHint = "get a new token: collectord keychain login instagram"

// Refreshers renew the tokens of Instagram Login. Those for Business Discovery come
// without their app's ID, which an exchange needs: a system user's token has no end,
// and a person's is got anew at a login.
func (n *network) Refreshers() map[string]keychain.Refresher {
	return map[string]keychain.Refresher{"ig": (*refresher)(n)}
}

// Makers are none: Instagram gives no token for a password.
func (n *network) Makers() map[string]keychain.Maker { return nil }

type refresher network

// Window is the last 30 days of the 60 of a token of Instagram Login.
func (r *refresher) Window(t keychain.Token, held, expires time.Time) keychain.Window {
	if t.Bare() == "" {
		return keychain.Window{}
	}
	return meta.Window(held, expires, look)
}

// Refresh gives the token another 60 days; the answer may be the same token. One that
// has expired cannot be refreshed
// (https://developers.facebook.com/docs/instagram-platform/reference/refresh_access_token,
// read 2026-11-22).
func (r *refresher) Refresh(ctx context.Context, t keychain.Token) (keychain.Fresh, error) {
	const op = "ig_refresh_token"
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
