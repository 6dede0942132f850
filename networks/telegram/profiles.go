package telegram

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"
	"time"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/internal/rest"
)

// Profiles makes one request for one chat: for its names, after which its count is
// asked for next, or for its count.
func (n *network) Profiles(ctx context.Context, token keychain.Token, batch networks.Batch) ([]networks.Result, error) {
	r := batch.Refs[0]
	known, _ := namesOf(r.Kind)
	result, e := n.call(ctx, token, batch.Op, url.Values{"chat_id": {target(r, known)}})
	switch {
	case e != nil && !e.ofChat():
		return nil, e.Error
	case e != nil:
		return []networks.Result{n.otherwise(r, known, e)}, nil
	case batch.Op == getChat:
		return []networks.Result{n.chat(r, known, result)}, nil
	}
	return []networks.Result{n.count(r, known, result)}, nil
}

// target is the chat_id to ask for: the id, where it is known and the server knows it.
func target(r networks.Ref, known names) string {
	switch {
	case known.ByName:
		return "@" + known.Username
	case r.ID == "" || r.Kind == byName:
		return "@" + r.Name
	}
	return r.ID
}

// otherwise is what to make of a refusal that is about the chat: there may be another
// way to ask for it.
func (n *network) otherwise(r networks.Ref, known names, e *refusal) networks.Result {
	next := r
	switch {
	case e.movedTo != "" && e.movedTo != r.ID:
		next.ID, next.Kind = e.movedTo, names{From: r.ID}.encode()
	case e.Kind != networks.NotFound || r.Kind == byName || r.Kind == byID || r.ID == "" || r.Name == "":
		return withheld(r, known, e.Error)
	case known.ByName: // renamed since; perhaps the server has met the id meanwhile
		next.Kind = byID
	default: // perhaps the server has not met the id
		next.Kind = byName
	}
	return networks.Result{Next: &next}
}

// withheld is a refusal, with what is known of the chat where that is asked for.
func withheld(r networks.Ref, known names, e *networks.Error) networks.Result {
	if e.Kind != networks.Private {
		return networks.Result{Err: e}
	}
	if known.Type == "" { // not even its names are shown
		e.Kind = networks.Blocked
		return networks.Result{Err: e}
	}
	return moved(networks.Result{Profile: profile(r.ID, known), Err: e, Known: r}, known)
}

// chat is what getChat says of a chat (https://core.telegram.org/bots/api#chatfullinfo,
// Bot API 10.1, read 2026-11-21).
type chat struct {
	ID       json.Number `json:"id"`
	Type     string      `json:"type"`
	Title    string      `json:"title"`
	Username string      `json:"username"`
	Active   []string    `json:"active_usernames"`
}

// chat reads an answer of getChat, and asks for the count next.
func (n *network) chat(r networks.Ref, before names, result json.RawMessage) networks.Result {
	var c chat
	trouble := ""
	switch err := json.Unmarshal(result, &c); {
	case err != nil:
		trouble = "the chat is not as Telegram documents it"
	case c.Type == "private":
		e := n.rest.Error(getChat, networks.NotFound, "", "this is a person or a bot, not a channel or group", nil)
		return networks.Result{Err: e}
	case types[c.Type] == "":
		trouble = "the chat is of a type that nobody knows"
	case !chatID.MatchString(c.ID.String()):
		trouble = "the chat's id is missing, or none"
	case r.ID != "" && r.Kind != byName && !before.ByName && c.ID.String() != r.ID:
		trouble = "the answer is about another chat"
	}
	if trouble != "" {
		return networks.Result{Err: n.rest.Error(getChat, networks.Malformed, "", trouble, nil)}
	}
	learnt := names{
		At: time.Now().Unix(), Type: c.Type, Title: c.Title, Username: c.usernameFor(r.Name),
		ByName: (r.Kind == byName || before.ByName) && c.Username != "", From: before.From,
	}
	return networks.Result{Next: &networks.Ref{Kind: learnt.encode(), ID: c.ID.String(), Name: r.Name}}
}

// usernameFor is the username to call the chat by: that of the config, where it is one
// of several that the chat has.
func (c chat) usernameFor(configured string) string {
	for _, u := range c.Active {
		if strings.EqualFold(u, configured) {
			return u
		}
	}
	return c.Username
}

// types are Telegram's types of chats, and ours.
var types = map[string]string{
	"channel":    networks.Channel,
	"supergroup": networks.Group,
	"group":      networks.Group,
}

// count reads an answer of getChatMemberCount.
func (n *network) count(r networks.Ref, known names, result json.RawMessage) networks.Result {
	var members rest.Number
	if len(result) > 0 {
		_ = members.UnmarshalJSON(result) // it never fails
	}
	p := profile(r.ID, known)
	p.Followers = members.Count
	_, counted := members.Get()
	trouble := ""
	switch {
	case p.Type == "":
		trouble = "the reference does not say what it is"
	case members.Bad:
		trouble = "the count is no whole number"
	case !counted:
		trouble = "the count is missing"
	}
	if trouble != "" {
		return networks.Result{Err: n.rest.Error(count, networks.Malformed, "", trouble, nil)}
	}
	return moved(networks.Result{Profile: p, Known: r}, known)
}

// moved says of a result that the chat had another id before, where it had. The next poll
// need not say so once more.
func moved(res networks.Result, known names) networks.Result {
	if known.From != "" {
		res.MovedFrom, known.From = known.From, ""
		res.Known.Kind = known.encode()
	}
	return res
}

// profile is a chat without its count. One without a username is called by its id; its
// address works for its members.
func profile(id string, known names) *networks.Profile {
	p := &networks.Profile{ID: id, Type: types[known.Type], Name: known.Title, Nickname: known.Username}
	bare, isChannel := strings.CutPrefix(id, channelPrefix)
	switch {
	case p.Nickname != "":
		p.Link = "https://t.me/" + p.Nickname
	case isChannel:
		p.Nickname, p.Link = id, "https://t.me/c/"+bare
	default:
		p.Nickname = id
	}
	return p
}
