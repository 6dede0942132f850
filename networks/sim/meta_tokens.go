package sim

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// metaTokens simulates a token service of Meta's: the login dialog, which agrees at
// once; codes, good for one use; tokens of an hour and of 60 days; refreshes, after
// which the old token goes on; and debug_token.
//
// An app is allowed by AllowToken(network, "APP_ID|APP_SECRET", secrets...), where the
// secrets are those of every token that a login at it gives.
type metaTokens struct {
	w   *World
	net string
	own string // begins the names of the network's own grants: ig, th; "" for Facebook
	fb  bool   // Facebook's way is taken: codes by GET, fb_exchange_token

	mu    sync.Mutex
	n     int
	codes map[string]metaCode
	ends  map[string]time.Time // of the tokens that were given here
}

// metaCode is what a code was given for.
type metaCode struct{ app, redirect string }

// The lives of tokens.
const (
	metaShort = time.Hour
	metaLong  = 60 * 24 * time.Hour
	metaData  = 90 * 24 * time.Hour // after a login, access to data
)

func newMetaTokens(w *World, net, own string, fb bool) *metaTokens {
	return &metaTokens{w: w, net: net, own: own, fb: fb, codes: map[string]metaCode{}, ends: map[string]time.Time{}}
}

// takes reports whether the path is the token service's.
func (m *metaTokens) takes(path string) bool {
	switch path {
	case "oauth/access_token":
		return true
	case "dialog/oauth":
		return m.fb
	case "oauth/authorize", "access_token", "refresh_access_token":
		return m.own != ""
	}
	return false
}

func (m *metaTokens) answer(rw http.ResponseWriter, r *http.Request, path string) (int, string) {
	switch path {
	case "oauth/authorize", "dialog/oauth":
		return m.authorize(rw, r)
	case "refresh_access_token":
		return send(rw, 0, m.refresh(r.URL.Query()))
	}
	grant, get := r.Form.Get("grant_type"), r.Method == http.MethodGet
	reply := graphError("Unsupported request", 100, 0)
	switch {
	case path == "access_token":
		if get && grant == m.own+"_exchange_token" {
			reply = m.exchange(r.URL.Query(), "client_secret", "access_token")
		}
	case get && m.fb && grant == "fb_exchange_token":
		reply = m.exchange(r.URL.Query(), "client_id", "client_secret", "fb_exchange_token")
	case get && m.fb:
		reply = m.redeem("fb", r.Form)
	case !get && m.own != "" && grant == "authorization_code" && r.URL.RawQuery == "":
		reply = m.redeem(m.own, r.Form)
	}
	return send(rw, 0, reply)
}

// authorize is the dialog: it asks nobody and redirects with a code.
func (m *metaTokens) authorize(rw http.ResponseWriter, r *http.Request) (int, string) {
	q := r.URL.Query()
	redirect, err := url.Parse(q.Get("redirect_uri"))
	if err != nil || redirect.Scheme == "" || q.Get("client_id") == "" || q.Get("response_type") != "code" || q.Get("scope") == "" {
		return send(rw, 0, graphError("Invalid request: redirect_uri, client_id, response_type and scope are required", 191, 0))
	}
	m.mu.Lock()
	m.n++
	code := "AQ-code-" + strconv.Itoa(m.n)
	m.codes[code] = metaCode{q.Get("client_id"), q.Get("redirect_uri")}
	m.mu.Unlock()
	redirect.RawQuery = url.Values{"code": {code}, "state": {q.Get("state")}}.Encode()
	rw.Header().Set("Location", redirect.String()+"#_=_")
	rw.WriteHeader(http.StatusFound)
	return 0, ""
}

// redeem gives a token of an hour for a code, in the way of fb, ig or th.
func (m *metaTokens) redeem(way string, form url.Values) graphReply {
	id, code := form.Get("client_id"), form.Get("code")
	state, secrets := m.w.Token(m.net, id+"|"+form.Get("client_secret"))
	m.mu.Lock()
	got, ok := m.codes[code]
	delete(m.codes, code)
	m.mu.Unlock()
	switch {
	case state != TokenGood:
		return graphError("Error validating client secret.", 1, 0)
	case !ok || got.app != id || got.redirect != form.Get("redirect_uri"):
		return graphError("This authorization code has been used.", 100, 36009)
	}
	tok := m.give(way+"-short", metaShort, secrets)
	body := map[string]any{"access_token": tok}
	switch way {
	case "fb":
		body["token_type"], body["expires_in"] = "bearer", int(metaShort/time.Second)
	case "ig":
		body["user_id"], body["permissions"] = "1", "instagram_business_basic"
		body = map[string]any{"data": []any{body}}
	default:
		body["user_id"] = 1
	}
	return graphReply{http.StatusOK, body, ""}
}

