package sim

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // OAuth 1.0a signs with it (RFC 5849 section 3.4.2)
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

const twitterNet = "twitter"

// Twitter simulates the user lookups of X's API v2 on the accounts of the network
// "twitter": GET /2/users/by, /2/users and /2/users/me, and X's token services: POST
// /oauth2/token for apps, GET /i/oauth2/authorize and POST /2/oauth2/token for users.
//
// An app is allowed by [World.XApp], a client that logs users in by [World.XClient]. A
// bearer token is allowed by AllowToken("twitter", bearer). Four keys are allowed
// by AllowToken("twitter", accessToken, consumerKey, consumerSecret, accessSecret)
// and, for /2/users/me, the id of the account they belong to as a fifth. Signatures
// are verified by RFC 5849, their nonce and time included. A Private account is
// protected, which at X hides no count. Rate limits are announced and not enforced.
func Twitter(w *World) http.Handler {
	x := &twitter{w: w, nonces: make(map[string]time.Time)}
	return w.Handler(twitterNet, x.op, x.answer)
}

type twitter struct {
	w *World

	mu     sync.Mutex
	nonces map[string]time.Time // seen, and when
}

// The addresses at which tokens are made.
const (
	xAppToken  = "/oauth2/token"
	xUserToken = "/2/oauth2/token"
	xAuthorize = "/i/oauth2/authorize"
)

func (x *twitter) op(r *http.Request) string {
	switch r.URL.Path {
	case xAppToken, xUserToken, xAuthorize:
		return strings.TrimPrefix(r.URL.Path, "/")
	}
	return strings.TrimPrefix(r.URL.Path, "/2/")
}

// answer is the whole of X: who asks, what for, and what is to be said.
func (x *twitter) answer(rw http.ResponseWriter, r *http.Request) (int, string) {
	switch r.Method + " " + r.URL.Path {
	case "POST " + xAppToken:
		return x.appToken(rw, r)
	case "POST " + xUserToken:
		return x.userToken(rw, r)
	case "GET " + xAuthorize:
		return x.authorize(rw, r)
	}
	limit, owner, ok := x.authorise(r)
	if !ok {
		return 0, twitterRefuse(rw, http.StatusUnauthorized, "Unauthorized", "Unauthorized", "")
	}
	rw.Header().Set("x-rate-limit-limit", strconv.Itoa(limit))
	rw.Header().Set("x-rate-limit-remaining", strconv.Itoa(limit-1))
	rw.Header().Set("x-rate-limit-reset", strconv.FormatInt(time.Now().Add(15*time.Minute).Unix(), 10))
	parameter, pattern := "", (*regexp.Regexp)(nil)
	switch {
	case r.Method != http.MethodGet:
		return 0, twitterRefuse(rw, http.StatusMethodNotAllowed, "Method Not Allowed", "Method Not Allowed", "")
	case r.URL.Path == "/2/users/me":
	case r.URL.Path == "/2/users":
		parameter, pattern = "ids", regexp.MustCompile(`^[0-9]{1,19}$`)
	case r.URL.Path == "/2/users/by":
		parameter, pattern = "usernames", regexp.MustCompile(`^[A-Za-z0-9_]{1,15}$`)
	default:
		return 0, twitterRefuse(rw, http.StatusNotFound, "Not Found", "Not Found", "")
	}
	fields, bad := twitterQuery(r.URL.Query(), parameter, pattern)
	if bad != "" {
		return 0, twitterRefuse(rw, http.StatusBadRequest, "Invalid Request", "One or more parameters to your request was invalid.", bad)
	}
	if parameter == "" {
		return x.me(rw, owner, fields)
	}
	return x.users(rw, parameter, strings.Split(r.URL.Query().Get(parameter), ","), fields)
}

// twitterQuery checks a query as strictly as X does. Bad is the parameter that is
// not right.
func twitterQuery(q url.Values, parameter string, pattern *regexp.Regexp) (fields []string, bad string) {
	for k, v := range q {
		if k != parameter && k != "user.fields" || len(v) != 1 {
			return nil, k
		}
	}
	known := []string{"created_at", "description", "id", "name", "protected", "public_metrics", "url", "username", "verified", "verified_type"}
	if f := q.Get("user.fields"); f != "" {
		fields = strings.Split(f, ",")
	}
	for _, f := range fields {
		if !slices.Contains(known, f) {
			return nil, "user.fields"
		}
	}
	if parameter == "" {
		return fields, ""
	}
	values := strings.Split(q.Get(parameter), ",")
	if len(values) > 100 {
		return nil, parameter
	}
	for _, v := range values {
		if !pattern.MatchString(v) {
			return nil, parameter
		}
	}
	return fields, ""
}

