package facebook

import (
	"context"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/internal/meta"
)

// scopes let the token read the Pages that its person manages; for the Pages of others
// the app's review counts
// (https://developers.facebook.com/docs/permissions, read 2026-11-22).
var scopes = []string{"pages_show_list", "pages_read_engagement"}

// Logins is the login by authorization code: dialog, code, token of an hour, token of
// 60 days
// (https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow,
// read 2026-11-22).
func (n *network) Logins() []networks.Login {
	return []networks.Login{{
		Name: "code", Title: "Facebook Login: a token of 60 days; needs an app with " + meta.Redirect + " as a valid OAuth redirect URI",
		Slot: "fb", Fields: meta.Fields("Facebook"), Redirect: meta.Redirect, Begin: n.begin,
	}}
}

func (n *network) begin(in map[string]keychain.Secret, redirect string) (networks.LoginSession, error) {
	id, secret := in["app_id"].Reveal(), in["app_secret"].Reveal()
	return n.tokens.Session(meta.Flow{
		Page: n.dialog, ID: id, Scopes: scopes, Redirect: redirect,
		Exchange: func(ctx context.Context, code string) (keychain.Fresh, error) {
			long, err := n.tokens.Redeem(ctx, id, secret, redirect, code)
			if err != nil {
				return keychain.Fresh{}, err
			}
			return keychain.Fresh{Expires: long.Expires, Value: keychain.Mapping(map[string]string{
				"access_token": long.Token.Reveal(), "app_id": id, "app_secret": secret,
			})}, nil
		},
	})
}
