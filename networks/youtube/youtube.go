// Package youtube asks YouTube's Data API v3 for the subscriber counts of channels.
//
//	ids      GET {base}/youtube/v3/channels?id=UC1,UC2       50 channels a request
//	handle   GET {base}/youtube/v3/channels?forHandle=@name   1 channel, once
//	/user/   GET {base}/youtube/v3/channels?forUsername=name  1 channel, once
//
// The answer about a handle brings the counts as well and the channel's id, by which
// the channel is asked from then on, 49 others with it: 10,000 channels cost 200
// requests a poll. Order is not promised, so channels are matched by id.
//
// Limits: each request costs 1 unit, refused ones included, of the 10,000 that a
// Google Cloud project has a day; the day ends at midnight Pacific time
// (https://developers.google.com/youtube/v3/determine_quota_cost, read 2026-09).
// That is 500,000 channel reads a day, and about 20,000 channels an hour. YouTube
// tells nobody what is left; the default rate is a courtesy and not the quota.
//
//	YouTube says                                here
//	an id or handle is left out                 NotFound: unknown, deleted or terminated
//	hiddenSubscriberCount: true                 Hidden, of the channel, whatever number stands beside it
//	400 keyInvalid, API_KEY_INVALID             Unauthorized
//	403 quotaExceeded, dailyLimitExceeded       Quota, until midnight Pacific time
//	403, 429 rateLimitExceeded                  RateLimited
//	403 accessNotConfigured, ipRefererBlocked   Forbidden: the project or the key is set up wrong
//	5xx                                         Temporary
//
// The token (slot yt) is an API key of a Google Cloud project, free of charge and
// without an expiry. It travels in the header X-Goog-Api-Key, never in an address.
//
// Followers are subscribers, rounded down by YouTube to three significant figures
// since September 2019: a channel of 12.3 million moves in steps of 100,000, one
// under 1000 is exact (Descriptor.Digits). Views and posts (public videos) are exact. Numbers come as
// strings.
package youtube

import (
	"strings"

	"collectord/networks"
	"collectord/networks/internal/rest"
)

const (
	name    = "youtube"
	baseURL = "https://www.googleapis.com"
	// perSecond spreads a poll of 10,000 channels over 40 s. What bounds a day is the
	// quota.
	perSecond = 5
)

// Descriptor says what the rest of the program has to know of YouTube.
func Descriptor() networks.Descriptor {
	return networks.Descriptor{
		Name: name, Title: "YouTube",
		Slots:             slots(),
		RequestsPerSecond: perSecond,
		Digits:            3,
		Spending: networks.Spending{Unit: "units", PerRequest: 1, Zone: "America/Los_Angeles", Allowance: 10_000,
			Source: "developers.google.com, read 2026-09"},
		BaseURL: baseURL,
		New:     New,
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
	return &network{rest: rest.NewClient(name, opts), base: strings.TrimSuffix(base, "/")}
}
