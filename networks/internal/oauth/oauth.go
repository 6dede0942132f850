// Package oauth has what every login in a browser needs besides requests: the
// address of the page to open, its state and its PKCE verifier, and a reader of the
// address that the browser is sent back to.
//
//	r := oauth.New()                       state and verifier of one login
//	r.Page(base, query)                    the page to open
//	values, err := r.Returned(address)     code, device_id ... or ErrOtherLogin
//
// What comes back may be typed, pasted, cut short or sent by somebody else: it is
// bounded, belongs to this login or to nobody, and no error repeats any of it.
package oauth

import (
	"crypto/subtle"
	"errors"
	"net/url"
	"strings"

	"golang.org/x/oauth2"

	"collectord/networks"
)

// maxAddress bounds a redirect address, in bytes. The longest true one, of VK ID,
// has about 500.
const maxAddress = 32 << 10

// Round is one login: what ties the way back to the way there.
type Round struct {
	State    string // 43 random characters; VK wants 32 or more
	Verifier string // RFC 7636, 43 characters
}

// New returns a Round with a state and a verifier of its own.
func New() Round { return Round{State: oauth2.GenerateVerifier(), Verifier: oauth2.GenerateVerifier()} }

// Challenge is the S256 challenge of the verifier (RFC 7636 section 4.2).
func (r Round) Challenge() string { return oauth2.S256ChallengeFromVerifier(r.Verifier) }

// Page is the address to open: base with query, the state and what of query is not
// empty.
func (r Round) Page(base string, query map[string]string) string {
	q := url.Values{"state": {r.State}}
	for name, s := range query {
		if s != "" {
			q.Set(name, s)
		}
	}
	return base + "?" + q.Encode()
}

// Returned reads the address to which the browser was sent back, and which must
// bear the state. The error is networks.ErrOtherLogin where it bears another one or
// none, or says what is wrong with the address.
func (r Round) Returned(address string) (url.Values, error) {
	v, err := Parse(address)
	if err != nil {
		return nil, err
	}
	if subtle.ConstantTimeCompare([]byte(v.Get("state")), []byte(r.State)) != 1 {
		return nil, networks.ErrOtherLogin
	}
	return v, nil
}

// Pasted is Returned for an address that only a person at the terminal can hand in:
// it may lack the state, as VK's of a community does, and must not bear another.
func (r Round) Pasted(address string) (url.Values, error) {
	v, err := Parse(address)
	if err != nil || !v.Has("state") {
		return v, err
	}
	return r.Returned(address)
}

// Parse reads the parameters of an address: those of the query and of the fragment,
// where the implicit flow has them. The address may be whole, or what follows its
// "?" or "#". No parameter may be there twice.
func Parse(address string) (url.Values, error) {
	address = strings.TrimSpace(address)
	if len(address) > maxAddress {
		return nil, errors.New("the address is longer than any that a login ends at")
	}
	head, fragment, _ := strings.Cut(address, "#")
	_, query, asked := strings.Cut(head, "?")
	if !asked && !strings.Contains(head, "://") && strings.Contains(head, "=") {
		query = head
	}
	all := make(url.Values)
	for _, part := range []string{query, fragment} {
		v, err := url.ParseQuery(strings.TrimPrefix(part, "?"))
		if err != nil {
			return nil, errors.New("the address is damaged: it cannot be read as a query")
		}
		for name, values := range v {
			if len(values) != 1 || all.Has(name) {
				return nil, errors.New("the address has a parameter twice")
			}
			all[name] = values
		}
	}
	if len(all) == 0 {
		return nil, errors.New("this is not the address that the login ended at: it has no parameters; copy it whole, from https:// to its end")
	}
	return all, nil
}
