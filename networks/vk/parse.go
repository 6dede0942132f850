package vk

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"collectord/networks"
)

// The kinds of a Ref. A ref of no kind is a screen name that may be anything. The
// kinds with a mark are steps on the way to an answer, made by Profiles alone. A
// step leads only to one further down this list, so that the way ends.
const (
	// userAlone is a name to ask users.get for alone, because an answer came under a
	// name that nobody had asked for: it may be this one's.
	userAlone = "user!"

	user  = "user"
	group = "group"
	// groupElseUser is a name that may be a community, and may still be a user.
	groupElseUser = "group?"
	// groupAlone is to communities what userAlone is to users.
	groupAlone = "group!"
	// userAgain is a ref to ask users.get for once more, now without neighbours of
	// unknown kind.
	userAgain = "user?"
	// userLast is userAgain, alone.
	userLast = "user?!"
)

const (
	expected  = "a screen name, id1, club1, or an address such as https://vk.com/durov is expected"
	maxName   = 64 // letters of a screen name; VK's own limit is lower
	maxQuoted = 80 // letters of what the config said, in an error
)

var (
	numbered   = regexp.MustCompile(`^(id|club|public|event|-)([0-9]+)$`)
	screenName = regexp.MustCompile(`^[A-Za-z0-9_.]+$`)
	digits     = regexp.MustCompile(`^[0-9]+$`)
)

// Parse reads a screen name (ria, @ria), an id (id1 for a user; club1, public1,
// event1 or -1 for a community) or an address (https://vk.com/ria, m.vk.com/ria,
// vk.ru/id1). A bare number is refused: it may be a user or a community.
func (n *network) Parse(account string) (networks.Ref, error) {
	name, err := pathOf(strings.TrimSpace(account))
	if err != nil {
		return networks.Ref{}, err
	}
	name = strings.TrimPrefix(name, "@")
	if m := numbered.FindStringSubmatch(strings.ToLower(name)); m != nil {
		id, err := strconv.ParseInt(m[2], 10, 64)
		if err != nil || id == 0 || m[2][0] == '0' {
			return networks.Ref{}, fmt.Errorf("%s is not an id of VK: %s", quote(account), expected)
		}
		kind := group
		if m[1] == "id" {
			kind = user
		}
		return networks.Ref{Kind: kind, ID: m[2]}, nil
	}
	switch {
	case digits.MatchString(name):
		return networks.Ref{}, fmt.Errorf("%s may be a user or a community: write id%s or club%s", quote(account), clip(name), clip(name))
	case len(name) < 2 || len(name) > maxName || !screenName.MatchString(name):
		return networks.Ref{}, fmt.Errorf("%s is not an account of VK: %s", quote(account), expected)
	}
	return networks.Ref{Name: name}, nil
}

// pathOf returns what follows the host, if account is an address.
func pathOf(account string) (string, error) {
	rest, hasScheme := strings.CutPrefix(account, "https://")
	if !hasScheme {
		rest, hasScheme = strings.CutPrefix(account, "http://")
	}
	host, path, hasPath := strings.Cut(rest, "/")
	if !isHost(strings.ToLower(host)) {
		if hasScheme || hasPath {
			return "", fmt.Errorf("%s is not an address of VK: %s", quote(account), expected)
		}
		return account, nil
	}
	if i := strings.IndexAny(path, "?#"); i >= 0 {
		path = path[:i]
	}
	path = strings.TrimSuffix(path, "/")
	if path == "" {
		return "", fmt.Errorf("%s names no account: %s", quote(account), expected)
	}
	return path, nil
}

func isHost(host string) bool {
	switch strings.TrimPrefix(strings.TrimPrefix(host, "www."), "m.") {
	case "vk.com", "vk.ru", "vkontakte.ru":
		return true
	}
	return false
}

func quote(s string) string { return strconv.Quote(clip(s)) }

func clip(s string) string {
	if len(s) > maxQuoted {
		return strings.ToValidUTF8(s[:maxQuoted], "") + "…"
	}
	return s
}
