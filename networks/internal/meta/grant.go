package meta

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/internal/rest"
)

// longestLife bounds what Meta says of a token's life; the longest known is 60 days.
const longestLife = 10 * 365 * 24 * time.Hour

// Grant is a token that one of Meta's token services gave.
type Grant struct {
	Token   keychain.Secret
	Expires time.Time // zero: Meta named no end
}

// Ask is one request to a token service, as Meta documents it: the services take
// exchanges and refreshes as GET requests alone, with everything in the query, and
// codes as a form. It is the one place where a token is part of an address
// (https://developers.facebook.com/docs/instagram-platform/reference/refresh_access_token,
// https://developers.facebook.com/docs/facebook-login/guides/access-tokens/get-long-lived,
// https://developers.facebook.com/docs/threads/get-started/long-lived-tokens, read 2026-11-22).
type Ask struct {
	Op    string // names the request in errors
	Path  string // from the host on, with the version where the service has one
	Query url.Values
	Form  url.Values // makes it a POST
}

// secret are the parameters that are taken out of every word Meta says.
var secret = [...]string{"access_token", "fb_exchange_token", "client_secret", "code", "input_token"}

// secrets are the secrets of the request, as a token that can redact them.
func (a Ask) secrets() keychain.Token {
	fields := make(map[string]string, len(secret))
	for _, name := range secret {
		fields[name], fields[name+" of the form"] = a.Query.Get(name), a.Form.Get(name)
	}
	return keychain.Token{Value: keychain.Mapping(fields)}
}

// Versioned is path with the client's version before it.
func (c *Client) Versioned(path string) string { return c.version + "/" + path }

// Grant makes the request of a token service and reads the token in its answer. The
// error is a *networks.Error: Unauthorized for a token or a code that is no good any
// more, Forbidden where the app itself is refused.
func (c *Client) Grant(ctx context.Context, ask Ask) (Grant, error) {
	resp, err := c.rest.Do(ctx, rest.Request{
		Op: ask.Op, URL: c.base + "/" + ask.Path, Query: ask.Query, Form: ask.Form,
	})
	if err != nil {
		return Grant{}, err
	}
	if e := c.refuseGrant(resp, ask); e != nil {
		return Grant{}, e
	}
	type answer struct {
		Token string       `json:"access_token"`
		Life  rest.Lenient `json:"expires_in"` // seconds
	}
	var body struct {
		answer
		Data []answer `json:"data"` // Instagram wraps what it gives for a code
	}
	if err := c.rest.Decode(resp, &body); err != nil {
		return Grant{}, err
	}
	got := body.answer
	if got.Token == "" && len(body.Data) == 1 {
		got = body.Data[0]
	}
	if got.Token == "" || strings.ContainsFunc(got.Token, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }) {
		return Grant{}, c.rest.Error(ask.Op, networks.Malformed, "", "the answer holds no token", nil)
	}
	g := Grant{Token: keychain.Secret(got.Token)}
	if seconds, _ := got.Life.Get(); seconds > 0 {
		life := time.Duration(min(seconds, int64(longestLife/time.Second))) * time.Second
		g.Expires = time.Now().Add(life).UTC().Truncate(time.Second)
	}
	return g, nil
}

// refuseGrant is refuse for a token service. The services have their own words for
// an app that they do not know, and api.instagram.com an envelope of its own:
// {"error_type": "OAuthException", "code": 400, "error_message": "..."}.
func (c *Client) refuseGrant(resp *rest.Response, ask Ask) *networks.Error {
	var flat struct {
		Type    string `json:"error_type"`
		Message string `json:"error_message"`
	}
	if json.Unmarshal(resp.Body, &flat) == nil && flat.Type != "" {
		kind := networks.Unauthorized
		if resp.Status >= http.StatusInternalServerError {
			kind = networks.Temporary
		}
		e := c.rest.Error(ask.Op, kind, "", rest.Words(ask.secrets(), flat.Type+": "+flat.Message), nil)
		e.Hint = "the code is used up or too old, or app_id, app_secret or the redirect address is not the app's: log in again"
		return e
	}
	e := c.refuse(resp, Usage{}, Access{Slot: ask.secrets()})
	if e == nil {
		return nil
	}
	msg := strings.ToLower(e.Msg)
	switch {
	case e.Code == "101", e.Code == "1" && strings.Contains(msg, "client secret"):
		e.Kind, e.Hint = networks.Forbidden, "app_id or app_secret is not the app's: see the app's settings at "+console
	case strings.HasPrefix(e.Code, "100") && strings.Contains(msg, "authorization code"):
		e.Kind, e.Hint = networks.Unauthorized, "the code is used up or too old: log in again"
	case e.Kind.OfAccount():
		e.Kind = networks.Malformed // a token service speaks of no account
	}
	return e
}

// Exchange makes a token of 60 days of another one, at Facebook's token service
// (https://developers.facebook.com/docs/facebook-login/guides/access-tokens/get-long-lived,
// read 2026-11-22).
func (c *Client) Exchange(ctx context.Context, appID, appSecret, token string) (Grant, error) {
	const op = "fb_exchange_token"
	return c.Grant(ctx, Ask{Op: op, Path: c.Versioned("oauth/access_token"), Query: url.Values{
		"grant_type": {op}, "client_id": {appID}, "client_secret": {appSecret}, "fb_exchange_token": {token},
	}})
}

// Redeem makes a token of 60 days of a code of Facebook's dialog, by way of one of an
// hour.
func (c *Client) Redeem(ctx context.Context, appID, appSecret, redirect, code string) (Grant, error) {
	const op = "oauth/access_token"
	short, err := c.Grant(ctx, Ask{Op: op, Path: c.Versioned(op), Query: url.Values{
		"client_id": {appID}, "client_secret": {appSecret}, "redirect_uri": {redirect}, "code": {code},
	}})
	if err != nil {
		return Grant{}, err
	}
	return c.Exchange(ctx, appID, appSecret, short.Token.Reveal())
}

// App is an app in whose name a person logs in.
type App struct {
	ID, Secret string
	Redirect   string // the address that the app registered
}

// LongLived makes a token of 60 days of a code of Instagram's or Threads' dialog, by way of
// one of an hour, which another service may give: c is asked for the long one and codes for
// the short one. Op names the exchange: "th_exchange_token".
func (c *Client) LongLived(ctx context.Context, codes *Client, op string, app App, code string) (keychain.Fresh, error) {
	short, err := codes.Grant(ctx, Ask{
		Op: "oauth/access_token", Path: "oauth/access_token",
		Form: url.Values{
			"client_id": {app.ID}, "client_secret": {app.Secret}, "grant_type": {"authorization_code"},
			"redirect_uri": {app.Redirect}, "code": {code},
		},
	})
	if err != nil {
		return keychain.Fresh{}, err
	}
	long, err := c.Grant(ctx, Ask{
		Op: op, Path: "access_token",
		Query: url.Values{"grant_type": {op}, "client_secret": {app.Secret}, "access_token": {short.Token.Reveal()}},
	})
	if err != nil {
		return keychain.Fresh{}, err
	}
	return keychain.Fresh{Value: keychain.Bare(long.Token.Reveal()), Expires: long.Expires}, nil
}
