// Package telegram asks Telegram's Bot API for the subscribers of channels and the
// members of groups.
//
//	names   POST {base}/bot<token>/getChat             1 chat a request, once a day
//	counts  POST {base}/bot<token>/getChatMemberCount  1 chat a request, every poll
//
// The Bot API has no call for many chats, and no call that tells a chat's count and
// its names together. So a chat is looked up by getChat when it is first seen, and
// again when that is a day old; what that said (id, type, title, username) is kept in
// the Kind of its reference, as JSON, and a poll is one request. A new title or
// username shows within a day; the count is of the moment.
//
// Counts are asked for by id, so that a channel which changes its username stays the
// same one, and whoever takes the old name is not mistaken for it. A server may know a
// public chat by its username alone (it has not met the id): then it is asked for by
// username, and the daily lookup compares the id.
//
// Limits: Telegram publishes none for reading; the default rate is 1 request a second,
// 3,600 chats an hour.
//
//	Telegram says                              here
//	400 chat not found                         NotFound, after name and id were both tried
//	400 migrate_to_chat_id                     the new id is asked for, and told as Result.MovedFrom: a
//	                                           group became a supergroup
//	400 CHAT_ADMIN_REQUIRED, inaccessible      Private, of the chat
//	403 bot was kicked, is not a member        Blocked, of the chat
//	401; 404 Not Found                         Unauthorized: the token is revoked or mistyped
//	429                                        RateLimited until parameters.retry_after
//	5xx                                        Temporary
//
// The token (slot tg) is a bot's, from @BotFather. It costs nothing and does not expire.
// It is a part of every address, which is why no error and no log may hold an address.
// A public channel is open to every bot; in a private one the bot has to be an
// administrator, in a private group a member.
//
// The count is exact. Bots, and members who deleted their account, are in it.
package telegram

import (
	"strings"

	"collectord/networks"
	"collectord/networks/internal/rest"
)

const (
	name      = "telegram"
	baseURL   = "https://api.telegram.org"
	perSecond = 1
)

// Descriptor says what the rest of the program has to know of Telegram.
func Descriptor() networks.Descriptor {
	return networks.Descriptor{
		Name: name, Title: "Telegram",
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

// New returns the network. Of the options it takes BaseURL, which may be a Bot API
// server of one's own, HTTP and UserAgent.
func New(opts networks.Options) networks.Network {
	base := opts.BaseURL
	if base == "" {
		base = baseURL
	}
	return &network{rest: rest.NewClient(name, opts), base: strings.TrimSuffix(base, "/")}
}
