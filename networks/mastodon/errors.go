package mastodon

import (
	"bytes"
	"encoding/json"
	"net/http"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/internal/rest"
)

const (
	hintClosed   = "the server shows accounts to its own users alone (limited federation, or no public API)"
	hintServer   = "check the name of the server: this one has no Mastodon API"
	hintRedirect = "the server's API is at another name: write the address of the profile as a browser shows it, https://SERVER/@NAME"
	hintGone     = "the account was deleted or moved; look it up at its server"
)

// rule is what a status means to us, where that differs from what it means
// elsewhere. Hint is for the operator.
type rule struct {
	kind networks.Kind
	hint string
}

// rules are the statuses of https://docs.joinmastodon.org/methods/accounts/ and of
// Mastodon's app/controllers/api/v1/accounts (read 2026-11-21). We send no token, so
// 401 is no bad token.
var rules = map[int]rule{
	http.StatusUnauthorized:      {networks.Forbidden, hintClosed},
	http.StatusForbidden:         {networks.Forbidden, hintClosed},
	http.StatusNotFound:          {networks.NotFound, hintGone},
	http.StatusGone:              {networks.NotFound, hintGone},
	http.StatusMovedPermanently:  {networks.Malformed, hintRedirect},
	http.StatusFound:             {networks.Malformed, hintRedirect},
	http.StatusTemporaryRedirect: {networks.Malformed, hintRedirect},
	http.StatusPermanentRedirect: {networks.Malformed, hintRedirect},
}

// refuse returns the error for an answer that is none, and nil for a good one.
func (n *network) refuse(resp *rest.Response, token keychain.Token) *networks.Error {
	e := n.rest.Refuse(resp)
	if e == nil {
		return nil
	}
	var fault struct {
		Error string `json:"error"`
	}
	_ = json.Unmarshal(resp.Body, &fault) // what is no such object has no words
	e.Msg = rest.Words(token, fault.Error)
	if known, ok := rules[resp.Status]; ok {
		e.Kind, e.Hint = known.kind, known.hint
	}
	if e.Kind == networks.NotFound && bytes.HasPrefix(bytes.TrimSpace(resp.Body), []byte("<")) {
		// The API speaks JSON even then: this is a page of some other server.
		e.Kind, e.Hint, e.Msg = networks.Malformed, hintServer, "the answer is HTML where JSON was expected"
	}
	return e
}

// window is the limit of one server, 300 requests in 5 minutes by default
// (https://docs.joinmastodon.org/api/rate-limits/, read 2026-11-21).
func window() rest.Window {
	return rest.Window{
		Name: "X-RateLimit", Size: "X-RateLimit-Limit", Left: "X-RateLimit-Remaining",
		Reset: rest.Hint{Header: "X-RateLimit-Reset", Form: rest.Time},
	}
}

// refused turns a refusal into results where it speaks of the account asked for, or
// of the way it was asked.
func (n *network) refused(batch networks.Batch, resp *rest.Response, e *networks.Error) ([]networks.Result, error) {
	results := make([]networks.Result, len(batch.Refs))
	for i, r := range batch.Refs {
		switch {
		case batch.Op == opList && noLists(resp.Status):
			results[i].Next = askAs(kindOne, r)
		case batch.Op == opOne && e.Kind == networks.NotFound && r.Name != "":
			results[i].Next = askAs(kindName, r)
		case batch.Op != opList && e.Kind == networks.NotFound:
			results[i].Err = e
		default:
			return nil, e
		}
	}
	return results, nil
}

// noLists reports whether a status says that the server does not answer about many
// accounts at once, as those before Mastodon 4.3 do not.
func noLists(status int) bool {
	switch status {
	case http.StatusBadRequest, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotAcceptable,
		http.StatusGone, http.StatusUnprocessableEntity, http.StatusNotImplemented:
		return true
	}
	return false
}
