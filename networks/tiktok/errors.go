package tiktok

import (
	"encoding/json"
	"regexp"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/internal/rest"
)

// rule is what one of TikTok's codes means to us. Hint is for the operator.
type rule struct {
	kind networks.Kind
	hint string
}

const (
	hintRenew = "collectord renews the token by itself; to see it done: collectord keychain autocomplete"
	hintLogin = "log in again with `collectord keychain login tiktok`"
	hintScope = "the token lacks a scope: the app needs user.info.basic, user.info.profile and user.info.stats; then " + hintLogin
	hintApp   = "compare client_key and client_secret with the app's page at https://developers.tiktok.com/apps/"
)

// codes are the values of error.code
// (https://developers.tiktok.com/doc/tiktok-api-v2-error-handling, read 2026-11-22).
var codes = map[string]rule{
	"access_token_invalid":    {networks.Unauthorized, hintRenew},
	"access_token_expired":    {networks.Unauthorized, hintRenew},
	"scope_not_authorized":    {networks.Forbidden, hintScope},
	"scope_permission_missed": {networks.Forbidden, hintScope},
	"invalid_params":          {networks.Malformed, ""},
	"rate_limit_exceeded":     {networks.RateLimited, ""},
	"internal_error":          {networks.Temporary, ""},
}

// ok is the code of a good answer.
const ok = "ok"

// word is what a code looks like.
var word = regexp.MustCompile(`^[a-z_]{1,60}$`)

// refuse returns the error that an answer is, nil for a good one.
func (n *network) refuse(resp *rest.Response, token keychain.Token) *networks.Error {
	var a struct {
		Error struct {
			Code    string `json:"code"`
			Message string `json:"message"`
		} `json:"error"`
	}
	_ = json.Unmarshal(resp.Body, &a) // what is no such object has no code
	e := n.rest.Refuse(resp)
	code := a.Error.Code
	r, known := codes[code]
	switch {
	case code == ok || code == "":
		if e != nil && e.Kind == networks.NotFound {
			e.Kind, e.Hint = networks.Malformed, "TikTok does not know this call: see base_url"
		}
		return e
	case e == nil:
		e = n.rest.Error(resp.Op, networks.Malformed, "", "", nil)
	case e.Kind == networks.NotFound:
		e.Kind = networks.Malformed
	}
	e.Msg = rest.Words(token, a.Error.Message)
	if word.MatchString(code) {
		e.Code = code
	}
	if known {
		e.Kind, e.Hint = r.kind, r.hint
	}
	return e
}

// grants are the values of the flat error of the token service
// (https://developers.tiktok.com/doc/oauth-error-handling, read 2026-11-22).
var grants = map[string]rule{
	"invalid_grant":           {networks.Unauthorized, hintLogin},
	"access_denied":           {networks.Unauthorized, hintLogin},
	"invalid_client":          {networks.Unauthorized, hintApp},
	"unauthorized_client":     {networks.Unauthorized, hintApp},
	"invalid_scope":           {networks.Forbidden, hintScope},
	"invalid_request":         {networks.Malformed, ""},
	"unsupported_grant_type":  {networks.Malformed, ""},
	"server_error":            {networks.Temporary, ""},
	"temporarily_unavailable": {networks.Temporary, ""},
	"rate_limit_exceeded":     {networks.RateLimited, ""},
}

// refuseGrant is refuse for the token service. Secrets are what was sent.
func (n *network) refuseGrant(resp *rest.Response, secrets keychain.Token) *networks.Error {
	var f struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	_ = json.Unmarshal(resp.Body, &f) // what is no such object has no words
	if !word.MatchString(f.Error) {
		e := n.refuse(resp, secrets)
		if e != nil && e.Kind == networks.Unauthorized {
			e.Kind = networks.Malformed // by its status alone: that may be somebody else's page
		}
		return e
	}
	e := n.rest.Error(resp.Op, networks.Malformed, f.Error, rest.Words(secrets, f.Description), nil)
	if r, known := grants[f.Error]; known {
		e.Kind, e.Hint = r.kind, r.hint
	} else if refused := n.rest.Refuse(resp); refused != nil && refused.Kind == networks.Temporary {
		e.Kind = networks.Temporary
	}
	return e
}
