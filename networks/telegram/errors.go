package telegram

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/internal/rest"
)

const (
	hintToken = "get the bot's token from @BotFather (/mybots, API Token) and assign it to slot tg"
	hintBase  = "this is no Bot API server, or not at this address: see base_url"
	hintAdmin = "make the bot an administrator of the channel, or a member of the group"
)

// envelope is every answer of the Bot API
// (https://core.telegram.org/bots/api#making-requests, read 2026-11-21).
type envelope struct {
	OK          bool            `json:"ok"`
	Result      json.RawMessage `json:"result"`
	Code        int             `json:"error_code"`
	Description string          `json:"description"`
	Parameters  struct {
		MovedTo    json.Number `json:"migrate_to_chat_id"`
		RetryAfter json.Number `json:"retry_after"` // seconds
	} `json:"parameters"`
}

// until is when to ask again: as the body has it, or else a proxy's Retry-After.
func (a *envelope) until(h http.Header, now time.Time) time.Time {
	if t := rest.Seconds.Until(a.Parameters.RetryAfter.String(), now); !t.IsZero() {
		return t
	}
	return rest.RetryAfter(h, now)
}

// refusal is an error, and where the chat went, if it went.
type refusal struct {
	*networks.Error
	movedTo string
}

// ofChat reports whether the refusal is about the chat, and not about the request.
func (r *refusal) ofChat() bool { return r.movedTo != "" || r.Kind.OfAccount() }

// rule is what Telegram's words mean to us. Telegram has a code for each HTTP status
// alone; the description says what is the matter.
type rule struct {
	code int
	word string // part of the description, in lower case
	kind networks.Kind
	hint string
}

// rules go from the first to the last; the word "" takes what is left. The descriptions
// are those of https://github.com/tdlib/telegram-bot-api (Client.cpp, read 2026-11-22).
var rules = []rule{
	{400, "chat not found", networks.NotFound, "the chat is gone, was renamed, or is private and the bot is not in it"},
	{400, "username_not_occupied", networks.NotFound, ""},
	{400, "username_invalid", networks.NotFound, ""},
	{400, "channel_invalid", networks.NotFound, ""},
	{400, "channel_private", networks.Private, hintAdmin},
	{400, "chat_admin_required", networks.Private, hintAdmin},
	{400, "inaccessible", networks.Private, hintAdmin},
	{400, "not enough rights", networks.Private, hintAdmin},
	{401, "", networks.Unauthorized, hintToken},
	{403, "bot", networks.Blocked, hintAdmin},
	{403, "", networks.Forbidden, ""},
	{404, "", networks.Unauthorized, hintToken},
	{429, "", networks.RateLimited, ""},
}

// refuse returns what an answer says is wrong, nil for a good one.
func (n *network) refuse(resp *rest.Response, token keychain.Token) *refusal {
	var a envelope
	err := json.Unmarshal(resp.Body, &a)
	e := n.rest.Refuse(resp)
	switch {
	case e == nil && a.OK && err == nil:
		return nil
	case a.Code == 0 && e == nil:
		if err := n.rest.Decode(resp, &a); err != nil {
			return &refusal{Error: asError(err)}
		}
		return &refusal{Error: n.rest.Error(resp.Op, networks.Malformed, "", "the answer is neither a result nor an error", nil)}
	case a.Code == 0:
		if e.Kind == networks.NotFound {
			e.Kind, e.Hint = networks.Malformed, hintBase
		}
		return &refusal{Error: e}
	}
	e = n.rest.Error(resp.Op, networks.Malformed, strconv.Itoa(a.Code), rest.Words(token, a.Description), nil)
	if a.Code >= http.StatusInternalServerError {
		e.Kind = networks.Temporary
	}
	words := strings.ToLower(a.Description)
	for _, r := range rules {
		if r.code == a.Code && strings.Contains(words, r.word) {
			e.Kind, e.Hint = r.kind, r.hint
			break
		}
	}
	if e.Kind == networks.RateLimited {
		e.Until = a.until(resp.Header, time.Now())
	}
	refused := &refusal{Error: e}
	if id := a.Parameters.MovedTo.String(); chatID.MatchString(id) {
		refused.movedTo = id
	}
	return refused
}
