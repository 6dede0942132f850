// Package odnoklassniki asks Odnoklassniki (ok.ru) for the member counts of groups.
//
//	ids      POST {base}/fb.do  method=group.getInfo  100 groups a request
//	names    POST {base}/fb.do  method=url.getInfo    1 address a request, once a group
//
// The API is asked by id. A group that the config names by its short name
// (https://ok.ru/apiok) is looked up once, by its address; the id is remembered, so
// that a later poll of 100 groups is one request, and a group that changes its short
// name stays the same group. People have no follower count that the API shows to
// others; only groups can be polled.
//
// Every request is signed: sig = md5(the sorted parameters + secret), where secret =
// md5(access_token + app_secret) and the token itself is left out
// (https://apiok.ru/en/dev/methods, read 2026-11-22). It goes in the body and not in
// the address, where proxies would log the token.
//
// Limits: OK publishes none and announces none in its answers. The default rate is 2
// requests a second, 200 groups. That group.getInfo takes 100 ids is not stated
// either; users.getInfo, its twin, states 100.
//
//	OK says (mostly with HTTP 200)        here
//	1, 2, 9999; 5xx                       Temporary
//	7, 8, 9, 11                           RateLimited
//	10, 200, 210                          Forbidden: a right is missing, the app is disabled
//	101, 102, 103, 104, 401, 453, 900     Unauthorized: token, app_key or app_secret
//	100 or 110 about an id or address     NotFound of a group alone, BadBatch of many
//	300                                   the same
//	a group that is left out              NotFound, of the group
//
// The token (slot ok) is one of OAuth, for an app with the rights VALUABLE_ACCESS and
// GROUP_CONTENT, which api-support@ok.ru grants. It lives 30 minutes or, with the
// right LONG_ACCESS_TOKEN, 30 days, and then every call prolongs it (at most once a
// day, https://apiok.ru/en/ext/oauth/permissions, read 2026-11-22). A short one is
// made anew from a refresh token in the slot raw_ok. There is no way left to make one
// from a login and a password.
//
// The count is members_count, exact.
package odnoklassniki

import (
	"strings"

	"collectord/networks"
	"collectord/networks/internal/rest"
)

const (
	name    = "odnoklassniki"
	baseURL = "https://api.ok.ru"
	// loginURL is where a person agrees (https://apiok.ru/en/ext/oauth/server, read
	// 2026-11-22).
	loginURL = "https://connect.ok.ru"
	// perSecond is a guess that has room below it: OK tells nobody its limits.
	perSecond = 2
)

// Descriptor says what the rest of the program has to know of Odnoklassniki.
// AuthURL is where tokens are made; unless it is the default one it also has the
// page at which a person agrees, which is at https://connect.ok.ru.
func Descriptor() networks.Descriptor {
	return networks.Descriptor{
		Name: name, Title: "Odnoklassniki",
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
