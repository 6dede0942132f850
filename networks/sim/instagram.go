package sim

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

const instagramNet = "instagram"

// Instagram simulates both hosts of Instagram's API on the accounts of the network
// "instagram": GET /vN.N/me of graph.instagram.com, and GET /vN.N/{id} and the batch
// POST /vN.N/ of graph.facebook.com, with Business Discovery.
//
// A token of Instagram Login is allowed by AllowToken("instagram", token, id), where
// id is its own account's; one for Business Discovery by AllowToken("instagram",
// token, id, appSecret), where an empty appSecret takes any proof. Tokens are taken
// from the Authorization header or a form, never from an address. An account in any
// state other than OK is a personal one or none, which Graph does not tell apart.
func Instagram(w *World) http.Handler {
	x := &instagram{w}
	return w.Handler(instagramNet, x.op, x.answer)
}

type instagram struct{ w *World }

// graphReply is an answer of Graph, alone or as an item of a batch.
type graphReply struct {
	status int
	body   any
	code   string // of the error
}

// graphCaller is who asks.
type graphCaller struct {
	id    string // own account
	login bool   // by Instagram Login
}

var graphVersion = regexp.MustCompile(`^/?v[0-9]+\.[0-9]+/`)

func (x *instagram) op(r *http.Request) string {
	switch path := graphVersion.ReplaceAllString(r.URL.Path, ""); {
	case r.Method == http.MethodPost:
		return "batch"
	case path == "me":
		return "me"
	}
	return "user"
}

func (x *instagram) answer(rw http.ResponseWriter, r *http.Request) (int, string) {
	if !graphVersion.MatchString(r.URL.Path) || r.URL.Query().Has("access_token") {
		return send(rw, 0, graphError("Unknown path components or a token in the address", 2500, 0))
	}
	if err := r.ParseForm(); err != nil {
		return send(rw, 0, graphError("the form is not readable", 100, 0))
	}
	caller, refusal := x.authorise(r)
	if refusal != nil {
		return send(rw, 0, *refusal)
	}
	path := graphVersion.ReplaceAllString(r.URL.Path, "")
	switch {
	case r.Method == http.MethodGet:
		return send(rw, 1, x.get(caller, path, r.URL.Query()))
	case r.Method == http.MethodPost && path == "" && len(r.URL.RawQuery) == 0:
		return x.batch(rw, caller, r.PostForm)
	}
	return send(rw, 0, graphError("Unsupported post request.", 100, 33))
}

func send(rw http.ResponseWriter, accounts int, reply graphReply) (int, string) {
	JSON(rw, reply.status, reply.body)
	return accounts, reply.code
}

// graphError is Graph's envelope, whose status is 400 whatever is wrong.
func graphError(message string, code, subcode int) graphReply {
	kind := "OAuthException"
	if code == 100 {
		kind = "GraphMethodException"
	}
	e := map[string]any{"message": message, "type": kind, "code": code, "fbtrace_id": "AbCdEfGhIjKlMnOpQrStUvW"}
	if subcode != 0 {
		e["error_subcode"] = subcode
	}
	return graphReply{http.StatusBadRequest, map[string]any{"error": e}, strconv.Itoa(code)}
}

// authorise finds out who asks, or refuses.
func (x *instagram) authorise(r *http.Request) (graphCaller, *graphReply) {
	refuse := func(message string, code, subcode int) (graphCaller, *graphReply) {
		e := graphError(message, code, subcode)
		return graphCaller{}, &e
	}
	tok, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		tok = r.PostForm.Get("access_token")
	}
	state, secrets := x.w.Token(instagramNet, tok)
	switch {
	case tok == "":
		return refuse("An access token is required to request this resource.", 104, 0)
	case state == TokenRevoked:
		return refuse("Error validating access token: The session has been invalidated because the user changed their password.", 190, 460)
	case state != TokenGood || len(secrets) == 0:
		return refuse("Invalid OAuth access token - Cannot parse access token", 190, 0)
	}
	if proof := r.Form.Get("appsecret_proof"); proof != "" && len(secrets) > 1 && secrets[1] != "" {
		mac := hmac.New(sha256.New, []byte(secrets[1]))
		_, _ = mac.Write([]byte(tok)) // a hash never fails
		if proof != hex.EncodeToString(mac.Sum(nil)) {
			return refuse("Invalid appsecret_proof provided in the API argument", 100, 0)
		}
	}
	return graphCaller{id: secrets[0], login: len(secrets) == 1}, nil
}

