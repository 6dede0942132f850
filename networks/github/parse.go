package github

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"collectord/networks"
	"collectord/networks/internal/refs"
)

// login is what GitHub takes as a name today, and what it took once: old names end
// in a hyphen, and those of companies' users have an underscore. It stands inside a
// query, so that nothing else may pass.
var login = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,38}$`)

// number is an account's id.
var number = regexp.MustCompile(`^[1-9][0-9]{0,18}$`)

// reserved are first parts of an address that are pages of GitHub itself.
var reserved = []string{
	"about", "account", "apps", "collections", "contact", "customer-stories", "dashboard", "enterprise", "events", "explore",
	"features", "issues", "join", "login", "logout", "marketplace", "new", "notifications", "organizations", "orgs", "pricing", "pulls",
	"readme", "search", "security", "settings", "signup", "site", "sponsors", "stars", "topics", "trending", "users", "watching",
}

// Parse reads a name (torvalds, @torvalds), the address of a user or an organisation
// (https://github.com/torvalds, https://github.com/orgs/golang) or an id as id:1024025.
// Digits alone are a name, since GitHub has such.
func (n *network) Parse(account string) (networks.Ref, error) {
	s := strings.TrimSpace(account)
	if path, ok := address(s); ok {
		return fromPath(account, path)
	}
	if id, ok := strings.CutPrefix(s, "id:"); ok {
		if !number.MatchString(id) {
			return networks.Ref{}, fmt.Errorf("%s: %q: expected an id of digits, as in id:1024025", name, account)
		}
		return networks.Ref{ID: id}, nil
	}
	return fromName(account, strings.TrimPrefix(s, "@"))
}

// address returns the path of s if s is an address at GitHub; that of another one is empty,
// which is refused.
func address(s string) (path string, ok bool) {
	a := refs.Cut(s)
	if a.Host == "github.com" || a.Host == "www.github.com" {
		return a.Path, true
	}
	return "", a.Scheme
}

func fromPath(account, path string) (networks.Ref, error) {
	parts := strings.Split(path, "/")
	if len(parts) > 1 && (parts[0] == "orgs" || parts[0] == "sponsors") {
		parts = parts[1:]
	}
	if slices.Contains(reserved, strings.ToLower(parts[0])) {
		return networks.Ref{}, fmt.Errorf("%s: %q is a page of GitHub, not of an account; expected https://github.com/NAME", name, account)
	}
	return fromName(account, parts[0])
}

func fromName(account, s string) (networks.Ref, error) {
	if !login.MatchString(s) {
		return networks.Ref{}, fmt.Errorf(
			"%s: %q: expected a name of 1 to 39 letters, digits and hyphens (NAME, @NAME or https://github.com/NAME) or id:NUMBER", name, account)
	}
	return networks.Ref{Name: s}, nil
}
