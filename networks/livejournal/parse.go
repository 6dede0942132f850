package livejournal

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"collectord/networks"
	"collectord/networks/internal/refs"
)

// username is LiveJournal's rule: 15 letters, digits and underscores; accounts of other
// sites (ext_123456) have a few more (https://www.livejournal.com/create, read
// 2026-11-22).
var username = regexp.MustCompile(`^[a-z0-9_]{1,25}$`)

// domain is where journals are: NAME.livejournal.com.
const domain = "livejournal.com"

// shared are the hosts at which the first part of the path is the name.
var shared = []string{"users", "community", "syndicated"}

// reserved are hosts that are no journal.
var reserved = []string{"www", "m", "api", "stat", "l-stat", "ic", "pics", "status", "news-feed"}

// Parse reads a name (tema, ru_auto, ru-auto) or an address
// (https://tema.livejournal.com/123.html, https://users.livejournal.com/_name_/,
// https://www.livejournal.com/users/tema, https://www.livejournal.com/~tema).
func (n *network) Parse(account string) (networks.Ref, error) {
	s := strings.ToLower(strings.TrimSpace(account))
	user, ok := fromAddress(s)
	if !ok {
		user = strings.TrimPrefix(s, "@")
	}
	user = strings.ReplaceAll(user, "-", "_")
	if !username.MatchString(user) {
		return networks.Ref{}, fmt.Errorf(
			"%s: %q: expected a name of 1 to 25 letters, digits, _ and - (NAME or https://NAME.livejournal.com/)", name, account)
	}
	return networks.Ref{Name: user}, nil
}

// fromAddress returns the name in s if s is an address; "" for one of something else.
func fromAddress(s string) (user string, ok bool) {
	a := refs.Cut(s)
	sub, isSub := strings.CutSuffix(a.Host, "."+domain)
	switch {
	case a.Host == domain:
		sub = "www"
	case !isSub:
		return "", a.Scheme || a.Slash // some other address
	}
	parts := strings.Split(a.Path, "/")
	switch {
	case slices.Contains(shared, sub):
		return parts[0], true
	case !slices.Contains(reserved, sub):
		return sub, true
	case strings.HasPrefix(parts[0], "~"):
		return parts[0][1:], true
	case len(parts) > 1 && (parts[0] == "users" || parts[0] == "community"):
		return parts[1], true
	}
	return "", true
}
