package vk

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"time"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/internal/oauth"
	"collectord/networks/internal/rest"
)

// Logins are the ways to a token of VK. A service key needs none of them: it is
// copied from the settings of the application.
func (n *network) Logins() []networks.Login {
	app := networks.LoginField{Name: "client_id", Prompt: "id of the application"}
	secret := networks.LoginField{Name: "client_secret", Prompt: "protected key of the application", Secret: true}
	scope := networks.LoginField{Name: "scope", Prompt: "scope", Optional: true}
	group := networks.LoginField{Name: "group_id", Prompt: "id of the community"}
	blank := n.oauth + "/blank.html"
	return []networks.Login{
		{
			Name: "vkid", Slot: "vk", Title: "VK ID: a user's token that is refreshed; needs an application of id.vk.ru with the redirect address in its settings",
			Fields: []networks.LoginField{app,
				{Name: "service_token", Prompt: "service key, if the application is confidential", Secret: true, Optional: true}, scope},
			Begin: n.beginVKID,
		},
		{
			Name: "code", Slot: "vk", Title: "authorization code: a user's token for a day, or for ever with --scope offline; older applications",
			Fields: []networks.LoginField{app, secret, scope}, Begin: n.begin(opCode),
		},
		{
			Name: "implicit", Slot: "vk", Title: "implicit: as code, without a secret; older standalone applications", Redirect: blank,
			Fields: []networks.LoginField{app, scope}, Begin: n.begin(opImplicit),
		},
		{
			Name: "community", Slot: "vk", Title: "authorization code for a community's token, which does not expire; its administrator logs in",
			Fields: []networks.LoginField{app, secret, group, scope}, Begin: n.begin(opCommunity),
		},
		{
			Name: "credentials", Slot: "vk", Title: "client credentials: the application's own token, as a service key; older applications",
			Fields: []networks.LoginField{app, secret}, Begin: n.begin(opCredentials),
		},
		{
			Name: "direct", Slot: "vk", Title: "login and password (raw_vk): only for an application that VK has approved for direct authorization",
			Fields: []networks.LoginField{
				{Name: "app_id", Prompt: "id of the approved application"},
				{Name: "app_secret", Prompt: "its protected key", Secret: true},
				{Name: "login", Prompt: "phone or e-mail of the account", Secret: true},
				{Name: "password", Prompt: "password of the account", Secret: true},
			}, Begin: n.beginDirect,
		},
		{
			Name: "captcha", Slot: "vk", Title: "for a parked token: hands in what its page ended with, success_token or the whole address",
			Fields: []networks.LoginField{
				{Name: "success_token", Prompt: "success_token, or the address that the page ended at", Secret: true},
				{Name: "remixstlid", Prompt: "remixstlid", Secret: true, Optional: true},
			}, Begin: n.beginCaptcha,
		},
	}
}

// The requests of the older flows.
const (
	opCode        = "access_token"
	opImplicit    = "authorize"
	opCommunity   = "access_token: community"
	opCredentials = "access_token: client credentials"
)

func (n *network) beginVKID(in map[string]keychain.Secret, redirect string) (networks.LoginSession, error) {
	if err := n.needsApp("login", in, "client_id"); err != nil {
		return nil, err
	}
	return &vkidSession{n: n, round: oauth.New(), client: in["client_id"].Reveal(), service: in["service_token"].Reveal(),
		scopes: in["scope"].Reveal(), redirect: redirect}, nil
}

// needsApp refuses an application's id that is none.
func (n *network) needsApp(op string, in map[string]keychain.Secret, name string) error {
	if validID(in[name].Reveal()) {
		return nil
	}
	e := n.rest.Error(op, networks.Forbidden, "", name+" is not a number", nil)
	e.Hint = "the settings of the application show its id"
	return e
}

// olderSession is a networks.LoginSession of oauth.vk.ru.
type olderSession struct {
	n        *network
	op       string
	round    oauth.Round
	in       map[string]keychain.Secret
	redirect string
}

func (n *network) begin(op string) func(map[string]keychain.Secret, string) (networks.LoginSession, error) {
	return func(in map[string]keychain.Secret, redirect string) (networks.LoginSession, error) {
		if err := n.needsApp("login", in, "client_id"); err != nil {
			return nil, err
		}
		if op == opCommunity && !validID(in["group_id"].Reveal()) {
			return nil, n.rest.Error("login", networks.Forbidden, "", "group_id is not a number", nil)
		}
		return &olderSession{n: n, op: op, round: oauth.New(), in: in, redirect: redirect}, nil
	}
}

// URL is the page at oauth.vk.ru; client credentials have none.
func (s *olderSession) URL() string {
	kind, group := "code", ""
	switch s.op {
	case opCredentials:
		return ""
	case opImplicit:
		kind = "token"
	case opCommunity:
		group = s.in["group_id"].Reveal()
	}
	return s.round.Page(s.n.oauth+"/authorize", map[string]string{
		"client_id": s.in["client_id"].Reveal(), "redirect_uri": s.redirect, "response_type": kind, "display": "page",
		"scope": s.in["scope"].Reveal(), "group_ids": group, "v": s.n.version,
	})
}

