package instagram_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/instagram"
	"collectord/networks/networktest"
	"collectord/networks/sim"
)

func refresher(n networks.Network) keychain.Refresher {
	return n.(networks.Renewer).Refreshers()["ig"]
}

func TestWindow(t *testing.T) {
	const day = 24 * time.Hour
	held := time.Now().Add(-time.Hour)
	r := refresher((&server{}).network())
	for name, c := range map[string]struct {
		token    keychain.Token
		expires  time.Time
		from, by time.Time
	}{
		"60 days":     {login, held.Add(60 * day), held.Add(day), held.Add(30 * day)},
		"end unknown": {login, time.Time{}, held.Add(day), held.Add(day)},
		"ends soon":   {login, held.Add(3 * day), held.Add(day), held.Add(day)},
		"just ended":  {login, held.Add(-time.Hour), held.Add(day), held.Add(day)},
		"gone":        {login, held.Add(-2 * day), time.Time{}, time.Time{}},
		"discovery":   {discovery, held.Add(60 * day), time.Time{}, held.Add(day)},
		"empty":       {keychain.Token{}, time.Time{}, time.Time{}, time.Time{}},
	} {
		if w := r.Window(c.token, held, c.expires); !w.From.Equal(c.from) || !w.By.Equal(c.by) {
			t.Errorf("%s: from %v by %v, want from %v by %v", name, w.From, w.By, c.from, c.by)
		}
	}
	if m := (&server{}).network().(networks.Renewer).Makers(); len(m) != 0 {
		t.Errorf("makers: %v", m)
	}
}

func TestRefresh(t *testing.T) {
	s := &server{status: 200, body: recorded(t, "instagram/refresh_access_token.json")}
	fresh, err := refresher(s.network()).Refresh(t.Context(), login)
	if err != nil || fresh.Value.Bare() != "<ACCESS_TOKEN>" {
		t.Fatalf("%v, %v", fresh.Value, err)
	}
	if left := time.Until(fresh.Expires); left < 59*24*time.Hour || left > 60*24*time.Hour {
		t.Errorf("it expires in %v", left)
	}
	if got, want := s.asked.URL.String(), "https://graph.instagram.com/refresh_access_token?access_token=IGAAtoken&grant_type=ig_refresh_token"; got != want {
		t.Errorf("asked %s, want %s", got, want)
	}
	if s.asked.Method != http.MethodGet || s.asked.Header.Get("Authorization") != "" {
		t.Errorf("asked by %s with %v", s.asked.Method, s.asked.Header)
	}
}

// TestRefreshFails: what a person has to mend is a Refusal, nothing else is, and the
// token is in no word of it.
func TestRefreshFails(t *testing.T) {
	marked := keychain.Token{Slot: "ig", Value: keychain.Bare("IGAA" + networktest.Marker)}
	for name, c := range map[string]struct {
		status  int
		body    string
		refusal string
		kind    networks.Kind
	}{
		"revoked":    {400, strings.ReplaceAll(fault(190, 460), "words", marked.Bare()), keychain.Dead, networks.Unauthorized},
		"expired":    {400, fault(190, 463), keychain.Dead, networks.Unauthorized},
		"checkpoint": {400, fault(190, 459), keychain.Parked, networks.Challenge},
		"later":      {500, `{}`, "", networks.Temporary},
		"limit":      {400, fault(4, 0), "", networks.RateLimited},
		"no token":   {200, `{}`, "", networks.Malformed},
		"empty":      {200, ``, "", networks.Malformed},
		"no object":  {400, fault(100, 33), "", networks.Malformed},
	} {
		fresh, err := refresher((&server{status: c.status, body: c.body}).network()).Refresh(t.Context(), marked)
		var e *networks.Error
		var refusal *keychain.Refusal
		if !errors.As(err, &e) || e.Kind != c.kind || !fresh.Value.IsZero() {
			t.Errorf("%s: %v, want %s", name, err, c.kind)
			continue
		}
		if errors.As(err, &refusal) != (c.refusal != "") || refusal != nil && refusal.State.Name != c.refusal {
			t.Errorf("%s: refusal %+v, want %q", name, refusal, c.refusal)
		}
		if c.refusal == keychain.Dead && !strings.Contains(refusal.State.Hint, "keychain login instagram") {
			t.Errorf("%s: the hint is %q", name, refusal.State.Hint)
		}
		if text := err.Error() + e.Hint; strings.Contains(text, networktest.Marker) || strings.Contains(text, "://graph") {
			t.Errorf("%s: a secret or an address: %s", name, text)
		}
	}
}

