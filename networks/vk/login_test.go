package vk_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/networktest"
	"collectord/networks/sim"
	"collectord/networks/vk"
)

func olderApp() sim.VKApp {
	return sim.VKApp{ID: "54", User: "1", Secret: "s." + marker, Older: true, OlderLife: 24 * time.Hour, Groups: []string{"15755094"}}
}

func TestOlderLogins(t *testing.T) {
	app := map[string]string{"client_id": "54", "client_secret": "s." + marker, "group_id": "15755094"}
	for method, c := range map[string]struct {
		expires time.Duration
		kind    string
	}{
		"code":        {24 * time.Hour, "user token; "},
		"implicit":    {24 * time.Hour, "user token; "},
		"community":   {0, "community token of club15755094; "},
		"credentials": {0, "service key; "},
	} {
		t.Run(method, func(t *testing.T) {
			r := newOAuthRig(t, olderApp())
			s := r.begin(t, method, app, back)
			ended := ""
			if page := s.URL(); page != "" {
				if strings.Contains(page, marker) {
					t.Errorf("the page's address holds a secret: %s", page)
				}
				ended = networktest.Browse(t, page)
			}
			fresh, err := s.Finish(t.Context(), ended)
			if err != nil || !fresh.Value.IsBare() {
				t.Fatalf("%v %v", fresh.Value, err)
			}
			if c.expires == 0 != fresh.Expires.IsZero() || c.expires > 0 && time.Until(fresh.Expires).Round(time.Minute) != c.expires {
				t.Errorf("expires %v", fresh.Expires)
			}
			report, err := r.Network.(networks.Checker).Check(t.Context(), keychain.Token{Slot: "vk", Value: fresh.Value})
			if err != nil || !strings.HasPrefix(report, c.kind) {
				t.Errorf("Check = %q, %v", report, err)
			}
			for i, u := range r.urls {
				if strings.Contains(u, marker) || strings.Contains(u, "/access_token?") {
					t.Errorf("request %d asks for %s", i, u)
				}
			}
		})
	}
}

func TestOlderErrors(t *testing.T) {
	for file, c := range map[string]struct {
		kind networks.Kind
		hint string
	}{
		"authorize_security_error":       {networks.Forbidden, "use VK ID"},
		"authorize_bad_redirect":         {networks.Forbidden, "--redirect"},
		"authorize_with_direct_auth_app": {networks.Forbidden, "--method direct"},
		"direct_bad_password":            {networks.Forbidden, "secret is wrong"},
	} {
		s := begin(t, speaking(t, 401, nil, recorded(t, "oauth/"+file+".json")), "credentials", map[string]string{"client_id": "1", "client_secret": marker}, "")
		_, err := s.Finish(t.Context(), "")
		var e *networks.Error
		if !errors.As(err, &e) || e.Kind != c.kind || !strings.Contains(e.Hint, c.hint) {
			t.Errorf("%s: %v (%+v)", file, err, e)
		}
	}
	for file, method := range map[string]string{"authcode_user_success": "code", "client_credentials_success": "credentials"} {
		s := begin(t, speaking(t, 200, nil, recorded(t, "oauth/"+file+".json")), method, map[string]string{"client_id": "1", "client_secret": marker}, back)
		ended := back + "?code=C&state=" + stateOf(s.URL())
		if fresh, err := s.Finish(t.Context(), ended); err != nil || fresh.Value.Bare() != "<TOKEN>" {
			t.Errorf("%s: %v %v", file, fresh.Value, err)
		}
	}
	s := begin(t, speaking(t, 200, nil, recorded(t, "oauth/authcode_community_success.json")), "community",
		map[string]string{"client_id": "1", "client_secret": marker, "group_id": "1"}, back)
	if fresh, err := s.Finish(t.Context(), back+"?code=C&state="+stateOf(s.URL())); err != nil || fresh.Value.Bare() != "<TOKEN>" || !fresh.Expires.IsZero() {
		t.Errorf("community: %v %v", fresh.Value, err)
	}
	s = begin(t, speaking(t, 200, nil, `{"groups":[{"group_id":2,"access_token":"T"}]}`), "community",
		map[string]string{"client_id": "1", "client_secret": marker, "group_id": "1"}, back)
	if _, err := s.Finish(t.Context(), back+"?code=C&state="+stateOf(s.URL())); kindOf(err) != networks.Malformed {
		t.Errorf("another community's token: %v", err)
	}
}

