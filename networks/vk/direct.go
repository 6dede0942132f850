package vk

import (
	"context"
	"errors"
	"strings"
	"time"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/internal/oauth"
	"collectord/networks/internal/rest"
)

// Direct authorization: login and password for a token
// (https://dev.vk.com/ru/api/direct-auth, read 2026-09). VK gives it to applications
// that it has approved, to no others; nothing here pretends to be one of VK's own.
// Who stores raw_vk asks for it. A login an hour is what gets an account blocked:
// whatever comes of one, the daemon makes the next after loginRest at the earliest.

const (
	opDirect = "token"

	loginRest   = 4 * time.Hour
	maxAnswers  = 5 // questions of one login; VK counts wrong answers
	hintDirect  = "VK must have approved the application for direct authorization; an application of your own has a service key, which is enough"
	hintAskHere = "log in at a terminal: collectord keychain login vk --method direct"
)

// maker is a keychain.Maker of the slot raw_vk.
type maker struct{ n *network }

// Make logs in. What VK wants to know beside the password it asks of the person at
// the terminal; without one the login is parked with the page to open.
func (m maker) Make(ctx context.Context, raw keychain.Token) (keychain.Fresh, error) {
	s := m.n.direct(map[string]keychain.Secret{
		"app_id": keychain.Secret(raw.Get("app_id")), "app_secret": keychain.Secret(raw.Get("app_secret")),
		"login": keychain.Secret(raw.Get("login")), "password": keychain.Secret(raw.Get("password")),
	})
	fresh, err := s.Finish(ctx, "")
	var question *networks.Question
	for errors.As(err, &question) {
		ask := networks.AskerOf(ctx)
		if ask == nil {
			return keychain.Fresh{}, parked(question)
		}
		answer, askErr := ask(ctx, question)
		if askErr != nil {
			return keychain.Fresh{}, parked(question)
		}
		fresh, err = s.Finish(ctx, answer)
	}
	if err != nil {
		return keychain.Fresh{}, notBefore(err)
	}
	fresh.Next = time.Now().Add(loginRest)
	return fresh, nil
}

// parked leaves the login to a person.
func parked(q *networks.Question) error {
	return &keychain.Refusal{Err: q, State: keychain.State{Name: keychain.Parked, Reason: "vk: token: " + q.Error(), Hint: hintAskHere,
		Link: q.Link, Until: time.Now().Add(loginRest)}}
}

// notBefore makes the refusal after a login that failed: for good where the login
// itself is wrong, else for loginRest. A server that was not reached has counted
// nothing.
func notBefore(err error) error {
	var e *networks.Error
	if !errors.As(err, &e) || errors.Is(err, rest.ErrNotSent) {
		return err
	}
	s := keychain.State{Name: keychain.Dead, Reason: e.Error(), Hint: e.Hint}
	if e.Kind != networks.Unauthorized && e.Kind != networks.Forbidden {
		s.Name, s.Link, s.Until = keychain.Parked, e.Link, time.Now().Add(loginRest)
	}
	return &keychain.Refusal{State: s, Err: e}
}

// directSession is a networks.LoginSession without a page: a request, and again
// with the answer to each question.
type directSession struct {
	n       *network
	in      map[string]keychain.Secret
	asked   string            // what the last question was for: a parameter, or fragmentOf
	more    map[string]string // parameters that come of answers
	answers int
}

// fragmentOf stands for a question whose answer is an address with a token in it.
const fragmentOf = "fragment"

func (n *network) direct(in map[string]keychain.Secret) *directSession {
	return &directSession{n: n, in: in, more: make(map[string]string)}
}

func (n *network) beginDirect(in map[string]keychain.Secret, _ string) (networks.LoginSession, error) {
	if err := n.needsApp("login", in, "app_id"); err != nil {
		return nil, err
	}
	return n.direct(in), nil
}

// URL is empty: there is no page.
func (*directSession) URL() string { return "" }

// Finish makes one request, with the answer to the question before it.
func (s *directSession) Finish(ctx context.Context, answer string) (keychain.Fresh, error) {
	if s.asked == fragmentOf {
		return s.n.fragment(opDirect, oauth.Round{}, answer, time.Now())
	}
	if s.asked != "" {
		s.more[s.asked] = answer
	}
	form := bearing(map[string]string{
		"grant_type": "password", "client_id": s.in["app_id"].Reveal(), "client_secret": s.in["app_secret"].Reveal(),
		"username": s.in["login"].Reveal(), "password": s.in["password"].Reveal(), "v": s.n.version, "2fa_supported": "1",
	})
	for name, value := range s.more {
		form.Set(name, value)
	}
	asked := time.Now()
	g, e := s.n.askGrant(ctx, opDirect, s.n.oauth+"/token", form)
	if e != nil {
		return keychain.Fresh{}, s.judge(e)
	}
	if g.granted() {
		return s.n.bare(opDirect, string(g.AccessToken), g.expires(asked, 0))
	}
	return keychain.Fresh{}, s.question(g)
}

// judge gives the errors of a direct login their meaning; a wrong code may be put
// right, while somebody is there to do it.
func (s *directSession) judge(e *networks.Error) error {
	switch e.Code {
	case "invalid_client/username_or_password_is_incorrect":
		e.Kind, e.Hint = networks.Unauthorized, "assign raw_vk anew with the right login and password"
	case "invalid_request/wrong_otp", "invalid_request/otp_format_is_incorrect":
		e.Kind, e.Hint = networks.Challenge, hintAskHere
		if s.asked == "code" && s.answers < maxAnswers {
			s.answers++
			return &networks.Question{Prompt: "the code again: VK did not take that one", Secret: true}
		}
	case "invalid_request/too_much_tries":
		e.Kind, e.Hint = networks.Quota, "VK has seen too many logins: wait some hours"
	case "invalid_client", "unauthorized_client", "invalid_request", "invalid_access":
		e.Kind, e.Hint = networks.Forbidden, hintDirect
	}
	return e
}

// question is what VK wants to know: need_captcha or need_validation.
func (s *directSession) question(g *grant) error {
	page := link(string(g.Redirect))
	if s.answers++; s.answers > maxAnswers {
		e := s.n.rest.Error(opDirect, networks.Challenge, g.key(), "VK asks again and again", nil)
		e.Hint, e.Link = hintAskHere, page
		return e
	}
	q := &networks.Question{Link: page, Secret: true}
	switch {
	case g.key() == needCaptcha && page != "":
		s.asked, q.Prompt = "success_token", "the success_token that the page ended with"
	case g.key() == needCaptcha:
		s.asked, q.Prompt, q.Link, q.Secret = "captcha_key", "the letters of the picture", link(string(g.CaptchaImg)), false
		s.more["captcha_sid"] = string(g.CaptchaSID)
	case g.ValidationType == "2fa_app":
		s.asked, q.Prompt, q.Link = "code", "the code from the app that makes the account's codes", ""
	case g.ValidationType != "":
		s.asked, q.Prompt, q.Link = "code", "the code that VK sent to "+s.phone(g), ""
	default:
		s.asked, q.Prompt = fragmentOf, "the address at which the page ended"
	}
	return q
}

// phone is the number as VK shows it, masked by VK.
func (s *directSession) phone(g *grant) string {
	mask := string(g.PhoneMask)
	if len(mask) < 5 || len(mask) > 32 || !containsOnly(mask, "+0123456789*() -") {
		return "the account's phone"
	}
	return mask
}

func containsOnly(s, letters string) bool { return strings.Trim(s, letters) == "" }
