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

// The fields of the slot.
const (
	consumerKey    = "consumer_key"
	consumerSecret = "consumer_secret"
	accessToken    = "access_token"
	accessSecret   = "access_secret"
	bearerToken    = "bearer_token"
	clientID       = "client_id"
	clientSecret   = "client_secret"
	refreshToken   = "refresh_token"
	expiresAt      = "expires_at"
)

// slots are the forms of the slot tw.
func slots() []keychain.Format {
	return []keychain.Format{{
		Slot: slot, Title: "X (Twitter) token",
		Shapes: []keychain.Shape{
			{Kind: "four keys (OAuth 1.0a)", Required: []string{consumerKey, consumerSecret, accessToken, accessSecret}},
			{Kind: "bearer token", Required: []string{bearerToken}},
			{Kind: "app key and secret", Required: []string{consumerKey, consumerSecret}, Optional: []string{bearerToken}},
			{Kind: "user token (OAuth 2)", Required: []string{clientID, accessToken, refreshToken}, Optional: []string{clientSecret, expiresAt}},
		},
	}}
}

// form is which of the four a token is.
type form uint8

const (
	unusable   form = iota
	fourKeys        // of a user, which sign
	plain           // an app's bearer token
	appPair         // an app's key and secret, of which its bearer token is made
	userTokens      // a user's, by OAuth 2
)

// formOf tells what a token is by its fields.
func formOf(t keychain.Token) form {
	has := func(fields ...string) bool {
		for _, f := range fields {
			if t.Get(f) == "" {
				return false
			}
		}
		return true
	}
	switch {
	case has(consumerKey, consumerSecret, accessToken, accessSecret):
		return fourKeys
	case t.Get(accessToken) == "" && t.Get(accessSecret) == "" && has(consumerKey, consumerSecret):
		return appPair
	case has(clientID, accessToken, refreshToken):
		return userTokens
	case has(bearerToken):
		return plain
	}
	return unusable
}

// keys is a token as X wants it: a bearer, or four keys that sign.
type keys struct {
	form                         form
	bearer                       string
	consumer, secret, user, pass string
}

// keysOf reads a token. The error says what is missing from it, or that the app's
// bearer token has still to be made.
func (n *network) keysOf(op string, t keychain.Token) (keys, *networks.Error) {
	k := keys{form: formOf(t)}
	switch k.form {
	case fourKeys:
		k.consumer, k.secret = t.Get(consumerKey), t.Get(consumerSecret)
		k.user, k.pass = t.Get(accessToken), t.Get(accessSecret)
	case plain:
		k.bearer = t.Get(bearerToken)
	case userTokens:
		k.bearer = t.Get(accessToken)
	case appPair:
		_, bearer, e := n.app.Bearer(op, t)
		if e != nil {
			return keys{}, e
		}
		k.bearer = bearer
	default:
		e := refused(op, networks.Unauthorized, "", "no usable token")
		e.Hint = "assign slot tw: {consumer_key, consumer_secret, access_token, access_secret}, {consumer_key, consumer_secret} " +
			"or {bearer_token}, or log in: collectord keychain login twitter"
		return keys{}, e
	}
	return k, nil
}

// sign returns base with a transport that signs each request by OAuth 1.0a
// (HMAC-SHA1), and base itself for a bearer.
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

// probe is the account that an app's token is tried on: X's own @XDevelopers.
const probe = "2244994945"

// Check tries the token on the account it belongs to or, for an app's, which belongs
// to none, on @XDevelopers. Either is one User and so costs $0.010 at most, once a UTC
// day; X has no free call that answers whether users may be read. An app without its
// bearer token is tried by asking for one, which costs nothing.
func (n *network) Check(ctx context.Context, token keychain.Token) (string, error) {
	switch formOf(token) {
	case appPair:
		return n.app.Check(ctx, token, "may read users", func() error { return n.checkApp(ctx, token) })
	case plain:
		if err := n.checkApp(ctx, token); err != nil {
			return "", err
		}
		return "bearer token of an app, may read users", nil
	default:
		return n.checkUser(ctx, token)
	}
}

// checkApp asks for @XDevelopers.
func (n *network) checkApp(ctx context.Context, token keychain.Token) error {
	_, _, err := n.get(ctx, token, byID, "/2/users", url.Values{"ids": {probe}})
	return err
}

// get makes one request about users for a check.
func (n *network) get(ctx context.Context, token keychain.Token, op, path string, query url.Values) (*rest.Client, *rest.Response, error) {
	k, e := n.keysOf(op, token)
	if e != nil {
		return nil, nil, e
	}
	query.Set("user.fields", "public_metrics")
	c := n.client(k)
	resp, err := c.Do(ctx, rest.Request{Op: op, URL: n.base + path, Query: query, Bearer: k.bearer})
	if err != nil {
		return nil, nil, err
	}
	if e := refuse(c, resp, token, 0); e != nil {
		return nil, nil, e
	}
	return c, resp, nil
}

// checkUser asks whose token it is.
func (n *network) checkUser(ctx context.Context, token keychain.Token) (string, error) {
	const op = "users/me"
	c, resp, err := n.get(ctx, token, op, "/2/users/me", url.Values{})
	if err != nil {
		return "", err
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
	what := "four keys of @"
	if formOf(token) == userTokens {
		what = "OAuth 2 user token of @"
	}
	report := what + rest.Words(token, me.Data.Username) + ", may read users"
	if formOf(token) == userTokens {
		report += "; " + lifeOf(token)
	}
	return report, nil
}