func stateOf(page string) string {
	_, query, _ := strings.Cut(page, "?")
	for part := range strings.SplitSeq(query, "&") {
		if s, ok := strings.CutPrefix(part, "state="); ok {
			return s
		}
	}
	return ""
}

// TestFragments: the addresses that are on record for the implicit flow.
func TestFragments(t *testing.T) {
	for fragment, c := range map[string]struct {
		token string
		ends  bool
		kind  networks.Kind
	}{
		"access_token=T1&expires_in=86400&user_id=1&state=STATE": {token: "T1", ends: true},
		"access_token=T2&expires_in=0&user_id=1":                 {token: "T2"},
		"access_token_77=T3&expires_in=0":                        {token: "T3"},
		"error=access_denied&error_reason=user_denied":           {kind: networks.Unauthorized},
		"fail=1":        {kind: networks.Forbidden},
		"success=1":     {kind: networks.Malformed},
		"access_token=": {kind: networks.Malformed},
		"access_token=T&access_token=U&expires_in=": {kind: networks.Malformed},
	} {
		s := begin(t, vk.New(networks.Options{}), "implicit", map[string]string{"client_id": "1"}, "")
		fragment = strings.Replace(fragment, "STATE", stateOf(s.URL()), 1)
		fresh, err := s.Finish(t.Context(), "https://oauth.vk.ru/blank.html#"+fragment)
		if kindOf(err) != c.kind || fresh.Value.Bare() != c.token || fresh.Expires.IsZero() == c.ends {
			t.Errorf("%s: %q %v %v", fragment, fresh.Value.Bare(), fresh.Expires, err)
		}
	}
	s := begin(t, vk.New(networks.Options{}), "implicit", map[string]string{"client_id": "1"}, "")
	if _, err := s.Finish(t.Context(), "#access_token=T&state=another"); !errors.Is(err, networks.ErrOtherLogin) {
		t.Errorf("another state: %v", err)
	}
	if u := s.URL(); !strings.Contains(u, "redirect_uri=https%3A%2F%2Foauth.vk.ru%2Fblank.html") || !strings.HasPrefix(u, "https://oauth.vk.ru/authorize?") {
		t.Errorf("the page is %s", u)
	}
}

// TestCaptchaAnswer: what the page of error 14 gave goes with the next request, and
// what that of error 17 gave is a new token.
func TestCaptchaAnswer(t *testing.T) {
	e := refusal(t, recorded(t, "errors/error_14_redirect_official.json"), users("1"))
	const id = "9069780796616521905"
	if !strings.HasSuffix(e.Link, "&blank=1#remixstlid="+id) {
		t.Errorf("the link is %s", e.Link)
	}
	for brought, want := range map[string]map[string]string{
		"ey.success==": {"success_token": "ey.success==", "remixstlid": id},
		"https://id.vk.com/x#success_token=S&remixstlid=5": {"success_token": "S", "remixstlid": "5"},
		"success_token=S": {"success_token": "S", "remixstlid": id},
	} {
		s := begin(t, vk.New(networks.Options{}), "captcha", map[string]string{"success_token": brought, "link": e.Link}, "")
		fresh, err := s.Finish(t.Context(), "")
		if err != nil || !fresh.Answer.Equal(keychain.Mapping(want)) || !fresh.Value.IsZero() || s.URL() != "" {
			t.Errorf("%s: %v %v", brought, fresh.Answer, err)
		}
	}
	s := begin(t, vk.New(networks.Options{}), "captcha", map[string]string{"success_token": "https://oauth.vk.com/blank.html#success=1&access_token=NEW&user_id=1"}, "")
	if fresh, err := s.Finish(t.Context(), ""); err != nil || fresh.Value.Bare() != "NEW" {
		t.Errorf("validation: %v %v", fresh.Value, err)
	}
	for _, bad := range []string{"https://oauth.vk.com/blank.html#fail=1", "https://id.vk.com/", "https://id.vk.com/?a=b"} {
		s := begin(t, vk.New(networks.Options{}), "captcha", map[string]string{"success_token": bad}, "")
		if _, err := s.Finish(t.Context(), ""); kindOf(err) == 0 {
			t.Errorf("%s was taken", bad)
		}
	}

	n, w := simulated(t, sim.VK)
	w.VKCaptcha(secret, "S."+marker, id)
	tok := token()
	_, err := n.Profiles(t.Context(), tok, users("1"))
	var challenge *networks.Error
	if !errors.As(err, &challenge) || challenge.Kind != networks.Challenge || !strings.HasSuffix(challenge.Link, "#remixstlid="+id) {
		t.Fatalf("%v", err)
	}
	tok.Answer = keychain.Mapping(map[string]string{"success_token": "S." + marker, "remixstlid": id})
	for range 2 { // VK takes it once; the next request is without
		if _, err := n.Profiles(t.Context(), tok, users("1")); err != nil {
			t.Fatal(err)
		}
		tok.Answer = keychain.Value{}
	}
}

