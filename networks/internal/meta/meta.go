// Package meta speaks Meta's Graph API for the networks that live behind it:
// Instagram, Facebook and Threads. It knows what these have in common and nothing of
// any of them:
//
//	Client.Get      one object                 GET  {base}/{version}/{path}?fields=...
//	Client.Batch    up to 50 objects at once   POST {base}/{version}/  batch=[...]
//	Fault           the error envelope and the table of its codes
//	Usage           the headers that say how much of the allowance is used
//	Whole           when the failures of a batch's items are the request's own
//
//	Client.Grant    a token for a code, or for a token    (grant.go)
//	Client.Inspect  what a token is and when it ends      (inspect.go)
//	Refreshed       renews a token out of itself          (renew.go)
//	Inspected       looks at a token, and exchanges it    (renew.go)
//	Client.Session  a login in a browser                  (login.go)
//
// A batch saves HTTP requests and not allowance: Meta counts every item
// (https://developers.facebook.com/docs/graph-api/batch-requests, read 2026-09).
// The token travels as Authorization: Bearer and not in an address, so that no log on
// the way holds it; the token services alone want it there (see Ask).
package meta

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/internal/rest"
)

// DefaultVersion is the version of the Graph API that is asked unless
// networks.Options.APIVersion says otherwise. v26.0 takes away GET /?ids=a,b, which
// nothing here uses: single objects and batches work in every version.
const DefaultVersion = "v25.0"

// Client asks one Graph host for one network. It is safe for concurrent use and
// holds no state.
type Client struct {
	rest    *rest.Client
	base    string // scheme, host and path prefix, without the last "/"
	version string
}

// New returns a client that asks base through client. An empty version means
// [DefaultVersion].
func New(client *rest.Client, base, version string) *Client {
	if version == "" {
		version = DefaultVersion
	}
	return &Client{rest: client, base: base, version: version}
}

// Access is what a request is authorised with.
type Access struct {
	// Slot is the keychain's value. What it holds is taken out of every word that
	// Meta says.
	Slot keychain.Token
	// Bearer is the access token.
	Bearer string
	// Secret is the secret of the app, empty if it is not known. With it every
	// request proves that it comes from the app's own server.
	Secret string
}

// Proof is the appsecret_proof of a token: hex(HMAC-SHA256(secret, token)). Apps
// may demand it (https://developers.facebook.com/docs/graph-api/guides/secure-requests,
// read 2026-09).
func Proof(token, secret string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = mac.Write([]byte(token)) // a hash never fails
	return hex.EncodeToString(mac.Sum(nil))
}

// Get asks for the object at path with its fields and decodes it into v. Op names
// the request in errors. The error is a *networks.Error.
func (c *Client) Get(ctx context.Context, a Access, op, path, fields string, v any) error {
	return c.Query(ctx, a, op, path, url.Values{"fields": {fields}}, v)
}

// Query is Get with any parameters.
func (c *Client) Query(ctx context.Context, a Access, op, path string, query url.Values, v any) error {
	if a.Secret != "" {
		query.Set("appsecret_proof", Proof(a.Bearer, a.Secret))
	}
	resp, err := c.rest.Do(ctx, rest.Request{
		Op: op, URL: c.base + "/" + c.version + "/" + path, Query: query, Bearer: a.Bearer,
	})
	if err != nil {
		return err
	}
	ReadUsage(resp.Header).tell(ctx)
	if e := c.refuse(resp, Usage{}, a); e != nil {
		return e
	}
	return c.rest.Decode(resp, v)
}

// refuse returns the error that an answer is, if it is one: Meta's own envelope
// first, whatever the status, then the status. Without an envelope it was not Graph
// who said that an address does not exist. Usage is what is known beside the
// answer's own headers.
func (c *Client) refuse(resp *rest.Response, u Usage, a Access) *networks.Error {
	if f := ReadFault(resp.Body); f != nil {
		return f.Error(c.rest, resp.Op, resp.Status, u.worse(ReadUsage(resp.Header)), a.Slot)
	}
	e := c.rest.Refuse(resp)
	if e != nil && e.Kind == networks.NotFound {
		e.Kind, e.Hint = networks.Malformed, "this is not Meta's answer: see base_url"
	}
	return e
}

// Text is a string that may come as a number as well, as Meta's ids do.
type Text string

// UnmarshalJSON never fails; what is neither a string nor a number leaves t empty.
func (t *Text) UnmarshalJSON(b []byte) error {
	*t = ""
	var s string
	switch {
	case json.Unmarshal(b, &s) == nil:
		*t = Text(s)
	case b[0] >= '0' && b[0] <= '9':
		*t = Text(b)
	}
	return nil
}

// header is an http.Header of the name and value pairs of a batch's item.
func header(pairs []struct{ Name, Value string }) http.Header {
	h := make(http.Header, len(pairs))
	for _, p := range pairs {
		h.Set(p.Name, p.Value)
	}
	return h
}

// Hosts are the addresses of a network's API and of its token service: the defaults,
// or what opts has in their place. An API elsewhere has its tokens made there as well,
// unless opts says where.
func Hosts(opts networks.Options, defaultBase, defaultAuth string) (base, auth string) {
	base, auth = defaultBase, defaultAuth
	if b := strings.TrimSuffix(opts.BaseURL, "/"); b != "" && b != defaultBase {
		base, auth = b, b
	}
	if a := strings.TrimSuffix(opts.AuthURL, "/"); a != "" && a != defaultAuth {
		auth = a
	}
	return base, auth
}