// batch answers to many GET requests at once; each one's answer is a string.
func (x *instagram) batch(rw http.ResponseWriter, caller graphCaller, form url.Values) (int, string) {
	for k := range form {
		if !slices.Contains([]string{"batch", "include_headers", "access_token", "appsecret_proof"}, k) {
			return send(rw, 0, graphError("(#100) Unknown parameter "+k, 100, 0))
		}
	}
	var list []struct {
		Method string `json:"method"`
		URL    string `json:"relative_url"`
	}
	if err := json.Unmarshal([]byte(form.Get("batch")), &list); err != nil || len(list) == 0 {
		return send(rw, 0, graphError("batch parameter must be a JSON array", 100, 0))
	}
	if len(list) > 50 {
		return send(rw, len(list), graphError("Too many requests in batch message. Maximum batch size is 50", -3, 0))
	}
	items := make([]map[string]any, len(list))
	for i, one := range list {
		reply := x.item(caller, one.Method, one.URL)
		body, _ := json.Marshal(reply.body) // maps and numbers
		items[i] = map[string]any{"code": reply.status, "body": string(body)}
		if form.Get("include_headers") != "false" {
			items[i]["headers"] = []map[string]string{{"name": "Content-Type", "value": "application/json; charset=UTF-8"}}
		}
	}
	JSON(rw, http.StatusOK, items)
	return len(list), ""
}

func (x *instagram) item(caller graphCaller, method, relative string) graphReply {
	path, rawQuery, _ := strings.Cut(relative, "?")
	query, err := url.ParseQuery(rawQuery)
	if method != http.MethodGet || err != nil || !graphVersion.MatchString(path) {
		return graphError("Unsupported request", 100, 0)
	}
	return x.get(caller, graphVersion.ReplaceAllString(path, ""), query)
}

var graphDiscovery = regexp.MustCompile(`^business_discovery\.username\(([^(){}]+)\)\{([a-z_,]+)\}$`)

// get answers to one object: the caller's own account or, through it, another one.
func (x *instagram) get(caller graphCaller, path string, query url.Values) graphReply {
	for k := range query {
		if k != "fields" && k != "appsecret_proof" {
			return graphError("(#100) Unknown parameter "+k, 100, 0)
		}
	}
	if caller.login != (path == "me") || !caller.login && path != caller.id {
		return graphError("Unsupported get request. Object with ID '"+path+
			"' does not exist, cannot be loaded due to missing permissions, or does not support this operation.", 100, 33)
	}
	own, ok := x.w.ByID(instagramNet, caller.id)
	if !ok {
		return graphError("Error validating access token: The user is not a confirmed user.", 190, 464)
	}
	m := graphDiscovery.FindStringSubmatch(query.Get("fields"))
	if m == nil {
		return x.object(own, query.Get("fields"), caller.login)
	}
	a, ok := x.w.ByHandle(instagramNet, m[1])
	switch {
	case caller.login:
		return graphError("(#100) Tried accessing nonexisting field (business_discovery)", 100, 0)
	case !ok || a.State != OK && a.State != "":
		return graphError("Invalid user id", 110, 2207013)
	}
	reply := x.object(a, m[2], false)
	if reply.code == "" {
		reply.body = map[string]any{"business_discovery": reply.body, "id": own.ID}
	}
	return reply
}

// object is an account with the fields asked for.
func (x *instagram) object(a Account, fields string, login bool) graphReply {
	all := map[string]any{
		"id": a.ID, "username": a.Handle, "name": a.Name,
		"followers_count": x.w.Count(a, time.Now()), "follows_count": a.Following, "media_count": a.Posts,
	}
	if login { // an id of the app's own beside the one that all apps know
		all["id"], all["user_id"] = "7"+a.ID, a.ID
	}
	body := map[string]any{"id": all["id"]}
	for f := range strings.SplitSeq(fields, ",") {
		v, ok := all[f]
		if !ok {
			return graphError("(#100) Tried accessing nonexisting field ("+f+")", 100, 0)
		}
		body[f] = v
	}
	return graphReply{http.StatusOK, body, ""}
}
