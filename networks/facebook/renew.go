package facebook

import (
	"context"
	"time"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/internal/meta"
)

// look is how long a token is held whose end nobody knows before Meta is asked for
// it. One that does not expire is looked at as often.
const look = 7 * 24 * time.Hour

// loginHint is what the operator does about a token that is gone.
const loginHint = "get a new token: collectord keychain login facebook"

// Refreshers renew tokens of the slot fb that came with their app.
func (n *network) Refreshers() map[string]keychain.Refresher {
	return map[string]keychain.Refresher{"fb": (*refresher)(n)}
}

// Makers are none: Facebook gives no token for a password.
func (n *network) Makers() map[string]keychain.Maker { return nil }

type refresher network

// Window is the last 30 days of a token's 60, and never for a token without its app.
func (r *refresher) Window(t keychain.Token, held, expires time.Time) keychain.Window {
	if t.Get("app_id") == "" || t.Get("app_secret") == "" {
		return keychain.Window{}
	}
	return meta.Window(held, expires, look)
}

// Refresh asks Meta when the token ends, and exchanges it where 30 days or less are
// left. A token that is to go on as it is comes back as it is, with its end. An
// expired token cannot be exchanged, and Meta does not extend every token without its
// person: that is an error while the old one still works.
func (r *refresher) Refresh(ctx context.Context, t keychain.Token) (keychain.Fresh, error) {
	const op = "fb_exchange_token"
	a, e := access(op, t)
	if e != nil {
		return keychain.Fresh{}, meta.Refusal(e, loginHint)
	}
	in, err := r.graph.Inspect(ctx, a, asker(t, a))
	if err != nil {
		return keychain.Fresh{}, meta.Refusal(err, loginHint)
	}
	if in.Expires.IsZero() || !meta.Due(in.Expires) {
		return keychain.Fresh{Value: t.Value, Expires: in.Expires}, nil
	}
	g, err := r.tokens.Exchange(ctx, t.Get("app_id"), t.Get("app_secret"), a.Bearer)
	if err != nil {
		return keychain.Fresh{}, meta.Refusal(err, loginHint)
	}
	if !g.Expires.IsZero() && g.Expires.Before(in.Expires.Add(24*time.Hour)) {
		stale := refused(op, networks.Challenge, "Meta gave no longer life: the token ends at "+in.Expires.Format(time.RFC3339))
		stale.Hint = "log in again before that: collectord keychain login facebook"
		return keychain.Fresh{}, stale
	}
	return keychain.Fresh{Value: t.With(map[string]string{"access_token": g.Token.Reveal()}), Expires: g.Expires}, nil
}
