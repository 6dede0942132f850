package threads_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/networktest"
	"collectord/networks/sim"
	"collectord/networks/threads"
)

func refresher(n networks.Network) keychain.Refresher {
	return n.(networks.Renewer).Refreshers()["th"]
}

func TestWindow(t *testing.T) {
	const day = 24 * time.Hour
	held := time.Now().Add(-time.Hour)
	r := refresher(says(200, "").network())
	for name, c := range map[string]struct {
		token    keychain.Token
		expires  time.Time
		from, by time.Time
	}{
		"60 days":     {token, held.Add(60 * day), held.Add(day), held.Add(30 * day)},
		"end unknown": {token, time.Time{}, held.Add(day), held.Add(day)},
		"ends soon":   {token, held.Add(3 * day), held.Add(day), held.Add(day)},
		"gone":        {token, held.Add(-2 * day), time.Time{}, time.Time{}},
		"empty":       {keychain.Token{}, time.Time{}, time.Time{}, time.Time{}},
	} {
		if w := r.Window(c.token, held, c.expires); !w.From.Equal(c.from) || !w.By.Equal(c.by) {
			t.Errorf("%s: from %v by %v, want from %v by %v", name, w.From, w.By, c.from, c.by)
		}
	}
	if m := says(200, "").network().(networks.Renewer).Makers(); len(m) != 0 {
		t.Errorf("makers: %v", m)
	}
}

func TestRefresh(t *testing.T) {
	s := says(200, recorded(t, "threads/long-lived-token.json"))
	fresh, err := refresher(s.network()).Refresh(t.Context(), token)
	if err != nil || fresh.Value.Bare() != "THQVJ..." {
		t.Fatalf("%v, %v", fresh.Value, err)
	}
	if left := time.Until(fresh.Expires); left < 59*24*time.Hour || left > 60*24*time.Hour {
		t.Errorf("it expires in %v", left)
	}
	if got, want := s.asked[0].URL.String(), "https://graph.threads.net/refresh_access_token?access_token=THAAtoken&grant_type=th_refresh_token"; got != want {
		t.Errorf("asked %s, want %s", got, want)
	}
	if s.asked[0].Method != http.MethodGet || s.asked[0].Header.Get("Authorization") != "" {
		t.Errorf("asked by %s with %v", s.asked[0].Method, s.asked[0].Header)
	}
}

// TestRefreshFails: what a person has to mend is a Refusal, nothing else is, and the
// token is in no word of it.
func TestRefreshFails(t *testing.T) {
	marked := keychain.Token{Slot: "th", Value: keychain.Bare("THAA" + networktest.Marker)}
	for name, c := range map[string]struct {
		status  int
		body    string
		refusal string
		kind    networks.Kind
	}{
		"revoked":     {400, strings.ReplaceAll(fault(190, 460), "words", marked.Bare()), keychain.Dead, networks.Unauthorized},
		"expired":     {400, fault(190, 463), keychain.Dead, networks.Unauthorized},
		"checkpoint":  {400, fault(190, 459), keychain.Parked, networks.Challenge},
		"no object":   {400, fault(100, 33), "", networks.Malformed},
		"later":       {500, `{}`, "", networks.Temporary},
		"transient":   {400, fault(2, 0), "", networks.Temporary},
		"limit":       {400, fault(4, 0), "", networks.RateLimited},
		"no token":    {200, `{}`, "", networks.Malformed},
		"odd token":   {200, `{"access_token":"a b","expires_in":5}`, "", networks.Malformed},
		"empty":       {200, ``, "", networks.Malformed},
		"old words":   {400, `{"error_type":"OAuthException","code":400,"error_message":"` + marked.Bare() + `"}`, keychain.Dead, networks.Unauthorized},
		"not allowed": {400, fault(10, 0), "", networks.Forbidden},
	} {
		fresh, err := refresher(says(c.status, c.body).network()).Refresh(t.Context(), marked)
		var e *networks.Error
		var refusal *keychain.Refusal
		if !errors.As(err, &e) || e.Kind != c.kind || !fresh.Value.IsZero() {
			t.Errorf("%s: %v, want %s", name, err, c.kind)
			continue
		}
		if errors.As(err, &refusal) != (c.refusal != "") || refusal != nil && (refusal.State.Name != c.refusal || refusal.State.Hint == "") {
			t.Errorf("%s: refusal %+v, want %q", name, refusal, c.refusal)
		}
		if c.refusal == keychain.Dead && !strings.Contains(refusal.State.Hint, "keychain login threads") {
			t.Errorf("%s: the hint is %q", name, refusal.State.Hint)
		}
		if text := err.Error() + e.Hint; strings.Contains(text, networktest.Marker) || strings.Contains(text, "://graph") {
			t.Errorf("%s: a secret or an address: %s", name, text)
		}
	}
}

const appSecret = "app-secret-" + networktest.Marker

// simulated is a world with the suite's accounts and an app, and a Threads that asks it.
func simulated(t *testing.T) (*sim.World, networks.Network) {
	t.Helper()
	w := sim.NewWorld(1)
	fill(w)
	w.AllowToken("threads", "99|"+appSecret, brandID)
	server := httptest.NewServer(sim.Threads(w))
	t.Cleanup(server.Close)
	return w, threads.New(networks.Options{BaseURL: server.URL})
}

// TestLogin goes through the login and a refresh at the simulator.
func TestLogin(t *testing.T) {
	w, n := simulated(t)
	l := n.(networks.LoginNetwork).Logins()[0]
	s, err := l.Begin(map[string]keychain.Secret{"app_id": "99", "app_secret": appSecret}, l.Redirect)
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
	got := keychain.Token{Slot: "th", Value: fresh.Value}
	next, err := refresher(n).Refresh(t.Context(), got)
	if err != nil || next.Value.Equal(fresh.Value) {
		t.Fatalf("refresh: %v, %v", next.Value, err)
	}
	got.Value = next.Value
	if report, err := n.(networks.Checker).Check(t.Context(), got); err != nil || !strings.Contains(report, "@brand.co_") {
		t.Errorf("the new token: %q, %v", report, err)
	}
	w.RevokeToken("threads", got.Bare())
	var refusal *keychain.Refusal
	if _, err := refresher(n).Refresh(t.Context(), got); !errors.As(err, &refusal) || refusal.State.Name != keychain.Dead {
		t.Errorf("a revoked token: %v", err)
	}
	_, err = s.Finish(t.Context(), redirected)
	var e *networks.Error
	if !errors.As(err, &e) || e.Kind != networks.Unauthorized || strings.Contains(err.Error(), networktest.Marker) {
		t.Errorf("a code used twice: %v", err)
	}
}

func TestRealDialog(t *testing.T) {
	l := says(200, "").network().(networks.LoginNetwork).Logins()[0]
	s, err := l.Begin(map[string]keychain.Secret{"app_id": "1", "app_secret": "s"}, l.Redirect)
	if err != nil {
		t.Fatal(err)
	}
	if want := "https://threads.com/oauth/authorize?client_id=1&redirect_uri=https%3A%2F%2Flocalhost%2F&response_type=code&scope=threads_basic%2Cthreads_manage_insights&state="; !strings.HasPrefix(s.URL(), want) {
		t.Errorf("the dialog is %s", s.URL())
	}
}
