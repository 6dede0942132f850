package sim

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// What a token of X is, as the first of its secrets in the world. One without secrets is
// a bearer token, one with three or more a user's of OAuth 1.0a.
const (
	xApp     = "app"     // a bearer token of the consumer key that follows
	xClient  = "client"  // an OAuth 2 client; its secret and its user follow
	xUser    = "user"    // an access token; client and user follow
	xRefresh = "refresh" // a refresh token; client and user follow
	xCode    = "code"    // client, user, challenge and redirect address follow
)

// xLife is how long an access token of a user lives.
const xLife = 2 * time.Hour

// XApp lets an app make its bearer token: key and secret are its consumer key and
// consumer secret.
func (w *World) XApp(key, secret string) { w.AllowToken(twitterNet, key, secret) }

// XClient lets an OAuth 2 client log the user with the id in. One with an empty secret
// is a public client.
func (w *World) XClient(id, secret, user string) { w.AllowToken(twitterNet, id, xClient, secret, user) }

// XUserToken makes a pair of tokens, as a login at the client does.
func (w *World) XUserToken(client, user string) (access, refresh string) {
	access, refresh = w.newXToken("xAccess"), w.newXToken("xRefresh")
	w.AllowTokenUntil(twitterNet, access, time.Now().Add(xLife), xUser, client, user)
	w.AllowToken(twitterNet, refresh, xRefresh, client, user, access)
	return access, refresh
}

// newXToken is the name of a token that nobody has yet.
func (w *World) newXToken(prefix string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.nextX(prefix)
}

// nextX is newXToken for a caller who holds w.mu.
func (w *World) nextX(prefix string) string {
	w.x.given++
	return prefix + strconv.Itoa(w.x.given)
}

// spendX takes a refresh token or a code, which are good for one use. A refresh token
// that comes again ends the login: every token of its client and user is revoked.
func (w *World) spendX(tok, kind string) (secrets []string, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	of := w.tokens[twitterNet]
	t := of[tok]
	if len(t.secrets) == 0 || t.secrets[0] != kind {
		return nil, false
	}
	if t.state != TokenGood {
		for name, other := range of {
			if kind == xRefresh && len(other.secrets) > 2 && slices.Contains([]string{xUser, xRefresh}, other.secrets[0]) && slices.Equal(other.secrets[1:3], t.secrets[1:3]) {
				other.state = TokenRevoked
				of[name] = other
			}
		}
		return nil, false
	}
	t.state = TokenRevoked
	of[tok] = t
	return t.secrets, true
}

// appToken is POST /oauth2/token: the bearer token of an app, the same one until it is
// revoked.
func (x *twitter) appToken(rw http.ResponseWriter, r *http.Request) (int, string) {
	refuse := func() (int, string) {
		JSON(rw, http.StatusForbidden, map[string]any{"errors": []any{map[string]any{
			"code": 99, "label": "authenticity_token_error", "message": "Unable to verify your credentials",
		}}})
		return 0, "99"
	}
	key, secret, ok := xBasic(r)
	state, secrets := x.w.Token(twitterNet, key)
	if !ok || state != TokenGood || len(secrets) != 1 || secrets[0] != secret {
		return refuse()
	}
	if r.ParseForm() != nil || len(r.PostForm) != 1 || r.PostForm.Get("grant_type") != "client_credentials" {
		return refuse()
	}
	JSON(rw, http.StatusOK, map[string]any{"token_type": "bearer", "access_token": x.w.xBearer(key)})
	return 0, ""
}

// xBearer is the bearer token of an app.
func (w *World) xBearer(key string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	of, secrets := w.tokens[twitterNet], []string{xApp, key} // of holds the app, at least
	for name, t := range of {
		if t.state == TokenGood && slices.Equal(t.secrets, secrets) {
			return name
		}
	}
	bearer := w.nextX("AAAAbearer%2F%3D")
	of[bearer] = token{state: TokenGood, secrets: secrets}
	return bearer
}

