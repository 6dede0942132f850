package twitter

import (
	"context"
	"errors"
	"net/url"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/internal/oauth"
	"collectord/networks/internal/rest"
)

// scopes are what user lookups need, and a refresh token
// (https://docs.x.com/fundamentals/authentication/oauth-2-0/authorization-code, read
// 2026-11-22).
const scopes = "users.read tweet.read offline.access"

// login is the word for it in errors.
const login = "login"

// Logins is the login by authorization code with PKCE.
func (n *network) Logins() []networks.Login {
	return []networks.Login{{
		Name: "code", Title: "a user's token that is refreshed every 2 hours; needs an app with OAuth 2.0 and the redirect address among its callback URIs",
		Slot: slot,
		Fields: []networks.LoginField{
			{Name: clientID, Prompt: "OAuth 2.0 client ID of the app"},
			{Name: clientSecret, Prompt: "OAuth 2.0 client secret, if the app is a confidential client", Secret: true, Optional: true},
		},
		Begin: n.begin,
	}}
}

func (n *network) begin(in map[string]keychain.Secret, redirect string) (networks.LoginSession, error) {
	client := map[string]string{clientID: in[clientID].Reveal(), clientSecret: in[clientSecret].Reveal()}
	if client[clientID] == "" {
		e := n.rest.Error(login, networks.Forbidden, "", "client_id is missing", nil)
		e.Hint = "the app's page at developer.x.com shows it under Keys and tokens, OAuth 2.0"
		return nil, e
	}
	return &session{n: n, client: keychain.Token{Slot: slot, Value: keychain.Mapping(client)}, round: oauth.New(), redirect: redirect}, nil
}

// session is one login under way.
type session struct {
	n        *network
	client   keychain.Token // client_id and client_secret
	round    oauth.Round
	redirect string
}

// URL is the page at which a person agrees.
func (s *session) URL() string {
	return s.round.Page(s.n.dialog+"/i/oauth2/authorize", map[string]string{
		"response_type": "code", clientID: s.client.Get(clientID), "redirect_uri": s.redirect, "scope": scopes,
		"code_challenge": s.round.Challenge(), "code_challenge_method": "S256",
	})
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
		e := s.n.rest.Error(login, networks.Forbidden, "", rest.Words(s.client, q.Get("error")+" "+q.Get("error_description")), nil)
		e.Hint = "agree on the page, and see that the redirect address stands among the app's callback URIs"
		return keychain.Fresh{}, e
	case q.Get("code") == "":
		return keychain.Fresh{}, s.n.rest.Error(login, networks.Malformed, "", "the address has no code in it", nil)
	}
	return s.n.grant(ctx, opExchange, s.client, url.Values{
		"grant_type": {"authorization_code"}, "code": {q.Get("code")}, "redirect_uri": {s.redirect}, "code_verifier": {s.round.Verifier},
	})
}
