package mastodon

import (
	"fmt"
	"regexp"
	"strings"

	"golang.org/x/net/idna"

	"collectord/networks"
)

var (
	// username is Mastodon's own pattern (app/models/account.rb, USERNAME_RE, read
	// 2026-11-21).
	username = regexp.MustCompile(`^[A-Za-z0-9_]+([A-Za-z0-9_.-]*[A-Za-z0-9_])?$`)
	// accountID takes the ids of Mastodon (digits), Pleroma and GoToSocial.
	accountID = regexp.MustCompile(`^[A-Za-z0-9]{1,40}$`)
	digits    = regexp.MustCompile(`^[0-9]{1,20}$`)
	domain    = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`)
)

const (
	maxUsername = 128 // characters; Mastodon's own users have 30 at most
	maxDomain   = 253
)

// Parse reads name@host, @name@host, acct:name@host, the address of a profile
// (https://host/@name, https://host/users/name), or an id at its server: host/123,
// https://host/ap/users/123, https://host/web/accounts/123. The scheme may be left
// out. An address such as https://host/@name@other means name@other: followers are
// counted at home.
func (n *network) Parse(account string) (networks.Ref, error) {
	s := strings.TrimSpace(account)
	var ref networks.Ref
	var ok bool
	if rest, isAddress := address(s); isAddress {
		ref, ok = fromAddress(rest)
	} else {
		ref, ok = fromAcct(strings.TrimPrefix(strings.TrimPrefix(s, "acct:"), "@"))
	}
	if !ok {
		return networks.Ref{}, fmt.Errorf(
			"%s: %q: expected NAME@SERVER, as in Gargron@mastodon.social, or https://SERVER/@NAME", name, account)
	}
	return ref, nil
}

// address returns host and path of s if s is an address.
func address(s string) (rest string, ok bool) {
	if scheme, rest, found := strings.Cut(s, "://"); found {
		if !strings.EqualFold(scheme, "https") && !strings.EqualFold(scheme, "http") {
			return "", true // host and path are empty, which is refused
		}
		return rest, true
	}
	return s, strings.Contains(s, "/")
}

func fromAddress(rest string) (networks.Ref, bool) {
	host, path, _ := strings.Cut(rest, "/")
	path, _, _ = strings.Cut(path, "?")
	path, _, _ = strings.Cut(path, "#")
	path = strings.TrimPrefix(strings.TrimSuffix(path, "/"), "web/")
	if acct, ok := strings.CutPrefix(path, "@"); ok {
		if strings.Contains(acct, "@") {
			return fromAcct(acct)
		}
		return local(acct, host)
	}
	if user, ok := strings.CutPrefix(path, "users/"); ok {
		return local(user, host)
	}
	for _, prefix := range []string{"ap/users/", "accounts/", "api/v1/accounts/"} {
		if id, ok := strings.CutPrefix(path, prefix); ok {
			return byID(id, host, accountID)
		}
	}
	return byID(path, host, digits)
}

// fromAcct reads name@host.
func fromAcct(s string) (networks.Ref, bool) {
	user, host, _ := strings.Cut(s, "@")
	return local(user, host)
}

func local(user, host string) (networks.Ref, bool) {
	host, ok := server(host)
	if !ok || len(user) > maxUsername || !username.MatchString(user) {
		return networks.Ref{}, false
	}
	return networks.Ref{Name: user + "@" + host, Host: host}, true
}

func byID(id, host string, pattern *regexp.Regexp) (networks.Ref, bool) {
	host, ok := server(host)
	if !ok || !pattern.MatchString(id) {
		return networks.Ref{}, false
	}
	return networks.Ref{ID: id, Host: host}, true
}

// server returns the name of a server as DNS has it: lower case, and the letters
// of other scripts encoded.
func server(host string) (string, bool) {
	ascii, err := idna.Lookup.ToASCII(host)
	if err != nil || len(ascii) > maxDomain || !domain.MatchString(ascii) {
		return "", false
	}
	// Package idna encodes even what is no UTF-8, and refuses to read that again.
	again, err := idna.Lookup.ToASCII(ascii)
	return ascii, err == nil && again == ascii
}
