// Package instagram asks Instagram for the follower counts of professional
// (business and creator) accounts, in one of two ways; the token decides which.
//
//	{access_token, ig_user_id}   Business Discovery: any professional account, by name.
//	                             POST {base}/v25.0/  batch=[...]  50 accounts a request
//	                             at graph.facebook.com
//	a bare string                Instagram Login: the account that the token belongs to.
//	                             GET {base}/v25.0/me  1 account a request
//	                             at graph.instagram.com
//
// Business Discovery answers to names alone. An account that was renamed is
// therefore lost (NotFound); one whose name another account took comes with the
// other's id, which the caller sees. A personal account cannot be told from none.
//
// Limits: Business Discovery has 200 calls an hour for each daily user of the app,
// which for an app with one operator is 200 accounts an hour, and every account of a
// batch is a call (https://developers.facebook.com/docs/graph-api/overview/rate-limiting,
// read 2026-09). So a batch costs as many units as it has accounts, and the
// default rate is 200 units an hour: an app with more users may set
// requests_per_second higher. Instagram Login has far more than its one account needs.
//
//	Meta says                            here
//	110 (2207013)                        NotFound, of the account
//	null in place of a batch's item      Temporary, of the account
//	190, 102                             Unauthorized; 459 and 464 Challenge
//	4, 17, 32, 341, 613, 80002           RateLimited: of the request if no account was
//	                                     answered, else of the accounts that were not
//	3, 10, 200 to 299, 100               Forbidden: a permission or ig_user_id is wrong
//	1, 2, 5xx                            Temporary
//
// Tokens (slot ig) come from the app's dashboard at https://developers.facebook.com/apps/
// or from a login in a browser (login.go). The one of Instagram Login lives 60 days and
// is refreshed after 30 (renew.go). Business Discovery works best with a system user's
// token, which does not expire; it needs instagram_basic, instagram_manage_insights and
// pages_read_engagement. Followers, following and posts are exact.
package instagram

import (
	"collectord/networks"
	"collectord/networks/internal/meta"
	"collectord/networks/internal/rest"
)

const (
	name         = "instagram"
	discoveryURL = "https://graph.facebook.com"
	loginURL     = "https://graph.instagram.com"
	// codeURL is where a code becomes a token of an hour; loginURL makes it last.
	codeURL = "https://api.instagram.com"
	// dialogURL and facebookURL are where people log in, for the one and the other way.
	dialogURL   = "https://www.instagram.com"
	facebookURL = "https://www.facebook.com"
	// perSecond is 200 accounts an hour.
	perSecond = 200.0 / (60 * 60)
)

// Descriptor says what the rest of the program has to know of Instagram. BaseURL is
// the host of Business Discovery; Instagram Login's is https://graph.instagram.com,
// where its tokens are made as well.
func Descriptor() networks.Descriptor {
	return networks.Descriptor{
		Name: name, Title: "Instagram",
		Slots:             slots(),
		RequestsPerSecond: perSecond,
		BaseURL:           discoveryURL,
		AuthURL:           loginURL,
		APIVersion:        meta.DefaultVersion,
		New:               New,
	}
}

type network struct {
	discovery, login *meta.Client

	// Where tokens are made, of Instagram Login and of Facebook Login.
	tokens, codes, facebook *meta.Client
	// The pages on which people log in.
	dialog, facebookDialog string
}

var (
	_ networks.Checker      = (*network)(nil)
	_ networks.Renewer      = (*network)(nil)
	_ networks.LoginNetwork = (*network)(nil)
)

// New returns the network. Options.BaseURL stands for both hosts, unless it is the
// default one, and Options.AuthURL for all that have to do with tokens, the pages to
// log in on included; so does Options.BaseURL where it is alone. Options.APIVersion is
// the Graph API's, v25.0 if empty.
func New(opts networks.Options) networks.Network {
	client := rest.NewClient(name, opts)
	at := func(base string) *meta.Client { return meta.New(client, base, opts.APIVersion) }
	base, auth := meta.Hosts(opts, discoveryURL, loginURL)
	n := &network{
		discovery: at(base), login: at(loginURL),
		tokens: at(auth), codes: at(codeURL), facebook: at(discoveryURL),
		dialog: dialogURL, facebookDialog: facebookURL,
	}
	if base != discoveryURL {
		n.login = at(base)
	}
	if auth != loginURL {
		n.codes, n.facebook, n.dialog, n.facebookDialog = at(auth), at(auth), auth, auth
	}
	n.dialog += "/oauth/authorize"
	n.facebookDialog += "/" + n.facebook.Versioned("dialog/oauth")
	return n
}

// refused makes an error of this network about one account.
func refused(op string, kind networks.Kind, msg string) *networks.Error {
	return &networks.Error{Op: name + ": " + op, Kind: kind, Msg: msg}
}
