package odnoklassniki

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"collectord/networks"
	"collectord/networks/internal/refs"
)

var (
	// shortname is what stands in a group's address. OK does not say what it takes;
	// nothing that would end the address may pass.
	shortname = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?$`)
	number    = regexp.MustCompile(`^[1-9][0-9]{0,18}$`)
	// grouped is an id as addresses of groups without a short name have it.
	grouped = regexp.MustCompile(`^group([1-9][0-9]{0,18})$`)
)

// hosts are the names under which groups are found.
var hosts = []string{
	"ok.ru", "www.ok.ru", "m.ok.ru",
	"odnoklassniki.ru", "www.odnoklassniki.ru", "m.odnoklassniki.ru", "odnoklassniki.ua", "www.odnoklassniki.ua",
}

// reserved are first parts of an address that are pages of OK itself.
var reserved = []string{
	"app", "apps", "bookmarks", "discussions", "dk", "events", "feed", "friends", "game", "games", "gifts", "group", "groups",
	"guests", "help", "hobby", "live", "market", "messages", "music", "notifications", "online", "payment", "photos", "search",
	"settings", "shop", "support", "topic", "video", "web-api",
}

// Parse reads the short name of a group (apiok), its address (https://ok.ru/apiok,
// https://ok.ru/group/53038939046008), or its id (53038939046008, id:53038939046008,
// group53038939046008).
func (n *network) Parse(account string) (networks.Ref, error) {
	s := strings.ToLower(strings.TrimSpace(account))
	path, ok := address(s)
	if !ok {
		return fromName(account, strings.TrimPrefix(strings.TrimPrefix(s, "@"), "id:"))
	}
	parts := strings.Split(path, "/")
	switch {
	case parts[0] == "group" && len(parts) > 1 && number.MatchString(parts[1]):
		return networks.Ref{ID: parts[1]}, nil
	case parts[0] == "profile":
		return networks.Ref{}, fmt.Errorf("%s: %q is a person; Odnoklassniki counts the members of groups and shows nobody's followers", name, account)
	case slices.Contains(reserved, parts[0]):
		return networks.Ref{}, fmt.Errorf("%s: %q is a page of Odnoklassniki, not of a group; expected https://ok.ru/NAME", name, account)
	}
	return fromName(account, parts[0])
}

// address returns the path of s if s is an address; that of another one is empty, which is
// refused.
func address(s string) (path string, ok bool) {
	a := refs.Cut(s)
	if slices.Contains(hosts, a.Host) {
		return a.Path, true
	}
	return "", a.Scheme || a.Slash
}

func fromName(account, s string) (networks.Ref, error) {
	if m := grouped.FindStringSubmatch(s); m != nil {
		s = m[1]
	}
	switch {
	case number.MatchString(s):
		return networks.Ref{ID: s}, nil
	case shortname.MatchString(s) && strings.Trim(s, "0123456789") != "":
		return networks.Ref{Name: s}, nil
	}
	return networks.Ref{}, fmt.Errorf(
		"%s: %q: expected a group's short name or address (NAME or https://ok.ru/NAME) or its id (https://ok.ru/group/NUMBER)", name, account)
}
