package twitter

import (
	"context"
	"net/http"
	"net/url"

	"github.com/dghubble/oauth1"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/internal/rest"
)

// slots are the forms of the slot tw.
func slots() []keychain.Format {
	return []keychain.Format{{
		Slot: "tw", Title: "X (Twitter) token",
		Shapes: []keychain.Shape{
			{Kind: "four keys (OAuth 1.0a)", Required: []string{"consumer_key", "consumer_secret", "access_token", "access_secret"}},
			{Kind: "bearer token", Required: []string{"bearer_token"}},
		},
	}}
}

// keys is a token as X wants it: a bearer token, or four keys that sign.
type keys struct {
	bearer                       string
	consumer, secret, user, pass string
}

// keysOf reads a token. The error says what is missing from it.
func keysOf(op string, t keychain.Token) (keys, *networks.Error) {
	k := keys{
		bearer:   t.Get("bearer_token"),
		consumer: t.Get("consumer_key"), secret: t.Get("consumer_secret"),
		user: t.Get("access_token"), pass: t.Get("access_secret"),
	}
	if k.bearer == "" && (k.consumer == "" || k.secret == "" || k.user == "" || k.pass == "") {
		e := refused(op, networks.Unauthorized, "", "no usable token")
		e.Hint = "assign slot tw: {consumer_key, consumer_secret, access_token, access_secret} or {bearer_token}"
		return keys{}, e
	}
	return k, nil
}

// sign returns base with a transport that signs each request by OAuth 1.0a
// (HMAC-SHA1), and base itself for a bearer token.
func (k keys) sign(base *http.Client) *http.Client {
	if k.bearer != "" {
		return base
	}
	c := http.Client{}
	if base != nil {
		c = *base
	}
	// The only way in which the library takes a transport is inside a context.
	ctx := context.WithValue(context.Background(), oauth1.HTTPClient, &http.Client{Transport: c.Transport})
	c.Transport = oauth1.NewConfig(k.consumer, k.secret).Client(ctx, oauth1.NewToken(k.user, k.pass)).Transport
	return &c
}

// probe is the account that a bearer token is tried on: X's own @XDevelopers.
const probe = "2244994945"

// Check tries the token on the account it belongs to or, for a bearer token, which
// belongs to none, on @XDevelopers. Either is one User and so costs $0.010 at most,
// once a UTC day; X has no free call that answers whether users may be read.
func (n *network) Check(ctx context.Context, token keychain.Token) (string, error) {
	op, path, query := "users/me", "/2/users/me", url.Values{}
	k, e := keysOf(op, token)
	if e != nil {
		return "", e
	}
	if k.bearer != "" {
		op, path = byID, "/2/users"
		query.Set("ids", probe)
	}
	query.Set("user.fields", "public_metrics")
	c := n.client(k)
	resp, err := c.Do(ctx, rest.Request{Op: op, URL: n.base + path, Query: query, Bearer: k.bearer})
	if err != nil {
		return "", err
	}
	if e := refuse(c, resp, token, 0); e != nil {
		return "", e
	}
	if k.bearer != "" {
		return "bearer token of an app, may read users", nil
	}
	var me struct {
		Data struct {
			Username string `json:"username"`
		} `json:"data"`
	}
	if err := c.Decode(resp, &me); err != nil {
		return "", err
	}
	if me.Data.Username == "" {
		return "", c.Error(op, networks.Malformed, "", "the answer names no account", nil)
	}
	return "four keys of @" + rest.Words(token, me.Data.Username) + ", may read users", nil
}
