package threads

import (
	"context"
	"net/url"

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
	id, secret := in["app_id"].Reveal(), in["app_secret"].Reveal()
	return n.tokens.Session(meta.Flow{
		Page: n.dialog, ID: id, Scopes: scopes, Redirect: redirect,
		Exchange: func(ctx context.Context, code string) (keychain.Fresh, error) {
			short, err := n.tokens.Grant(ctx, meta.Ask{
				Op: "oauth/access_token", Path: "oauth/access_token",
				Form: url.Values{
					"client_id": {id}, "client_secret": {secret}, "grant_type": {"authorization_code"},
					"redirect_uri": {redirect}, "code": {code},
				},
			})
			if err != nil {
				return keychain.Fresh{}, err
			}
			long, err := n.tokens.Grant(ctx, meta.Ask{
				Op: "th_exchange_token", Path: "access_token",
				Query: url.Values{"grant_type": {"th_exchange_token"}, "client_secret": {secret}, "access_token": {short.Token.Reveal()}},
			})
			if err != nil {
				return keychain.Fresh{}, err
			}
			return keychain.Fresh{Value: keychain.Bare(long.Token.Reveal()), Expires: long.Expires}, nil
		},
	})
}