// Finish takes the token out of the fragment, or exchanges the code for it.
func (s *olderSession) Finish(ctx context.Context, redirected string) (keychain.Fresh, error) {
	asked := time.Now()
	form := map[string]string{"client_id": s.in["client_id"].Reveal(), "client_secret": s.in["client_secret"].Reveal(), "v": s.n.version}
	switch s.op {
	case opImplicit:
		return s.n.fragment(s.op, s.round, redirected, asked)
	case opCredentials:
		form["grant_type"] = "client_credentials"
	default:
		v, err := s.n.returned(s.op, s.round.Returned, redirected)
		if err != nil {
			return keychain.Fresh{}, err
		}
		form["code"], form["redirect_uri"] = v.Get("code"), s.redirect
	}
	g, e := s.n.askGrant(ctx, s.op, s.n.oauth+"/access_token", bearing(form))
	if e != nil {
		return keychain.Fresh{}, e
	}
	token := string(g.AccessToken)
	if s.op == opCommunity {
		token = ""
		for _, of := range g.Groups {
			if string(of.ID) == s.in["group_id"].Reveal() {
				token = string(of.AccessToken)
			}
		}
	}
	return s.n.bare(s.op, token, g.expires(asked, 0))
}

// bare is a token that is one string.
func (n *network) bare(op, token string, expires time.Time) (keychain.Fresh, error) {
	if token == "" {
		return keychain.Fresh{}, n.rest.Error(op, networks.Malformed, "", "the answer holds no token", nil)
	}
	return keychain.Fresh{Value: keychain.Bare(token), Expires: expires}, nil
}

// fragment reads the address at which the implicit flow ends: access_token=...,
// or access_token_1=... for the community 1.
func (n *network) fragment(op string, round oauth.Round, address string, now time.Time) (keychain.Fresh, error) {
	v, err := n.redirect(op, round.Pasted, address)
	if err != nil {
		return keychain.Fresh{}, err
	}
	var g grant
	_ = g.ExpiresIn.UnmarshalJSON([]byte(v.Get("expires_in"))) // it never fails; what is no number is unknown
	return n.bare(op, tokenIn(v), g.expires(now, 0))
}

func tokenIn(v url.Values) string {
	if token := v.Get("access_token"); token != "" {
		return token
	}
	for name := range v {
		if id, ok := strings.CutPrefix(name, "access_token_"); ok && validID(id) {
			return v.Get(name)
		}
	}
	return ""
}

// redirect reads the address of a redirect. One that says that the person, or VK,
// refused is that error.
func (n *network) redirect(op string, read func(string) (url.Values, error), address string) (url.Values, error) {
	v, err := read(address)
	switch {
	case errors.Is(err, networks.ErrOtherLogin):
		return nil, err
	case err != nil:
		return nil, n.rest.Error(op, networks.Malformed, "", err.Error(), nil)
	case v.Has("error"), v.Has("fail"):
		key := v.Get("error")
		if !keyForm.MatchString(key) {
			key = ""
		}
		known, ok := keys[key]
		if !ok {
			known = rule{networks.Forbidden, hintLogin}
		}
		hide := keychain.Token{Value: keychain.Mapping(map[string]string{"code": v.Get("code"), "state": v.Get("state"), "token": v.Get("access_token")})}
		e := n.rest.Error(op, known.kind, key, rest.Words(hide, v.Get("error_description")), nil)
		e.Hint = known.hint
		return nil, e
	}
	return v, nil
}

// captchaSession hands in what a person brought back.
type captchaSession struct {
	n  *network
	in map[string]keychain.Secret
}

func (n *network) beginCaptcha(in map[string]keychain.Secret, _ string) (networks.LoginSession, error) {
	return &captchaSession{n, in}, nil
}

// URL is empty: the page is the one that the token is parked for.
func (*captchaSession) URL() string { return "" }

// Finish makes no request. After error 14 the page gives success_token, which goes
// with the next request together with the remixstlid of that error; after error 17
// it gives a new token.
func (s *captchaSession) Finish(context.Context, string) (keychain.Fresh, error) {
	const op = "captcha"
	brought := strings.TrimSpace(s.in["success_token"].Reveal())
	answer := map[string]string{"success_token": brought, "remixstlid": s.in["remixstlid"].Reveal()}
	if isAddress(brought) {
		v, err := s.n.redirect(op, oauth.Parse, brought)
		if err != nil {
			return keychain.Fresh{}, err
		}
		if token := tokenIn(v); token != "" {
			return s.n.fragment(op, oauth.Round{}, brought, time.Now())
		}
		answer["success_token"] = v.Get("success_token")
		if id := v.Get("remixstlid"); id != "" {
			answer["remixstlid"] = id
		}
	}
	if answer["success_token"] == "" {
		return keychain.Fresh{}, s.n.rest.Error(op, networks.Malformed, "", "there is no success_token in it", nil)
	}
	if answer["remixstlid"] == "" {
		answer["remixstlid"] = remixstlidOf(s.in["link"].Reveal())
	}
	return keychain.Fresh{Answer: keychain.Mapping(answer)}, nil
}

func isAddress(s string) bool {
	for _, part := range []string{"://", "success_token=", "access_token=", "fail=", "error="} {
		if strings.Contains(s, part) {
			return true
		}
	}
	return false
}

// withRemixstlid notes in the fragment of a link, which no server gets to see, the
// number that VK wants back with the success_token.
func withRemixstlid(link, id string) string {
	if link == "" || !validID(id) || strings.Contains(link, "#") {
		return link
	}
	return link + "#remixstlid=" + id
}

func remixstlidOf(link string) string {
	_, id, _ := strings.Cut(link, "#remixstlid=")
	if !validID(id) {
		return ""
	}
	return id
}
