package twitter

import (
	"context"
	"time"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/internal/apptoken"
	"collectord/networks/internal/rest"
)

// hintApp is what the operator can do about an app that X does not know.
const hintApp = "copy the API key and its secret again from the app's page at developer.x.com and assign them to slot tw; " +
	"X says the same to who asks for a bearer token too often, so that it is asked again after an hour"

// askedAgain is how long X is let alone that refused an app's key and secret.
const askedAgain = time.Hour

// newApp is how an app's bearer token is made
// (https://docs.x.com/fundamentals/authentication/oauth-2-0/bearer-tokens, read
// 2026-11-22). It has no end, and X gives the same one again until somebody invalidates
// it. X escapes key and secret before they are put together, and refuses by 403 with
// code 99 both a wrong secret and one that asks too often: so the token is asked for
// once, kept in the slot, and asked for again by who sees it refused.
func (n *network) newApp() *apptoken.App {
	return &apptoken.App{
		Rest: rest.NewClient(name, n.opts), Op: "oauth2/token", URL: n.auth + "/oauth2/token",
		Fields: apptoken.Fields{ID: consumerKey, Secret: consumerSecret, Token: bearerToken},
		Basic:  true, Escape: true, Endless: true, Again: askedAgain,
		Slot: slot, Hint: hintApp,
	}
}

// Refreshers make the bearer token of an app, and renew a user's tokens of OAuth 2.
func (n *network) Refreshers() map[string]keychain.Refresher {
	return map[string]keychain.Refresher{slot: refresher{n}}
}

// Makers are none: the slot itself holds what a token is made from.
func (n *network) Makers() map[string]keychain.Maker { return nil }

// refresher does what the form of the token asks for.
type refresher struct{ n *network }

// of is who renews the token, nil for four keys and a bearer token alone.
func (r refresher) of(t keychain.Token) keychain.Refresher {
	switch formOf(t) {
	case appPair:
		return r.n.app
	case userTokens:
		return userRefresher(r)
	default:
		return nil
	}
}

// Window is that of the token's form; four keys and a bearer token alone have none.
func (r refresher) Window(t keychain.Token, held, expires time.Time) keychain.Window {
	if by := r.of(t); by != nil {
		return by.Window(t, held, expires)
	}
	return keychain.Window{}
}

// Refresh renews the token by its form.
func (r refresher) Refresh(ctx context.Context, t keychain.Token) (keychain.Fresh, error) {
	if by := r.of(t); by != nil {
		return by.Refresh(ctx, t)
	}
	return keychain.Fresh{}, refused("refresh", networks.Unauthorized, "", "this token is not renewed: assign a new one")
}
