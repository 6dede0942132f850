// Package tiktok asks TikTok's Display API for the counts of one's own accounts: a
// token shows the account that agreed to it, and nobody else's.
//
//	GET {base}/v2/user/info/?fields=...   the account of the token, 1 request a poll
//
// Public accounts of others are in the Research API alone, which TikTok gives to
// academics and non-profits after review, and not for this. So each account names its
// own token: {handle: me, token: tt:brand}.
//
// Limits (https://developers.tiktok.com/doc/tiktok-api-v2-rate-limit, read 2026-11-22):
// 600 requests in a minute that slides, for each token and call. The default rate is 1 a
// second; one account needs far less.
//
//	error.code                                 here
//	access_token_invalid, access_token_expired Unauthorized: the token is renewed
//	scope_not_authorized, scope_permission_missed Forbidden: log in again with all scopes
//	invalid_params                             Malformed
//	rate_limit_exceeded                        RateLimited
//	internal_error; 5xx                        Temporary
//
// TikTok says "ok" in error.code of a good answer; the HTTP status is not believed.
//
// The slot tt holds the app (client_key, client_secret) and the refresh token of a
// login. Out of these the keychain makes the access token, which lives 24 hours, and
// keeps it in the same slot. The refresh token lives 365 days from the login; TikTok may
// give another one with every renewal, and the old one is void then, which is why the
// new pair is on disk before it is used.
//
// Followers, following, likes (of all the account's videos) and posts (public videos)
// are exact.
package tiktok

import (
	"strings"

	"collectord/networks"
	"collectord/networks/internal/rest"
)

const (
	name    = "tiktok"
	baseURL = "https://open.tiktokapis.com"
	// loginURL is where a person agrees
	// (https://developers.tiktok.com/doc/login-kit-desktop, read 2026-11-22).
	loginURL  = "https://www.tiktok.com"
	perSecond = 1
)

// Descriptor says what the rest of the program has to know of TikTok. AuthURL is where
// tokens are made; unless it is the default one it also has the page at which a person
// agrees, which is at https://www.tiktok.com.
func Descriptor() networks.Descriptor {
	return networks.Descriptor{
		Name: name, Title: "TikTok",
		Slots:             slots(),
		RequestsPerSecond: perSecond,
		BaseURL:           baseURL,
		AuthURL:           baseURL,
		New:               New,
	}
}

type network struct {
	rest              *rest.Client
	base, auth, login string
}

var (
	_ networks.Checker      = (*network)(nil)
	_ networks.Renewer      = (*network)(nil)
	_ networks.LoginNetwork = (*network)(nil)
)

// New returns the network. Of the options it takes BaseURL, AuthURL, HTTP and
// UserAgent.
func New(opts networks.Options) networks.Network {
	n := &network{rest: rest.NewClient(name, opts), base: baseURL, auth: baseURL, login: loginURL}
	if base := strings.TrimSuffix(opts.BaseURL, "/"); base != "" {
		n.base = base
	}
	if auth := strings.TrimSuffix(opts.AuthURL, "/"); auth != "" && auth != baseURL {
		n.auth, n.login = auth, auth
	}
	return n
}
