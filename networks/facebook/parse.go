package facebook

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"collectord/networks"
)

var (
	// username is what Facebook takes as one: letters, digits and dots, at least 5 of
	// them by today's rule; some old ones are shorter, and some have hyphens
	// (https://www.facebook.com/help/105399436216001, read 2026-11-22).
	username = regexp.MustCompile(`^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,73}[A-Za-z0-9])?$`)
	number   = regexp.MustCompile(`^[1-9][0-9]{0,18}$`)
	// titled is a Page without a username in an address: its title and its id.
	titled = regexp.MustCompile(`-([1-9][0-9]{7,18})$`)
)

// hosts are the names under which Pages are found.
var hosts = []string{
	"facebook.com", "www.facebook.com", "m.facebook.com", "mbasic.facebook.com", "web.facebook.com", "touch.facebook.com",
	"fb.com", "www.fb.com", "m.fb.com",
}

// reserved are first parts of an address that are not Pages.
var reserved = []string{
	"about", "ads", "business", "dialog", "events", "explore", "gaming", "groups", "hashtag", "help", "home.php",
	"login", "login.php", "marketplace", "media", "messages", "notes", "permalink.php", "photo", "photo.php", "photos",
	"places", "plugins", "policies", "privacy", "reel", "search", "settings", "share", "sharer", "sharer.php", "stories",
	"story.php", "v", "video", "videos", "watch",
}

const expected = "expected a Page's name (NAME, @NAME or https://www.facebook.com/NAME), or its id " +
	"(NUMBER or https://www.facebook.com/profile.php?id=NUMBER)"

// Parse reads a Page's name (nasa, @nasa), its id (54971236771, id:54971236771), or an
// address in any of Facebook's forms: /NAME, /ID, /pages/TITLE/ID, /pg/NAME,
// /people/TITLE/ID, /p/TITLE-ID, /TITLE-ID, /profile.php?id=ID.
func (n *network) Parse(account string) (networks.Ref, error) {
	s := strings.TrimSpace(account)
	if u, ok := address(s); ok {
		return fromAddress(account, u)
	}
	if id, ok := strings.CutPrefix(s, "id:"); ok {
		return fromID(account, id)
	}
	return fromName(account, strings.TrimPrefix(s, "@"))
}

// address returns s as an address if it is one at Facebook, and nil for another
// one's.
func address(s string) (u *url.URL, ok bool) {
	scheme, rest, found := strings.Cut(s, "://")
	if !found {
		rest = s
	} else if !strings.EqualFold(scheme, "https") && !strings.EqualFold(scheme, "http") {
		return nil, true
	}
	host, _, slash := strings.Cut(rest, "/")
	if !slices.Contains(hosts, strings.ToLower(host)) {
		return nil, found
	}
	if !slash && !found {
		return nil, true // the host alone is no Page
	}
	u, err := url.Parse("https://" + rest)
	if err != nil {
		return nil, true
	}
	return u, true
}

func fromAddress(account string, u *url.URL) (networks.Ref, error) {
	if u == nil {
		return networks.Ref{}, fmt.Errorf("%s: %q: %s", name, account, expected)
	}
	parts := strings.Split(strings.Trim(u.Path, "/"), "/")
	first, last := strings.ToLower(parts[0]), parts[len(parts)-1]
	switch {
	case first == "profile.php":
		return fromID(account, u.Query().Get("id"))
	case first == "pg" && len(parts) > 1:
		return fromName(account, parts[1])
	case first == "p" && len(parts) > 1:
		return fromTitle(account, parts[1])
	case first == "pages" && len(parts) > 2 && parts[1] == "category":
		return fromTitle(account, last)
	case (first == "pages" || first == "people") && len(parts) > 2:
		return fromName(account, parts[2])
	case slices.Contains(reserved, first):
		return networks.Ref{}, fmt.Errorf("%s: %q is no Page: only Pages show their followers to the API; %s", name, account, expected)
	case titled.MatchString(parts[0]):
		return fromTitle(account, parts[0])
	}
	return fromName(account, strings.TrimPrefix(parts[0], "@"))
}

// fromTitle reads TITLE-ID, or a name.
func fromTitle(account, s string) (networks.Ref, error) {
	if m := titled.FindStringSubmatch(s); m != nil {
		return networks.Ref{ID: m[1]}, nil
	}
	return fromName(account, s)
}

func fromID(account, id string) (networks.Ref, error) {
	if !number.MatchString(id) {
		return networks.Ref{}, fmt.Errorf("%s: %q: expected an id of 1 to 19 digits, as in id:54971236771", name, account)
	}
	return networks.Ref{ID: id}, nil
}

func fromName(account, s string) (networks.Ref, error) {
	if number.MatchString(s) {
		return networks.Ref{ID: s}, nil
	}
	if !username.MatchString(s) || strings.Trim(s, "0123456789.-") == "" || strings.Contains(s, "..") || strings.HasSuffix(strings.ToLower(s), ".php") {
		return networks.Ref{}, fmt.Errorf("%s: %q: %s", name, account, expected)
	}
	return networks.Ref{Name: s}, nil
}
