package tiktok

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"collectord/networks"
	"collectord/networks/internal/refs"
)

// me is the Kind of the account that the token belongs to, and how the config names
// it.
const me = "me"

var (
	// username is TikTok's rule
	// (https://support.tiktok.com/en/getting-started/setting-up-your-profile/changing-your-username,
	// read 2026-11-22).
	username = regexp.MustCompile(`^[a-z0-9_.]{1,23}[a-z0-9_]$`)
	openID   = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)
)

// hosts are the names under which profiles are found.
var hosts = []string{"tiktok.com", "www.tiktok.com", "m.tiktok.com"}

// Parse reads "me", the account that the token belongs to; its username (tiktok,
// @tiktok) or address (https://www.tiktok.com/@tiktok); or its open id as id:OPENID.
// Whichever it is, the token decides who is asked for, and a name or an id that is not
// its own is not found.
func (n *network) Parse(account string) (networks.Ref, error) {
	s := strings.TrimSpace(account)
	if s == me {
		return networks.Ref{Kind: me}, nil
	}
	if id, ok := strings.CutPrefix(s, "id:"); ok && openID.MatchString(id) {
		return networks.Ref{ID: id}, nil
	}
	path, ok := address(s)
	if !ok {
		return fromName(account, strings.TrimPrefix(s, "@"))
	}
	user, _, _ := strings.Cut(path, "/")
	user, ok = strings.CutPrefix(user, "@")
	if !ok {
		user = "" // an address of a profile has the sign, and one without is something else
	}
	return fromName(account, user)
}

// address returns the path of s if s is an address at TikTok; that of another one is empty,
// which is refused.
func address(s string) (path string, ok bool) {
	a := refs.Cut(s)
	if slices.Contains(hosts, a.Host) {
		return a.Path, true
	}
	return "", a.Scheme || a.Slash
}

func fromName(account, s string) (networks.Ref, error) {
	s = strings.ToLower(s)
	if !username.MatchString(s) {
		return networks.Ref{}, fmt.Errorf(
			"%s: %q: expected me, or a username of 2 to 24 letters, digits, _ and . (NAME, @NAME or https://www.tiktok.com/@NAME)", name, account)
	}
	return networks.Ref{Name: s}, nil
}
