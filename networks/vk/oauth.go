package vk

import (
	"context"
	"encoding/json"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/internal/rest"
)

// VK has two token services: VK ID (id.vk.ru, OAuth 2.1, since 2024) and the older
// one (oauth.vk.ru), whose flows go on working for the applications that have them.
// Both answer JSON of one form with varying HTTP statuses, so that the body alone
// is believed (https://id.vk.ru/about/business/go/docs/ru/vkid/latest and
// https://dev.vk.com/ru/api/access-token, read 2026-09).

// grant is what a token service answers.
type grant struct {
	AccessToken  text         `json:"access_token"`
	RefreshToken text         `json:"refresh_token"`
	ExpiresIn    rest.Lenient `json:"expires_in"` // seconds; 0: never
	Groups       []struct {
		ID          text `json:"group_id"`
		AccessToken text `json:"access_token"`
	} `json:"groups"`

	Error          json.RawMessage `json:"error"`
	ErrorType      text            `json:"error_type"`
	Description    text            `json:"error_description"`
	CaptchaSID     text            `json:"captcha_sid"`
	CaptchaImg     text            `json:"captcha_img"`
	Redirect       text            `json:"redirect_uri"`
	ValidationType text            `json:"validation_type"`
	PhoneMask      text            `json:"phone_mask"`
}

// text is a string of an answer. What is no string or number is the empty text: a
// new refresh token must not be lost to a field beside it.
type text string

// UnmarshalJSON never fails.
func (t *text) UnmarshalJSON(b []byte) error {
	*t = ""
	var s string
	var n json.Number
	switch {
	case json.Unmarshal(b, &s) == nil:
		*t = text(s)
	case json.Unmarshal(b, &n) == nil:
		*t = text(n)
	}
	return nil
}

// granted reports whether the answer holds a token.
func (g *grant) granted() bool { return g.AccessToken != "" || len(g.Groups) > 0 }

// key is VK's word for what is wrong: "invalid_grant". What does not look like one
// is not repeated.
func (g *grant) key() string {
	var s string
	if json.Unmarshal(g.Error, &s) != nil || !keyForm.MatchString(s) {
		return ""
	}
	return s
}

var keyForm = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

// expires is when a token asked for at a time ends: zero for never. Where VK does
// not say, it is the given life.
func (g *grant) expires(asked time.Time, life time.Duration) time.Time {
	n, known := g.ExpiresIn.Get()
	switch {
	case !known:
		if life <= 0 {
			return time.Time{}
		}
	case n == 0:
		return time.Time{}
	default:
		life = time.Duration(min(n, int64(maxLife/time.Second))) * time.Second
	}
	return asked.Add(life).UTC().Truncate(time.Second)
}

const maxLife = 10 * 365 * 24 * time.Hour // more is no time span of VK's

// secretFields are the parameters whose values no error may repeat.
var secretFields = [...]string{
	"code", "code_verifier", "refresh_token", "device_id", "service_token", "access_token",
	"client_secret", "username", "password", "captcha_key", "success_token",
}

// askGrant makes one request to a token service. The answer holds a token, or is one of
// need_captcha and need_validation; all else is an error.
func (n *network) askGrant(ctx context.Context, op, address string, form url.Values) (*grant, *networks.Error) {
	resp, err := n.rest.Do(ctx, rest.Request{Op: op, URL: address, Form: form})
	if err != nil {
		return nil, n.asError(op, err)
	}
	if e := n.challenged(op, resp.Header); e != nil {
		return nil, e
	}
	secrets := make(map[string]string)
	for _, name := range secretFields {
		secrets[name] = form.Get(name)
	}
	hide := keychain.Token{Value: keychain.Mapping(secrets)}
	var g grant
	if json.Unmarshal(resp.Body, &g) != nil || !g.granted() && !isSet(g.Error) {
		if e := n.rest.Refuse(resp); e != nil {
			if e.Kind != networks.Temporary && e.Kind != networks.RateLimited {
				// Not VK's words: a proxy's, or a path of something else. No login ends by it.
				e.Kind, e.Hint = networks.Malformed, hintAuth
			}
			return nil, e
		}
		return nil, n.rest.Error(op, networks.Malformed, "", "the answer holds neither a token nor an error", nil)
	}
	if g.granted() {
		return &g, nil
	}
	if key := g.key(); key == needCaptcha || key == needValidation {
		return &g, nil
	}
	return nil, n.refuseGrant(op, hide, resp, &g)
}