// xBasic reads an Authorization header whose two parts are escaped.
func xBasic(r *http.Request) (user, password string, ok bool) {
	user, password, ok = r.BasicAuth()
	user, err := url.QueryUnescape(user)
	password, err2 := url.QueryUnescape(password)
	return user, password, ok && err == nil && err2 == nil
}

// authorize is the dialog: it asks nobody and redirects with a code.
func (x *twitter) authorize(rw http.ResponseWriter, r *http.Request) (int, string) {
	q := r.URL.Query()
	state, client := x.w.Token(twitterNet, q.Get("client_id"))
	redirect, err := url.Parse(q.Get("redirect_uri"))
	known := state == TokenGood && len(client) == 3 && client[0] == xClient
	if !known || err != nil || redirect.Scheme == "" || q.Get("response_type") != "code" || q.Get("state") == "" ||
		q.Get("code_challenge_method") != "S256" || len(q.Get("code_challenge")) != 43 || !strings.Contains(q.Get("scope"), "users.read") {
		return 0, twitterRefuse(rw, http.StatusBadRequest, "Invalid Request", "One or more parameters to your request was invalid.", "client_id")
	}
	code := x.w.newXToken("xCode")
	x.w.AllowToken(twitterNet, code, xCode, q.Get("client_id"), client[2], q.Get("code_challenge"), q.Get("redirect_uri"))
	redirect.RawQuery = url.Values{"code": {code}, "state": {q.Get("state")}}.Encode()
	rw.Header().Set("Location", redirect.String())
	rw.WriteHeader(http.StatusFound)
	return 0, ""
}

// userToken is POST /2/oauth2/token, for a code or a refresh token.
func (x *twitter) userToken(rw http.ResponseWriter, r *http.Request) (int, string) {
	refuse := func(status int, key, words string) (int, string) {
		JSON(rw, status, map[string]any{"error": key, "error_description": words})
		return 0, key
	}
	if r.ParseForm() != nil || r.URL.RawQuery != "" {
		return refuse(http.StatusBadRequest, "invalid_request", "Malformed request.")
	}
	id, problem := x.client(r)
	if problem != "" {
		return refuse(http.StatusUnauthorized, "unauthorized_client", problem)
	}
	form, kind, words := r.PostForm, xRefresh, "Value passed for the token was invalid."
	proof := form.Get("refresh_token")
	switch form.Get("grant_type") {
	case "refresh_token":
	case "authorization_code":
		kind, proof, words = xCode, form.Get("code"), "Value passed for the authorization code was invalid."
	default:
		return refuse(http.StatusBadRequest, "unsupported_grant_type", "")
	}
	secrets, ok := x.w.spendX(proof, kind)
	if !ok || secrets[1] != id {
		return refuse(http.StatusBadRequest, "invalid_request", words)
	}
	if kind == xCode {
		sum := sha256.Sum256([]byte(form.Get("code_verifier")))
		if base64.RawURLEncoding.EncodeToString(sum[:]) != secrets[3] || form.Get("redirect_uri") != secrets[4] {
			return refuse(http.StatusBadRequest, "invalid_request", "Value passed for the code verifier did not match the code challenge.")
		}
	}
	access, refresh := x.w.XUserToken(id, secrets[2])
	JSON(rw, http.StatusOK, map[string]any{
		"token_type": "bearer", "expires_in": int(xLife / time.Second), "access_token": access, "refresh_token": refresh,
		"scope": "users.read tweet.read offline.access",
	})
	return 0, ""
}

// client finds out which client asks: by its header if it has a secret, else by the form
// alone.
func (x *twitter) client(r *http.Request) (id, problem string) {
	name, password, basic := xBasic(r)
	if !basic {
		name = r.PostForm.Get("client_id")
	}
	state, secrets := x.w.Token(twitterNet, name)
	switch {
	case state != TokenGood || len(secrets) != 3 || secrets[0] != xClient:
		return "", "Unknown client."
	case secrets[1] != "" && !basic, secrets[1] != password:
		return "", "Missing valid authorization header"
	}
	return name, ""
}
