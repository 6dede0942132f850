// Package threads asks Threads for the followers of the account that a token belongs
// to. Threads has no call for the followers of others, so that each account names a
// token of its own ({handle: me, token: "th:brand"}).
//
//	followers  GET {base}/v1.0/me/threads_insights?metric=followers_count
//	names      GET {base}/v1.0/me?fields=id,username,name,is_verified
//
// Each poll makes both, one after the other, whatever number of accounts of the config
// stand for the token's one. The count is of one call and the name of the other; a
// batch or an expansion that gives both at once is not documented. The count comes
// first, and travels to the second request in the reference's Kind, so that a profile
// is never made up of a new name and no count.
//
// Limit: 4800 calls a day for each time the account was seen that day, at least 10, so
// 48,000 a day at least (https://developers.facebook.com/docs/threads/overview, read
// 2026-09).
//
//	Meta says                            here
//	190, 102                             Unauthorized; 459 and 464 Challenge
//	10, 200 to 299                       Forbidden: a scope is missing
//	4, 17, 32, 341, 613, 80000 ...       RateLimited
//	data without followers_count         Malformed, of the account
//	1, 2, 5xx                            Temporary
//
// The token (slot th) is a string. It lives 60 days and can be refreshed from its
// second day on, without a person and without the app's secret (see renew.go); it needs
// the scopes threads_basic and threads_manage_insights.
//
// Followers are exact, a running total. Threads tells neither following nor posts.
package threads

import (
	"collectord/networks"
	"collectord/networks/internal/meta"
	"collectord/networks/internal/rest"
)

const (
	name    = "threads"
	baseURL = "https://graph.threads.net"
	// dialogURL is where people log in
	// (https://developers.facebook.com/documentation/threads/get-started/get-access-tokens-and-permissions,
	// read 2026-11-22).
	dialogURL = "https://threads.com"
	version   = "v1.0"
	// perSecond is 43,200 calls a day, less than the smallest allowance.
	perSecond = 0.5
)

// Descriptor says what the rest of the program has to know of Threads. Tokens are made
// where the API is, so that both addresses are the same.
func Descriptor() networks.Descriptor {
	return networks.Descriptor{
		Name: name, Title: "Threads",
		Slots:             slots(),
		RequestsPerSecond: perSecond,
		Concurrency:       1,
		BaseURL:           baseURL,
		AuthURL:           baseURL,
		APIVersion:        version,
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
// so does Options.BaseURL where it is alone; Options.APIVersion is v1.0 if empty.
func New(opts networks.Options) networks.Network {
	client := rest.NewClient(name, opts)
	base, auth := meta.Hosts(opts, baseURL, baseURL)
	dialog := dialogURL
	if auth != baseURL {
		dialog = auth
	}
	v := opts.APIVersion
	if v == "" {
		v = version
	}
	return &network{graph: meta.New(client, base, v), tokens: meta.New(client, auth, v), dialog: dialog + "/oauth/authorize"}
}

// refused makes an error of this network about the account.
func refused(op string, kind networks.Kind, msg string) *networks.Error {
	return &networks.Error{Op: name + ": " + op, Kind: kind, Msg: msg}
}
