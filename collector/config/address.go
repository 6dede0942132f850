package config

import (
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// url reads the address of a service into dst, without a slash at its end.
func (v value) url(dst *string) {
	t, ok := v.given("an address")
	if !ok {
		return
	}
	if wrong := badURL(t.s); wrong != "" {
		t.raw = withoutSecrets(t.raw)
		t.refuse(wrong)
		return
	}
	*dst = strings.TrimRight(t.s, "/")
}

// withoutSecrets is an address, right or wrong, without what may be a user, a password
// or a token in it: all up to its last "@", and a query.
func withoutSecrets(address string) string {
	return inQuery.ReplaceAllString(beforeHost.ReplaceAllString(address, "${1}[redacted]@"), "${1}[redacted]")
}

var (
	beforeHost = regexp.MustCompile(`(?s)^([A-Za-z][A-Za-z0-9+.-]*://|//)?.*@`)
	inQuery    = regexp.MustCompile(`(?s)([?#]).+$`)
)

// badURL says what is wrong with the address of a service; "" if nothing is. It
// does not repeat any of it.
func badURL(s string) string {
	const expected = "an address such as http://127.0.0.1:8086 expected"
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return "not a URL; " + expected
	case u.Scheme != "http" && u.Scheme != "https":
		return "neither http:// nor https://; " + expected
	case u.Hostname() == "":
		return "no host; " + expected
	case u.User != nil:
		return "a user or a password does not belong into the address; use a token"
	case strings.ContainsAny(s, "?#"):
		return `no "?" and no "#" is allowed; ` + expected
	case u.Port() != "" && !isPort(u.Port()), strings.HasSuffix(u.Host, ":"):
		return "the port must be a number from 1 to 65535"
	case strings.ContainsAny(u.Hostname(), " \t"):
		return "a space in the host; " + expected
	}
	return ""
}

func isPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && n > 0
}

// listen reads host:port or "" into dst.
func (v value) listen(dst *string) {
	t, ok := v.given("host:port")
	if !ok {
		return
	}
	if t.s == "" {
		*dst = ""
		return
	}
	t.raw = withoutSecrets(t.raw)
	const expected = `host:port such as 127.0.0.1:9184, or "" for no page, expected`
	host, port, err := net.SplitHostPort(t.s)
	if err != nil || strings.ContainsAny(host, " /@") {
		t.refuse(expected)
		return
	}
	if port != "0" && !isPort(port) {
		t.refuse("the port must be a number from 0 to 65535; " + expected)
		return
	}
	*dst = t.s
}

// isLoopback reports whether only this machine reaches the address.
func isLoopback(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return false
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}