// simulated is a world with the suite's accounts and an app that answers both ways of
// logging in, and an Instagram that asks it.
func simulated(t *testing.T, appSecrets ...string) (*sim.World, networks.Network) {
	t.Helper()
	w := sim.NewWorld(1)
	fill(w)
	w.AllowToken("instagram", "99|"+secret, appSecrets...)
	server := httptest.NewServer(sim.Instagram(w))
	t.Cleanup(server.Close)
	return w, instagram.New(networks.Options{BaseURL: server.URL})
}

// TestLogin_code goes through Instagram Login and a refresh at the simulator.
func TestLogin_code(t *testing.T) {
	w, n := simulated(t, brandID)
	l := n.(networks.LoginNetwork).Logins()[0]
	s, err := l.Begin(map[string]keychain.Secret{"app_id": "99", "app_secret": secret}, l.Redirect)
	if err != nil {
		t.Fatal(err)
	}
	redirected := networktest.Browse(t, s.URL())
	if _, err := s.Finish(t.Context(), strings.Replace(redirected, "state=", "state=x", 1)); !errors.Is(err, networks.ErrOtherLogin) {
		t.Errorf("another state: %v", err)
	}
	fresh, err := s.Finish(t.Context(), redirected)
	if err != nil || !fresh.Value.IsBare() || fresh.Expires.IsZero() {
		t.Fatalf("%v until %v, %v", fresh.Value, fresh.Expires, err)
	}
	got := keychain.Token{Slot: "ig", Value: fresh.Value}
	next, err := refresher(n).Refresh(t.Context(), got)
	if err != nil || next.Expires.IsZero() {
		t.Fatalf("refresh: %v, %v", next.Value, err)
	}
	got.Value = next.Value
	if report, err := n.(networks.Checker).Check(t.Context(), got); err != nil || !strings.Contains(report, "@brand") {
		t.Errorf("the new token: %q, %v", report, err)
	}
	w.RevokeToken("instagram", got.Bare())
	var refusal *keychain.Refusal
	if _, err := refresher(n).Refresh(t.Context(), got); !errors.As(err, &refusal) || refusal.State.Name != keychain.Dead {
		t.Errorf("a revoked token: %v", err)
	}
}

// TestLogin_discovery finds the account to ask with among the person's Pages.
func TestLogin_discovery(t *testing.T) {
	_, n := simulated(t, brandID, secret)
	l := n.(networks.LoginNetwork).Logins()[1]
	for _, own := range []keychain.Secret{"", brandID} {
		s, err := l.Begin(map[string]keychain.Secret{"app_id": "99", "app_secret": secret, "ig_user_id": own}, l.Redirect)
		if err != nil {
			t.Fatal(err)
		}
		fresh, err := s.Finish(t.Context(), networktest.Browse(t, s.URL()))
		if err != nil || fresh.Value.Get("ig_user_id") != brandID || fresh.Value.Get("app_id") != "99" || fresh.Value.Get("app_secret") != secret || fresh.Expires.IsZero() {
			t.Fatalf("%v until %v, %v", fresh.Value, fresh.Expires, err)
		}
		report, err := n.(networks.Checker).Check(t.Context(), keychain.Token{Slot: "ig", Value: fresh.Value})
		if err != nil || !strings.Contains(report, "Business Discovery as @brand") || !strings.Contains(report, "expires in 59 days") {
			t.Errorf("the new token: %q, %v", report, err)
		}
	}
	w, n := simulated(t, brandID, secret)
	w.Remove("instagram", brandID)
	s, err := n.(networks.LoginNetwork).Logins()[1].Begin(map[string]keychain.Secret{"app_id": "99", "app_secret": secret}, l.Redirect)
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Finish(t.Context(), networktest.Browse(t, s.URL()))
	var e *networks.Error
	if !errors.As(err, &e) || e.Kind != networks.Forbidden || !strings.Contains(e.Hint, "link it to a Page") {
		t.Errorf("without an account: %v", err)
	}
}

