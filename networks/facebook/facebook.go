// Package facebook asks Facebook for the followers and likes of Pages. People's
// profiles and groups show no counts to the API.
//
//	POST {base}/v25.0/  batch=[{GET v25.0/NAME_or_ID?fields=...}, ...]  50 Pages a request
//
// A Page is asked by its name once and by its id from then on. Each item of a batch has
// a code of its own, so that one bad name spoils nothing; GET /?ids=a,b fails whole for
// one bad name, and v26.0 takes it away.
//
// Limits: a token of a person or an app has 200 calls an hour for each of the app's
// daily users, and every Page of a batch is a call; a Page's or a system user's token
// has 4800 a day for each engaged user of the Page
// (https://developers.facebook.com/docs/graph-api/overview/rate-limiting, read 2026-09).
// The default rate is 200 Pages an hour, which one operator's app has.
//
//	Meta says                            here
//	803, 100 "does not exist"            NotFound, of the Page
//	100 "nonexisting field"              NotFound, of the Page: it is a person or a group
//	100 "... Page Public ...", 10        Forbidden, of the Page: the app has no review
//	null in place of a batch's item      Temporary, of the Page
//	190, 102                             Unauthorized; 459 and 464 Challenge
//	4, 17, 32, 341, 613, 80001           RateLimited: of the request if no Page was
//	                                     answered, else of the Pages that were not
//	3, 200 to 299                        Forbidden
//	1, 2, 5xx                            Temporary
//
// The token (slot fb) is a string, or {access_token, app_id, app_secret}; the latter
// proves every request and can be renewed. Pages of others need an app with the reviewed
// feature Page Public Metadata Access. Tokens of persons live 60 days, of Pages and
// system users for ever (see renew.go).
//
// Followers are followers_count, likes are fan_count, both exact. Pages of the new kind
// have no likes of their own: Meta says the same number twice then.
package facebook

import (
	"strings"

	"collectord/networks"
	"collectord/networks/internal/meta"
	"collectord/networks/internal/rest"
)

const (
	name    = "facebook"
	baseURL = "https://graph.facebook.com"
	// dialogURL is where people log in.
	dialogURL = "https://www.facebook.com"
	// perSecond is 200 Pages an hour.
	perSecond = 200.0 / (60 * 60)
)

// Descriptor says what the rest of the program has to know of Facebook. Tokens are
// made where the API is, so that both addresses are the same.
func Descriptor() networks.Descriptor {
	return networks.Descriptor{
		Name: name, Title: "Facebook",
		Slots:             slots(),
		RequestsPerSecond: perSecond,
		BaseURL:           baseURL,
		AuthURL:           baseURL,
		APIVersion:        meta.DefaultVersion,
		New:               New,
	}
}

type network struct {
	graph  *meta.Client
	tokens *meta.Client // where tokens are made
	dialog string       // the page on which people log in
}

var (
	_ networks.Checker      = (*network)(nil)
	_ networks.Renewer      = (*network)(nil)
	_ networks.LoginNetwork = (*network)(nil)
)

// New returns the network. Options.AuthURL stands for the login dialog as well, and
// so does Options.BaseURL where it is alone; Options.APIVersion is the Graph API's,
// v25.0 if empty.
func New(opts networks.Options) networks.Network {
	client := rest.NewClient(name, opts)
	base, auth := meta.Hosts(opts, baseURL, baseURL)
	dialog := dialogURL
	if auth != baseURL {
		dialog = auth
	}
	graph := meta.New(client, base, opts.APIVersion)
	return &network{
		graph:  graph,
		tokens: meta.New(client, auth, opts.APIVersion),
		dialog: dialog + "/" + graph.Versioned("dialog/oauth"),
	}
}

// refused makes an error of this network about one Page.
func refused(op string, kind networks.Kind, msg string) *networks.Error {
	return &networks.Error{Op: name + ": " + op, Kind: kind, Msg: msg}
}

// plain is a name without what Facebook does not count: dots, upper and lower case.
func plain(s string) string { return strings.ToLower(strings.ReplaceAll(s, ".", "")) }