// users answers a lookup: data for the ones found, errors for the others, and
// neither key where it would be empty.
func (x *twitter) users(rw http.ResponseWriter, parameter string, asked, fields []string) (int, string) {
	var data, errs []map[string]any
	for _, v := range asked {
		a, ok := x.w.ByHandle(twitterNet, v)
		if parameter == "ids" {
			a, ok = x.w.ByID(twitterNet, v)
		}
		switch {
		case !ok || a.State == NotFound:
			errs = append(errs, twitterMissing(parameter, v, "Not Found Error", fmt.Sprintf("Could not find user with %s: [%s].", parameter, v)))
		case a.State == Suspended:
			errs = append(errs, twitterMissing(parameter, v, "Forbidden", fmt.Sprintf("User has been suspended: [%s].", v)))
		default:
			data = append(data, x.user(a, fields))
		}
	}
	body := map[string]any{}
	if data != nil {
		body["data"] = data
	}
	if errs != nil {
		body["errors"] = errs
	}
	JSON(rw, http.StatusOK, body)
	return len(asked), ""
}

func (x *twitter) me(rw http.ResponseWriter, owner string, fields []string) (int, string) {
	a, ok := x.w.ByID(twitterNet, owner)
	if !ok {
		return 0, twitterRefuse(rw, http.StatusForbidden, "Unsupported Authentication",
			"Authenticating with OAuth 2.0 Application-Only is forbidden for this endpoint.", "", "unsupported-authentication")
	}
	JSON(rw, http.StatusOK, map[string]any{"data": x.user(a, fields)})
	return 1, ""
}

// user is an account with the fields that were asked for. X sends three always.
func (x *twitter) user(a Account, fields []string) map[string]any {
	badge := "none"
	if a.Verified {
		badge = "business"
	}
	all := map[string]any{
		"id": a.ID, "name": a.Name, "username": a.Handle,
		"protected": a.State == Private, "verified": a.Verified, "verified_type": badge,
		"public_metrics": map[string]any{
			"followers_count": x.w.Count(a, time.Now()), "following_count": a.Following,
			"tweet_count": a.Posts, "listed_count": a.Followers / 500,
		},
	}
	u := make(map[string]any)
	for _, f := range append([]string{"id", "name", "username"}, fields...) {
		if v, ok := all[f]; ok {
			u[f] = v
		}
	}
	return u
}

func twitterMissing(parameter, value, title, detail string) map[string]any {
	return map[string]any{
		"value": value, "detail": detail, "title": title, "resource_type": "user", "parameter": parameter,
		"resource_id": value, "type": "https://api.twitter.com/2/problems/resource-not-found",
	}
}

// twitterRefuse answers with a problem. Parameter is the one that is not right,
// problem the last part of the type; X has about:blank for what HTTP says already.
func twitterRefuse(rw http.ResponseWriter, status int, title, detail, parameter string, problem ...string) string {
	body := map[string]any{"title": title, "detail": detail, "status": status, "type": "about:blank"}
	if parameter != "" {
		problem = []string{"invalid-request"}
		body["errors"] = []any{map[string]any{
			"parameters": map[string]any{parameter: []string{}}, "message": "The `" + parameter + "` query parameter is not valid",
		}}
	}
	if len(problem) > 0 {
		body["type"] = "https://api.twitter.com/2/problems/" + problem[0]
	}
	JSON(rw, status, body)
	return cmp.Or(strings.Join(problem, ""), strconv.Itoa(status))
}

// authorise returns the requests per 15 minutes of who asks, and the id of the
// account it belongs to, if it is one's.
func (x *twitter) authorise(r *http.Request) (limit int, owner string, ok bool) {
	scheme, rest, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	switch scheme {
	case "Bearer":
		state, secrets := x.w.Token(twitterNet, rest)
		switch {
		case state != TokenGood:
			return 0, "", false
		case len(secrets) > 2 && secrets[0] == xUser:
			return 900, secrets[2], true
		}
		return 300, "", len(secrets) == 0 || len(secrets) == 2 && secrets[0] == xApp && x.knows(secrets[1])
	case "OAuth":
		owner, ok := x.signed(r, rest)
		return 900, owner, ok
	}
	return 0, "", false
}

