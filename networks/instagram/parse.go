package instagram

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"collectord/networks"
	"collectord/networks/internal/refs"
)

// me is the Kind of the account that the token belongs to, and how the config
// names it.
const me = "me"

// username is what Instagram takes as one. It stands inside parentheses in a
// request, so that nothing else may pass.
var username = regexp.MustCompile(`^[a-z0-9_](?:[a-z0-9._]{0,28}[a-z0-9_])?$`)

// hosts are the names under which profiles are found.
var hosts = []string{"instagram.com", "www.instagram.com", "m.instagram.com", "instagr.am", "www.instagr.am"}

// reserved are first parts of an address that are pages of Instagram itself.
var reserved = []string{
	"about", "accounts", "api", "challenge", "developer", "direct", "explore", "legal", "p", "press", "reel", "reels", "tv", "web",
}

// Parse reads a username (natgeo, @natgeo), the address of a profile
// (https://www.instagram.com/natgeo/), or "me", the account that the token belongs
// to. Instagram cannot be asked by id; digits alone are a username.
func (n *network) Parse(account string) (networks.Ref, error) {
	s := strings.TrimSpace(account)
	if s == me {
		return networks.Ref{Kind: me}, nil
	}
	path, ok := address(s)
	if !ok {
		return fromName(account, strings.TrimPrefix(s, "@"))
	}
	parts := strings.Split(path, "/")
	// The app shares https://www.instagram.com/stories/NAME/... as well.
	if len(parts) > 1 && parts[0] == "stories" {
		parts = parts[1:]
	}
	if slices.Contains(reserved, strings.ToLower(parts[0])) {
		return networks.Ref{}, fmt.Errorf("%s: %q is a page of Instagram, not of an account; expected https://www.instagram.com/NAME/", name, account)
	}
	return fromName(account, strings.TrimPrefix(parts[0], "@"))
}

// address returns the path of s if s is an address at Instagram; that of another one is empty,
// which is refused.
func address(s string) (path string, ok bool) {
	a := refs.Cut(s)
	if slices.Contains(hosts, a.Host) && (a.Scheme || a.Slash) { // else a username with a dot in it
		return a.Path, true
	}
	return "", a.Scheme
}

func fromName(account, s string) (networks.Ref, error) {
	s = strings.ToLower(s)
	if !username.MatchString(s) {
		return networks.Ref{}, fmt.Errorf(
			"%s: %q: expected a username of 1 to 30 letters, digits, _ and inner dots (NAME, @NAME or https://www.instagram.com/NAME/), or me; ids are not taken",
			name, account)
	}
	return networks.Ref{Name: s}, nil
}
