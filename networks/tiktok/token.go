package tiktok

import (
	"context"
	"fmt"
	"time"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/internal/rest"
)

// The fields of the slot.
const (
	clientKey        = "client_key"
	clientSecret     = "client_secret"
	refreshToken     = "refresh_token"
	accessToken      = "access_token"
	expiresAt        = "expires_at"
	refreshExpiresAt = "refresh_expires_at"
	openIDField      = "open_id"
)

// slots are the forms of the slot tt. What is optional the keychain writes.
func slots() []keychain.Format {
	return []keychain.Format{{
		Slot: "tt", Title: "TikTok token",
		Shapes: []keychain.Shape{{
			Kind: "app and refresh token", Required: []string{clientKey, clientSecret, refreshToken},
			Optional: []string{accessToken, openIDField, expiresAt, refreshExpiresAt},
		}},
	}}
}

// noAccess is the Code of the error about a slot whose access token has still to be
// made.
const noAccess = "no access token"

// access returns the access token. Where there is none yet the error is Unauthorized,
// so that whoever asked has it made, once, and asks again.
func (n *network) access(op string, t keychain.Token) (string, *networks.Error) {
	if t.Get(clientKey) == "" || t.Get(clientSecret) == "" || t.Get(refreshToken) == "" {
		e := n.rest.Error(op, networks.Unauthorized, "", "no usable token", nil)
		e.Hint = "assign slot tt: {client_key, client_secret, refresh_token}, or " + hintLogin
		return "", e
	}
	if t.Get(accessToken) == "" {
		e := n.rest.Error(op, networks.Unauthorized, noAccess, "", keychain.ErrUnmade)
		e.Hint = hintRenew
		return "", e
	}
	return t.Get(accessToken), nil
}

// Check asks for the token's own account. A slot without an access token is refused as
// keychain.ErrUnmade: to make one might spend the refresh token, which is the keychain's
// to do.
func (n *network) Check(ctx context.Context, token keychain.Token) (string, error) {
	u, err := n.own(ctx, token)
	if err != nil {
		return "", err
	}
	report := fmt.Sprintf("@%s, reads this account alone; renewed by itself", rest.Words(token, u.Username))
	// Not until when: the times are part of the slot, and are taken out of reports.
	if at, err := time.Parse(time.RFC3339, token.Get(refreshExpiresAt)); err == nil {
		report += fmt.Sprintf(", a login is due in %.0f days", max(time.Until(at).Hours()/24, 0))
	}
	return report, nil
}
