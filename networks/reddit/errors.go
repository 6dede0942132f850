package reddit

import (
	"encoding/json"
	"net/http"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/internal/rest"
)

const (
	hintAccess = "Reddit gives this app no access: new apps need its approval (https://support.reddithelp.com/hc/en-us/requests/new), and commercial use a contract"
	hintToken  = "the app's token is made anew by itself; if that fails, see https://www.reddit.com/prefs/apps"
	hintPlace  = "this is no Reddit API: see base_url"
)

// rule is what a status means to us. Hint is for the operator.
type rule struct {
	kind networks.Kind
	hint string
}

// rules are the statuses that mean something else to /api/info than elsewhere, or of
// which there is more to say. It never answers for one account in this way
// (https://github.com/reddit-archive/reddit/wiki/API, read 2026-09).
var rules = map[int]rule{
	http.StatusUnauthorized: {networks.Unauthorized, hintToken},
	http.StatusForbidden:    {networks.Forbidden, hintAccess},
	http.StatusNotFound:     {networks.Malformed, hintPlace},
	http.StatusGone:         {networks.Malformed, hintPlace},
	http.StatusFound:        {networks.Malformed, hintPlace},
}

// window is the limit of an app, 100 requests a minute averaged over ten. Its numbers may
// have fractions (https://support.reddithelp.com/hc/en-us/articles/16160319875092, read
// 2026-09).
func window() rest.Window {
	return rest.Window{
		Name: "X-Ratelimit", Used: "X-Ratelimit-Used", Left: "X-Ratelimit-Remaining",
		Reset: rest.Hint{Header: "X-Ratelimit-Reset", Form: rest.Seconds},
	}
}

// refuse returns the error that an answer is, nil for a good one.
func (n *network) refuse(resp *rest.Response, token keychain.Token) *networks.Error {
	e := n.rest.Refuse(resp)
	if e == nil {
		return nil
	}
	var body struct {
		Message string `json:"message"`
	}
	_ = json.Unmarshal(resp.Body, &body) // what is no such object has no words
	e.Msg = rest.Words(token, body.Message)
	if known, ok := rules[resp.Status]; ok {
		e.Kind, e.Hint = known.kind, known.hint
	}
	return e
}
