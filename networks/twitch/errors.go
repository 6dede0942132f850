package twitch

import (
	"bytes"
	"encoding/json"
	"net/http"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/internal/rest"
)

// rule is what a status means to us, where that differs from what it means
// elsewhere. Hint is for the operator.
type rule struct {
	kind networks.Kind
	hint string
}

// rules are by request and status, for answers that are JSON
// (https://dev.twitch.tv/docs/api/reference, Get Users and Get Channel Followers, read
// 2026-09). A name or an id that Twitch does not take makes the whole request a bad
// one.
var rules = map[string]map[int]rule{
	opUsers: {
		http.StatusBadRequest: {networks.BadBatch, ""},
		http.StatusForbidden:  {networks.Forbidden, hintApp},
	},
	opCount: {
		http.StatusBadRequest: {networks.NotFound, ""},
		http.StatusNotFound:   {networks.NotFound, ""},
		http.StatusForbidden:  {networks.Forbidden, hintApp},
	},
}

const hintApp = "Twitch refuses this app: see its page at https://dev.twitch.tv/console/apps"

// window is the limit of an app, in points of which a call is one
// (https://dev.twitch.tv/docs/api/guide#twitch-rate-limits, read 2026-09).
func window() rest.Window {
	return rest.Window{
		Name: "Ratelimit", Size: "Ratelimit-Limit", Left: "Ratelimit-Remaining",
		Reset: rest.Hint{Header: "Ratelimit-Reset", Form: rest.Epoch},
	}
}

// refuse returns the error that an answer is, nil for a good one. Accounts is how
// many the request asked for.
func (n *network) refuse(resp *rest.Response, token keychain.Token, accounts int) *networks.Error {
	e := n.rest.Refuse(resp)
	if e == nil {
		return nil
	}
	var body struct {
		Message string `json:"message"`
	}
	_ = json.Unmarshal(resp.Body, &body) // what is no such object has no words
	e.Msg = rest.Words(token, body.Message)
	known, ok := rules[resp.Op][resp.Status]
	switch {
	case ok && bytes.HasPrefix(bytes.TrimSpace(resp.Body), []byte("{")):
		e.Kind, e.Hint = known.kind, known.hint
	case e.Kind == networks.NotFound:
		e.Kind, e.Hint = networks.Malformed, "this is no Twitch API: see base_url"
	case e.Kind == networks.Unauthorized:
		e.Hint = "the app's token is made anew by itself; if that fails, see the app's page at https://dev.twitch.tv/console/apps"
	}
	if e.Kind == networks.BadBatch && accounts < 2 {
		e.Kind = networks.NotFound // there is nothing to halve
	}
	return e
}
