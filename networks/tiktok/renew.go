package tiktok

import (
	"context"
	"errors"
	"net/url"
	"time"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/internal/rest"
)

const oauthToken = "oauth/token"

// unknownLife is how long an access token is used of which the slot does not say when
// it ends: what TikTok documents
// (https://developers.tiktok.com/doc/oauth-user-access-token-management, read
// 2026-11-22).
const unknownLife = 24 * time.Hour

// maxLife bounds what is believed of a token's life, in seconds: ten years.
const maxLife = 10 * 365 * 24 * 60 * 60

// Refreshers is how access tokens are made and renewed.
func (n *network) Refreshers() map[string]keychain.Refresher {
	return map[string]keychain.Refresher{"tt": refresher{n}}
}

// Makers are none: the slot itself holds what a token is made from.
func (n *network) Makers() map[string]keychain.Maker { return nil }

type refresher struct{ n *network }

// Window is at once where there is no access token, and else the last quarter of its
// life: six hours in which to get over an outage.
func (refresher) Window(t keychain.Token, held, expires time.Time) keychain.Window {
	switch {
	case t.Get(refreshToken) == "":
		return keychain.Window{}
	case t.Get(accessToken) == "":
		return keychain.Window{By: time.Unix(1, 0)}
	case expires.IsZero():
		expires = held.Add(unknownLife)
	}
	return keychain.Window{By: expires.Add(-max(expires.Sub(held), 0) / 4)}
}

// Refresh spends the refresh token. The one that comes back goes into the slot, new or
// not.
func (r refresher) Refresh(ctx context.Context, t keychain.Token) (keychain.Fresh, error) {
	value, err := r.n.grant(ctx, t, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {t.Get(refreshToken)}})
	var e *networks.Error
	switch {
	case err == nil:
		return keychain.Fresh{Value: value}, nil
	case errors.As(err, &e) && e.Kind == networks.Unauthorized:
		return keychain.Fresh{}, &keychain.Refusal{State: keychain.State{Name: keychain.Dead, Hint: e.Hint}, Err: err}
	}
	return keychain.Fresh{}, err
}

// grant asks the token service, and returns the slot's new value. Slot holds the app,
// and what is to stay of the old value.
func (n *network) grant(ctx context.Context, slot keychain.Token, form url.Values) (keychain.Value, error) {
	form.Set(clientKey, slot.Get(clientKey))
	form.Set(clientSecret, slot.Get(clientSecret))
	now := time.Now()
	resp, err := n.rest.Do(ctx, rest.Request{Op: oauthToken, URL: n.auth + "/v2/oauth/token/", Form: form})
	if err != nil {
		return keychain.Value{}, err
	}
	// The proof may be no part of the slot yet.
	secrets := keychain.Token{Value: slot.With(map[string]string{"code": form.Get("code"), "code_verifier": form.Get("code_verifier")})}
	if e := n.refuseGrant(resp, secrets); e != nil {
		return keychain.Value{}, e
	}
	var g struct {
		Access         string       `json:"access_token"`
		Refresh        string       `json:"refresh_token"`
		OpenID         string       `json:"open_id"`
		Expires        rest.Lenient `json:"expires_in"`         // seconds
		RefreshExpires rest.Lenient `json:"refresh_expires_in"` // seconds
	}
	if err := n.rest.Decode(resp, &g); err != nil {
		return keychain.Value{}, err
	}
	if g.Access == "" || g.Refresh == "" && slot.Get(refreshToken) == "" {
		return keychain.Value{}, n.rest.Error(oauthToken, networks.Malformed, "", "the answer holds no token", nil)
	}
	fields := map[string]string{accessToken: g.Access, expiresAt: end(now, g.Expires)}
	if g.Refresh != "" {
		fields[refreshToken] = g.Refresh
	}
	if at := end(now, g.RefreshExpires); at != "" {
		fields[refreshExpiresAt] = at
	}
	if g.OpenID != "" {
		fields[openIDField] = g.OpenID
	}
	return slot.With(fields), nil
}

// end is when something ends, as the slot writes it; "" where that was not said.
func end(now time.Time, life rest.Lenient) string {
	seconds, known := life.Get()
	if !known || seconds <= 0 || seconds > maxLife {
		return ""
	}
	return now.Add(time.Duration(seconds) * time.Second).UTC().Format(time.RFC3339)
}