func TestElsewhere(t *testing.T) {
	n, w := simulated(t, sim.VK)
	w.VKElsewhere(secret, true)
	_, err := n.Profiles(t.Context(), token(), users("1"))
	var e *networks.Error
	if !errors.As(err, &e) || e.Kind != networks.Unauthorized || e.Code != "5/1130" || !e.Until.After(time.Now()) || !strings.Contains(e.Hint, "unstable egress IP") {
		t.Errorf("%+v", e)
	}
	for _, file := range []string{"error_5_expired", "error_5_revoked", "error_5_invalid"} {
		if e := refusal(t, recorded(t, "errors/"+file+".json"), users("1")); !e.Until.IsZero() || !strings.Contains(e.Hint, "login vk") && file != "error_5_invalid" {
			t.Errorf("%s: %+v", file, e)
		}
	}
}

func TestLoginsAreWhole(t *testing.T) {
	names := []string{}
	for _, l := range vk.New(networks.Options{}).(networks.LoginNetwork).Logins() {
		names = append(names, l.Name)
		if l.Title == "" || l.Slot != "vk" || l.Begin == nil || len(l.Fields) == 0 {
			t.Errorf("%+v", l)
		}
		for _, f := range l.Fields {
			if secret := f.Name != "client_id" && f.Name != "app_id" && f.Name != "group_id" && f.Name != "scope"; f.Secret != secret {
				t.Errorf("%s: %s: Secret %v", l.Name, f.Name, f.Secret)
			}
		}
		if _, err := l.Begin(map[string]keychain.Secret{"client_id": marker, "app_id": marker}, back); l.Name != "captcha" && (err == nil || strings.Contains(err.Error(), marker)) {
			t.Errorf("%s begins with an id that is no number: %v", l.Name, err)
		}
	}
	if want := []string{"vkid", "code", "implicit", "community", "credentials", "direct", "captcha"}; !slices.Equal(names, want) {
		t.Errorf("%v", names)
	}
}

func directApp(steps ...string) sim.VKApp {
	return sim.VKApp{ID: "55", User: "1", Secret: "s." + marker, Direct: true, Login: "l." + marker, Password: "p." + marker, Steps: steps}
}

func rawToken(password string) keychain.Token {
	return keychain.Token{Slot: "raw_vk", Value: keychain.Mapping(map[string]string{
		"app_id": "55", "app_secret": "s." + marker, "login": "l." + marker, "password": password,
	})}
}

func makerOf(n networks.Network) keychain.Maker { return n.(networks.Renewer).Makers()["raw_vk"] }

// TestDirect: login and password, with everything that VK may want beside them.
func TestDirect(t *testing.T) {
	for name, c := range map[string]struct {
		steps, answers []string
		links          int
		parked         string // the question that is left where nobody answers
	}{
		"at once":          {},
		"captcha":          {steps: []string{"captcha"}, answers: []string{sim.VKCaptchaKey}, links: 1, parked: "the letters of the picture"},
		"captcha, twice":   {steps: []string{"captcha"}, answers: []string{"wrong", sim.VKCaptchaKey}, links: 2, parked: "the letters"},
		"captcha page":     {steps: []string{"captcha_page"}, answers: []string{sim.VKSuccessToken}, links: 1, parked: "the success_token"},
		"sms":              {steps: []string{"2fa_sms"}, answers: []string{sim.VKOTP}, parked: "the code that VK sent to +7 *** *** ** 00"},
		"app":              {steps: []string{"2fa_app"}, answers: []string{sim.VKOTP}, parked: "the code from the app"},
		"wrong codes":      {steps: []string{"2fa_app"}, answers: []string{"654321", "12", sim.VKOTP}, parked: "the code from the app"},
		"captcha and code": {steps: []string{"captcha", "2fa_sms"}, answers: []string{sim.VKCaptchaKey, sim.VKOTP}, links: 1, parked: "the letters"},
		"a page":           {steps: []string{"page"}, answers: []string{"https://oauth.vk.com/blank.html#success=1&access_token=T"}, links: 1, parked: "the address"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newOAuthRig(t, directApp(c.steps...))
			links, asked := 0, 0
			ctx := networks.WithAsker(t.Context(), func(_ context.Context, q *networks.Question) (string, error) {
				if q.Link != "" {
					links++
				}
				if strings.Contains(fmt.Sprintf("%+v", *q), marker) {
					t.Errorf("the question holds a secret: %+v", q)
				}
				asked++
				return c.answers[asked-1], nil
			})
			fresh, err := makerOf(r.Network).Make(ctx, rawToken("p."+marker))
			if err != nil || !fresh.Value.IsBare() || asked != len(c.answers) || links != c.links {
				t.Fatalf("%v %v; %d questions, %d links", fresh.Value, err, asked, links)
			}
			if wait := time.Until(fresh.Next); wait < 3*time.Hour || !fresh.Expires.IsZero() {
				t.Errorf("the next login in %v, expires %v", wait, fresh.Expires)
			}
			for _, u := range r.urls {
				if u != "/token" {
					t.Errorf("asked %s", u)
				}
			}
			if c.parked == "" {
				return
			}
			before := len(r.urls)
			_, err = makerOf(r.Network).Make(t.Context(), rawToken("p."+marker)) // in the daemon
			refusal := wantRefusal(t, err, keychain.Parked, "login vk --method direct")
			if s := refusal.State; !strings.Contains(s.Reason, c.parked) || time.Until(s.Until) < 3*time.Hour || (s.Link == "") != (c.links == 0) || len(r.urls) != before+1 {
				t.Errorf("%+v after %d requests", s, len(r.urls)-before)
			}
		})
	}
}

