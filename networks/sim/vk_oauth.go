package sim

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

const vkAuthNet = "vk_auth"

// VKApp is an application at VK, and how the token services treat it.
type VKApp struct {
	ID     string
	Secret string // "protected key", for the older flows
	// ServiceKey is asked for at every exchange and refresh of a Confidential one.
	ServiceKey   string
	Confidential bool
	// Redirects are the redirect addresses in its settings; none: every one on
	// loopback will do.
	Redirects []string
	Life      time.Duration // of VK ID's access tokens; 0: an hour
	Older     bool          // has the flows of oauth.vk.ru
	OlderLife time.Duration // of their tokens; 0: for ever
	User      string        // id of the person who agrees
	Groups    []string      // ids of the communities which that person runs
	Deny      bool          // that person refuses

	// Direct is true for one that VK has approved for direct authorization. Steps
	// are what VK wants beside the password, in order: "captcha", "captcha_page",
	// "2fa_sms", "2fa_app", "page".
	Direct          bool
	Login, Password string
	Steps           []string
	Tries           int // direct requests before too_much_tries; 0: any number
}

// What direct authorization takes as right answers.
const (
	VKCaptchaKey   = "zxcv42"
	VKOTP          = "123456"
	VKSuccessToken = "sim-success-token"
)

// VKReuse is a refresh token that was used a second time.
type VKReuse struct{ First, Again time.Time }

// VKAuthStats counts what the token services did.
type VKAuthStats struct {
	Logins, Refreshes int
	// Reuses are the second uses of refresh tokens. Each ended a login.
	Reuses []VKReuse
}

// vkAuth is what VK's token services know.
type vkAuth struct {
	mu         sync.Mutex
	apps       map[string]*vkKnown
	codes      map[string]vkCode
	refreshes  map[string]*vkRefresh
	challenges map[string]vkChallenge // by access token
	stats      VKAuthStats
}

type vkKnown struct {
	VKApp
	tries int
}

// vkCode is an authorization code that nobody has used.
type vkCode struct {
	app, redirect, challenge, device, group string
	made                                    time.Time
}

// vkRefresh is a refresh token and the login it belongs to.
type vkRefresh struct {
	app, device string
	used        time.Time
	login       *vkLogin
}

// vkLogin is all the tokens that came of one login.
type vkLogin struct {
	over   bool
	access []string
}

type vkChallenge struct {
	success, remixstlid string
	elsewhere           bool
}

// VKApp registers an application, in place of one with the same id.
func (w *World) VKApp(a VKApp) {
	w.vk.mu.Lock()
	defer w.vk.mu.Unlock()
	if w.vk.apps == nil {
		w.vk.apps, w.vk.codes = make(map[string]*vkKnown), make(map[string]vkCode)
		w.vk.refreshes = make(map[string]*vkRefresh)
	}
	if a.Life == 0 {
		a.Life = time.Hour
	}
	w.vk.apps[a.ID] = &vkKnown{VKApp: a}
}

// VKAuthStats returns what was counted so far.
func (w *World) VKAuthStats() VKAuthStats {
	w.vk.mu.Lock()
	defer w.vk.mu.Unlock()
	s := w.vk.stats
	s.Reuses = slices.Clone(s.Reuses)
	return s
}

// VKLogin logs in at the application as a person in a browser would, and returns
// the fields of what was granted.
func (w *World) VKLogin(app string) map[string]string {
	w.vk.mu.Lock()
	defer w.vk.mu.Unlock()
	a, device := w.vk.apps[app], vkRandom("device-")
	access, refresh := w.vk.grant(w, a, &vkLogin{}, device)
	return map[string]string{
		"client_id": app, "device_id": device, "access_token": access, "refresh_token": refresh,
		"expires_at": time.Now().Add(a.Life).UTC().Format(time.RFC3339),
	}
}

// VKCaptcha makes VK answer error 14 to a token until a request brings the success
// token and the remixstlid of that error. An empty success ends it.
func (w *World) VKCaptcha(token, success, remixstlid string) {
	w.vk.challenge(token, vkChallenge{success: success, remixstlid: remixstlid})
}

// VKElsewhere makes a token one that another address got, or ends that.
func (w *World) VKElsewhere(token string, elsewhere bool) {
	w.vk.challenge(token, vkChallenge{elsewhere: elsewhere})
}

func (s *vkAuth) challenge(token string, c vkChallenge) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.challenges == nil {
		s.challenges = make(map[string]vkChallenge)
	}
	delete(s.challenges, token)
	if c != (vkChallenge{}) && (c.elsewhere || c.success != "") {
		s.challenges[token] = c
	}
}