// exchange gives a token of 60 days for another one. The last parameter is the token.
func (m *metaTokens) exchange(q url.Values, parameters ...string) graphReply {
	if e := onlyParameters(q, append(parameters, "grant_type")...); e != nil {
		return *e
	}
	secrets, refusal := m.valid(q.Get(parameters[len(parameters)-1]))
	if refusal != nil {
		return *refusal
	}
	if len(parameters) == 3 {
		if state, _ := m.w.Token(m.net, q.Get("client_id")+"|"+q.Get("client_secret")); state != TokenGood {
			return graphError("Error validating client secret.", 1, 0)
		}
	} else if q.Get("client_secret") == "" {
		return graphError("Session key invalid. This could be because the client secret is missing.", 452, 0)
	}
	return m.long(secrets)
}

// refresh gives a token of 60 days for one that has not ended.
func (m *metaTokens) refresh(q url.Values) graphReply {
	if e := onlyParameters(q, "grant_type", "access_token"); e != nil {
		return *e
	}
	if q.Get("grant_type") != m.own+"_refresh_token" {
		return graphError("Unsupported request", 100, 0)
	}
	secrets, refusal := m.valid(q.Get("access_token"))
	if refusal != nil {
		return *refusal
	}
	return m.long(secrets)
}

func (m *metaTokens) long(secrets []string) graphReply {
	return graphReply{http.StatusOK, map[string]any{
		"access_token": m.give("long", metaLong, secrets), "token_type": "bearer", "expires_in": int(metaLong / time.Second),
	}, ""}
}

// give makes a new token, for the same account or app.
func (m *metaTokens) give(name string, life time.Duration, secrets []string) string {
	secrets = secrets[:min(len(secrets), 2)] // the others are the old token's kind and end
	m.mu.Lock()
	m.n++
	tok := name + "-token-" + strconv.Itoa(m.n)
	m.ends[tok] = time.Now().Add(life)
	m.mu.Unlock()
	m.w.AllowToken(m.net, tok, secrets...)
	return tok
}

// valid returns what a token was allowed with, or Meta's refusal.
func (m *metaTokens) valid(tok string) ([]string, *graphReply) {
	state, secrets := m.w.Token(m.net, tok)
	m.mu.Lock()
	end, given := m.ends[tok]
	m.mu.Unlock()
	var e graphReply
	switch {
	case state == TokenRevoked:
		e = graphError("Error validating access token: The session has been invalidated because the user changed their password.", 190, 460)
	case state != TokenGood:
		e = graphError("Invalid OAuth access token - Cannot parse access token", 190, 0)
	case given && !time.Now().Before(end):
		e = graphError("Error validating access token: Session has expired.", 190, 463)
	default:
		return secrets, nil
	}
	return nil, &e
}

// inspect is debug_token. An app asks about any token, a token about itself.
func (m *metaTokens) inspect(caller graphCaller, q url.Values) graphReply {
	if e := onlyParameters(q, "input_token", "appsecret_proof"); e != nil {
		return *e
	}
	tok := q.Get("input_token")
	if !strings.Contains(caller.token, "|") && tok != caller.token {
		return graphError("(#100) You must provide an app access token, or a user access token that is an owner or developer of the app", 100, 0)
	}
	secrets, refusal := m.valid(tok)
	if refusal != nil {
		return graphReply{http.StatusOK, map[string]any{"data": map[string]any{
			"is_valid": false, "scopes": []string{}, "error": map[string]any{"code": 190, "message": "The access token could not be decrypted"},
		}}, ""}
	}
	m.mu.Lock()
	end, given := m.ends[tok]
	m.mu.Unlock()
	kind, expires, data := "USER", int64(0), int64(0)
	if given {
		expires, data = end.Unix(), end.Add(metaData-metaLong).Unix()
	}
	if c := (graphCaller{tok, secrets}); c.secret(2) != "" {
		kind = c.secret(2)
		expires, _ = strconv.ParseInt(c.secret(3), 10, 64) // none is never
		data, _ = strconv.ParseInt(c.secret(4), 10, 64)
	}
	return graphReply{http.StatusOK, map[string]any{"data": map[string]any{
		"app_id": "1", "application": "Simulated App", "type": kind, "is_valid": true, "expires_at": expires,
		"data_access_expires_at": data, "scopes": []string{"pages_read_engagement", "pages_show_list"}, "user_id": "1",
	}}, ""}
}
