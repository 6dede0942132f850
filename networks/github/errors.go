package github

import (
	"bytes"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"time"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/internal/rest"
)

const (
	hintToken = "make a new token at https://github.com/settings/tokens and assign it to slot gh; it needs no permission"
	hintRight = "GitHub refuses this token or this machine: see the token's resource owner, and the words of GitHub"
)

// secondaryRest is how long to leave GitHub alone after a secondary limit where it
// does not say (https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api,
// read 2026-09: at least a minute).
const secondaryRest = time.Minute

// fault is one of the errors of GraphQL. Path leads to what it is about and begins
// with the alias of an account.
type fault struct {
	Type    string `json:"type"`
	Path    []any  `json:"path"`
	Message string `json:"message"`
}

// UnmarshalJSON never fails: a field of another type than GitHub documents is left
// empty.
func (f *fault) UnmarshalJSON(b []byte) error {
	type plain fault
	_ = json.Unmarshal(b, (*plain)(f))
	return nil
}

func (f *fault) alias() string {
	if len(f.Path) == 0 {
		return ""
	}
	a, _ := f.Path[0].(string)
	return a
}

// word is what the type of a fault looks like.
var word = regexp.MustCompile(`^[A-Z_]{1,40}$`)

func (f *fault) code() string {
	if word.MatchString(f.Type) {
		return f.Type
	}
	return ""
}

// types are the types of faults: what each means for an account that it is about,
// and for a request that has no data
// (https://docs.github.com/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
// and what public issues quote, read 2026-11-22).
var types = map[string]struct{ account, request networks.Kind }{
	"NOT_FOUND":                {networks.NotFound, networks.Malformed},
	"FORBIDDEN":                {networks.Blocked, networks.Forbidden},
	"INSUFFICIENT_SCOPES":      {networks.Blocked, networks.Forbidden},
	"RATE_LIMITED":             {networks.RateLimited, networks.RateLimited},
	"RATE_LIMIT":               {networks.RateLimited, networks.RateLimited},
	"RESOURCE_LIMITS_EXCEEDED": {networks.Temporary, networks.BadBatch},
	"MAX_NODE_LIMIT_EXCEEDED":  {networks.Temporary, networks.BadBatch},
	"SERVICE_UNAVAILABLE":      {networks.Temporary, networks.Temporary},
	"INTERNAL":                 {networks.Temporary, networks.Temporary},
}

// ofAccount is a fault as an error about one account.
func (n *network) ofAccount(f *fault, token keychain.Token) *networks.Error {
	kind := types[f.Type].account
	if kind == 0 {
		kind = networks.Malformed
	}
	return n.rest.Error(opGraphQL, kind, f.code(), rest.Words(token, f.Message), nil)
}

// refusedQuery is the error that an answer without data is, by its first fault.
// Accounts is how many the query asked for.
func (n *network) refusedQuery(resp *rest.Response, f fault, token keychain.Token, accounts int) *networks.Error {
	kind := types[f.Type].request
	words := strings.ToLower(f.Message)
	switch {
	case kind == 0 && strings.Contains(words, "rate limit"):
		kind = networks.RateLimited
	case kind == 0 && (strings.Contains(words, "timeout") || strings.Contains(words, "something went wrong")):
		kind = networks.Temporary
	case kind == 0:
		kind = networks.Malformed
	case kind == networks.BadBatch && accounts < 2:
		kind = networks.Temporary // there is nothing to halve
	}
	e := n.rest.Error(opGraphQL, kind, f.code(), rest.Words(token, f.Message), nil)
	if kind == networks.RateLimited {
		e.Until = until(resp.Header, time.Now())
	}
	if kind == networks.Forbidden {
		e.Hint = hintRight
	}
	return e
}

// refuse returns the error that a status is, nil for a good one.
func (n *network) refuse(resp *rest.Response, token keychain.Token) *networks.Error {
	e := n.rest.Refuse(resp)
	if e == nil {
		return nil
	}
	var body struct {
		Message string `json:"message"`
	}
	_ = json.Unmarshal(resp.Body, &body) // what is no such object has no words
	e.Msg = rest.Words(token, body.Message)
	switch resp.Status {
	case http.StatusUnauthorized:
		e.Hint = hintToken
	case http.StatusForbidden, http.StatusTooManyRequests:
		if resp.Status == http.StatusTooManyRequests || limited(resp.Header, body.Message) {
			e.Kind, e.Until = networks.RateLimited, until(resp.Header, time.Now())
		} else {
			e.Hint = hintRight
		}
	case http.StatusUnavailableForLegalReasons:
		e.Kind = networks.Blocked
	}
	if e.Kind.OfAccount() && (resp.Op == opGraphQL || !bytes.HasPrefix(bytes.TrimSpace(resp.Body), []byte("{"))) {
		// REST speaks JSON even then, and GraphQL never in this way.
		e.Kind, e.Hint = networks.Malformed, "this is no GitHub API: see base_url"
	}
	return e
}

// limited reports whether a 403 is about a limit: GitHub gives it for those as well.
func limited(h http.Header, message string) bool {
	return h.Get("x-ratelimit-remaining") == "0" || h.Get("Retry-After") != "" ||
		strings.Contains(strings.ToLower(message), "rate limit")
}

// until is when a limit ends: what Retry-After says, the end of the hour where its
// points are used up, else a minute.
func until(h http.Header, now time.Time) time.Time {
	if t := rest.RetryAfter(h, now); !t.IsZero() {
		return t
	}
	if a, ok := window().Allowance(h, now); ok && a.Used == 1 && !a.Until.IsZero() {
		return a.Until
	}
	return now.Add(secondaryRest)
}

// window is the hour of a token; GraphQL and REST have one each
// (https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api, read
// 2026-09).
func window() rest.Window {
	return rest.Window{
		Name: "x-ratelimit", Size: "x-ratelimit-limit", Left: "x-ratelimit-remaining",
		Reset: rest.Hint{Header: "x-ratelimit-reset", Form: rest.Epoch},
	}
}