// knows reports whether there is an app with the consumer key.
func (x *twitter) knows(key string) bool {
	state, secrets := x.w.Token(twitterNet, key)
	return state == TokenGood && len(secrets) == 1
}

// signed verifies an OAuth 1.0a request by RFC 5849 section 3.2.
func (x *twitter) signed(r *http.Request, header string) (owner string, ok bool) {
	p, ok := oauthHeader(header)
	if !ok || p["oauth_signature_method"] != "HMAC-SHA1" || p["oauth_version"] != "1.0" {
		return "", false
	}
	state, secrets := x.w.Token(twitterNet, p["oauth_token"])
	if state != TokenGood || len(secrets) < 3 || secrets[0] != p["oauth_consumer_key"] {
		return "", false
	}
	seconds, err := strconv.ParseInt(p["oauth_timestamp"], 10, 64)
	if err != nil || time.Since(time.Unix(seconds, 0)).Abs() > 5*time.Minute || !x.fresh(p["oauth_nonce"]) {
		return "", false
	}
	want := oauthSignature(r, p, secrets[1], secrets[2])
	if !hmac.Equal([]byte(want), []byte(p["oauth_signature"])) {
		return "", false
	}
	if len(secrets) > 3 {
		owner = secrets[3]
	}
	return owner, true
}

// fresh reports whether a nonce was never seen. It forgets those that are too old
// to come again with a good timestamp.
func (x *twitter) fresh(nonce string) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	now := time.Now()
	if len(x.nonces) > 10_000 {
		for n, t := range x.nonces {
			if now.Sub(t) > 10*time.Minute {
				delete(x.nonces, n)
			}
		}
	}
	if _, seen := x.nonces[nonce]; seen || nonce == "" {
		return false
	}
	x.nonces[nonce] = now
	return true
}

// oauthHeader reads the parameters of an Authorization header (RFC 5849 section
// 3.5.1).
func oauthHeader(s string) (map[string]string, bool) {
	p := make(map[string]string)
	for part := range strings.SplitSeq(s, ",") {
		k, v, ok := strings.Cut(strings.TrimSpace(part), "=")
		if !ok || len(v) < 2 || v[0] != '"' || v[len(v)-1] != '"' {
			return nil, false
		}
		key, err := url.PathUnescape(k)
		value, err2 := url.PathUnescape(v[1 : len(v)-1])
		if _, twice := p[key]; err != nil || err2 != nil || twice {
			return nil, false
		}
		p[key] = value
	}
	return p, true
}

// oauthSignature is the HMAC-SHA1 of a request (RFC 5849 section 3.4), computed of
// the query as it was sent.
func oauthSignature(r *http.Request, p map[string]string, consumerSecret, tokenSecret string) string {
	pairs := make([][2]string, 0, len(p)+2)
	add := func(k, v string) { pairs = append(pairs, [2]string{oauthEscape(k), oauthEscape(v)}) }
	for k, v := range p {
		if k != "oauth_signature" && k != "realm" {
			add(k, v)
		}
	}
	for k, values := range r.URL.Query() {
		for _, v := range values {
			add(k, v)
		}
	}
	slices.SortFunc(pairs, func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
	parameters := make([]string, len(pairs))
	for i, kv := range pairs {
		parameters[i] = kv[0] + "=" + kv[1]
	}
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	// The path as it was asked, also where a prefix was stripped on the way here.
	path, _, _ := strings.Cut(r.RequestURI, "?")
	address := scheme + "://" + strings.ToLower(r.Host) + path
	text := r.Method + "&" + oauthEscape(address) + "&" + oauthEscape(strings.Join(parameters, "&"))
	mac := hmac.New(sha1.New, []byte(oauthEscape(consumerSecret)+"&"+oauthEscape(tokenSecret)))
	_, _ = mac.Write([]byte(text)) // a hash never fails
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// oauthEscape is the encoding of RFC 5849 section 3.6.
func oauthEscape(s string) string {
	return strings.ReplaceAll(url.QueryEscape(s), "+", "%20")
}
