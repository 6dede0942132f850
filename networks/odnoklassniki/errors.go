package odnoklassniki

import (
	"encoding/json"
	"strconv"
	"strings"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/internal/rest"
)

// rule is what one of OK's codes means to us. Hint is for the operator.
type rule struct {
	kind networks.Kind
	hint string
}

const (
	hintToken  = "the token has ended or was withdrawn: log in again with `collectord keychain login odnoklassniki`"
	hintApp    = "compare app_key and app_secret of slot ok with the letter in which Odnoklassniki sent them"
	hintRights = "the app lacks a right: api-support@ok.ru grants VALUABLE_ACCESS and GROUP_CONTENT; then log in again"
)

// oneUnknown is the kind of a code that some group of the request brought about.
const oneUnknown = networks.NotFound

// rules are OK's codes (https://apiok.ru/en/dev/errors, read 2026-11-22).
var rules = map[int]rule{
	1:    {networks.Temporary, ""},                                                                       // UNKNOWN
	2:    {networks.Temporary, ""},                                                                       // SERVICE
	3:    {networks.Malformed, hintBase},                                                                 // METHOD
	4:    {networks.Malformed, hintBase},                                                                 // REQUEST
	7:    {networks.RateLimited, ""},                                                                     // ACTION_BLOCKED
	8:    {networks.RateLimited, ""},                                                                     // FLOOD_BLOCKED
	9:    {networks.RateLimited, "Odnoklassniki blocks this machine's address for now: poll less often"}, // IP_BLOCKED
	10:   {networks.Forbidden, hintRights},                                                               // PERMISSION_DENIED
	11:   {networks.RateLimited, ""},                                                                     // LIMIT_REACHED
	100:  {oneUnknown, ""},                                                                               // PARAM
	101:  {networks.Unauthorized, hintApp},                                                               // PARAM_API_KEY
	102:  {networks.Unauthorized, hintToken},                                                             // PARAM_SESSION_EXPIRED
	103:  {networks.Unauthorized, hintToken},                                                             // PARAM_SESSION_KEY
	104:  {networks.Unauthorized, hintApp},                                                               // PARAM_SIGNATURE
	110:  {oneUnknown, ""},                                                                               // PARAM_USER_ID
	200:  {networks.Forbidden, hintRights},                                                               // PARAM_PERMISSION
	210:  {networks.Forbidden, "Odnoklassniki disabled the app: ask api-support@ok.ru"},                  // PARAM_APPLICATION_DISABLED
	300:  {oneUnknown, ""},                                                                               // NOT_FOUND
	401:  {networks.Unauthorized, hintToken},                                                             // AUTH_LOGIN
	453:  {networks.Unauthorized, hintToken},                                                             // SESSION_REQUIRED
	900:  {networks.Unauthorized, hintApp},                                                               // NO_SUCH_APP
	9999: {networks.Temporary, ""},                                                                       // SYSTEM
}

const hintBase = "Odnoklassniki does not know this call: see base_url"

// fault is an error as OK's API writes it and, in Error and Description, as its token
// service may.
type fault struct {
	Code        json.Number `json:"error_code"`
	Msg         string      `json:"error_msg"`
	Error       string      `json:"error"`
	Description string      `json:"error_description"`
}

// refuse returns the error that an answer is, nil for a good one. Groups is how many
// the request asked for.
func (n *network) refuse(resp *rest.Response, token keychain.Token, groups int) *networks.Error {
	var f fault
	_ = json.Unmarshal(resp.Body, &f) // a list, or what is no JSON, has no code
	code, _ := strconv.Atoi(f.Code.String())
	if code == 0 {
		e := n.rest.Refuse(resp)
		if e != nil && e.Kind == networks.NotFound {
			e.Kind, e.Hint = networks.Malformed, hintBase
		}
		return e
	}
	e := n.rest.Error(resp.Op, networks.Malformed, strconv.Itoa(code), rest.Words(token, f.Msg), nil)
	if r, ok := rules[code]; ok {
		e.Kind, e.Hint = r.kind, r.hint
	}
	if e.Kind == oneUnknown && code != 300 && !aboutAccounts(f.Msg) {
		e.Kind = networks.Malformed
	}
	if e.Kind == oneUnknown && groups != 1 {
		e.Kind = networks.BadBatch
	}
	return e
}

// aboutAccounts reports whether the words of a refused parameter are about what was
// asked for, and not about a part of every request.
func aboutAccounts(msg string) bool {
	msg = strings.ToLower(msg)
	for _, word := range []string{"uid", "url", "group", "_id"} {
		if strings.Contains(msg, word) {
			return true
		}
	}
	return false
}
