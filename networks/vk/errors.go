package vk

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/internal/rest"
)

// apiError is VK's error object. VK answers 200 with it.
type apiError struct {
	Code       json.Number `json:"error_code"`
	Subcode    json.Number `json:"error_subcode"`
	Msg        string      `json:"error_msg"`
	Redirect   string      `json:"redirect_uri"`
	CaptchaImg string      `json:"captcha_img"`
	Remixstlid json.Number `json:"remixstlid"`
}

// rule is what one of VK's codes means to us. Hint is for the operator.
type rule struct {
	kind networks.Kind
	hint string
}

const (
	hintLogin  = "log in again: collectord keychain login vk"
	hintToken  = "make a new token and assign it to the slot, or " + hintLogin
	hintAuth   = "check auth_url and oauth_url of vk in the config"
	hintApp    = "look at the settings of the application at dev.vk.com"
	hintRights = "the token may not do this: a service key may"
	hintOpen   = "open the link in a browser where the token's owner is logged in, then hand in what it ends with: collectord keychain login vk --method captcha"
	hintQuota  = "poll less often, or give VK a pool of tokens"
	hintConfig = "check base_url of vk in the config"
)

// rules are VK's codes about a request (https://dev.vk.com/ru/reference/errors and
// errors.json of https://github.com/VKCOM/vk-api-schema, read 2026-09). A code that
// is not here is Malformed. Kinds of an account count for a request about one
// account; about several such a code is BadBatch.
var rules = map[int]rule{
	1:  {networks.Temporary, ""},
	2:  {networks.Forbidden, "the application is switched off: " + hintApp},
	3:  {networks.Forbidden, hintConfig},
	4:  {networks.Forbidden, hintToken},
	5:  {networks.Unauthorized, hintToken},
	6:  {networks.RateLimited, "lower requests_per_second, or find who else uses the token"},
	7:  {networks.Forbidden, hintRights},
	8:  {networks.Forbidden, "the application may be blocked: " + hintApp},
	9:  {networks.Quota, hintQuota},
	10: {networks.Temporary, "if it stays, the token lacks a right: try a service key"},
	11: {networks.Forbidden, "the application is in test mode: " + hintApp},
	12: {networks.Malformed, ""},
	13: {networks.Malformed, ""},
	14: {networks.Challenge, hintOpen},
	// Neither method names accounts by 15, 18 or 37 (a deleted account has the
	// field deactivated): they are about the token and its owner, and must not make
	// every account of a batch look gone.
	15: {networks.Forbidden, hintRights},
	16: {networks.Forbidden, hintConfig},
	17: {networks.Challenge, hintOpen},
	18: {networks.Forbidden, "the token's owner was deleted or banned: " + hintToken},
	19: {networks.Blocked, ""},
	20: {networks.Forbidden, hintRights},
	21: {networks.Forbidden, hintRights},
	23: {networks.Forbidden, "VK switched the method off"},
	24: {networks.Forbidden, "VK wants a confirmation, which is not given"},
	25: {networks.Challenge, hintOpen},
	27: {networks.Unauthorized, "the community's token was revoked: " + hintToken},
	28: {networks.Unauthorized, "the service key is wrong or was replaced: " + hintToken},
	29: {networks.Quota, hintQuota},
	30: {networks.Private, ""},
	32: {networks.Temporary, ""},
	33: {networks.Forbidden, ""},
	34: {networks.Forbidden, "VK wants a newer version of its API"},
	35: {networks.Forbidden, "VK wants a newer version of its API"},
	36: {networks.Temporary, ""},
	37: {networks.Forbidden, "the token's owner was banned: " + hintToken},
	38: {networks.Forbidden, "the application is unknown: " + hintApp},
	39: {networks.NotFound, ""},
	40: {networks.NotFound, ""},
	41: {networks.Challenge, hintOpen},
	42: {networks.Forbidden, "allow this machine's address in the settings of the application"},
	43: {networks.Temporary, ""},

	101: {networks.Forbidden, hintApp},
	103: {networks.BadBatch, ""}, // too many at once: fewer may do
	104: {networks.NotFound, ""},
	113: {networks.NotFound, ""},
	125: {networks.NotFound, ""},
	150: {networks.Malformed, ""},
	203: {networks.Private, ""},
	260: {networks.Hidden, ""},
	601: {networks.Quota, hintQuota},

	1051:  {networks.Forbidden, hintRights},
	1105:  {networks.Quota, "too many logins: wait some hours"},
	1110:  {networks.Challenge, hintToken},
	1114:  {networks.Unauthorized, hintToken},
	1116:  {networks.Unauthorized, hintToken},
	1117:  {networks.Unauthorized, "the token has expired: " + hintToken},
	1118:  {networks.Unauthorized, hintToken},
	1260:  {networks.NotFound, ""},
	3300:  {networks.Challenge, hintOpen},
	3301:  {networks.Challenge, hintOpen},
	3302:  {networks.Challenge, hintOpen},
	3303:  {networks.Challenge, hintOpen},
	3304:  {networks.Challenge, hintOpen},
	3305:  {networks.Challenge, hintOpen},
	3609:  {networks.Unauthorized, hintToken},
	3610:  {networks.Unauthorized, "the token's owner has left VK: " + hintToken},
	3611:  {networks.Unauthorized, "the token's owner has left VK: " + hintToken},
	9999:  {networks.Forbidden, hintConfig},
	11500: {networks.Challenge, hintOpen},
}

