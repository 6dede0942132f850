package meta

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	"collectord/networks"
	"collectord/networks/internal/rest"
)

// BatchSize is how many requests one batch may hold
// (https://developers.facebook.com/docs/graph-api/batch-requests, read 2026-09).
const BatchSize = 50

// Answer is the answer to one request of a batch: a body or an error.
type Answer struct {
	Body []byte
	Err  *networks.Error

	usage Usage // as the item's own headers have it
}

// Batch makes many GET requests in one. Each of paths is relative to the version:
// "17841405309211844?fields=id,username". The answers come in the order of paths,
// which Meta promises. Op names the request in errors. The error is about the
// request as a whole and is a *networks.Error; see [Whole] for the one that all
// items may make together.
func (c *Client) Batch(ctx context.Context, a Access, op string, paths []string) ([]Answer, error) {
	form, err := c.form(a, paths)
	if err != nil {
		return nil, c.rest.Error(op, networks.Malformed, "", "the batch could not be written", err)
	}
	resp, err := c.rest.Do(ctx, rest.Request{
		Op: op, URL: c.base + "/" + c.version + "/", Form: form, Bearer: a.Bearer,
	})
	if err != nil {
		return nil, err
	}
	usage := ReadUsage(resp.Header)
	usage.tell(ctx)
	if e := c.refuse(resp, usage, a); e != nil {
		return nil, e
	}
	var items []json.RawMessage
	if err := c.rest.Decode(resp, &items); err != nil {
		return nil, err
	}
	if len(items) != len(paths) {
		msg := fmt.Sprintf("%d answers to %d requests", len(items), len(paths))
		return nil, c.rest.Error(op, networks.Malformed, "", msg, nil)
	}
	answers, worst := make([]Answer, len(items)), usage
	for i, raw := range items {
		answers[i] = c.answer(raw, op, usage, a)
		worst = worst.worse(answers[i].usage)
	}
	worst.tell(ctx) // the last items counted those before them
	return answers, nil
}

func (c *Client) form(a Access, paths []string) (url.Values, error) {
	type request struct {
		Method string `json:"method"`
		URL    string `json:"relative_url"`
	}
	list := make([]request, len(paths))
	for i, p := range paths {
		list[i] = request{http.MethodGet, c.version + "/" + p}
	}
	batch, err := json.Marshal(list)
	if err != nil {
		return nil, err
	}
	form := url.Values{"batch": {string(batch)}, "include_headers": {"true"}}
	if a.Secret != "" {
		form.Set("appsecret_proof", Proof(a.Bearer, a.Secret))
	}
	return form, nil
}

// answer reads one item: {"code": 200, "headers": [...], "body": "{...}"}, or null
// for one that Meta had no time for.
func (c *Client) answer(raw json.RawMessage, op string, u Usage, a Access) Answer {
	var item *struct {
		Code    int                            `json:"code"`
		Headers []struct{ Name, Value string } `json:"headers"`
		Body    string                         `json:"body"`
	}
	if err := json.Unmarshal(raw, &item); err != nil {
		return Answer{Err: c.rest.Error(op, networks.Malformed, "", "the item of the batch is not the JSON that was expected", nil)}
	}
	if item == nil {
		return Answer{Err: c.rest.Error(op, networks.Temporary, "", "Meta had no time for this item of the batch", nil)}
	}
	resp := &rest.Response{Op: op, Status: item.Code, Header: header(item.Headers), Body: []byte(item.Body)}
	return Answer{Body: resp.Body, Err: c.refuse(resp, u, a), usage: ReadUsage(resp.Header)}
}

// Whole returns the error that all the items of a batch make together, nil if they
// do not. A refused token or a limit fails every item alike; that is the request's
// own failure, and the poller has to see it as such, wait or take another token.
// Where some items were answered the errors stay with the others, which can be
// asked again alone.
//
// A refusal that may be about the one account (Forbidden) is believed to be about
// the token where two or more items got it and none got anything else. An answer
// that is no answer stays with its account.
func Whole(errs []*networks.Error) *networks.Error {
	var worst *networks.Error
	forbidden := 0
	for _, e := range errs {
		if e == nil || gravity(e.Kind) == 0 {
			return nil
		}
		if e.Kind == networks.Forbidden {
			forbidden++
		}
		if worst == nil || gravity(e.Kind) > gravity(worst.Kind) ||
			e.Kind == worst.Kind && e.Until.After(worst.Until) {
			worst = e
		}
	}
	if forbidden > 0 && (forbidden < len(errs) || forbidden == 1) {
		return nil
	}
	return worst
}

// gravity orders the kinds that may be a whole request's; 0 is none of them.
func gravity(k networks.Kind) int {
	switch k {
	case networks.Temporary:
		return 1
	case networks.Forbidden:
		return 2
	case networks.RateLimited, networks.Quota, networks.Payment:
		return 3
	case networks.Unauthorized, networks.Challenge:
		return 4
	default:
		return 0
	}
}
