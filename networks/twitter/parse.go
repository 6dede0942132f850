package twitter

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"collectord/networks"
	"collectord/networks/internal/refs"
)

// X's own patterns of its parameters (https://docs.x.com/openapi.json 2.167, read
// 2026-11-21). One value that does not fit breaks a request of 100.
var (
	handle = regexp.MustCompile(`^[A-Za-z0-9_]{1,15}$`)
	number = regexp.MustCompile(`^[0-9]{1,19}$`)
)

// hosts are the names under which profiles are found.
var hosts = []string{
	"x.com", "www.x.com", "mobile.x.com",
	"twitter.com", "www.twitter.com", "mobile.twitter.com", "m.twitter.com",
}

// reserved are first parts of an address that are pages of X itself.
var reserved = []string{
	"about", "compose", "download", "explore", "hashtag", "home", "i", "intent", "jobs", "login", "logout",
	"messages", "notifications", "privacy", "search", "settings", "share", "signup", "tos", "who_to_follow",
}

// Parse reads a handle (durov, @durov), the address of a profile
// (https://x.com/durov, twitter.com/durov), or an id as id:34262462 or
// https://x.com/i/user/34262462. Digits alone are a handle, since X has such.
func (n *network) Parse(account string) (networks.Ref, error) {
	s := strings.TrimSpace(account)
	if path, ok := address(s); ok {
		return fromPath(account, path)
	}
	if id, ok := strings.CutPrefix(s, "id:"); ok {
		return fromID(account, id)
	}
	return fromHandle(account, strings.TrimPrefix(s, "@"))
}

// address returns the path of s if s is an address at X; that of another one is empty,
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
	if len(parts) >= 3 && parts[0] == "i" && parts[1] == "user" {
		return fromID(account, parts[2])
	}
	if slices.Contains(reserved, strings.ToLower(parts[0])) {
		return networks.Ref{}, fmt.Errorf("%s: %q is a page of X, not of an account; expected https://x.com/NAME", name, account)
	}
	return fromHandle(account, strings.TrimPrefix(parts[0], "@"))
}

func fromHandle(account, s string) (networks.Ref, error) {
	if !handle.MatchString(s) {
		return networks.Ref{}, fmt.Errorf(
			"%s: %q: expected a handle of 1 to 15 letters, digits and _ (NAME, @NAME or https://x.com/NAME) or id:NUMBER", name, account)
	}
	return networks.Ref{Name: s}, nil
}

func fromID(account, id string) (networks.Ref, error) {
	if !number.MatchString(id) || id[0] == '0' {
		return networks.Ref{}, fmt.Errorf("%s: %q: expected an id of 1 to 19 digits, as in id:34262462", name, account)
	}
	return networks.Ref{ID: id}, nil
}