const (
	needCaptcha    = "need_captcha"
	needValidation = "need_validation"
)

// keys are the errors of both services (https://github.com/VKCOM/vkid-ios-sdk and
// vkid-web-sdk, read 2026-09; the older ones from answers recorded in clients).
var keys = map[string]rule{
	"slow_down":               {networks.RateLimited, ""},
	"server_error":            {networks.Temporary, ""},
	"temporarily_unavailable": {networks.Temporary, ""},
	"invalid_grant":           {networks.Unauthorized, hintLogin},
	"invalid_token":           {networks.Unauthorized, hintLogin},
	"access_denied":           {networks.Unauthorized, "access was refused, or the account is banned or deleted; " + hintLogin},
	"invalid_request":         {networks.Forbidden, hintApp},
	"invalid_client":          {networks.Forbidden, "the application is missing or blocked, or its id or secret is wrong: " + hintApp},
	"invalid_scope":           {networks.Forbidden, "the application may not ask for that scope: " + hintApp},
	"unauthorized_client":     {networks.Forbidden, hintApp},
	"unsupported_grant_type":  {networks.Forbidden, hintApp},
	"invalid_access":          {networks.Forbidden, "VK lets this application log in with a password alone: collectord keychain login vk --method direct"},
	"login_required":          {networks.Unauthorized, hintLogin},
	"interaction_required":    {networks.Unauthorized, hintLogin},
}

// phrases refine keys by VK's words, in this order.
var phrases = []struct {
	text string
	rule
}{
	{"service_token", rule{networks.Unauthorized, "the application is confidential: its service key belongs to the login; " + hintLogin + " and give service_token"}},
	{"refresh_token", rule{networks.Unauthorized, "the refresh token was used already or is too old; " + hintLogin}},
	{"device_id", rule{networks.Unauthorized, "the device_id is not that of the login; " + hintLogin}},
	{"security error", rule{networks.Forbidden, "VK gives this flow to older applications alone; use VK ID: collectord keychain login vk"}},
	{"redirect", rule{networks.Forbidden, "put the redirect address into the settings of the application, or name the one there with --redirect"}},
}

func (n *network) refuseGrant(op string, hide keychain.Token, resp *rest.Response, g *grant) *networks.Error {
	if g.Error[0] == '{' { // an error of the API, as from its methods
		return n.refuse(op, hide, g.Error)
	}
	key := g.key()
	known, ok := keys[key]
	if !ok {
		known.kind = networks.Malformed
	}
	said := strings.ToLower(string(g.Description))
	if known.kind == networks.Unauthorized || known.kind == networks.Forbidden {
		for _, p := range phrases {
			if strings.Contains(said, p.text) {
				known = p.rule
				break
			}
		}
	}
	e := n.rest.Error(op, known.kind, key, rest.Words(hide, string(g.Description)), nil)
	e.Hint = known.hint
	if kind := string(g.ErrorType); keyForm.MatchString(kind) {
		e.Code += "/" + kind
	}
	if known.kind == networks.RateLimited || known.kind == networks.Temporary {
		e.Until = rest.RetryAfter(resp.Header, time.Now())
	}
	return e
}

// refusal makes of an error that asking again will not mend the *keychain.Refusal
// that stops it. Where a person has to open a page first, again is when that is
// looked at.
func refusal(e *networks.Error, again time.Duration) error {
	s := keychain.State{Name: keychain.Dead, Reason: e.Error(), Hint: e.Hint}
	switch e.Kind {
	case networks.Temporary, networks.RateLimited, networks.Malformed:
		return e
	case networks.Challenge, networks.Quota:
		s.Name, s.Link, s.Until = keychain.Parked, e.Link, time.Now().Add(again)
	default: // for good
	}
	return &keychain.Refusal{State: s, Err: e}
}

// bearing is a form of the fields that are not empty.
func bearing(fields map[string]string) url.Values {
	form := make(url.Values, len(fields))
	for name, s := range fields {
		if s != "" {
			form.Set(name, s)
		}
	}
	return form
}

// validID reports whether s is a number as VK gives them to applications.
func validID(s string) bool {
	n, err := strconv.ParseUint(s, 10, 63)
	return err == nil && n > 0
}
