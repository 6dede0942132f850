package instagram

import (
	"context"
	"time"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/internal/meta"
)

// loginHint and discoveryHint are what the operator does about a token that is gone.
const (
	loginHint     = "get a new token: collectord keychain login instagram"
	discoveryHint = loginHint + " --method discovery"
)

// Refreshers renew the tokens of Instagram Login, and look after those for Business
// Discovery: with their app a person's are exchanged before they end, and a system
// user's have no end.
func (n *network) Refreshers() map[string]keychain.Refresher {
	return map[string]keychain.Refresher{"ig": refresher{
		login: meta.Refreshed{Tokens: n.tokens, Op: "ig_refresh_token", Access: access, Hint: loginHint},
		discovery: meta.Inspected{Graph: n.discovery, Tokens: n.facebook, Access: access, Hint: discoveryHint,
			Probe: func(ctx context.Context, t keychain.Token, a meta.Access) error {
				_, err := n.asked(ctx, t, a)
				return err
			}},
	}}
}

// Makers are none: Instagram gives no token for a password.
func (n *network) Makers() map[string]keychain.Maker { return nil }

// refresher does what the way to ask that the token is for needs.
type refresher struct{ login, discovery keychain.Refresher }

func (r refresher) of(t keychain.Token) keychain.Refresher {
	if t.IsBare() {
		return r.login
	}
	return r.discovery
}

// Window is that of the token's way to ask.
func (r refresher) Window(t keychain.Token, held, expires time.Time) keychain.Window {
	return r.of(t).Window(t, held, expires)
}

// Refresh is that of the token's way to ask.
func (r refresher) Refresh(ctx context.Context, t keychain.Token) (keychain.Fresh, error) {
	return r.of(t).Refresh(ctx, t)
}

// asked is the account on whose behalf Business Discovery is asked.
func (n *network) asked(ctx context.Context, t keychain.Token, a meta.Access) (user, error) {
	var u user
	if err := n.discovery.Get(ctx, a, own, ownPath(t), userFields, &u); err != nil {
		return user{}, mend(err)
	}
	if u.Username == "" {
		return user{}, refused(own, networks.Malformed, "the answer names no account")
	}
	return u, nil
}
