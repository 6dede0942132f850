// Package rest makes the one HTTP request of a network's Profiles, Check or
// refresh: with a deadline, a limit on the answer's size, no redirects, a
// User-Agent, and errors that hold no secret, because they never hold an address.
//
//	Request ── Do ──▶ Response ─┬─ Refuse ──▶ *Error of the status, nil for a good one
//	                            └─ Decode ──▶ the answer, or an *Error: Malformed
//
// Do returns what the server said, whatever its status. Refuse turns a status
// that means trouble at every network alike into an *Error; what a network says
// in its own way (VK answers 200 to everything) the network reads first. Decode
// reads JSON and says so when it is not. Words are what may be told of a network's own:
// bounded, on one line, without the token.
//
// A Hint is where a network says when to ask again, in whatever form; a Window is how it
// tells what is left. A Client that knows its network's Windows tells the poller of them
// with every answer, and puts the right one into Error.Until of a 429.
package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"

	"collectord/networks"
)

const (
	// Timeout bounds a request from its first byte sent to its last byte read.
	Timeout = 30 * time.Second
	// Limit bounds the body of an answer, in bytes after decompression. The
	// largest true answer, 1000 profiles at VK, has about 300 kB.
	Limit = 8 << 20

	maxMessage = 200 // bytes of a network's own words in an error
)

// Client makes the requests of one network.
type Client struct {
	name    string
	agent   string
	http    *http.Client
	windows []Window
}

// NewClient returns a client for the network called name, the first word of its
// errors, whose answers tell of windows.
func NewClient(name string, opts networks.Options, windows ...Window) *Client {
	c := http.Client{}
	if opts.HTTP != nil {
		c = *opts.HTTP
	}
	// A redirect would carry tokens to an address nobody configured.
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	agent := opts.UserAgent
	if agent == "" {
		agent = "collectord"
	}
	return &Client{name: name, agent: agent, http: &c, windows: windows}
}

// Request is one request.
type Request struct {
	Op     string // what it is, for errors: "users.get"
	Method string // GET if empty; POST if empty and Form is set
	URL    string // without query
	Query  url.Values
	Form   url.Values // sent as application/x-www-form-urlencoded
	JSON   any        // sent as application/json
	Header http.Header
	// Bearer is sent as Authorization: Bearer, if not empty.
	Bearer string
}

// Response is a whole answer.
type Response struct {
	Op     string
	Status int
	Header http.Header
	Body   []byte
}

// Do makes the request and reads the whole answer. The error is a *networks.Error:
// Temporary for what happened on the way, Malformed for an answer over Limit,
// Unauthorized for a token that cannot be sent.
func (c *Client) Do(ctx context.Context, r Request) (*Response, error) {
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	if strings.ContainsFunc(r.Bearer, unicode.IsControl) {
		e := c.Error(r.Op, networks.Unauthorized, "", "the token holds a line break or another character that no token has", nil)
		e.Hint = "assign the token again"
		return nil, e
	}
	req, err := c.build(ctx, r)
	if err != nil {
		return nil, c.Error(r.Op, networks.Malformed, "", "the request could not be built", withoutAddress(err))
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, c.Error(r.Op, networks.Temporary, "", "", withoutAddress(err))
	}
	defer func() { _ = resp.Body.Close() }()
	c.tell(ctx, resp.Header) // whatever comes of the body
	body, err := io.ReadAll(io.LimitReader(resp.Body, Limit+1))
	if err != nil {
		return nil, c.Error(r.Op, networks.Temporary, "", "the answer broke off", withoutAddress(err))
	}
	if len(body) > Limit {
		return nil, c.Error(r.Op, networks.Malformed, "", fmt.Sprintf("the answer is larger than %d MB", Limit>>20), nil)
	}
	return &Response{Op: r.Op, Status: resp.StatusCode, Header: resp.Header, Body: body}, nil
}

func (c *Client) build(ctx context.Context, r Request) (*http.Request, error) {
	method, contentType := r.Method, ""
	var body io.Reader
	switch {
	case r.Form != nil:
		body, contentType = strings.NewReader(r.Form.Encode()), "application/x-www-form-urlencoded"
	case r.JSON != nil:
		b, err := json.Marshal(r.JSON)
		if err != nil {
			return nil, err
		}
		body, contentType = bytes.NewReader(b), "application/json"
	}
	if method == "" {
		method = http.MethodGet
		if body != nil {
			method = http.MethodPost
		}
	}
	address := r.URL
	if len(r.Query) > 0 {
		address += "?" + r.Query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return nil, err
	}
	for k, v := range r.Header {
		req.Header[k] = v
	}
	req.Header.Set("User-Agent", c.agent)
	req.Header.Set("Accept", "application/json")
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	if r.Bearer != "" {
		req.Header.Set("Authorization", "Bearer "+r.Bearer)
	}
	return req, nil
}

