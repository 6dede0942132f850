package github

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"strings"
	"time"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/internal/rest"
)

// slots are the forms of the slot gh.
func slots() []keychain.Format {
	return []keychain.Format{{
		Slot: "gh", Title: "GitHub token",
		Shapes: []keychain.Shape{{Kind: "personal access token", Bare: true}},
	}}
}

// bearer is the string that goes into the Authorization header.
func (n *network) bearer(op string, token keychain.Token) (string, *networks.Error) {
	if s := token.Bare(); s != "" {
		return s, nil
	}
	e := n.rest.Error(op, networks.Unauthorized, "", "no usable token", nil)
	e.Hint = "assign slot gh: a personal access token; GitHub's GraphQL answers nobody without one"
	return "", e
}

// Check asks whose token it is, by GraphQL, which is what polls use. The report says
// when it ends, and which rights it has that it does not need.
func (n *network) Check(ctx context.Context, token keychain.Token) (string, error) {
	bearer, e := n.bearer(opGraphQL, token)
	if e != nil {
		return "", e
	}
	resp, err := n.rest.Do(ctx, rest.Request{
		Op: opGraphQL, URL: n.base + "/graphql", Bearer: bearer, JSON: map[string]string{"query": "query{viewer{login}}"},
	})
	if err != nil {
		return "", err
	}
	if e := n.refuse(resp, token); e != nil {
		return "", e
	}
	var answer struct {
		Data struct {
			Viewer struct {
				Login string `json:"login"`
			} `json:"viewer"`
		} `json:"data"`
		Errors []fault `json:"errors"`
	}
	if err := n.rest.Decode(resp, &answer); err != nil {
		return "", err
	}
	login := answer.Data.Viewer.Login
	switch {
	case login == "" && len(answer.Errors) > 0:
		return "", n.refusedQuery(resp, answer.Errors[0], token, 0)
	case login == "":
		return "", n.rest.Error(opGraphQL, networks.Malformed, "", "the answer names no account", nil)
	}
	return "token of " + rest.Words(token, login) + ", reads public profiles; " + ending(resp.Header, time.Now()) + rights(resp.Header, token), nil
}

// ending says when the token ends, by a header that GitHub sends with every answer
// to a token that does. It has been seen with a zone's name and with its offset.
func ending(h http.Header, now time.Time) string {
	s := h.Get("github-authentication-token-expiration")
	for _, layout := range []string{"2006-01-02 15:04:05 MST", "2006-01-02 15:04:05 -0700"} {
		t, err := time.Parse(layout, s)
		if err != nil {
			continue
		}
		return fmt.Sprintf("it ends in %d days, at %s", int(math.Floor(t.Sub(now).Hours()/24)), t.UTC().Format(time.RFC3339))
	}
	return "GitHub tells no expiry"
}

// rights warns of those that a classic token has: it needs none.
func rights(h http.Header, token keychain.Token) string {
	if scopes := strings.TrimSpace(h.Get("x-oauth-scopes")); scopes != "" {
		return "; it may also do " + rest.Words(token, scopes) + ", which collectord needs none of"
	}
	return ""
}
