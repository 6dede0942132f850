// Package twitch asks Twitch's Helix API for the followers of channels.
//
//	who    GET {base}/helix/users?login=a&id=1                   100 channels a request
//	count  GET {base}/helix/channels/followers?broadcaster_id=1  1 channel
//
// Twitch tells the number of followers of one channel at a time, and neither its
// name nor whether it still exists. So each poll asks who the channels are, 100 in a
// request and by their ids as soon as those are known, and then for each its count:
// 100 channels cost 101 requests, and names, renames and bans are seen in every poll.
// What the first answer says of a channel travels to the second one in Ref.Kind.
//
// Limits: 800 requests a minute and app (https://dev.twitch.tv/docs/api/guide#twitch-rate-limits,
// read 2026-09), which is the default rate: 47,000 channels an hour.
//
//	Twitch says                           here
//	a channel is left out of users        NotFound: unknown, deleted or banned
//	total is missing                      Malformed, of the channel; never 0
//	400 to a user's name                  BadBatch; NotFound of a channel alone
//	400, 404 to a broadcaster_id          NotFound, of the channel
//	401                                   Unauthorized: the app's token is made anew, once
//	403                                   Forbidden
//	429                                   RateLimited, until Ratelimit-Reset
//	5xx                                   Temporary
//
// The token (slot tc) is an app's id and secret, from https://dev.twitch.tv/console/apps.
// The app's own token, good for about 60 days, is made from them at
// {auth}/oauth2/token, kept beside them and made anew in time. No user logs in.
//
// Followers are exact. Verified means that the channel is a partner of Twitch.
package twitch

import (
	"strings"

	"collectord/networks"
	"collectord/networks/internal/apptoken"
	"collectord/networks/internal/rest"
)

const (
	name    = "twitch"
	baseURL = "https://api.twitch.tv"
	authURL = "https://id.twitch.tv"
	// perSecond is 800 requests a minute.
	perSecond = 800.0 / 60
)

// Descriptor says what the rest of the program has to know of Twitch.
func Descriptor() networks.Descriptor {
	return networks.Descriptor{
		Name: name, Title: "Twitch",
		Slots:             slots(),
		RequestsPerSecond: perSecond,
		BaseURL:           baseURL,
		AuthURL:           authURL,
		New:               New,
	}
}

type network struct {
	rest *rest.Client
	base string
	app  *apptoken.App
}

var (
	_ networks.Checker = (*network)(nil)
	_ networks.Renewer = (*network)(nil)
)

// New returns the network. Of the options it takes BaseURL, AuthURL, HTTP and
// UserAgent.
func New(opts networks.Options) networks.Network {
	n := &network{rest: rest.NewClient(name, opts, window()), base: baseURL}
	if opts.BaseURL != "" {
		n.base = strings.TrimSuffix(opts.BaseURL, "/")
	}
	auth := authURL
	if opts.AuthURL != "" {
		auth = strings.TrimSuffix(opts.AuthURL, "/")
	}
	n.app = newApp(n.rest, auth)
	return n
}