// trouble is what keeps a good token from being answered.
func (s *vkAuth) trouble(token string, r *http.Request) *vkRefusal {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.challenges[token]
	switch {
	case !ok && r.Form.Has("success_token"):
		return vkInvalid("success_token is unexpected")
	case !ok:
		return nil
	case c.elsewhere:
		return &vkRefusal{Code: 5, Subcode: 1130, Msg: "User authorization failed: access_token was given to another ip address."}
	case r.Form.Get("success_token") == c.success && r.Form.Get("remixstlid") == c.remixstlid:
		delete(s.challenges, token)
		return nil
	}
	return &vkRefusal{Code: 14, Msg: "Captcha needed", Remixstlid: json.Number(c.remixstlid),
		Redirect: "https://id.vk.com/not_robot_captcha?domain=vk.com&session_token=sim&variant=popup&blank=1"}
}

// VKAuth simulates id.vk.ru and oauth.vk.ru in one: the page that asks for access,
// where somebody agrees at once, the exchange of codes, refreshes with refresh tokens
// that are good for one use, and direct authorization. Applications come from
// World.VKApp; granted tokens are good at [VK].
func VKAuth(w *World) http.Handler {
	return w.Handler(vkAuthNet, func(r *http.Request) string { return strings.TrimPrefix(r.URL.Path, "/") },
		func(rw http.ResponseWriter, r *http.Request) (int, string) {
			w.vk.mu.Lock()
			defer w.vk.mu.Unlock()
			if err := r.ParseForm(); err != nil {
				return 0, vkRefuse(rw, http.StatusBadRequest, "invalid_request", "", "the request cannot be read")
			}
			s := &w.vk
			if r.URL.Path == "/authorize" {
				return 0, s.authorize(w, rw, r)
			}
			if r.Method != http.MethodPost || len(r.URL.RawQuery) > 0 {
				return 0, vkRefuse(rw, http.StatusMethodNotAllowed, "invalid_request", "", "secrets belong into a body")
			}
			a := s.apps[r.Form.Get("client_id")]
			if a == nil {
				return 0, vkRefuse(rw, http.StatusUnauthorized, "invalid_client", "", "client_id is incorrect")
			}
			switch r.URL.Path {
			case "/oauth2/auth":
				return 0, s.vkid(w, rw, r.Form, a)
			case "/oauth2/revoke", "/oauth2/logout":
				w.RevokeToken("vk", r.Form.Get("access_token"))
				JSON(rw, http.StatusOK, map[string]any{"response": 1})
				return 0, ""
			case "/access_token":
				return 0, s.older(w, rw, r.Form, a)
			case "/token":
				return 0, s.direct(w, rw, r.Form, a)
			}
			http.NotFound(rw, r)
			return 0, "404"
		})
}

func vkRefuse(rw http.ResponseWriter, status int, key, kind, description string) string {
	v := map[string]any{"error": key, "error_description": description}
	if kind != "" {
		v["error_type"] = kind
	}
	JSON(rw, status, v)
	return key
}

func vkRandom(prefix string) string { return prefix + rand.Text() + rand.Text() }

// authorize is the page; the person agrees at once.
func (s *vkAuth) authorize(w *World, rw http.ResponseWriter, r *http.Request) string {
	q := r.Form
	a := s.apps[q.Get("client_id")]
	challenge := q.Get("code_challenge")
	switch {
	case a == nil:
		return vkRefuse(rw, http.StatusUnauthorized, "invalid_client", "", "client_id is incorrect")
	case challenge == "" && !a.Older:
		return vkRefuse(rw, http.StatusUnauthorized, "invalid_request", "", "Security Error")
	case challenge != "" && (len(challenge) != 43 || !strings.EqualFold(q.Get("code_challenge_method"), "S256") || len(q.Get("state")) < 32):
		return vkRefuse(rw, http.StatusBadRequest, "invalid_request", "", "code_challenge or state is incorrect")
	case !a.redirectsTo(q.Get("redirect_uri")):
		return vkRefuse(rw, http.StatusBadRequest, "invalid_request", "", "redirect_uri is incorrect, check application redirect uri in the settings page")
	case q.Get("group_ids") != "" && !slices.Contains(a.Groups, q.Get("group_ids")):
		return vkRefuse(rw, http.StatusBadRequest, "invalid_request", "", "group_ids is incorrect")
	}
	answer := url.Values{"state": {q.Get("state")}}
	separator := "?"
	switch {
	case a.Deny:
		answer.Set("error", "access_denied")
		answer.Set("error_description", "User denied your request")
	case challenge == "" && q.Get("response_type") == "token":
		separator = "#"
		token := vkRandom("vk1.a.")
		s.allowOlder(w, token, a)
		answer.Set("access_token", token)
		answer.Set("expires_in", fmt.Sprint(int(a.OlderLife.Seconds())))
		answer.Set("user_id", a.User)
	default:
		code, device := vkRandom("code-"), vkRandom("device-")
		s.codes[code] = vkCode{a.ID, q.Get("redirect_uri"), challenge, device, q.Get("group_ids"), time.Now()}
		answer.Set("code", code)
		if challenge != "" {
			answer.Set("device_id", device)
			answer.Set("type", "code_v2")
			answer.Set("expires_in", "600")
		}
	}
	rw.Header().Set("Location", q.Get("redirect_uri")+separator+answer.Encode())
	rw.WriteHeader(http.StatusFound)
	return ""
}

