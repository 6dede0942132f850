package instagram

import (
	"context"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/internal/meta"
)

var (
	// loginScopes are what GET /me needs.
	loginScopes = []string{"instagram_business_basic"}
	// discoveryScopes are what Business Discovery and the search for the own account
	// need.
	discoveryScopes = []string{
		"instagram_basic", "instagram_manage_insights", "pages_read_engagement", "pages_show_list", "business_management",
	}
)

// Logins are the logins by authorization code at Instagram, for the own account
// (https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/business-login,
// read 2026-11-22), and at Facebook, for Business Discovery
// (https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow,
// read 2026-11-22).
func (n *network) Logins() []networks.Login {
	own := networks.LoginField{
		Name: "ig_user_id", Prompt: "ID of the Instagram account to ask with, else the first one of your Pages", Optional: true,
	}
	return []networks.Login{{
		Name: "code", Title: "Instagram Login: your own professional account, 60 days at a time; needs an app with " + meta.Redirect + " as a redirect URL",
		Slot: "ig", Fields: meta.Fields("Instagram"), Redirect: meta.Redirect, Begin: n.beginLogin,
	}, {
		Name: "discovery", Title: "Facebook Login for Business Discovery: all professional accounts, for 60 days; needs a Page with an Instagram account, and an app with " + meta.Redirect,
		Slot: "ig", Fields: append(meta.Fields("Facebook"), own), Redirect: meta.Redirect, Begin: n.beginDiscovery,
	}}
}

func (n *network) beginLogin(in map[string]keychain.Secret, redirect string) (networks.LoginSession, error) {
	app := meta.App{ID: in["app_id"].Reveal(), Secret: in["app_secret"].Reveal(), Redirect: redirect}
	return n.tokens.Session(meta.Flow{
		Page: n.dialog, ID: app.ID, Scopes: loginScopes, Redirect: redirect,
		Exchange: func(ctx context.Context, code string) (keychain.Fresh, error) {
			return n.tokens.LongLived(ctx, n.codes, "ig_exchange_token", app, code)
		},
	})
}

func (n *network) beginDiscovery(in map[string]keychain.Secret, redirect string) (networks.LoginSession, error) {
	id, secret := in["app_id"].Reveal(), in["app_secret"].Reveal()
	return n.tokens.Session(meta.Flow{
		Page: n.facebookDialog, ID: id, Scopes: discoveryScopes, Redirect: redirect,
		Exchange: func(ctx context.Context, code string) (keychain.Fresh, error) {
			long, err := n.facebook.Redeem(ctx, id, secret, redirect, code)
			if err != nil {
				return keychain.Fresh{}, err
			}
			token, own := long.Token.Reveal(), in["ig_user_id"].Reveal()
			if own == "" {
				if own, err = n.firstAccount(ctx, token, secret); err != nil {
					return keychain.Fresh{}, err
				}
			}
			return keychain.Fresh{Expires: long.Expires, Value: keychain.Mapping(map[string]string{
				"access_token": token, "ig_user_id": own, "app_id": id, "app_secret": secret,
			})}, nil
		},
	})
}

// firstAccount is the id of the first Instagram account of the person's Pages.
func (n *network) firstAccount(ctx context.Context, token, secret string) (string, error) {
	const op = "me/accounts"
	slot := keychain.Token{Value: keychain.Mapping(map[string]string{"access_token": token, "app_secret": secret})}
	var body struct {
		Data []struct {
			Account struct {
				ID meta.Text `json:"id"`
			} `json:"instagram_business_account"`
		} `json:"data"`
	}
	a := meta.Access{Slot: slot, Bearer: token, Secret: secret}
	if err := n.discovery.Get(ctx, a, op, op, "name,instagram_business_account{id,username}", &body); err != nil {
		return "", mend(err)
	}
	for _, page := range body.Data {
		if page.Account.ID != "" {
			return string(page.Account.ID), nil
		}
	}
	e := refused(op, networks.Forbidden, "none of the Pages has an Instagram account")
	e.Hint = "make the Instagram account a professional one, link it to a Page, and choose both in the dialog"
	return "", e
}
