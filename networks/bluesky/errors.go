package bluesky

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/internal/rest"
)

// rule is what one of Bluesky's errors means to us. Hint is for the operator.
type rule struct {
	kind networks.Kind
	hint string
}

const (
	hintBase = "base_url of bluesky must be an AppView that answers without a token, as " + baseURL + " does"
	hintName = "the handle may have changed: look the account up and write its new handle or its DID"
)

// rules are the errors by their name in the answer's field error: those of
// getProfile (packages/bsky/src/api/app/bsky/actor/getProfile.ts of
// https://github.com/bluesky-social/atproto) and those every XRPC server has
// (packages/xrpc/src/types.ts there), read 2026-11-21.
var rules = map[string]rule{
	"AccountTakedown":    {networks.Suspended, ""},
	"AccountDeactivated": {networks.NotFound, "its owner switched the account off"},

	"AuthMissing":            {networks.Unauthorized, hintBase},
	"AuthenticationRequired": {networks.Unauthorized, hintBase},
	"ExpiredToken":           {networks.Unauthorized, hintBase},
	"InvalidToken":           {networks.Unauthorized, hintBase},
	"Forbidden":              {networks.Forbidden, hintBase},
	"XRPCNotSupported":       {networks.Malformed, hintBase},
	"MethodNotImplemented":   {networks.Malformed, hintBase},

	"RateLimitExceeded":   {networks.RateLimited, ""},
	"InternalServerError": {networks.Temporary, ""},
	"UpstreamFailure":     {networks.Temporary, ""},
	"UpstreamTimeout":     {networks.Temporary, ""},
	"NotEnoughResources":  {networks.Temporary, ""},
}

// window is the limit of an address, where the server tells it: atproto's servers write
// the reset as Unix time, the draft of the IETF has seconds
// (packages/xrpc-server/src/rate-limiter.ts of https://github.com/bluesky-social/atproto,
// read 2026-11-21).
func window() rest.Window {
	return rest.Window{
		Name: "RateLimit", Size: "RateLimit-Limit", Left: "RateLimit-Remaining",
		Reset: rest.Hint{Header: "RateLimit-Reset", Form: rest.Epoch},
	}
}

// refuse returns the error for an answer that is none, and nil for a good one.
func (n *network) refuse(resp *rest.Response, token keychain.Token, asked int) *networks.Error {
	e := n.rest.Refuse(resp)
	if e == nil {
		return nil
	}
	var fault struct {
		Error   string `json:"error"`
		Message string `json:"message"`
	}
	_ = json.Unmarshal(resp.Body, &fault) // what is no such object has no words
	e.Msg = rest.Words(token, fault.Message)
	known, ok := rules[fault.Error]
	switch {
	case ok:
		e.Kind, e.Hint, e.Code = known.kind, known.hint, fault.Error
	case resp.Status == http.StatusBadRequest && fault.Error == "InvalidRequest":
		e.Kind, e.Hint = invalid(resp.Op, fault.Message)
		e.Code = fault.Error
	case e.Kind == networks.Unauthorized:
		e.Hint = hintBase
	case unsupported(resp.Status):
		e.Kind, e.Hint = networks.Malformed, hintBase
	}
	if resp.Op == getProfile && unsupported(resp.Status) {
		// getProfiles works, or nobody would have asked for the reason.
		e.Kind, e.Hint, e.Msg = networks.NotFound, hintName, "left out of the answer, and the server does not say why"
	}
	if e.Kind.OfAccount() && asked > 1 {
		e.Kind = networks.BadBatch
	}
	return e
}

// unsupported reports whether a status says that the server has no such call.
func unsupported(status int) bool {
	switch status {
	case http.StatusNotFound, http.StatusGone, http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return true
	}
	return false
}

// invalid is what InvalidRequest means, which stands for an unknown account, for a
// name that is none, and for anything else that is wrong with a request.
func invalid(op, message string) (networks.Kind, string) {
	text := strings.ToLower(message)
	switch {
	case op == getProfiles:
		return networks.BadBatch, ""
	case strings.Contains(text, "not found"):
		return networks.NotFound, hintName
	case strings.Contains(text, "valid did or a handle"), strings.Contains(text, "at-identifier"):
		return networks.NotFound, fmt.Sprintf("Bluesky does not take this as a handle; %s", hintName)
	}
	return networks.Malformed, ""
}
