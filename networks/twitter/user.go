package twitter

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/internal/rest"
)

// A user's token of OAuth 2
// (https://docs.x.com/fundamentals/authentication/oauth-2-0/authorization-code, read
// 2026-11-22). The access token lives 2 hours. A refresh token is good for one use: its
// successor comes in the same answer, and one that is used twice ends the login, so that
// a person has to log in again. It is spent as late as that is safe, hence: fewer uses,
// fewer chances to lose an answer.

const (
	opExchange = "2/oauth2/token"
	opRefresh  = "2/oauth2/token: refresh"

	// userLife is that of an access token where nobody says when it ends.
	userLife = 2 * time.Hour
	// refreshBefore is how long before its end a token should have been refreshed.
	refreshBefore = 5 * time.Minute
	// maxLife bounds what is believed of a token's life, in seconds: ten years.
	maxLife = 10 * 365 * 24 * 60 * 60

	hintLogin = "log in again: run collectord keychain login twitter"
)

// userRefresher is a keychain.Refresher for a user's tokens.
type userRefresher struct{ n *network }

// Window ends 5 minutes before the access token does. It has no beginning: a token that
// is refused is refreshed whatever its age.
func (userRefresher) Window(_ keychain.Token, held, expires time.Time) keychain.Window {
	if expires.IsZero() {
		expires = held.Add(userLife)
	}
	return keychain.Window{By: expires.Add(-min(refreshBefore, max(expires.Sub(held), 0)/2))}
}

// Refresh spends the refresh token.
func (r userRefresher) Refresh(ctx context.Context, t keychain.Token) (keychain.Fresh, error) {
	fresh, err := r.n.grant(ctx, opRefresh, t, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {t.Get(refreshToken)}})
	var e *networks.Error
	if errors.As(err, &e) && (e.Kind == networks.Unauthorized || e.Kind == networks.Forbidden) {
		return keychain.Fresh{}, &keychain.Refusal{State: keychain.State{Name: keychain.Dead, Reason: e.Error(), Hint: e.Hint}, Err: err}
	}
	return fresh, err
}

// grant asks the token service, and returns the slot's new value. Slot holds the client,
// and what is to stay of the old value. A client with a secret proves itself in the
// header, one without by its id in the form.
func (n *network) grant(ctx context.Context, op string, slot keychain.Token, form url.Values) (keychain.Fresh, error) {
	r := rest.Request{Op: op, URL: n.auth + "/2/oauth2/token", Form: form}
	if secret := slot.Get(clientSecret); secret != "" {
		pair := url.QueryEscape(slot.Get(clientID)) + ":" + url.QueryEscape(secret)
		r.Header = http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(pair))}}
	} else {
		form.Set(clientID, slot.Get(clientID))
	}
	asked := time.Now()
	resp, err := n.rest.Do(ctx, r)
	if err != nil {
		return keychain.Fresh{}, err
	}
	// What was sent may be no part of the slot yet.
	secrets := keychain.Token{Value: slot.With(map[string]string{"code": form.Get("code"), "code_verifier": form.Get("code_verifier")})}
	if e := n.refuseGrant(resp, secrets); e != nil {
		return keychain.Fresh{}, e
	}
	var g struct {
		Access  string       `json:"access_token"`
		Refresh string       `json:"refresh_token"`
		Life    rest.Lenient `json:"expires_in"` // seconds
	}
	if err := n.rest.Decode(resp, &g); err != nil {
		return keychain.Fresh{}, err
	}
	switch {
	case g.Access == "":
		return keychain.Fresh{}, n.rest.Error(op, networks.Malformed, "", "the answer holds no access token", nil)
	case g.Refresh == "" && slot.Get(refreshToken) == "":
		e := n.rest.Error(op, networks.Forbidden, "", "the answer holds no refresh token, without which the login ends in 2 hours", nil)
		e.Hint = "the scope offline.access was not given: " + hintLogin
		return keychain.Fresh{}, e
	}
	life := userLife
	if s, known := g.Life.Get(); known && s > 0 && s < maxLife {
		life = time.Duration(s) * time.Second
	}
	end := asked.Add(life).UTC().Truncate(time.Second)
	fields := map[string]string{accessToken: g.Access, expiresAt: end.Format(time.RFC3339)}
	if g.Refresh != "" {
		fields[refreshToken] = g.Refresh
	}
	return keychain.Fresh{Value: slot.With(fields), Expires: end}, nil
}

// grantWord is what a key of the token service looks like.
var grantWord = regexp.MustCompile(`^[a-z_]{1,40}$`)

// grants are the errors of the token service, by their keys (RFC 6749 section 5.2). X
// says invalid_request, and in words that the value passed for the token or the code was
// invalid, where the standard has invalid_grant.
var grants = map[string]struct {
	kind networks.Kind
	hint string
}{
	"invalid_grant":           {networks.Unauthorized, "the refresh token was used already, revoked or is too old; " + hintLogin},
	"access_denied":           {networks.Forbidden, "the person did not agree; " + hintLogin},
	"invalid_client":          {networks.Forbidden, hintClient},
	"unauthorized_client":     {networks.Forbidden, hintClient},
	"invalid_scope":           {networks.Forbidden, "the app may not ask for the scopes users.read, tweet.read and offline.access: see its permissions at developer.x.com"},
	"server_error":            {networks.Temporary, ""},
	"temporarily_unavailable": {networks.Temporary, ""},
}

const hintClient = "compare client_id and client_secret with the app's OAuth 2.0 keys at developer.x.com; a confidential client needs its secret; " + hintLogin

// refuseGrant returns the error that an answer of the token service is, nil for a good
// one. Only what X says in its own words ends a login.
func (n *network) refuseGrant(resp *rest.Response, secrets keychain.Token) *networks.Error {
	var f struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	_ = json.Unmarshal(resp.Body, &f) // what is no such object has no words
	e := n.rest.Refuse(resp)
	if !grantWord.MatchString(f.Error) {
		if e != nil && e.Kind != networks.Temporary && e.Kind != networks.RateLimited {
			e.Kind, e.Hint = networks.Malformed, "tokens are not made there: see auth_url"
		}
		return e
	}
	if e == nil || e.Kind != networks.Temporary && e.Kind != networks.RateLimited {
		e = n.rest.Error(resp.Op, networks.Malformed, "", "", nil)
	}
	e.Code, e.Msg = f.Error, rest.Words(secrets, f.Description)
	key := f.Error
	if said := strings.ToLower(f.Description); key == "invalid_request" && strings.Contains(said, "value passed for the") {
		key = "invalid_grant"
	}
	if g, known := grants[key]; known {
		e.Kind, e.Hint = g.kind, g.hint
	}
	return e
}

// lifeOf says how long the access token is good for. Not until when: expires_at is a
// part of the slot's value, and those are taken out of reports.
func lifeOf(t keychain.Token) string {
	at, err := time.Parse(time.RFC3339, t.Get(expiresAt))
	if left := time.Until(at); err == nil && left > 0 {
		return fmt.Sprintf("good for %.0f minutes and refreshed by itself", left.Minutes())
	}
	return "refreshed by itself every 2 hours"
}
