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
)

// graph is what Meta's networks have in common: versions, tokens, the envelope of
// errors, batches, and a token service (meta_tokens.go).
type graph struct {
	w      *World
	net    string
	batch  bool // takes batches
	get    func(graphCaller, string, url.Values) graphReply
	tokens *metaTokens
}

// graphReply is an answer of Graph, alone or as an item of a batch.
type graphReply struct {
	status int
	body   any
	code   string // of the error
}

// graphCaller is who asks: the token and what it was allowed with.
type graphCaller struct {
	token   string
	secrets []string
}

// secret is the i-th of the caller's secrets, "" where there are fewer.
func (c graphCaller) secret(i int) string {
	if i < len(c.secrets) {
		return c.secrets[i]
	}
	return ""
}

var graphVersion = regexp.MustCompile(`^/?v[0-9]+\.[0-9]+/`)

// handler is the simulator of the network.
func (g *graph) handler() http.Handler { return g.w.Handler(g.net, g.op, g.answer) }

func (g *graph) op(r *http.Request) string {
	path := graphPath(r)
	if g.tokens.takes(path) {
		return path
	}
	switch {
	case r.Method == http.MethodPost:
		return "batch"
	case path == "me" || strings.HasPrefix(path, "me/") || path == "debug_token":
		return path
	}
	return "user"
}

func graphPath(r *http.Request) string {
	return strings.TrimPrefix(graphVersion.ReplaceAllString(r.URL.Path, ""), "/")
}

func (g *graph) answer(rw http.ResponseWriter, r *http.Request) (int, string) {
	path := graphPath(r)
	if err := r.ParseForm(); err != nil {
		return send(rw, 0, graphError("the form is not readable", 100, 0))
	}
	if g.tokens.takes(path) {
		return g.tokens.answer(rw, r, path)
	}
	if !graphVersion.MatchString(r.URL.Path) || r.URL.Query().Has("access_token") {
		return send(rw, 0, graphError("Unknown path components or a token in the address", 2500, 0))
	}
	caller, refusal := g.authorise(r)
	if refusal != nil {
		return send(rw, 0, *refusal)
	}
	switch {
	case r.Method == http.MethodGet && path == "debug_token":
		return send(rw, 0, g.tokens.inspect(caller, r.URL.Query()))
	case r.Method == http.MethodGet:
		return send(rw, 1, g.get(caller, path, r.URL.Query()))
	case r.Method == http.MethodPost && path == "" && len(r.URL.RawQuery) == 0 && g.batch:
		return g.answerBatch(rw, caller, r.PostForm)
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

// unsupported is what Graph says of an object that it does not show.
func unsupported(id string) graphReply {
	return graphError("Unsupported get request. Object with ID '"+id+
		"' does not exist, cannot be loaded due to missing permissions, or does not support this operation.", 100, 33)
}

// authorise finds out who asks, or refuses.
func (g *graph) authorise(r *http.Request) (graphCaller, *graphReply) {
	tok, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		tok = r.PostForm.Get("access_token")
	}
	if tok == "" {
		e := graphError("An access token is required to request this resource.", 104, 0)
		return graphCaller{}, &e
	}
	secrets, refusal := g.tokens.valid(tok)
	if refusal != nil {
		return graphCaller{}, refusal
	}
	c := graphCaller{tok, secrets}
	if proof := r.Form.Get("appsecret_proof"); proof != "" && c.secret(1) != "" {
		mac := hmac.New(sha256.New, []byte(c.secret(1)))
		_, _ = mac.Write([]byte(tok)) // a hash never fails
		if proof != hex.EncodeToString(mac.Sum(nil)) {
			e := graphError("Invalid appsecret_proof provided in the API argument", 100, 0)
			return graphCaller{}, &e
		}
	}
	return c, nil
}

// answerBatch answers to many GET requests at once; each one's answer is a string.
func (g *graph) answerBatch(rw http.ResponseWriter, caller graphCaller, form url.Values) (int, string) {
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
		reply := g.item(caller, one.Method, one.URL)
		body, _ := json.Marshal(reply.body) // maps and numbers
		items[i] = map[string]any{"code": reply.status, "body": string(body)}
		if form.Get("include_headers") != "false" {
			items[i]["headers"] = []map[string]string{{"name": "Content-Type", "value": "application/json; charset=UTF-8"}}
		}
	}
	JSON(rw, http.StatusOK, items)
	return len(list), ""
}

func (g *graph) item(caller graphCaller, method, relative string) graphReply {
	path, rawQuery, _ := strings.Cut(relative, "?")
	query, err := url.ParseQuery(rawQuery)
	if method != http.MethodGet || err != nil || !graphVersion.MatchString(path) {
		return graphError("Unsupported request", 100, 0)
	}
	path, err = url.PathUnescape(graphVersion.ReplaceAllString(path, ""))
	if err != nil {
		return graphError("Unsupported request", 100, 0)
	}
	return g.get(caller, path, query)
}

// onlyParameters refuses a query with others than those named.
func onlyParameters(query url.Values, names ...string) *graphReply {
	for k := range query {
		if !slices.Contains(names, k) {
			e := graphError("(#100) Unknown parameter "+k, 100, 0)
			return &e
		}
	}
	return nil
}

// graphFields are the fields asked for, and the id, which comes unasked.
func graphFields(all map[string]any, fields, node string) graphReply {
	body := map[string]any{"id": all["id"]}
	for f := range strings.SplitSeq(fields, ",") {
		v, ok := all[f]
		if !ok {
			return graphError("(#100) Tried accessing nonexisting field ("+f+") on node type ("+node+")", 100, 0)
		}
		if v != nil {
			body[f] = v
		}
	}
	return graphReply{http.StatusOK, body, ""}
}
