package twitch

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"collectord/networks"
	"collectord/networks/internal/refs"
)

var (
	// login is the name of a channel: 4 to 25 letters, digits and _ today, some old
	// ones are shorter.
	login  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_]{0,24}$`)
	number = regexp.MustCompile(`^[1-9][0-9]{0,18}$`)
)

// hosts are the names under which channels are found.
var hosts = []string{"twitch.tv", "www.twitch.tv", "m.twitch.tv", "go.twitch.tv"}

// reserved are first parts of an address that are pages of Twitch itself.
var reserved = []string{
	"bits", "collections", "creatorcamp", "directory", "downloads", "drops", "event", "friends", "inventory", "jobs", "login",
	"p", "prime", "products", "search", "settings", "signup", "store", "subscriptions", "subs", "team", "turbo", "user", "videos", "wallet",
}

// Parse reads the name of a channel (shroud, @shroud), its address
// (https://www.twitch.tv/shroud), or its id as id:37402112. Digits alone are a name,
// since Twitch has such.
func (n *network) Parse(account string) (networks.Ref, error) {
	s := strings.TrimSpace(account)
	if path, ok := address(s); ok {
		return fromPath(account, path)
	}
	if id, ok := strings.CutPrefix(s, "id:"); ok {
		if !number.MatchString(id) {
			return networks.Ref{}, fmt.Errorf("%s: %q: expected an id of digits, as in id:37402112", name, account)
		}
		return networks.Ref{ID: id}, nil
	}
	return fromName(account, strings.TrimPrefix(s, "@"))
}

// address returns the path of s if s is an address at Twitch; that of another one is empty,
// which is refused.
func address(s string) (path string, ok bool) {
	a := refs.Cut(s)
	if slices.Contains(hosts, a.Host) {
		return a.Path, true
	}
	return "", a.Scheme
}

func fromPath(account, path string) (networks.Ref, error) {
	parts := strings.Split(path, "/")
	if len(parts) > 1 && (parts[0] == "popout" || parts[0] == "moderator") {
		parts = parts[1:]
	}
	if slices.Contains(reserved, strings.ToLower(parts[0])) {
		return networks.Ref{}, fmt.Errorf("%s: %q is a page of Twitch, not of a channel; expected https://www.twitch.tv/NAME", name, account)
	}
	return fromName(account, parts[0])
}

func fromName(account, s string) (networks.Ref, error) {
	if !login.MatchString(s) {
		return networks.Ref{}, fmt.Errorf(
			"%s: %q: expected a name of 1 to 25 letters, digits and _ (NAME, @NAME or https://www.twitch.tv/NAME) or id:NUMBER", name, account)
	}
	return networks.Ref{Name: strings.ToLower(s)}, nil
}