func TestDirectRefusals(t *testing.T) {
	r := newOAuthRig(t, directApp())
	_, err := makerOf(r.Network).Make(t.Context(), rawToken("w."+marker))
	if s := wantRefusal(t, err, keychain.Dead, "assign raw_vk anew").State; !s.Until.IsZero() {
		t.Errorf("a wrong password is tried again at %v", s.Until)
	}
	for file, want := range map[string]string{
		"direct_bad_password": keychain.Dead, "direct_too_much_tries": keychain.Parked, "direct_wrong_otp": keychain.Parked,
		"direct_otp_format": keychain.Parked, "direct_need_captcha": keychain.Parked, "direct_need_validation_2fa_app": keychain.Parked,
		"direct_need_validation_2fa_sms": keychain.Parked,
	} {
		for _, status := range []int{200, 401} {
			_, err := makerOf(speaking(t, status, nil, recorded(t, "oauth/"+file+".json"))).Make(t.Context(), rawToken("p."+marker))
			wantRefusal(t, err, want, "")
		}
	}
	if fresh, err := makerOf(speaking(t, 200, nil, recorded(t, "oauth/direct_success.json"))).Make(t.Context(), rawToken("p")); err != nil || !fresh.Expires.IsZero() {
		t.Errorf("expires_in 0: %v %v", fresh.Expires, err)
	}
	_, err = makerOf(speaking(t, 401, nil, `{"error":"invalid_client","error_description":"client_secret is incorrect l.`+marker+`"}`)).Make(t.Context(), rawToken("p."+marker))
	wantRefusal(t, err, keychain.Dead, "VK must have approved")
	// VK has counted a login whose answer is no answer.
	for _, status := range []int{500, 200} {
		_, err = makerOf(speaking(t, status, nil, "<html>")).Make(t.Context(), rawToken("p."+marker))
		if s := wantRefusal(t, err, keychain.Parked, "").State; time.Until(s.Until) < 3*time.Hour {
			t.Errorf("http %d: the next login at %v", status, s.Until)
		}
	}
	// Nobody was there: nothing was counted, and it may be tried soon.
	_, err = makerOf(vk.New(networks.Options{OAuthURL: closedAddress(t)})).Make(t.Context(), rawToken("p."+marker))
	var refusal *keychain.Refusal
	if errors.As(err, &refusal) || kindOf(err) != networks.Temporary {
		t.Errorf("nobody there: %v", err)
	}
	// Questions without end.
	asks := 0
	ctx := networks.WithAsker(t.Context(), func(context.Context, *networks.Question) (string, error) { asks++; return "x", nil })
	_, err = makerOf(speaking(t, 401, http.Header{}, recorded(t, "oauth/direct_need_captcha.json"))).Make(ctx, rawToken("p."+marker))
	wantRefusal(t, err, keychain.Parked, "")
	if asks > 5 {
		t.Errorf("%d questions", asks)
	}
}

// closedAddress is an address on loopback where nobody listens.
func closedAddress(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	return server.URL
}
