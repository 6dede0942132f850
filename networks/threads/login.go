package threads

import (
	"context"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/internal/meta"
)

// scopes are what the two calls need.
var scopes = []string{"threads_basic", "threads_manage_insights"}

// Logins is the login by authorization code: dialog, code, token of an hour, token of
// 60 days
// (https://developers.facebook.com/documentation/threads/get-started/get-access-tokens-and-permissions,
// read 2026-11-22).
func (n *network) Logins() []networks.Login {
	return []networks.Login{{
		Name: "code", Title: "Threads login: a token of 60 days; needs an app with the Threads use case and " + meta.Redirect + " as a redirect URL",
		Slot: "th", Fields: meta.Fields("Threads"), Redirect: meta.Redirect, Begin: n.begin,
	}}
}

func (n *network) begin(in map[string]keychain.Secret, redirect string) (networks.LoginSession, error) {
	app := meta.App{ID: in["app_id"].Reveal(), Secret: in["app_secret"].Reveal(), Redirect: redirect}
	return n.tokens.Session(meta.Flow{
		Page: n.dialog, ID: app.ID, Scopes: scopes, Redirect: redirect,
		Exchange: func(ctx context.Context, code string) (keychain.Fresh, error) {
			return n.tokens.LongLived(ctx, n.tokens, "th_exchange_token", app, code)
		},
	})
}