func (a *vkKnown) redirectsTo(address string) bool {
	if len(a.Redirects) > 0 {
		return slices.Contains(a.Redirects, address)
	}
	u, err := url.Parse(address)
	return err == nil && (u.Hostname() == "127.0.0.1" || u.Hostname() == "localhost" || u.Hostname() == "::1" || u.Path == "/blank.html")
}

// vkid is POST /oauth2/auth.
func (s *vkAuth) vkid(w *World, rw http.ResponseWriter, q url.Values, a *vkKnown) string {
	if a.Confidential && q.Get("service_token") != a.ServiceKey {
		return vkRefuse(rw, http.StatusOK, "invalid_grant", "", "service_token is missing or invalid")
	}
	if q.Get("grant_type") == "refresh_token" {
		return s.refresh(w, rw, q, a)
	}
	code, ok := s.codes[q.Get("code")]
	sum := sha256.Sum256([]byte(q.Get("code_verifier")))
	switch {
	case q.Get("grant_type") != "authorization_code":
		return vkRefuse(rw, http.StatusOK, "unsupported_grant_type", "", "grant_type is missing or invalid")
	case !ok || code.app != a.ID || code.challenge == "" || time.Since(code.made) > 10*time.Minute:
		return vkRefuse(rw, http.StatusOK, "invalid_grant", "", "code is missing or invalid")
	case base64.RawURLEncoding.EncodeToString(sum[:]) != code.challenge:
		return vkRefuse(rw, http.StatusOK, "invalid_grant", "", "code_verifier is missing or invalid")
	case q.Get("device_id") != code.device:
		return vkRefuse(rw, http.StatusOK, "invalid_request", "", "device_id is invalid")
	case q.Get("redirect_uri") != code.redirect:
		return vkRefuse(rw, http.StatusOK, "invalid_request", "", "redirect_uri is missing or invalid")
	}
	delete(s.codes, q.Get("code"))
	access, refresh := s.grant(w, a, &vkLogin{}, code.device)
	a.answer(rw, access, refresh, q.Get("state"))
	return ""
}

// refresh takes a refresh token once; the second time it ends the login.
func (s *vkAuth) refresh(w *World, rw http.ResponseWriter, q url.Values, a *vkKnown) string {
	t := s.refreshes[q.Get("refresh_token")]
	switch {
	case t == nil || t.app != a.ID || t.login.over && t.used.IsZero():
		return vkRefuse(rw, http.StatusOK, "invalid_grant", "", "refresh_token is missing or invalid")
	case t.device != q.Get("device_id"):
		return vkRefuse(rw, http.StatusOK, "invalid_request", "", "device_id is invalid")
	case !t.used.IsZero():
		s.stats.Reuses = append(s.stats.Reuses, VKReuse{t.used, time.Now()})
		t.login.over = true
		for _, access := range t.login.access {
			w.RevokeToken("vk", access)
		}
		return vkRefuse(rw, http.StatusOK, "invalid_request", "", "refresh_token is missing or invalid")
	}
	t.used = time.Now()
	s.stats.Refreshes++
	access, refresh := s.grant(w, a, t.login, t.device)
	a.answer(rw, access, refresh, q.Get("state"))
	return ""
}

// grant makes the next pair of tokens of a login.
func (s *vkAuth) grant(w *World, a *vkKnown, login *vkLogin, device string) (access, refresh string) {
	if len(login.access) == 0 {
		s.stats.Logins++
	}
	access, refresh = vkRandom("vk2.a."), vkRandom("vk2.r.")
	login.access = append(login.access, access)
	w.AllowTokenUntil("vk", access, time.Now().Add(a.Life), "user", a.User)
	s.refreshes[refresh] = &vkRefresh{app: a.ID, device: device, login: login}
	return access, refresh
}

// answer is what VK ID says of a pair of tokens.
func (a *vkKnown) answer(rw http.ResponseWriter, access, refresh, state string) {
	JSON(rw, http.StatusOK, map[string]any{
		"access_token": access, "refresh_token": refresh, "token_type": "Bearer", "expires_in": int(a.Life.Seconds()),
		"user_id": json.Number(a.User), "scope": "vkid.personal_info", "state": state,
	})
}
