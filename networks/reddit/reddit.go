// Package reddit asks Reddit for the subscribers of communities (subreddits).
//
//	names  GET {base}/api/info?sr_name=a,b   100 communities a request
//	ids    GET {base}/api/info?id=t5_1,t5_2  100 communities a request
//
// A community is asked by its name once and by its id, which Reddit calls its
// fullname, from then on: 10,000 communities are 100 requests a poll.
//
// Limits: 100 requests a minute and app, averaged over ten minutes
// (https://support.reddithelp.com/hc/en-us/articles/16160319875092, read 2026-09),
// which is the default rate.
//
//	Reddit says                        here
//	a community is left out            NotFound: unknown, banned, or private
//	a private one without subscribers  Private, of the community
//	subscribers is missing             Malformed, of the community; never 0
//	401                                Unauthorized: the app's token is made anew, once
//	403                                Forbidden: the app has no access, or the User-Agent is refused
//	429                                RateLimited, until X-Ratelimit-Reset
//	5xx                                Temporary
//
// The token (slot rd) is an app's id and secret, from https://www.reddit.com/prefs/apps.
// Since November 2025 Reddit approves new apps by hand and refuses many. The app's
// own token, good for an hour to a day, is made from them at
// {auth}/api/v1/access_token, kept beside them and made anew in time. No user logs in.
//
// Followers are subscribers, exact. The site itself shows weekly visitors since 2025,
// which the API does not tell. Reddit refuses requests without a User-Agent of their
// own, and has names of its own for people: u/NAME cannot be asked for.
package reddit

import (
	"strings"

	"collectord/networks"
	"collectord/networks/internal/apptoken"
	"collectord/networks/internal/rest"
)

const (
	name    = "reddit"
	baseURL = "https://oauth.reddit.com"
	authURL = "https://www.reddit.com"
	// perSecond is 100 requests a minute.
	perSecond = 100.0 / 60
)

// Descriptor says what the rest of the program has to know of Reddit.
func Descriptor() networks.Descriptor {
	return networks.Descriptor{
		Name: name, Title: "Reddit",
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
