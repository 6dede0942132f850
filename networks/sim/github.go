package sim

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const githubNet = "github"

// Organization is the state of a GitHub account that is no user's. GraphQL does not
// tell its followers; REST does.
const Organization = "organization"

// GitHub simulates GitHub's API on the accounts of the network "github", whose IDs
// are numbers: POST /graphql with repositoryOwner, viewer and rateLimit, and GET
// /users/NAME and /user/ID of REST.
//
// A token is allowed by AllowToken("github", token, login, expiration), both of which
// may be left out: whose it is, and the value of the header
// github-authentication-token-expiration. Limits are announced and not enforced.
func GitHub(w *World) http.Handler {
	g := githubSim{w}
	return w.Handler(githubNet, githubOp, g.answer)
}

func githubOp(r *http.Request) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	return first
}

type githubSim struct{ w *World }

func (g githubSim) answer(rw http.ResponseWriter, r *http.Request) (int, string) {
	bearer, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	state, belongs := g.w.Token(githubNet, bearer)
	switch {
	case r.UserAgent() == "":
		return 0, githubRefuse(rw, http.StatusForbidden, "Request forbidden by administrative rules. Please make sure your request has a User-Agent header")
	case bearer == "":
		return 0, githubRefuse(rw, http.StatusUnauthorized, "Requires authentication")
	case state != TokenGood:
		return 0, githubRefuse(rw, http.StatusUnauthorized, "Bad credentials")
	}
	login := "somebody"
	if len(belongs) > 0 {
		login = belongs[0]
	}
	h := rw.Header()
	h.Set("x-ratelimit-limit", "5000")
	h.Set("x-ratelimit-remaining", "4999")
	h.Set("x-ratelimit-reset", strconv.FormatInt(time.Now().Add(time.Hour).Unix(), 10))
	h.Set("x-oauth-scopes", "")
	if len(belongs) > 1 {
		h.Set("github-authentication-token-expiration", belongs[1])
	}
	if r.URL.Path == "/graphql" && r.Method == http.MethodPost {
		h.Set("x-ratelimit-resource", "graphql")
		return g.graphql(rw, r, login)
	}
	h.Set("x-ratelimit-resource", "core")
	return g.rest(rw, r)
}

// find returns an account that is there to be seen.
func (g githubSim) find(a Account, ok bool) (Account, bool) {
	return a, ok && a.State != NotFound && a.State != Suspended
}

func (g githubSim) rest(rw http.ResponseWriter, r *http.Request) (int, string) {
	var a Account
	var ok bool
	if name, found := strings.CutPrefix(r.URL.Path, "/users/"); found {
		a, ok = g.find(g.w.ByHandle(githubNet, name))
	} else if id, found := strings.CutPrefix(r.URL.Path, "/user/"); found {
		a, ok = g.find(g.w.ByID(githubNet, id))
	}
	if !ok || r.Method != http.MethodGet || r.URL.RawQuery != "" {
		return 1, githubRefuse(rw, http.StatusNotFound, "Not Found")
	}
	id, _ := strconv.ParseInt(a.ID, 10, 64) // a number, by the rules of this simulator
	kind := "User"
	if a.State == Organization {
		kind = "Organization"
	}
	JSON(rw, http.StatusOK, map[string]any{
		"login": a.Handle, "id": id, "type": kind, "name": githubName(a), "html_url": "https://github.com/" + a.Handle,
		"followers": g.w.Count(a, time.Now()), "following": a.Following, "public_repos": a.Posts,
	})
	return 1, ""
}

// githubName is null for who set none.
func githubName(a Account) any {
	if a.Name == "" {
		return nil
	}
	return a.Name
}

func (g githubSim) graphql(rw http.ResponseWriter, r *http.Request, login string) (int, string) {
	var body struct {
		Query string `json:"query"`
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		return 0, githubRefuse(rw, http.StatusBadRequest, "Problems parsing JSON")
	}
	roots, err := parseGraphQL(body.Query)
	if err != nil {
		return 0, githubFault(rw, "", err.Error())
	}
	data, faults, accounts := map[string]any{}, []any{}, 0
	for _, f := range roots {
		v, fault, err := g.root(f, login)
		switch {
		case err != nil:
			return accounts, githubFault(rw, "undefinedField", err.Error())
		case fault != nil:
			faults = append(faults, fault)
		}
		if _, twice := data[f.key()]; twice {
			return accounts, githubFault(rw, "fieldConflict", "Field '"+f.key()+"' has an argument conflict")
		}
		data[f.key()] = v
		if f.name == "repositoryOwner" {
			accounts++
		}
	}
	answer := map[string]any{"data": data}
	if len(faults) > 0 {
		answer["errors"] = faults
	}
	JSON(rw, http.StatusOK, answer)
	return accounts, ""
}

// root answers one field of the query itself.
func (g githubSim) root(f gqlField, login string) (value any, fault map[string]any, err error) {
	var fields map[string]any
	switch f.name {
	case "viewer":
		fields = map[string]any{"__typename": "User", "login": login}
	case "rateLimit":
		fields = map[string]any{"__typename": "RateLimit", "cost": 1, "remaining": 4999, "resetAt": time.Now().Add(time.Hour).UTC().Format(time.RFC3339)}
	case "repositoryOwner":
		a, ok := g.find(g.w.ByHandle(githubNet, f.args["login"]))
		if !ok {
			return nil, map[string]any{
				"type": "NOT_FOUND", "path": []any{f.key()}, "locations": []any{map[string]any{"line": 1, "column": 1}},
				"message": "Could not resolve to a RepositoryOwner with the login of '" + f.args["login"] + "'.",
			}, nil
		}
		fields = g.owner(a)
	default:
		return nil, nil, gqlError("Field '" + f.name + "' doesn't exist on type 'Query'")
	}
	value, err = gqlSelect(f.selection, fields)
	return value, nil, err
}

func (g githubSim) owner(a Account) map[string]any {
	id, _ := strconv.ParseInt(a.ID, 10, 64) // a number, by the rules of this simulator
	fields := map[string]any{"__typename": "User", "login": a.Handle, "databaseId": id, "name": githubName(a)}
	if a.State == Organization {
		fields["__typename"] = "Organization"
		return fields
	}
	fields["followers"] = gqlConnection{g.w.Count(a, time.Now())}
	fields["following"] = gqlConnection{a.Following}
	return fields
}

func githubRefuse(rw http.ResponseWriter, status int, message string) string {
	JSON(rw, status, map[string]any{"message": message, "documentation_url": "https://docs.github.com/rest", "status": strconv.Itoa(status)})
	return strconv.Itoa(status)
}

// githubFault refuses a whole query, with status 200 as GraphQL does.
func githubFault(rw http.ResponseWriter, code, message string) string {
	JSON(rw, http.StatusOK, map[string]any{"errors": []any{map[string]any{
		"message": message, "extensions": map[string]any{"code": code},
	}}})
	return message
}
