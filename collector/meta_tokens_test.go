package collector

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/all"
	"collectord/networks/sim"
)

// metaRig is a daemon's care for the tokens of a simulated network of Meta's. It is
// taken once an hour, so that months pass in a moment.
type metaRig struct {
	renewRig
	told expiries
}

// pass lets time pass, in whole hours.
func (r metaRig) pass(t *testing.T, d time.Duration) {
	t.Helper()
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(time.Hour) {
		r.complete(t.Context(), r.keys.AutocompleteDue)
		r.tellExpiries(r.told)
	}
}

func runMeta(t *testing.T, network string, test func(t *testing.T, w *sim.World, r metaRig)) {
	t.Helper()
	world := sim.NewWorld(1)
	// One simulator for all requests: it keeps the ends of the tokens it gave.
	handler := all.Simulators()[network](world)
	d, ok := all.Find(network)
	if !ok {
		t.Fatal("no network " + network)
	}
	n := d.New(networks.Options{BaseURL: "http://" + network, HTTP: &http.Client{Transport: served{handler}}})
	opts := keychain.Options{Refreshers: n.(networks.Renewer).Refreshers()}
	synctest.Test(t, func(t *testing.T) {
		r := metaRig{newRenewRig(t, "@daily", opts), make(expiries)}
		test(t, world, r)
		r.keys.Close()
	})
}

// served answers requests by a handler, without a socket.
type served struct{ http.Handler }

func (s served) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body == nil {
		req.Body = http.NoBody // as a server has it
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, req)
	return w.Result(), nil
}

// TestFacebookTokensAreLookedAt: once a day, whatever their age; what the look finds is
// shown, and a revoked one is dead within a day.
func TestFacebookTokensAreLookedAt(t *testing.T) {
	runMeta(t, "facebook", func(t *testing.T, w *sim.World, r metaRig) {
		in := func(days int) string { return strconv.FormatInt(time.Now().Add(time.Duration(days)*day).Unix(), 10) }
		w.AllowToken("facebook", "7|secret", "7", "secret")
		w.AllowToken("facebook", "page-token", "7", "secret", "PAGE")
		w.AllowToken("facebook", "user-token", "7", "secret", "USER", in(45), in(90))
		w.AllowToken("facebook", "data-token", "7", "secret", "PAGE", "0", in(16))
		for slot, token := range map[string]string{"fb": "page-token", "fb:user": "user-token", "fb:data": "data-token"} {
			v := keychain.Mapping(map[string]string{"access_token": token, "app_id": "7", "app_secret": "secret"})
			if err := r.keys.Assign(slot, v); err != nil {
				t.Fatal(err)
			}
		}
		r.pass(t, 2*time.Hour)
		ends := make(map[string]string)
		for _, info := range r.keys.Show() {
			days, known := info.DaysLeft()
			ends[info.Slot] = strconv.Itoa(days) + " " + strconv.FormatBool(known) + " " + strconv.FormatBool(info.Endless)
		}
		if ends["fb"] != "0 false true" || ends["fb:user"] != "45 true false" || ends["fb:data"] != "16 true false" {
			t.Errorf("what is known after an hour: %v", ends)
		}
		r.pass(t, 9*day)
		if n := w.Ops("facebook")["debug_token"]; n < 3*9 || n > 3*11 {
			t.Errorf("%d looks at 3 tokens in 9 days", n)
		}
		// Nobody renews the access to data: a person is told, in time.
		if got := r.expiryLines(); !slices.Equal(got, []string{"warn fb:data 14", "warn fb:data 7"}) {
			t.Errorf("told: %q", got)
		}
		w.RevokeToken("facebook", "page-token")
		r.pass(t, day+time.Hour)
		if s := r.keys.State("fb"); s.Name != keychain.Dead || !strings.Contains(s.Hint, "keychain login facebook") {
			t.Errorf("the revoked token is %+v", s)
		}
		r.pass(t, 10*day) // 15 days before its end
		user, _ := r.keys.Get("fb:user")
		if user.Get("access_token") == "user-token" || w.Ops("facebook")["oauth/access_token"] != 1 {
			t.Errorf("the token of a person was exchanged %d times", w.Ops("facebook")["oauth/access_token"])
		}
	})
}

// TestInstagramTokensAreRenewed: in the second half of their life, once; a failure is
// tried again a day later, and a token that has ended is left to a person.
func TestInstagramTokensAreRenewed(t *testing.T) {
	runMeta(t, "instagram", func(t *testing.T, w *sim.World, r metaRig) {
		w.Add(sim.Account{Network: "instagram", ID: "1", Handle: "brand", Type: "person"})
		w.AllowToken("instagram", "first-token", "1")
		if err := r.keys.Put("ig", keychain.Fresh{Value: keychain.Bare("first-token"), Expires: time.Now().Add(60 * day)}); err != nil {
			t.Fatal(err)
		}
		refreshes := func() int { return w.Ops("instagram")["refresh_access_token"] }
		r.pass(t, 29*day)
		if n := refreshes(); n != 0 {
			t.Errorf("%d refreshes in 29 days", n)
		}
		w.Break("instagram", func(rw http.ResponseWriter, _ *http.Request) bool {
			sim.JSON(rw, http.StatusInternalServerError, map[string]any{"error": map[string]any{"code": 2, "message": "down"}})
			return true
		})
		r.pass(t, 11*day)
		if n := refreshes(); n < 9 || n > 11 {
			t.Errorf("%d refreshes in 10 days of failures", n)
		}
		w.Break("instagram", nil)
		r.pass(t, day+time.Hour)
		if v, _ := r.keys.Get("ig"); v.Bare() == "first-token" {
			t.Error("the token was not renewed")
		}
		if days, _ := r.keys.Show()[0].DaysLeft(); days < 59 {
			t.Errorf("it has %d days", days)
		}
		// Nobody answers for 100 days: the token ends, and nobody goes on asking.
		w.Break("instagram", func(rw http.ResponseWriter, _ *http.Request) bool {
			rw.WriteHeader(http.StatusBadGateway)
			return true
		})
		r.pass(t, 70*day)
		before := refreshes()
		r.pass(t, 30*day)
		if n := refreshes() - before; n != 0 {
			t.Errorf("%d refreshes of a token that ended long ago", n)
		}
		if got := r.expiryLines(); !slices.Equal(got, []string{"warn ig 14", "warn ig 7", "warn ig 3", "error ig 1"}) {
			t.Errorf("told: %q", got)
		}
	})
}
