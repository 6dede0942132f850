package meta

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"collectord/networks"
	"collectord/networks/internal/rest"
)

// Fault is what Meta says in place of an answer: {"error": {...}}
// (https://developers.facebook.com/docs/graph-api/guides/error-handling, read
// 2026-11-21). The HTTP status beside it is often 400, sometimes 200, 403 or 500,
// and says nothing more.
type Fault struct {
	Message   string `json:"message"`
	Type      string `json:"type"`
	Code      int    `json:"code"`
	Subcode   int    `json:"error_subcode"`
	Transient bool   `json:"is_transient"`
	UserMsg   string `json:"error_user_msg"`
}

// ReadFault returns the fault that body is, nil if it is none.
func ReadFault(body []byte) *Fault {
	var envelope struct {
		Error *Fault `json:"error"`
	}
	// A field of the wrong type leaves the others filled in.
	var wrong *json.UnmarshalTypeError
	if err := json.Unmarshal(body, &envelope); err != nil && !errors.As(err, &wrong) {
		return nil
	}
	return envelope.Error
}

// Number is the code as people look it up: "190/463", "100"; "" where Meta gave
// none.
func (f *Fault) Number() string {
	switch {
	case f.Code == 0:
		return ""
	case f.Subcode != 0:
		return fmt.Sprintf("%d/%d", f.Code, f.Subcode)
	}
	return strconv.Itoa(f.Code)
}

// Error returns the fault as an error of client's network. Usage says how long to
// wait where the fault is about limits.
func (f *Fault) Error(client *rest.Client, op string, status int, u Usage, token interface{ Redact(string) string }) *networks.Error {
	r := f.rule(status)
	msg := f.Message
	if msg == "" {
		msg = f.UserMsg
	}
	code := f.Number()
	if code == "" {
		code = fmt.Sprintf("http %d", status)
	}
	e := client.Error(op, r.kind, code, rest.Words(token, msg), nil)
	e.Hint, e.Link = r.hint, r.link
	if r.kind == networks.RateLimited {
		e.Until = u.until(time.Now())
		e.Hint = u.hint(r.hint)
	}
	return e
}

// rule is one line of the table of codes.
type rule struct {
	from, to int // codes, both included
	subcode  int // 0: any
	kind     networks.Kind
	hint     string
	link     string
}

const (
	login   = "https://www.facebook.com/"
	console = "https://developers.facebook.com/apps/"
)

// rules is Meta's table of codes; the first line that fits is used. From
// https://developers.facebook.com/docs/graph-api/guides/error-handling,
// https://developers.facebook.com/docs/graph-api/overview/rate-limiting and
// https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/error-codes,
// read 2026-09; what stands there in other words is said where it is used.
var rules = [...]rule{
	// Unknown error, service down, and the -1 that timeouts get.
	{from: -1, to: 2, kind: networks.Temporary},
	{from: 3, to: 3, kind: networks.Forbidden, hint: "the app lacks a capability: add the product in the app's dashboard"},
	// The app's own limit: every token of the app waits.
	{from: 4, to: 4, kind: networks.RateLimited, hint: "the app's calls of this hour are used up: poll less often, or fewer accounts"},
	{from: 10, to: 10, kind: networks.Forbidden, hint: "the token lacks a permission: give it at a new login and assign the new token"},
	{from: 17, to: 17, kind: networks.RateLimited, hint: "the user's calls of this hour are used up"},
	// 24/2207006: the media or account is gone.
	{from: 24, to: 24, kind: networks.NotFound},
	{from: 32, to: 32, kind: networks.RateLimited, hint: "the Page token's calls of this hour are used up"},
	{from: 100, to: 100, subcode: 33, kind: networks.NotFound},
	{from: 102, to: 102, kind: networks.Unauthorized, hint: expired},
	{from: 110, to: 110, kind: networks.NotFound},
	{from: 190, to: 190, subcode: 458, kind: networks.Unauthorized, hint: "the person removed the app: log in again and assign the new token"},
	{from: 190, to: 190, subcode: 459, kind: networks.Challenge, link: login, hint: "the person has to log in at Facebook and pass a checkpoint; the token works again then"},
	{from: 190, to: 190, subcode: 460, kind: networks.Unauthorized, hint: "the person changed the password: log in again and assign the new token"},
	{from: 190, to: 190, subcode: 463, kind: networks.Unauthorized, hint: expired},
	{from: 190, to: 190, subcode: 464, kind: networks.Challenge, link: login, hint: "the person has to confirm the account at Facebook; the token works again then"},
	{from: 190, to: 190, subcode: 467, kind: networks.Unauthorized, hint: "the token is invalid, as after a logout: log in again and assign the new one"},
	{from: 190, to: 190, kind: networks.Unauthorized, hint: "the token is refused: log in again and assign the new one"},
	{from: 200, to: 299, kind: networks.Forbidden, hint: "the token lacks a permission: give it at a new login and assign the new token"},
	{from: 341, to: 341, kind: networks.RateLimited, hint: "the app's own limit is reached"},
	// A block for a while, of which Meta says no end; a person has to look.
	{from: 368, to: 368, kind: networks.Challenge, link: console, hint: "Meta blocked the app or the person for breaking a rule: see the alerts in the app's dashboard"},
	{from: 613, to: 613, kind: networks.RateLimited, hint: "a limit of this call is reached"},
	{from: 803, to: 803, kind: networks.NotFound},
	// Business use case limits, one code a product: 80001 Pages, 80002 Instagram.
	{from: 80000, to: 80014, kind: networks.RateLimited, hint: "the business use case's calls are used up"},
}

const expired = "the token has expired: log in again and assign the new one"

func (f *Fault) rule(status int) rule {
	if f.Code != 0 {
		for _, r := range rules {
			if f.Code >= r.from && f.Code <= r.to && (r.subcode == 0 || r.subcode == f.Subcode) {
				return r
			}
		}
	}
	switch {
	case f.Code == 100:
		return f.parameter()
	case f.Transient || status >= http.StatusInternalServerError:
		return rule{kind: networks.Temporary}
	case status == http.StatusTooManyRequests:
		return rule{kind: networks.RateLimited}
	case f.Code == 0 && f.Type == "OAuthException", status == http.StatusUnauthorized:
		return rule{kind: networks.Unauthorized, hint: "the token is refused: log in again and assign the new one"}
	}
	return rule{kind: networks.Malformed}
}

// parameter reads the words of code 100, which stands for a missing object, a
// missing review, a missing proof and a bad parameter alike.
func (f *Fault) parameter() rule {
	msg := strings.ToLower(f.Message)
	has := func(s string) bool { return strings.Contains(msg, s) }
	switch {
	case has("appsecret_proof"), has("app secret proof"):
		return rule{kind: networks.Forbidden, hint: "the app wants every request proved: put the right app_secret beside the token"}
	case has("public content access"), has("public metadata access"), has("pages_read_engagement"):
		return rule{kind: networks.Forbidden, hint: "the app needs Meta's review for pages it does not manage (Page Public Metadata Access)"}
	case has("does not exist"):
		return rule{kind: networks.NotFound}
	}
	return rule{kind: networks.Malformed}
}