// TestRealDialogs has the addresses that people open.
func TestRealDialogs(t *testing.T) {
	n := instagram.New(networks.Options{BaseURL: "https://graph.facebook.com", AuthURL: "https://graph.instagram.com"})
	for i, want := range []string{
		"https://www.instagram.com/oauth/authorize?client_id=1&redirect_uri=https%3A%2F%2Flocalhost%2F&response_type=code&scope=instagram_business_basic&state=",
		"https://www.facebook.com/v25.0/dialog/oauth?client_id=1&redirect_uri=https%3A%2F%2Flocalhost%2F&response_type=code&scope=instagram_basic%2C",
	} {
		l := n.(networks.LoginNetwork).Logins()[i]
		s, err := l.Begin(map[string]keychain.Secret{"app_id": "1", "app_secret": "s"}, l.Redirect)
		if err != nil || !strings.HasPrefix(s.URL(), want) {
			t.Errorf("the dialog is %v, %v", s, err)
		}
	}
}

// TestCodeHost gives the code to the host that takes it.
func TestCodeHost(t *testing.T) {
	s := &server{status: 400, body: `{"error_type":"OAuthException","code":400,"error_message":"Invalid authorization code"}`}
	l := s.network().(networks.LoginNetwork).Logins()[0]
	session, err := l.Begin(map[string]keychain.Secret{"app_id": "1", "app_secret": "sesame"}, l.Redirect)
	if err != nil {
		t.Fatal(err)
	}
	state := session.URL()[strings.LastIndex(session.URL(), "=")+1:]
	_, err = session.Finish(t.Context(), l.Redirect+"?code=AQcode&state="+state+"#_")
	var e *networks.Error
	if !errors.As(err, &e) || e.Kind != networks.Unauthorized || !strings.Contains(e.Hint, "log in again") {
		t.Errorf("%v, want unauthorized", err)
	}
	if got := s.asked.URL.String(); got != "https://api.instagram.com/oauth/access_token" || s.form.Get("code") != "AQcode" || s.form.Get("client_secret") != "sesame" {
		t.Errorf("asked %s with %v", got, s.form)
	}
}

// TestRefresh_discovery: with its app a person's token is looked at and, where it has 30
// days or less, exchanged; without it is looked at alone.
func TestRefresh_discovery(t *testing.T) {
	const day = 24 * time.Hour
	for name, c := range map[string]struct {
		app       string
		left      time.Duration
		exchanged bool
	}{
		"young":                {"99", 45 * day, false},
		"half its life over":   {"99", 20 * day, true},
		"without its app's id": {"", 20 * day, false},
	} {
		w, n := simulated(t, brandID, secret)
		end := strconv.FormatInt(time.Now().Add(c.left).Unix(), 10)
		w.AllowToken("instagram", "EAAGold", brandID, secret, "USER", end)
		token := keychain.Token{Slot: "ig", Value: keychain.Mapping(map[string]string{
			"access_token": "EAAGold", "ig_user_id": brandID, "app_id": c.app, "app_secret": secret,
		})}
		held := time.Now()
		if w := refresher(n).Window(token, held, time.Time{}); w.Looks != (c.app == "") || !w.Looks && !w.By.Equal(held) {
			t.Errorf("%s: %+v", name, w)
		}
		fresh, err := refresher(n).Refresh(t.Context(), token)
		if err != nil || fresh.Value.Equal(token.Value) == c.exchanged || fresh.Value.Get("ig_user_id") != brandID {
			t.Fatalf("%s: %v, %v", name, fresh.Value, err)
		}
		want := c.left
		if c.exchanged {
			want = 60 * day
		}
		if left := time.Until(fresh.Expires); left > want || left < want-time.Minute {
			t.Errorf("%s: it expires in %v", name, left)
		}
		if err := instagram.Descriptor().Slots[0].Check("ig", fresh.Value); err != nil {
			t.Error(err)
		}
		w.RevokeToken("instagram", fresh.Value.Get("access_token"))
		var refusal *keychain.Refusal
		if _, err := refresher(n).Refresh(t.Context(), keychain.Token{Slot: "ig", Value: fresh.Value}); !errors.As(err, &refusal) || !strings.Contains(refusal.State.Hint, "--method discovery") {
			t.Errorf("%s, revoked: %v", name, err)
		}
	}
}
