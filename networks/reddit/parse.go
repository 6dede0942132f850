package reddit

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"collectord/networks"
	"collectord/networks/internal/refs"
)

var (
	// community is the name of one: 3 to 21 letters, digits and _ today; some old ones
	// are shorter. It stands in a list, so that no comma may pass.
	community = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_]{0,20}$`)
	// fullname is the id of a community, with the prefix of its kind.
	fullname = regexp.MustCompile(`^t5_[0-9a-z]{1,13}$`)
)

// Parse reads the name of a community (golang, r/golang, /r/golang), its address
// (https://www.reddit.com/r/golang/) or its id (t5_2rc7j). People, u/NAME, are
// refused.
func (n *network) Parse(account string) (networks.Ref, error) {
	s := strings.TrimSpace(account)
	if fullname.MatchString(s) {
		return networks.Ref{ID: s}, nil
	}
	path, ok := address(s)
	if !ok {
		path = strings.TrimPrefix(s, "/")
		if !strings.Contains(path, "/") {
			path = "r/" + path
		}
		if path = strings.TrimSuffix(path, "/"); strings.Count(path, "/") > 1 {
			return networks.Ref{}, unexpected(account)
		}
	}
	kind, rest, _ := strings.Cut(path, "/")
	sub, _, _ := strings.Cut(rest, "/")
	switch strings.ToLower(kind) {
	case "u", "user":
		return networks.Ref{}, fmt.Errorf("%s: %q is a person, whose followers Reddit does not tell; expected a community, as in r/golang", name, account)
	case "r":
		if community.MatchString(sub) {
			return networks.Ref{Name: sub}, nil
		}
	}
	return networks.Ref{}, unexpected(account)
}

// address returns the path of s, without the slash at its beginning, if s is an address;
// that of another one is empty, which is refused.
func address(s string) (path string, ok bool) {
	a := refs.Cut(s)
	if a.Host == "reddit.com" || strings.HasSuffix(a.Host, ".reddit.com") && url.PathEscape(a.Host) == a.Host {
		return a.Path, true
	}
	return "", a.Scheme
}

func unexpected(account string) error {
	return fmt.Errorf("%s: %q: expected a community of 1 to 21 letters, digits and _ (NAME, r/NAME or https://www.reddit.com/r/NAME/) "+
		"or its id, as in t5_2rc7j", name, account)
}
