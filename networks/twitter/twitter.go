// Package twitter asks X (Twitter) for follower counts, by its API v2.
//
//	handles  GET {base}/2/users/by?usernames=a,b,c   100 accounts a request
//	ids      GET {base}/2/users?ids=1,2,3            100 accounts a request
//
// An account is asked by its handle once and by its id from then on, because
// handles are given up and taken by others. Both calls take the same fields
// (user.fields=public_metrics,protected,verified,verified_type) and no expansions:
// X bills $0.010 for each User it returns, once a UTC day, however many fields and
// however often (https://docs.x.com/x-api/getting-started/pricing, read 2026-09);
// an expanded pinned post would be billed on top.
//
// Limits (https://docs.x.com/x-api/fundamentals/rate-limits, read 2026-09): each
// call 300 requests in 15 minutes with an app's bearer token and 900 with a token of a
// user. The default rate is that of the bearer token, 30,000 accounts in 15
// minutes; with a user's requests_per_second may be 1. Money ends before either.
//
//	X says                                     here
//	errors[] "Not Found Error"                 NotFound, of the account
//	errors[] "Forbidden", "suspended"          Suspended, of the account
//	errors[] field-hydration-failure           Temporary, of the account
//	400 about usernames or ids                 BadBatch; NotFound of an account alone
//	401, code 32, 89, 135, 215                 Unauthorized
//	402 credits, credits-depleted              Payment
//	403 client-not-enrolled, 453 ...           Forbidden
//	429                                        RateLimited, Quota where a day's window is empty
//	429 usage-capped                           Quota
//	5xx                                        Temporary
//
// The token (slot tw) is one of four; what the slot holds decides:
//
//	{consumer_key, consumer_secret, access_token, access_secret}
//	    a user's: each request is signed by OAuth 1.0a; nothing expires
//	{consumer_key, consumer_secret}
//	    an app's: its bearer token is made once and kept beside them (renew.go)
//	{bearer_token}
//	    an app's: as it is
//	{client_id, access_token, refresh_token, ...}
//	    a user's, by OAuth 2: 2 hours, refreshed by a token good for one use (user.go);
//	    login.go gets one
//
// The four keys are not used for a bearer token as well: they have three times its
// allowance. Who wants both puts them into two slots. The host is part of a signature: a
// proxy named in base_url has to keep the Host header.
//
// Followers, following and posts are exact. Protected accounts show theirs as well.
package twitter

import (
	"strings"

	"collectord/networks"
	"collectord/networks/internal/apptoken"
	"collectord/networks/internal/rest"
)

const (
	name    = "twitter"
	slot    = "tw"
	baseURL = "https://api.x.com"
	// dialogURL is where people log in
	// (https://docs.x.com/fundamentals/authentication/oauth-2-0/user-access-token,
	// read 2026-11-22).
	dialogURL = "https://x.com"
	// perSecond is 300 requests in 15 minutes, the smaller of X's two limits.
	perSecond = 300.0 / (15 * 60)
)

// Descriptor says what the rest of the program has to know of X. Tokens are made where
// the API is, so that both addresses are the same.
func Descriptor() networks.Descriptor {
	return networks.Descriptor{
		Name: name, Title: "X (Twitter)",
		Slots:             slots(),
		RequestsPerSecond: perSecond,
		Spending:          networks.Spending{Unit: networks.USD, PerAccountDay: 0.010, Source: "docs.x.com, read 2026-09"},
		BaseURL:           baseURL,
		AuthURL:           baseURL,
		New:               New,
	}
}

type network struct {
	opts   networks.Options
	base   string
	auth   string // where tokens are made
	dialog string // where people log in
	rest   *rest.Client
	app    *apptoken.App
}

var (
	_ networks.Checker      = (*network)(nil)
	_ networks.Renewer      = (*network)(nil)
	_ networks.LoginNetwork = (*network)(nil)
)

// New returns the network. Of the options it takes BaseURL, AuthURL, HTTP and
// UserAgent. An API elsewhere has its tokens made there as well, unless AuthURL says
// where; that stands for the login dialog, too.
func New(opts networks.Options) networks.Network {
	n := &network{opts: opts, base: baseURL, auth: baseURL, dialog: dialogURL, rest: rest.NewClient(name, opts)}
	if base := strings.TrimSuffix(opts.BaseURL, "/"); base != "" && base != baseURL {
		n.base, n.auth = base, base
	}
	if auth := strings.TrimSuffix(opts.AuthURL, "/"); auth != "" && auth != baseURL {
		n.auth = auth
	}
	if n.auth != baseURL {
		n.dialog = n.auth
	}
	n.app = n.newApp()
	return n
}

// refused makes an error of this network about one account.
func refused(op string, kind networks.Kind, code, msg string) *networks.Error {
	return &networks.Error{Op: name + ": " + op, Kind: kind, Code: code, Msg: msg}
}

// client returns what makes the requests of one token.
func (n *network) client(k keys) *rest.Client {
	opts := n.opts
	opts.HTTP = k.sign(opts.HTTP)
	return rest.NewClient(name, opts, windows()...)
}
