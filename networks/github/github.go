// Package github asks GitHub for the follower counts of users and organisations.
//
//	names          POST {base}/graphql        100 accounts a request
//	organisations  GET  {base}/users/NAME     1, because GraphQL has no followers of theirs
//	ids            GET  {base}/user/123       1, where the name has gone or was never given
//
// A name does not say whether it is a user or an organisation, so all go through
// GraphQL at first; an organisation is remembered as one and asked by REST alone from
// then on. GraphQL cannot be asked by the number that is an account's id, so users
// are asked by name, the id in the answer is compared, and only an account that was
// renamed, or whose name another one took, costs a request of its own. 10,000 users
// are 100 requests a poll.
//
// Limits, an hour and token (https://docs.github.com/graphql/overview/rate-limits-and-node-limits-for-the-graphql-api
// and https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api,
// read 2026-09): 5000 points of GraphQL, where a request for 100 users is two, and
// 5000 requests of REST beside them. The default rate keeps to either. Secondary
// limits (on speed) are not exact, and are obeyed when GitHub says so.
//
//	GitHub says                              here
//	NOT_FOUND, 404 about an account          asked by its id if that is known, else NotFound
//	FORBIDDEN about an account, 451          Blocked, of the account (an organisation's IP list)
//	RESOURCE_LIMITS_EXCEEDED                 Temporary of an account, BadBatch of a request
//	401                                      Unauthorized
//	RATE_LIMITED; 403, 429 with no points    RateLimited, until x-ratelimit-reset
//	403, 429 with Retry-After or such words  RateLimited: a secondary limit
//	403                                      Forbidden
//	5xx                                      Temporary
//
// The token (slot gh) is a personal access token without any permission, classic or
// fine-grained, from https://github.com/settings/tokens. GraphQL answers nobody
// without one.
//
// Followers and following are exact. GitHub's followers are those of an account; the
// stars of its repositories are another number and not asked for.
package github

import (
	"strings"

	"collectord/networks"
	"collectord/networks/internal/rest"
)

const (
	name    = "github"
	baseURL = "https://api.github.com"
	// perSecond is 5000 requests an hour.
	perSecond = 5000.0 / (60 * 60)
)

// Descriptor says what the rest of the program has to know of GitHub.
func Descriptor() networks.Descriptor {
	return networks.Descriptor{
		Name: name, Title: "GitHub",
		Slots:             slots(),
		RequestsPerSecond: perSecond,
		BaseURL:           baseURL,
		New:               New,
	}
}

type network struct {
	rest *rest.Client
	base string
}

var _ networks.Checker = (*network)(nil)

// New returns the network. Of the options it takes BaseURL, HTTP and UserAgent.
func New(opts networks.Options) networks.Network {
	base := opts.BaseURL
	if base == "" {
		base = baseURL
	}
	return &network{rest: rest.NewClient(name, opts, window()), base: strings.TrimSuffix(base, "/")}
}
