package tiktok

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net"
	"net/url"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/internal/oauth"
	"collectord/networks/internal/rest"
)

// scopes are what the fields of a poll need.
const scopes = "user.info.basic,user.info.profile,user.info.stats"

// login is the word for it in errors.
const login = "login"

// Logins is the one way to a refresh token.
func (n *network) Logins() []networks.Login {
	return []networks.Login{{
		Name: "code", Title: "the account that logs in; needs an app with Login Kit for Desktop and the scopes " + scopes,
		Slot: "tt",
		Fields: []networks.LoginField{
			{Name: clientKey, Prompt: "client key of the app"},
			{Name: clientSecret, Prompt: "client secret of the app", Secret: true},
		},
		Begin: n.begin,
	}}
}

func (n *network) begin(in map[string]keychain.Secret, redirect string) (networks.LoginSession, error) {
	app := make(map[string]string, 2)
	for _, field := range []string{clientKey, clientSecret} {
		app[field] = in[field].Reveal()
		if app[field] == "" {
			e := n.rest.Error(login, networks.Forbidden, "", field+" is missing", nil)
			e.Hint = "the app's page at https://developers.tiktok.com/apps/ shows both"
			return nil, e
		}
	}
	return &session{n: n, app: keychain.Token{Slot: "tt", Value: keychain.Mapping(app)}, round: oauth.New(), redirect: redirect}, nil
}

// session is one login under way.
type session struct {
	n        *network
	app      keychain.Token // client_key and client_secret
	round    oauth.Round
	redirect string
}

// desktop reports whether the app is one for the desktop: its redirect is to this
// machine, and TikTok wants PKCE then. Apps for the web have neither.
func (s *session) desktop() bool {
	u, err := url.Parse(s.redirect)
	if err != nil {
		return false
	}
	return u.Hostname() == "localhost" || net.ParseIP(u.Hostname()).IsLoopback()
}

// URL is the page at which a person agrees. The challenge is in hexadecimal digits,
// other than RFC 7636 has it (https://developers.tiktok.com/doc/login-kit-desktop, read
// 2026-11-22).
func (s *session) URL() string {
	query := map[string]string{
		clientKey: s.app.Get(clientKey), "scope": scopes, "response_type": "code", "redirect_uri": s.redirect,
	}
	if s.desktop() {
		sum := sha256.Sum256([]byte(s.round.Verifier))
		query["code_challenge"], query["code_challenge_method"] = hex.EncodeToString(sum[:]), "S256"
	}
	return s.round.Page(s.n.login+"/v2/auth/authorize/", query)
}

// Finish exchanges the code in the address.
func (s *session) Finish(ctx context.Context, redirected string) (keychain.Fresh, error) {
	q, err := s.round.Returned(redirected)
	switch {
	case errors.Is(err, networks.ErrOtherLogin):
		return keychain.Fresh{}, err
	case err != nil:
		return keychain.Fresh{}, s.n.rest.Error(login, networks.Malformed, "", err.Error(), nil)
	case q.Get("error") != "":
		return keychain.Fresh{}, s.n.rest.Error(login, networks.Forbidden, "", rest.Words(s.app, q.Get("error")+" "+q.Get("error_description")), nil)
	case q.Get("code") == "":
		return keychain.Fresh{}, s.n.rest.Error(login, networks.Malformed, "", "the address has no code in it", nil)
	}
	form := url.Values{"grant_type": {"authorization_code"}, "code": {q.Get("code")}, "redirect_uri": {s.redirect}}
	if s.desktop() {
		form.Set("code_verifier", s.round.Verifier)
	}
	value, err := s.n.grant(ctx, s.app, form)
	if err != nil {
		return keychain.Fresh{}, err
	}
	return keychain.Fresh{Value: value}, nil
}
