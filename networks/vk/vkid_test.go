package vk_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/networktest"
	"collectord/networks/sim"
	"collectord/networks/vk"
)

const marker = networktest.Marker

// oauthRig is VK and its token services, simulated, with what was asked of them.
type oauthRig struct {
	networks.Network
	world *sim.World
	forms []url.Values
	urls  []string
}

func newOAuthRig(t *testing.T, apps ...sim.VKApp) *oauthRig {
	t.Helper()
	r := &oauthRig{world: sim.NewWorld(1)}
	fill(r.world)
	for _, a := range apps {
		r.world.VKApp(a)
	}
	api := httptest.NewServer(sim.VK(r.world))
	t.Cleanup(api.Close)
	h := sim.VKAuth(r.world)
	auth := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		_ = req.ParseForm() // the simulator says what is wrong with it
		r.forms, r.urls = append(r.forms, req.PostForm), append(r.urls, req.URL.String())
		h.ServeHTTP(w, req)
	}))
	t.Cleanup(auth.Close)
	r.Network = vk.New(networks.Options{BaseURL: api.URL, AuthURL: auth.URL + "/"})
	return r
}

// begin begins a login of the rig's network.
func (r *oauthRig) begin(t *testing.T, method string, in map[string]string, redirect string) networks.LoginSession {
	t.Helper()
	return begin(t, r.Network, method, in, redirect)
}

