package vk

import (
	"context"
	"net/url"
	"time"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/internal/oauth"
)

// VK ID (https://id.vk.ru/about/business/go/docs/ru/vkid/latest/vk-id/connection/api-integration/api-description,
// read 2026-09). An access token lives an hour, on the address that asked for it. A
// refresh token is good for one use; its successor comes in the same answer, and a
// second use ends the login. So the new pair is on disk before it is used, one
// process refreshes at a time, and no error about a refresh is followed by another
// try unless VK said that it was busy: see keychain.Refresher.

const (
	opExchange = "oauth2/auth"
	opRefresh  = "oauth2/auth: refresh"

	// tokenLife is that of an access token of VK ID where the answer does not say.
	tokenLife = time.Hour
	// refreshBefore is how long before its end a token should have been refreshed.
	refreshBefore = 5 * time.Minute
	// refreshAtLeast is how long a refresh token is left unused at most: VK does not
	// say how long it lives.
	refreshAtLeast = 24 * time.Hour
	// againParked is when a refresh that a page stands before is tried again.
	againParked = time.Hour
)

// refresher is a keychain.Refresher.
type refresher struct{ n *network }

// Window is from half of the token's life on, until 5 minutes before its end or a
// day after it came.
func (refresher) Window(t keychain.Token, held, expires time.Time) keychain.Window {
	if t.Get("refresh_token") == "" {
		return keychain.Window{}
	}
	w := keychain.Window{From: held.Add(refreshAtLeast / 2), By: held.Add(refreshAtLeast)}
	if expires.IsZero() {
		return w
	}
	half := held.Add(expires.Sub(held) / 2)
	if expires.Before(held) {
		half = expires
	}
	if half.Before(w.From) {
		w.From = half
	}
	if before := expires.Add(-refreshBefore); before.Before(w.By) {
		w.By = before
	}
	return w
}

// Refresh spends the refresh token.
func (r refresher) Refresh(ctx context.Context, t keychain.Token) (keychain.Fresh, error) {
	asked := time.Now()
	g, e := r.n.askGrant(ctx, opRefresh, r.n.auth+"/oauth2/auth", bearing(map[string]string{
		"grant_type":    "refresh_token",
		"refresh_token": t.Get("refresh_token"),
		"client_id":     t.Get("client_id"),
		"device_id":     t.Get("device_id"),
		"service_token": t.Get("service_token"),
		"state":         oauth.New().State, // VK wants one; the answer is this connection's whatever it echoes
	}))
	if e != nil {
		return keychain.Fresh{}, refusal(e, againParked)
	}
	return r.n.record(opRefresh, g, asked, t.Value)
}

// record is the value that VK ID granted, on the base of what else belongs to it.
func (n *network) record(op string, g *grant, asked time.Time, base keychain.Value) (keychain.Fresh, error) {
	if g.AccessToken == "" {
		return keychain.Fresh{}, n.rest.Error(op, networks.Malformed, g.key(), "the answer holds no access token", nil)
	}
	fields := map[string]string{"access_token": string(g.AccessToken), "expires_at": ""}
	if g.RefreshToken != "" {
		fields["refresh_token"] = string(g.RefreshToken)
	}
	end := g.expires(asked, tokenLife)
	if !end.IsZero() {
		fields["expires_at"] = end.Format(time.RFC3339)
	}
	return keychain.Fresh{Value: base.With(fields), Expires: end}, nil
}

// vkidSession is a networks.LoginSession.
type vkidSession struct {
	n                       *network
	round                   oauth.Round
	client, service, scopes string
	redirect                string
}

// URL is the page at id.vk.ru.
func (s *vkidSession) URL() string {
	return s.round.Page(s.n.auth+"/authorize", map[string]string{
		"response_type": "code", "client_id": s.client, "redirect_uri": s.redirect, "scope": s.scopes,
		"code_challenge": s.round.Challenge(), "code_challenge_method": "S256",
	})
}

// Finish exchanges the code.
func (s *vkidSession) Finish(ctx context.Context, redirected string) (keychain.Fresh, error) {
	v, err := s.n.returned(opExchange, s.round.Returned, redirected)
	if err != nil {
		return keychain.Fresh{}, err
	}
	device := v.Get("device_id")
	if device == "" {
		return keychain.Fresh{}, s.n.rest.Error(opExchange, networks.Malformed, "", "the address holds no device_id, without which the token cannot be refreshed", nil)
	}
	asked := time.Now()
	g, e := s.n.askGrant(ctx, opExchange, s.n.auth+"/oauth2/auth", bearing(map[string]string{
		"grant_type":    "authorization_code",
		"code":          v.Get("code"),
		"code_verifier": s.round.Verifier,
		"client_id":     s.client,
		"device_id":     device,
		"redirect_uri":  s.redirect,
		"state":         s.round.State,
		"service_token": s.service,
	}))
	if e != nil {
		return keychain.Fresh{}, e
	}
	if g.RefreshToken == "" {
		return keychain.Fresh{}, s.n.rest.Error(opExchange, networks.Malformed, g.key(), "the answer holds no refresh token", nil)
	}
	return s.n.record(opExchange, g, asked, keychain.Mapping(map[string]string{
		"client_id": s.client, "device_id": device, "service_token": s.service,
	}))
}

// returned reads the address of a redirect that must hold a code.
func (n *network) returned(op string, read func(string) (url.Values, error), redirected string) (url.Values, error) {
	v, err := n.redirect(op, read, redirected)
	if err == nil && v.Get("code") == "" {
		err = n.rest.Error(op, networks.Malformed, "", "the address holds no code", nil)
	}
	if err != nil {
		return nil, err
	}
	return v, nil
}