// code5 are the things that error 5 may mean, told apart by its text; VK has a
// subcode for the first alone.
var code5 = []struct{ text, code, hint string }{
	{"another ip", "5/1130", "unstable egress IP: the token is good on the address that got it and on no other; log in on this machine, give it one address, or use a service key"},
	{"expired", "5/expired", "the token has expired: " + hintToken},
	{"revoke", "5/revoked", "its owner revoked the token, or changed the password: " + hintToken},
	{"invalid session", "5/session", "its owner's session ended: " + hintToken},
	{"invalid access_token", "5/invalid", "assign the bare token, without access_token= before it"},
	{"no access_token", "5/missing", hintToken},
}

// refuse turns VK's error object into an error about the request. One that speaks
// of an account keeps its Kind here: the caller knows how many were asked.
func (n *network) refuse(op string, token keychain.Token, raw json.RawMessage) *networks.Error {
	var v apiError
	if err := json.Unmarshal(raw, &v); err != nil || v.Code == "" {
		return n.rest.Error(op, networks.Malformed, "", "an error that is not VK's error object", nil)
	}
	code, _ := strconv.Atoi(v.Code.String()) // 0 has no rule
	known, ok := rules[code]
	if !ok {
		known.kind = networks.Malformed
	}
	e := n.rest.Error(op, known.kind, v.Code.String(), rest.Words(token, v.Msg), nil)
	e.Hint = known.hint
	if v.Subcode != "" && v.Subcode != "0" {
		e.Code += "/" + v.Subcode.String()
	}
	text := strings.ToLower(v.Msg)
	switch code {
	case 5:
		refine5(e, v.Subcode, text)
	case 6:
		e.Until = time.Now().Add(time.Second)
	case 27, 28:
		if strings.Contains(text, "unavailable") { // a good token of the wrong sort
			e.Kind, e.Hint = networks.Forbidden, hintRights
		}
	case 100:
		refine100(e, text)
	}
	if e.Kind == networks.Challenge {
		e.Link = link(v.Redirect, v.CaptchaImg)
		if code == 14 {
			e.Link = withRemixstlid(e.Link, v.Remixstlid.String())
		}
	}
	return e
}

// elsewhere is how long a token rests that is bound to another address than ours.
const elsewhere = 15 * time.Minute

func refine5(e *networks.Error, subcode json.Number, text string) {
	if subcode == "1130" {
		text = code5[0].text
	}
	for _, c := range code5 {
		if strings.Contains(text, c.text) {
			e.Code, e.Hint = c.code, c.hint
			break
		}
	}
	if e.Code == code5[0].code { // the token is good, elsewhere; the address may come back
		e.Until = time.Now().Add(elsewhere)
	}
}

// refine100 tells a reference that VK does not know from a parameter of ours that
// it does not like: "One of the parameters specified was missing or invalid:
// group_ids is undefined". It does not always name the parameter.
func refine100(e *networks.Error, text string) {
	_, parameter, named := strings.Cut(text, ": ")
	switch {
	case strings.Contains(parameter, "group_id"), strings.Contains(parameter, "user_id"), !named && strings.HasSuffix(e.Op, opGroups):
		e.Kind = networks.NotFound
	default:
		e.Kind = networks.Malformed
	}
}

// link returns the first of addresses that is one.
func link(addresses ...string) string {
	for _, a := range addresses {
		if strings.HasPrefix(a, "https://") || strings.HasPrefix(a, "http://") {
			return a
		}
	}
	return ""
}

// challenged returns the error for an answer that is a challenge to browsers, which
// VK's front puts before its API
// (https://github.com/VKCOM/vkid-android-sdk, HitmanChallengeHandlingInterceptor).
func (n *network) challenged(op string, h http.Header) *networks.Error {
	if h.Get("X-Challenge") == "" && h.Get("X-Challenge-Url") == "" {
		return nil
	}
	e := n.rest.Error(op, networks.Challenge, "challenge", "the front of VK wants to see a person", nil)
	e.Hint, e.Link = hintOpen, link(h.Get("X-Challenge-Url"))
	return e
}
