package odnoklassniki

import (
	"context"
	"errors"
	"net/url"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/internal/oauth"
	"collectord/networks/internal/rest"
)

// login is the word for it in errors.
const login = "login"

// Logins are two ways through the same page: a token that lives 30 days, for an app
// with that right, and a refresh token, for one without. OK compares the redirect
// address letter by letter with the one in the app's settings.
func (n *network) Logins() []networks.Login {
	fields := []networks.LoginField{
		{Name: "app_id", Prompt: "application ID"},
		{Name: "app_key", Prompt: "public application key"},
		{Name: "app_secret", Prompt: "secret application key", Secret: true},
	}
	return []networks.Login{
		{
			Name: "code", Title: "a token of 30 days, which polls prolong; for an app with the right LONG_ACCESS_TOKEN",
			Slot: "ok", Fields: fields, Begin: n.begin("VALUABLE_ACCESS;LONG_ACCESS_TOKEN;GROUP_CONTENT", grant.value),
		},
		{
			Name: "refresh", Title: "a refresh token, of which tokens of 30 minutes are made; for any app",
			Slot: "raw_ok", Fields: fields, Begin: n.begin("VALUABLE_ACCESS;GROUP_CONTENT", rawValue),
		},
	}
}

// rawValue is a grant as the slot raw_ok wants it.
func rawValue(g grant, app interface{ Get(string) string }) keychain.Value {
	return keychain.Mapping(map[string]string{
		"app_id": app.Get("app_id"), "app_key": app.Get("app_key"), "app_secret": app.Get("app_secret"), "refresh_token": g.Refresh,
	})
}

// begin returns a Login's Begin. Value makes the slot's value of what was granted.
func (n *network) begin(scope string, value func(grant, interface{ Get(string) string }) keychain.Value,
) func(map[string]keychain.Secret, string) (networks.LoginSession, error) {
	return func(in map[string]keychain.Secret, redirect string) (networks.LoginSession, error) {
		app := make(map[string]string, 3)
		for _, field := range []string{"app_id", "app_key", "app_secret"} {
			app[field] = in[field].Reveal()
			if app[field] == "" {
				e := n.rest.Error(login, networks.Forbidden, "", field+" is missing", nil)
				e.Hint = "Odnoklassniki sent all three by mail when the app was made"
				return nil, e
			}
		}
		return &session{
			n: n, app: keychain.Token{Slot: "raw_ok", Value: keychain.Mapping(app)},
			round: oauth.New(), scope: scope, redirect: redirect, value: value,
		}, nil
	}
}

// session is one login under way.
type session struct {
	n               *network
	app             keychain.Token // app_id, app_key, app_secret
	round           oauth.Round
	scope, redirect string
	value           func(grant, interface{ Get(string) string }) keychain.Value
}

// URL is the page at which a person agrees
// (https://apiok.ru/en/ext/oauth/server, read 2026-11-22).
func (s *session) URL() string {
	return s.round.Page(s.n.login+"/oauth/authorize", map[string]string{
		"client_id": s.app.Get("app_id"), "scope": s.scope, "response_type": "code", "redirect_uri": s.redirect, "layout": "w",
	})
}

// Finish exchanges the code in the address, which is good for two minutes.
func (s *session) Finish(ctx context.Context, redirected string) (keychain.Fresh, error) {
	code, err := s.code(redirected)
	if err != nil {
		return keychain.Fresh{}, err
	}
	g, err := s.n.grant(ctx, s.app, url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {s.redirect},
	})
	if err != nil {
		return keychain.Fresh{}, err
	}
	v := s.value(g, s.app)
	if v.Get("access_token") == "" && v.Get("refresh_token") == "" {
		return keychain.Fresh{}, s.n.rest.Error(login, networks.Malformed, "", "the answer holds no refresh_token", nil)
	}
	return keychain.Fresh{Value: v}, nil
}

// code reads the address that the page redirected to.
func (s *session) code(redirected string) (string, error) {
	q, err := s.round.Returned(redirected)
	switch {
	case errors.Is(err, networks.ErrOtherLogin):
		return "", err
	case err != nil:
		return "", s.n.rest.Error(login, networks.Malformed, "", err.Error(), nil)
	case q.Get("error") != "":
		return "", s.n.rest.Error(login, networks.Forbidden, "", rest.Words(s.app, q.Get("error")+" "+q.Get("error_description")), nil)
	case q.Get("code") == "":
		return "", s.n.rest.Error(login, networks.Malformed, "", "the address has no code in it", nil)
	}
	return q.Get("code"), nil
}