// ErrNotSent is in the chain of an error after which the server knows nothing of the
// request.
var ErrNotSent = errors.New("no connection to the server")

// withoutAddress drops what net/http puts around an error and into it: the method
// and the address, which may hold a token, and pieces of the answer, in quotes.
func withoutAddress(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	var op *net.OpError
	switch {
	case errors.As(err, &op) && op.Op == "dial":
		return fmt.Errorf("%w: %w", ErrNotSent, op.Err)
	case errors.As(err, &op):
		return fmt.Errorf("%s: %w", op.Op, op.Err)
	case strings.HasPrefix(err.Error(), "unsupported protocol scheme"):
		return errors.New("the address does not begin with http:// or https://")
	case strings.Contains(err.Error(), `"`):
		return errors.New("the request or the answer is not as HTTP wants it")
	}
	return err
}

// Error makes an error of this network. Words from the network go through
// [Words] first.
func (c *Client) Error(op string, kind networks.Kind, code, msg string, cause error) *networks.Error {
	return &networks.Error{Op: c.name + ": " + op, Kind: kind, Code: code, Msg: msg, Err: cause}
}

// Refuse returns the *networks.Error for a status other than 2xx, and nil for
// 2xx. Redirects are Malformed. A hint in the headers becomes Until.
func (c *Client) Refuse(resp *Response) *networks.Error {
	if resp.Status/100 == 2 {
		return nil
	}
	e := c.Error(resp.Op, kindOf(resp.Status), fmt.Sprintf("http %d", resp.Status), "", nil)
	switch e.Kind {
	case networks.RateLimited:
		e.Until = c.reset(resp.Header, time.Now())
	case networks.Temporary:
		e.Until = RetryAfter(resp.Header, time.Now())
	default: // it is not about when
	}
	return e
}

func kindOf(status int) networks.Kind {
	switch {
	case status == http.StatusTooManyRequests:
		return networks.RateLimited
	case status == http.StatusUnauthorized:
		return networks.Unauthorized
	case status == http.StatusPaymentRequired:
		return networks.Payment
	case status == http.StatusForbidden:
		return networks.Forbidden
	case status == http.StatusNotFound, status == http.StatusGone:
		return networks.NotFound
	case status == http.StatusRequestTimeout, status >= 500:
		return networks.Temporary
	}
	return networks.Malformed
}

// Decode reads the body as JSON into v. The error is Malformed and says what
// came in place of JSON.
func (c *Client) Decode(resp *Response, v any) error {
	body := bytes.TrimSpace(resp.Body)
	switch {
	case len(body) == 0:
		return c.Error(resp.Op, networks.Malformed, "", "the answer is empty", nil)
	case body[0] == '<':
		return c.Error(resp.Op, networks.Malformed, "", "the answer is HTML where JSON was expected", nil)
	}
	if err := json.Unmarshal(body, v); err != nil {
		return c.Error(resp.Op, networks.Malformed, "", "the answer is not the JSON that was expected", jsonError(err))
	}
	return nil
}

// jsonError keeps of a JSON error what holds no part of the answer.
func jsonError(err error) error {
	var syntax *json.SyntaxError
	var typ *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("at byte %d: %s", syntax.Offset, syntax.Error())
	case errors.As(err, &typ):
		kind, _, _ := strings.Cut(typ.Value, " ") // "number 123": the number is the answer's
		return fmt.Errorf("at byte %d: %s where %s was expected (%s)", typ.Offset, kind, typ.Type, typ.Field)
	}
	return errors.New("it broke off")
}

// Words bounds what a network said, makes it one line and takes the token out.
func Words(token interface{ Redact(string) string }, msg string) string {
	msg = strings.ToValidUTF8(token.Redact(msg), "\uFFFD")
	msg = strings.Join(strings.FieldsFunc(msg, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	if len(msg) > maxMessage {
		msg = strings.ToValidUTF8(msg[:maxMessage], "") + "…"
	}
	return msg
}
