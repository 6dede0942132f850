package meta

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"net/url"
	"strings"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/internal/rest"
)

// Redirect is the redirect address of all logins: Meta takes https addresses alone,
// registered with the app, and nobody has to listen there. The browser shows an
// error page at it, and its address bar what is to be pasted.
const Redirect = "https://localhost/"

// longestRedirect bounds a pasted address, in bytes. Codes have a few hundred.
const longestRedirect = 16 << 10

// Flow is a login by authorization code, alike at Facebook, Instagram and Threads.
type Flow struct {
	Page   string // the address of the dialog
	ID     string // of the app
	Scopes []string
	// Redirect is the address that the app registered.
	Redirect string
	// Exchange makes the slot's value of the code. The error is a *networks.Error.
	Exchange func(ctx context.Context, code string) (keychain.Fresh, error)
}

// Fields are what every login at Meta asks for first.
func Fields(app string) []networks.LoginField {
	return []networks.LoginField{
		{Name: "app_id", Prompt: app + " app ID"},
		{Name: "app_secret", Prompt: app + " app secret", Secret: true},
	}
}

// session is one login under way.
type session struct {
	flow  Flow
	rest  *rest.Client
	state string
}

// Session begins a login. The errors are those of the client's network.
func (c *Client) Session(flow Flow) (networks.LoginSession, error) {
	if flow.ID == "" {
		e := c.rest.Error(loginOp, networks.Forbidden, "", "app_id is missing", nil)
		e.Hint = "the app's ID and secret stand in its settings at " + console
		return nil, e
	}
	return &session{flow: flow, rest: c.rest, state: rand.Text()}, nil
}

const loginOp = "login"

// URL is the dialog to open.
func (s *session) URL() string {
	return s.flow.Page + "?" + url.Values{
		"client_id": {s.flow.ID}, "redirect_uri": {s.flow.Redirect}, "response_type": {"code"},
		"scope": {strings.Join(s.flow.Scopes, ",")}, "state": {s.state},
	}.Encode()
}

// Finish takes the address to which the dialog redirected.
func (s *session) Finish(ctx context.Context, redirected string) (keychain.Fresh, error) {
	if len(redirected) > longestRedirect {
		return keychain.Fresh{}, s.rest.Error(loginOp, networks.Malformed, "", "the address is too long", nil)
	}
	u, err := url.Parse(strings.TrimSpace(redirected))
	if err != nil {
		return keychain.Fresh{}, s.rest.Error(loginOp, networks.Malformed, "", "this is no address", nil)
	}
	// Meta puts "#_" or "#_=_" behind it; url.Parse keeps that apart as the fragment.
	q := u.Query()
	if q.Get("state") == "" {
		e := s.rest.Error(loginOp, networks.Malformed, "", "the address has no state in it", nil)
		e.Hint = "paste the whole address at which the browser ended, from https:// on"
		return keychain.Fresh{}, e
	}
	if subtle.ConstantTimeCompare([]byte(q.Get("state")), []byte(s.state)) == 0 {
		return keychain.Fresh{}, networks.ErrOtherLogin
	}
	code := q.Get("code")
	switch {
	case q.Get("error") != "":
		words := strings.TrimSpace(q.Get("error") + ": " + q.Get("error_description"))
		return keychain.Fresh{}, s.rest.Error(loginOp, networks.Forbidden, "", rest.Words(keychain.Token{}, words), nil)
	case code == "":
		return keychain.Fresh{}, s.rest.Error(loginOp, networks.Malformed, "", "the address has no code in it", nil)
	}
	return s.flow.Exchange(ctx, code)
}
