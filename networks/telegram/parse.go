package telegram

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"collectord/networks"
	"collectord/networks/internal/refs"
)

var (
	// username is Telegram's rule (https://core.telegram.org/method/channels.checkUsername,
	// read 2026-11-22); names that are bought may be shorter than five letters.
	username = regexp.MustCompile(`^[a-z][a-z0-9_]{1,30}[a-z0-9]$`)
	// chatID is the id of a group (negative) or, with -100 before it, of a channel or
	// supergroup. Ids have at most 52 bits.
	chatID = regexp.MustCompile(`^-[1-9][0-9]{0,15}$`)
	// bareID is a channel's id as addresses have it: without -100.
	bareID = regexp.MustCompile(`^[1-9][0-9]{0,11}$`)
)

// channelPrefix makes the id of a channel or supergroup out of its bare number.
const channelPrefix = "-100"

// hosts are the names under which chats are found.
var hosts = []string{"t.me", "www.t.me", "telegram.me", "www.telegram.me", "telegram.dog"}

// reserved are first parts of an address that are something else than a chat.
var reserved = []string{
	"addemoji", "addlist", "addstickers", "addtheme", "bg", "boost", "confirmphone", "contact", "giftcode", "invoice",
	"iv", "joinchat", "login", "msg", "proxy", "setlanguage", "share", "socks",
}

// Parse reads a username (durov, @durov), an address (https://t.me/durov,
// https://t.me/s/durov/123, durov.t.me, tg://resolve?domain=durov), or the id of a chat
// (-1001234567890, https://t.me/c/1234567890/5), which is the only way to name a
// private one.
func (n *network) Parse(account string) (networks.Ref, error) {
	s := strings.TrimSpace(account)
	path, ok := address(s)
	if !ok {
		return fromName(account, strings.TrimPrefix(strings.TrimPrefix(s, "@"), "id:"))
	}
	parts := strings.Split(path, "/")
	switch {
	case parts[0] == "c" && len(parts) > 1 && bareID.MatchString(parts[1]):
		return networks.Ref{ID: channelPrefix + parts[1]}, nil
	case parts[0] == "s" && len(parts) > 1:
		parts = parts[1:]
	case parts[0] == "joinchat", strings.HasPrefix(parts[0], "+"):
		return networks.Ref{}, fmt.Errorf(
			"%s: %q is an invitation, which bots cannot follow; expected the chat's id, as in -1001234567890", name, account)
	}
	if slices.Contains(reserved, strings.ToLower(parts[0])) {
		return networks.Ref{}, fmt.Errorf("%s: %q is not the address of a chat; expected https://t.me/NAME", name, account)
	}
	return fromName(account, strings.TrimPrefix(parts[0], "@"))
}

// address returns the path of s if s is an address at Telegram; that of another one is
// empty, which is refused.
func address(s string) (path string, ok bool) {
	if scheme, rest, found := strings.Cut(s, "://"); found && strings.EqualFold(scheme, "tg") {
		return fromApp(rest), true
	}
	a := refs.Cut(s)
	if sub, isSub := strings.CutSuffix(a.Host, ".t.me"); isSub && sub != "www" {
		return sub, true
	}
	if slices.Contains(hosts, a.Host) {
		return a.Path, true
	}
	return "", a.Scheme || a.Slash
}

// fromApp is the name in an address that the app opens: resolve?domain=NAME.
func fromApp(rest string) string {
	what, query, _ := strings.Cut(rest, "?")
	q, err := url.ParseQuery(query)
	if err != nil || strings.Trim(what, "/") != "resolve" {
		return ""
	}
	return q.Get("domain")
}

func fromName(account, s string) (networks.Ref, error) {
	lower := strings.ToLower(s)
	switch {
	case chatID.MatchString(s):
		return networks.Ref{ID: s}, nil
	case username.MatchString(lower) && lower != "me":
		return networks.Ref{Name: lower}, nil
	}
	return networks.Ref{}, fmt.Errorf(
		"%s: %q: expected the username of a channel or group (NAME, @NAME or https://t.me/NAME: letters, digits and _) or its id (-1001234567890)",
		name, account)
}
