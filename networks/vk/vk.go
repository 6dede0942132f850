// Package vk asks VKontakte (https://dev.vk.com) for follower counts.
//
// Two methods do everything, both POST with a form, the token in the
// Authorization header:
//
//	users.get        1000 users a request        followers_count
//	groups.getById    500 communities a request  members_count
//
// 10,000 accounts whose kind is known (5000 of each) cost 15 requests. A screen
// name does not say whether it is a user or a community; so names of unknown kind
// go through users.get first, and what VK does not know there through
// groups.getById: at most 30 requests for 10,000, once; then the kind and the id
// are remembered (Result.Known) and asked by.
//
// What VK answers for unknown references is not uniform: it leaves them out,
// refuses the whole request (113, 100, 125), or sends a stub; so answers are
// matched by id or name, never by position, and what each refusal means for the
// refs of a batch is in profiles.go.
//
// Limits, per token (https://dev.vk.com/ru/api/api-requests, read 2026-09): 3
// requests a second for a user token, 20 for a community's, 5 and more for a
// service key. Error 6 says "slower", 29 and 9 "not for hours".
//
//	5, 27, 28, 1117      Unauthorized  the token
//	14, 17, 25, 33xx     Challenge     a person must open a link
//	6                    RateLimited   for a second
//	9, 29, 601           Quota
//	1, 10, 32, 36, 43    Temporary
//	2, 7, 15, 42 ...     Forbidden     application, rights, configuration
//	100, 113, 125        BadBatch or, asked alone, NotFound
//
// A service key (vk.com/apps, settings of the application) is the token to have:
// it never expires and works from any address. A user's token from VK ID lives an
// hour and only on the machine that got it (error 5, subcode 1130).
//
// Followers means: of a user, friends and followers, as VK has counted since
// 2024-04; of a community, its members.
package vk

import (
	"strings"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/internal/rest"
)

const (
	baseURL  = "https://api.vk.ru" // VK moved here from vk.com in 2025-09
	authURL  = "https://id.vk.ru"
	oauthURL = "https://oauth.vk.ru"

	// apiVersion is the newest version that VK documents (schema v5.199.93,
	// https://github.com/VKCOM/vk-api-schema, read 2026-09).
	apiVersion = "5.199"

	// maxUsers is the limit of user_ids in VK's schema (users/methods.json,
	// maxItems, read 2026-09).
	maxUsers = 1000
	// maxGroups is the limit of group_ids in VK's description of groups.getById
	// (read 2026-09); the schema itself names none.
	maxGroups = 500
)

// The two requests.
const (
	opUsers  = "users.get"
	opGroups = "groups.getById"
)

// Descriptor describes VK to the rest of the program.
func Descriptor() networks.Descriptor {
	return networks.Descriptor{
		Name: "vk", Title: "VK",
		Slots:             slots(),
		RequestsPerSecond: 3,
		Spending:          networks.Spending{Unit: networks.Requests, PerRequest: 1},
		BaseURL:           baseURL,
		AuthURL:           authURL,
		OAuthURL:          oauthURL,
		APIVersion:        apiVersion,
		New:               New,
	}
}

type network struct {
	rest    *rest.Client
	base    string
	auth    string // VK ID
	oauth   string // the older token service
	version string
}

// New returns VK. It is also a networks.Checker, a networks.Renewer and a
// networks.LoginNetwork.
func New(opts networks.Options) networks.Network {
	n := &network{rest: rest.NewClient("vk", opts), base: baseURL, auth: authURL, oauth: oauthURL, version: apiVersion}
	if opts.BaseURL != "" {
		n.base = strings.TrimSuffix(opts.BaseURL, "/")
	}
	if opts.AuthURL != "" { // which serves both, unless the other is named
		n.auth = strings.TrimSuffix(opts.AuthURL, "/")
		n.oauth = n.auth
	}
	if opts.OAuthURL != "" {
		n.oauth = strings.TrimSuffix(opts.OAuthURL, "/")
	}
	if opts.APIVersion != "" {
		n.version = opts.APIVersion
	}
	return n
}

// slots are the forms in which VK's tokens are kept.
func slots() []keychain.Format {
	return []keychain.Format{
		{Slot: "vk", Title: "VK token", Shapes: []keychain.Shape{
			{Kind: "service key, community or user token", Bare: true},
			{
				Kind:     "VK ID",
				Required: []string{"client_id", "access_token", "refresh_token", "device_id"},
				Optional: []string{"expires_at", "service_token"},
			},
		}},
		{Slot: "raw_vk", Title: "VK login", Shapes: []keychain.Shape{
			{Kind: "direct login of an approved application", Required: []string{"app_id", "app_secret", "login", "password"}},
		}},
	}
}
