package threads

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
	// username is Instagram's: Threads has the same names.
	username = regexp.MustCompile(`^[a-z0-9_](?:[a-z0-9._]{0,28}[a-z0-9_])?$`)
	number   = regexp.MustCompile(`^[1-9][0-9]{0,18}$`)
)

// hosts are the names under which profiles are found.
var hosts = []string{"threads.com", "www.threads.com", "threads.net", "www.threads.net"}

// Parse reads "me", the account that the token belongs to; its username (zuck, @zuck)
// or address (https://www.threads.com/@zuck); or its id as id:NUMBER. Whichever it is,
// the token decides who is asked for, and a name or an id that is not its own is not
// found.
func (n *network) Parse(account string) (networks.Ref, error) {
	s := strings.TrimSpace(account)
	if s == me {
		return networks.Ref{Kind: me}, nil
	}
	if id, ok := strings.CutPrefix(s, "id:"); ok {
		if !number.MatchString(id) {
			return networks.Ref{}, fmt.Errorf("%s: %q: expected an id of 1 to 19 digits, as in id:1234567", name, account)
		}
		return networks.Ref{ID: id}, nil
	}
	path, ok := address(s)
	if !ok {
		return fromName(account, strings.TrimPrefix(s, "@"))
	}
	first, _, _ := strings.Cut(path, "/")
	handle, ok := strings.CutPrefix(first, "@")
	if !ok {
		return networks.Ref{}, fmt.Errorf("%s: %q is no profile; expected https://www.threads.com/@NAME", name, account)
	}
	return fromName(account, handle)
}

// address returns the path of s if s is an address at Threads; that of another one is empty,
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
			"%s: %q: expected me, or the username of the token's own account: 1 to 30 letters, digits, _ and inner dots (NAME, @NAME or https://www.threads.com/@NAME)",
			name, account)
	}
	return networks.Ref{Name: s}, nil
}
