// Package mastodon asks Mastodon servers, and others that speak the same API
// (Pleroma, Akkoma, GoToSocial, Pixelfed), for follower counts.
//
//	name  GET https://{host}/api/v1/accounts/lookup?acct=name   1 account a request
//	ids   GET https://{host}/api/v1/accounts?id[]=1&id[]=2      40 accounts of one server
//	id    GET https://{host}/api/v1/accounts/1                  1 account
//
// No token is needed. Each account is asked at its home server, because the others
// know only the followers of their own. An account is asked by its name once and by
// its id, which is its server's own, from then on: many in one request. A server
// older than Mastodon 4.3 refuses that, which costs that request; its accounts are
// asked one by one, in the same poll. So is an account that a list leaves out, and
// by its name again if its id is gone: a server that was set up anew has new ids.
//
// Each server is its own limiter (Batch.Limiter is the host) and its own failure.
//
//	the server says              here
//	404, 410 about an account    NotFound, of the account
//	suspended: true              Suspended, of the account
//	hide_followers_count: true   Hidden, of the account (Pleroma, Akkoma; the count is 0 then)
//	404 to a list, other 4xx     its accounts are asked one by one
//	404 with a page of HTML      Malformed: no Mastodon server
//	a redirect                   Malformed: the API is at another name
//	401, 403                     Forbidden: the server answers its own users alone
//	429                          RateLimited, until X-RateLimit-Reset
//	5xx                          Temporary
//
// Limits: 300 requests in 5 minutes per address and server, by default
// (https://docs.joinmastodon.org/api/rate-limits/, read 2026-11-21): one a second.
// How many ids a list takes is not documented; 40 is DEFAULT_ACCOUNTS_LIMIT of
// Mastodon's API, the most that its other lists of accounts return at once.
//
// Followers, following and posts are what the home server counts. An account that
// moved away (moved in the answer) keeps its counts and is asked on as before.
// Mastodon verifies links and not accounts: Verified is unknown.
//
// Options.BaseURL stands for every server. Accounts are asked as name@host then, so
// that the answers stay apart, and ids must be unique behind it.
package mastodon

import (
	"strings"

	"collectord/networks"
	"collectord/networks/internal/rest"
)

const (
	name      = "mastodon"
	perSecond = 300.0 / (5 * 60)
)

// Descriptor says what the rest of the program has to know of Mastodon.
func Descriptor() networks.Descriptor {
	return networks.Descriptor{
		Name: name, Title: "Mastodon",
		RequestsPerSecond: perSecond,
		New:               New,
	}
}

type network struct {
	rest *rest.Client
	base string // in place of every server; empty: each account's own
}

// New returns the network. Of the options it takes BaseURL, HTTP and UserAgent.
func New(opts networks.Options) networks.Network {
	return &network{rest: rest.NewClient(name, opts, window()), base: strings.TrimSuffix(opts.BaseURL, "/")}
}
