// Package bluesky asks Bluesky for follower counts, by the public AppView.
//
//	many  GET {base}/xrpc/app.bsky.actor.getProfiles?actors=a&actors=b   25 accounts a request
//	one   GET {base}/xrpc/app.bsky.actor.getProfile?actor=a              why an account is missing
//
// No token is needed. An account is asked by its handle once and by its DID from
// then on, because handles are DNS names, which change hands.
//
// getProfiles leaves unknown and closed accounts out without a word. Such an
// account is asked alone, in the same poll, for the reason; so a gone account
// costs a request of its own each time. One malformed name refuses a whole
// request, so Parse is strict.
//
//	Bluesky says                             here
//	left out of getProfiles                  asked again by getProfile
//	400 InvalidRequest "Profile not found"   NotFound, of the account
//	400 AccountTakedown                      Suspended, of the account
//	400 AccountDeactivated                   NotFound, of the account: its owner switched it off
//	400 InvalidRequest, another one          BadBatch; of an account alone Malformed, or NotFound of a bad name
//	401, ExpiredToken, InvalidToken          Unauthorized: base_url is no public AppView
//	404, 405, MethodNotImplemented           Malformed: base_url is no AppView
//	429                                      RateLimited, until RateLimit-Reset
//	5xx                                      Temporary
//
// Limits: the AppView's are "generous" and unpublished, and it answers from a
// cache; a personal data server allows 3000 requests in 5 minutes and address
// (https://docs.bsky.app/docs/advanced-guides/rate-limits, read 2026-11-21). The
// default rate, one request a second, is politeness: 90,000 accounts an hour.
//
// Followers, following and posts are exact. An account whose handle no longer
// points back to it has the handle "handle.invalid" in answers; it keeps the name it
// was asked by here, else its DID.
package bluesky

import (
	"strings"

	"collectord/networks"
	"collectord/networks/internal/rest"
)

const (
	name      = "bluesky"
	baseURL   = "https://public.api.bsky.app"
	perSecond = 1
)

// Descriptor says what the rest of the program has to know of Bluesky.
func Descriptor() networks.Descriptor {
	return networks.Descriptor{
		Name: name, Title: "Bluesky",
		RequestsPerSecond: perSecond,
		BaseURL:           baseURL,
		New:               New,
	}
}

type network struct {
	rest *rest.Client
	base string
}

// New returns the network. Of the options it takes BaseURL, HTTP and UserAgent.
func New(opts networks.Options) networks.Network {
	base := opts.BaseURL
	if base == "" {
		base = baseURL
	}
	return &network{rest: rest.NewClient(name, opts, window()), base: strings.TrimSuffix(base, "/") + "/xrpc/"}
}