func begin(t *testing.T, n networks.Network, method string, in map[string]string, redirect string) networks.LoginSession {
	t.Helper()
	secrets := make(map[string]keychain.Secret)
	for name, s := range in {
		secrets[name] = keychain.Secret(s)
	}
	for _, l := range n.(networks.LoginNetwork).Logins() {
		if l.Name != method {
			continue
		}
		if l.Redirect != "" {
			redirect = l.Redirect
		}
		s, err := l.Begin(secrets, redirect)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	t.Fatalf("no login is called %s", method)
	return nil
}

const back = "http://127.0.0.1:9185/"

func refresherOf(n networks.Network) keychain.Refresher {
	return n.(networks.Renewer).Refreshers()["vk"]
}

func TestVKIDLoginAndRefresh(t *testing.T) {
	for name, confidential := range map[string]bool{"public": false, "confidential": true} {
		t.Run(name, func(t *testing.T) {
			r := newOAuthRig(t, sim.VKApp{ID: "51", User: "1", Confidential: confidential, ServiceKey: "key." + marker})
			in := map[string]string{"client_id": "51"}
			if confidential {
				in["service_token"] = "key." + marker
			}
			s := r.begin(t, "vkid", in, back)
			asked := time.Now()
			fresh, err := s.Finish(t.Context(), networktest.Browse(t, s.URL()))
			if err != nil {
				t.Fatal(err)
			}
			v := fresh.Value
			if err := vk.Descriptor().Slots[0].Check("vk", v); err != nil {
				t.Error(err)
			}
			if v.Get("service_token") != in["service_token"] || v.Get("client_id") != "51" {
				t.Errorf("the record: %v", v.Names())
			}
			if end, err := time.Parse(time.RFC3339, v.Get("expires_at")); err != nil || end.Before(asked.Add(59*time.Minute)) || end.After(asked.Add(time.Hour)) {
				t.Errorf("expires_at %q", v.Get("expires_at"))
			}
			tok := keychain.Token{Slot: "vk", Value: v}
			if report, err := r.Network.(networks.Checker).Check(t.Context(), tok); err != nil || !strings.HasPrefix(report, "user token of VK ID; ") || !strings.HasSuffix(report, "execute: yes") {
				t.Errorf("%q, %v", report, err)
			}
			for range 3 {
				next, err := refresherOf(r.Network).Refresh(t.Context(), tok)
				if err != nil {
					t.Fatal(err)
				}
				for _, name := range []string{"client_id", "device_id", "service_token"} {
					if next.Value.Get(name) != v.Get(name) {
						t.Errorf("%s changed", name)
					}
				}
				for _, name := range []string{"access_token", "refresh_token"} {
					if s := next.Value.Get(name); s == "" || s == tok.Get(name) {
						t.Errorf("%s did not change", name)
					}
				}
				tok.Value = next.Value
			}
			// A second use ends the login, and is not asked for a third time.
			_, err = refresherOf(r.Network).Refresh(t.Context(), keychain.Token{Slot: "vk", Value: v})
			wantRefusal(t, err, keychain.Dead, "log in again: collectord keychain login vk")
			if reuses := r.world.VKAuthStats().Reuses; len(reuses) != 1 {
				t.Errorf("%d reuses counted, want 1", len(reuses))
			}
			for _, u := range r.urls[1:] {
				if u != "/oauth2/auth" {
					t.Errorf("asked %s: nothing secret may stand in an address", u)
				}
			}
		})
	}
}

func wantRefusal(t *testing.T, err error, state, hint string) *keychain.Refusal {
	t.Helper()
	var refusal *keychain.Refusal
	if !errors.As(err, &refusal) {
		t.Fatalf("%v is no refusal", err)
	}
	if refusal.State.Name != state || !strings.Contains(refusal.State.Hint, hint) {
		t.Errorf("state %+v, want %s with the hint %q", refusal.State, state, hint)
	}
	if strings.Contains(fmt.Sprintf("%+v %v", refusal.State, err), marker) {
		t.Errorf("the refusal holds a secret: %+v", refusal.State)
	}
	return refusal
}

// speaking is VK whose token services answer every request with body.
func speaking(t *testing.T, status int, header http.Header, body string) networks.Network {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for name, values := range header {
			w.Header()[name] = values
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	return vk.New(networks.Options{AuthURL: server.URL})
}

func vkidToken() keychain.Token {
	return keychain.Token{Slot: "vk", Value: keychain.Mapping(map[string]string{
		"client_id": "51", "access_token": "a." + marker, "refresh_token": "r." + marker, "device_id": "d." + marker, "service_token": "s." + marker,
	})}
}

// TestRefreshErrors is the table of what VK ID may say: what ends a login, and what
// only takes time. The status of HTTP says nothing.
func TestRefreshErrors(t *testing.T) {
	leak := ` ` + "r." + marker + ` d.` + marker
	say := func(key, words string) string {
		return fmt.Sprintf(`{"error":%q,"error_description":%q}`, key, words+leak)
	}
	for name, c := range map[string]struct {
		body, state string
		kind        networks.Kind
		hint        string
	}{
		"recorded invalid_grant":   {body: recorded(t, "oauth/vkid_error_refresh_invalid_grant.json"), state: keychain.Dead, kind: networks.Unauthorized, hint: "login vk"},
		"recorded invalid_request": {body: recorded(t, "oauth/vkid_error_refresh_invalid_request.json"), state: keychain.Dead, kind: networks.Unauthorized, hint: "used already"},
		"recorded device_id":       {body: recorded(t, "oauth/vkid_error_device_id.json"), state: keychain.Dead, kind: networks.Unauthorized, hint: "device_id"},
		"recorded service_token":   {body: recorded(t, "oauth/vkid_error_service_token.json"), state: keychain.Dead, kind: networks.Unauthorized, hint: "confidential"},
		"recorded invalid_token":   {body: recorded(t, "oauth/vkid_error_invalid_token.json"), state: keychain.Dead, kind: networks.Unauthorized, hint: "login vk"},
		"recorded slow_down":       {body: recorded(t, "oauth/vkid_error_slow_down.json"), kind: networks.RateLimited},
		"invalid_grant":            {body: say("invalid_grant", "refresh_token is missing or invalid"), state: keychain.Dead, kind: networks.Unauthorized, hint: "login vk"},
		"invalid_request":          {body: say("invalid_request", "something new"), state: keychain.Dead, kind: networks.Forbidden, hint: "dev.vk.com"},
		"invalid_client":           {body: say("invalid_client", "blocked"), state: keychain.Dead, kind: networks.Forbidden, hint: "blocked"},
		"access_denied":            {body: say("access_denied", "banned"), state: keychain.Dead, kind: networks.Unauthorized, hint: "login vk"},
		"server_error":             {body: say("server_error", "oops"), kind: networks.Temporary},
		"temporarily_unavailable":  {body: say("temporarily_unavailable", "later"), kind: networks.Temporary},
		"an unknown key":           {body: say("brand_new", "later"), kind: networks.Malformed},
		"no key":                   {body: `{"error":"` + marker + ` is no key"}`, kind: networks.Malformed},
		"an error of the API":      {body: `{"error":{"error_code":10,"error_msg":"Internal ` + "r." + marker + `"}}`, kind: networks.Temporary},
		"a captcha of the API":     {body: `{"error":{"error_code":14,"error_msg":"Captcha","redirect_uri":"https://id.vk.com/c"}}`, state: keychain.Parked, kind: networks.Challenge},
		"no token":                 {body: `{"refresh_token":"x","expires_in":3600}`, kind: networks.Malformed},
		"empty":                    {body: ``, kind: networks.Malformed},
		"HTML":                     {body: `<html>` + marker, kind: networks.Malformed},
		"a list":                   {body: `[]`, kind: networks.Malformed},
		"null":                     {body: `null`, kind: networks.Malformed},
	} {
		t.Run(name, func(t *testing.T) {
			for _, status := range []int{200, 400, 401} {
				_, err := refresherOf(speaking(t, status, nil, c.body)).Refresh(t.Context(), vkidToken())
				var refusal *keychain.Refusal
				if got := errors.As(err, &refusal); got != (c.state != "") {
					t.Fatalf("http %d: %v, a refusal: %v", status, err, got)
				}
				if status == 200 && kindOf(err) != c.kind {
					t.Errorf("%v, want %s", err, c.kind)
				}
				if c.state != "" {
					wantRefusal(t, err, c.state, c.hint)
				}
				if err != nil && strings.Contains(fmt.Sprintf("%v %+v", err, err), marker) {
					t.Errorf("the error holds a secret: %v", err)
				}
			}
		})
	}
	for _, status := range []int{429, 500, 502, 503} {
		_, err := refresherOf(speaking(t, status, http.Header{"Retry-After": {"7"}}, "<html>")).Refresh(t.Context(), vkidToken())
		var e *networks.Error
		if !errors.As(err, &e) || e.Kind != networks.Temporary && e.Kind != networks.RateLimited || e.Until.IsZero() {
			t.Errorf("http %d: %v", status, err)
		}
	}
	_, err := refresherOf(speaking(t, 200, http.Header{"X-Challenge": {"required"}, "X-Challenge-Url": {"https://vk.ru/c"}}, "<html>")).Refresh(t.Context(), vkidToken())
	if r := wantRefusal(t, err, keychain.Parked, "login vk --method captcha"); r.State.Link != "https://vk.ru/c" || r.State.Until.IsZero() {
		t.Errorf("%+v", r.State)
	}
}

// TestGrantIsNotLost: whatever stands beside the new refresh token, it is taken.
func TestGrantIsNotLost(t *testing.T) {
	for name, c := range map[string]struct {
		body    string
		expires time.Duration // 0: never
		refresh string
	}{
		"recorded":            {recorded(t, "oauth/vkid_refresh_success.json"), time.Hour, "<new>"},
		"expires_in text":     {`{"access_token":"A","refresh_token":"R","expires_in":"60"}`, time.Minute, "R"},
		"expires_in 0":        {`{"access_token":"A","refresh_token":"R","expires_in":0}`, 0, "R"},
		"expires_in null":     {`{"access_token":"A","refresh_token":"R","expires_in":null}`, time.Hour, "R"},
		"expires_in absent":   {`{"access_token":"A","refresh_token":"R"}`, time.Hour, "R"},
		"expires_in nonsense": {`{"access_token":"A","refresh_token":"R","expires_in":{"a":[1]}}`, time.Hour, "R"},
		"expires_in negative": {`{"access_token":"A","refresh_token":"R","expires_in":-5}`, time.Hour, "R"},
		"expires_in huge":     {`{"access_token":"A","refresh_token":"R","expires_in":9223372036854775807}`, 87600 * time.Hour, "R"},
		"odd neighbours":      {`{"access_token":"A","refresh_token":"R","expires_in":60,"user_id":{},"state":7,"error":null,"groups":[]}`, time.Minute, "R"},
		"another state":       {`{"access_token":"A","refresh_token":"R","expires_in":60,"state":"not ours"}`, time.Minute, "R"},
		"no new refresh":      {`{"access_token":"A","expires_in":60}`, time.Minute, "r." + marker},
		"an odd refresh":      {`{"access_token":"A","refresh_token":[],"expires_in":60}`, time.Minute, "r." + marker},
	} {
		t.Run(name, func(t *testing.T) {
			asked := time.Now()
			fresh, err := refresherOf(speaking(t, 200, nil, c.body)).Refresh(t.Context(), vkidToken())
			if err != nil || fresh.Value.Get("access_token") == "" || fresh.Value.Get("refresh_token") != c.refresh {
				t.Fatalf("%v %v", fresh.Value, err)
			}
			end, err := time.Parse(time.RFC3339, fresh.Value.Get("expires_at"))
			switch {
			case c.expires == 0 && fresh.Value.Get("expires_at") != "":
				t.Errorf("expires_at %v", end)
			case c.expires > 0 && (err != nil || end.Before(asked.Add(c.expires-2*time.Second)) || end.After(asked.Add(c.expires+time.Second))):
				t.Errorf("expires_at %v, want in %v", end, c.expires)
			}
		})
	}
}

func TestWindow(t *testing.T) {
	held := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	r := refresherOf(vk.New(networks.Options{}))
	for name, c := range map[string]struct{ life, from, by time.Duration }{
		"an hour":      {time.Hour, 30 * time.Minute, 55 * time.Minute},
		"a minute":     {time.Minute, 30 * time.Second, -4 * time.Minute},
		"a month":      {30 * 24 * time.Hour, 12 * time.Hour, 24 * time.Hour},
		"over already": {-time.Hour, -time.Hour, -65 * time.Minute},
		"for ever":     {0, 12 * time.Hour, 24 * time.Hour},
	} {
		var expires time.Time
		if c.life != 0 {
			expires = held.Add(c.life)
		}
		w := r.Window(vkidToken(), held, expires)
		if !w.From.Equal(held.Add(c.from)) || !w.By.Equal(held.Add(c.by)) {
			t.Errorf("%s: from %v, by %v; want %v, %v", name, w.From.Sub(held), w.By.Sub(held), c.from, c.by)
		}
	}
	if w := r.Window(token(), held, time.Time{}); w != (keychain.Window{}) {
		t.Errorf("a bare token: %+v", w)
	}
}

// TestRedirects is the table of addresses at which a login may end.
func TestRedirects(t *testing.T) {
	r := newOAuthRig(t, sim.VKApp{ID: "51", User: "1"}, sim.VKApp{ID: "53", User: "1", Deny: true})
	for name, c := range map[string]struct {
		change func(string) string
		kind   networks.Kind
		other  bool
		works  bool
	}{
		"as it is":          {change: func(s string) string { return s }, works: true},
		"as a fragment":     {change: func(s string) string { return strings.Replace(s, "?", "#", 1) }, works: true},
		"another state":     {change: func(s string) string { return strings.Replace(s, "state=", "state=x", 1) }, other: true},
		"no state":          {change: func(s string) string { return strings.Replace(s, "state=", "stat=", 1) }, other: true},
		"no code":           {change: func(s string) string { return strings.Replace(s, "code=", "cod=", 1) }, kind: networks.Malformed},
		"another code":      {change: func(s string) string { return strings.Replace(s, "code=", "code=x", 1) }, kind: networks.Unauthorized},
		"no device":         {change: func(s string) string { return strings.Replace(s, "device_id=", "device=", 1) }, kind: networks.Malformed},
		"another device":    {change: func(s string) string { return strings.Replace(s, "device_id=", "device_id=x", 1) }, kind: networks.Unauthorized},
		"nothing":           {change: func(string) string { return "" }, kind: networks.Malformed},
		"garbage":           {change: func(string) string { return "\x00%%%" + marker }, kind: networks.Malformed},
		"huge":              {change: func(s string) string { return s + strings.Repeat("x", 1<<20) }, kind: networks.Malformed},
		"denied":            {change: func(s string) string { return s + "&error=access_denied&error_description=no" }, kind: networks.Unauthorized},
		"an error in words": {change: func(s string) string { return s + "&error=" + url.QueryEscape("Some Thing") }, kind: networks.Forbidden},
	} {
		t.Run(name, func(t *testing.T) {
			s := r.begin(t, "vkid", map[string]string{"client_id": "51"}, back)
			ended := networktest.Browse(t, s.URL())
			fresh, err := s.Finish(t.Context(), c.change(ended))
			switch {
			case c.works:
				if err != nil || fresh.Value.IsZero() {
					t.Fatal(err)
				}
				return
			case c.other != errors.Is(err, networks.ErrOtherLogin), !c.other && kindOf(err) != c.kind:
				t.Errorf("%v, want %s", err, c.kind)
			}
			code := regexpCode(ended)
			if strings.Contains(err.Error(), code) || strings.Contains(err.Error(), marker) {
				t.Errorf("the error holds a secret: %v", err)
			}
			if c.other { // the login still waits for its own
				if _, err := s.Finish(t.Context(), ended); err != nil {
					t.Errorf("after another login's address: %v", err)
				}
			}
		})
	}
	s := r.begin(t, "vkid", map[string]string{"client_id": "53"}, back)
	if _, err := s.Finish(t.Context(), networktest.Browse(t, s.URL())); kindOf(err) != networks.Unauthorized || !strings.Contains(err.Error(), "User denied your request") {
		t.Errorf("denied: %v", err)
	}
}

func regexpCode(address string) string {
	u, _ := url.Parse(address)
	return u.Query().Get("code")
}

// TestRefreshOutOfTime: an answer that never came is no refusal.
func TestRefreshOutOfTime(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
	defer cancel()
	_, err := refresherOf(speaking(t, 200, nil, "{}")).Refresh(ctx, vkidToken())
	var refusal *keychain.Refusal
	if errors.As(err, &refusal) || kindOf(err) != networks.Temporary {
		t.Errorf("%v", err)
	}
}
