package collector

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/all"
	"collectord/networks/sim"
)

// newTwitterRig is a rig with accounts at X, whose tokens are renewed at the simulated
// X as well.
func newTwitterRig(t *testing.T, accounts int) (r *rig, config string) {
	t.Helper()
	r = newRig(t)
	d, ok := all.Find("twitter")
	if !ok {
		t.Fatal("there is no network twitter")
	}
	n := d.New(networks.Options{BaseURL: "http://twitter", HTTP: &http.Client{Transport: r}})
	keys, err := keychain.Open(keychain.Options{Dir: r.dir, Formats: d.Slots, Refreshers: n.(networks.Renewer).Refreshers()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(keys.Close)
	r.keys = keys
	handles := make([]string, accounts)
	for i := range handles {
		handles[i] = fmt.Sprint("account_", i)
		r.world.Add(sim.Account{Network: "twitter", ID: itoa(1000 + i), Handle: handles[i], Name: "N", Type: "person", Followers: int64(i)})
	}
	r.world.XApp("key", "consumer-secret")
	r.world.XClient("client", "client-secret", "1000")
	return r, fmt.Sprintf(`networks: {twitter: {base_url: "http://twitter", schedule: "@every 15m", requests_per_second: 100, accounts: [%s]}}`, strings.Join(handles, ", "))
}

// assign puts a mapping into the slot tw.
func (r *rig) assignX(fields map[string]string) {
	r.t.Helper()
	if err := r.keys.Assign("tw", keychain.Mapping(fields)); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) assignUser(access, refresh string) {
	r.t.Helper()
	r.assignX(map[string]string{"client_id": "client", "client_secret": "client-secret", "access_token": access, "refresh_token": refresh})
}

// xOps are how often X was asked for a token of an app, and of a user.
func (r *rig) xOps() (app, user int) {
	ops := r.world.Ops("twitter")
	return ops["oauth2/token"], ops["2/oauth2/token"]
}

// TestAppTokenOfX: it is made at first use, once for all who wait for it, used by every
// poll after that, and made again, once, when X refuses it.
func TestAppTokenOfX(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const accounts = 450 // five requests
		r, config := newTwitterRig(t, accounts)
		r.assignX(map[string]string{"consumer_key": "key", "consumer_secret": "consumer-secret"})
		r.start(config)
		defer r.halt()
		advance(time.Hour + time.Minute)
		if app, _ := r.xOps(); app != 1 {
			t.Errorf("%d bearer tokens were asked for in 4 polls", app)
		}
		if n := len(r.points("profile")); n != 4*accounts {
			t.Errorf("%d points of 4 polls", n)
		}
		v, _ := r.keys.Get("tw")
		r.world.RevokeToken("twitter", v.Get("bearer_token"))
		advance(time.Hour)
		if app, _ := r.xOps(); app != 2 {
			t.Errorf("%d bearer tokens were asked for after one was invalidated", app)
		}
		if n := len(r.points("profile")); n != 8*accounts {
			t.Errorf("%d points of 8 polls", n)
		}
		if s := r.keys.State("tw"); s.Name != "" && s.Name != keychain.OK {
			t.Errorf("the token is %+v", s)
		}
	})
}

// TestAppTokenRefusedAgain: X gives the bearer that it refuses again and again; it is
// not asked for it at every poll.
func TestAppTokenRefusedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, config := newTwitterRig(t, 1)
		r.assignX(map[string]string{"consumer_key": "key", "consumer_secret": "consumer-secret"})
		r.world.Break("twitter", func(w http.ResponseWriter, req *http.Request) bool {
			if req.URL.Path == "/oauth2/token" {
				return false
			}
			sim.JSON(w, http.StatusUnauthorized, map[string]any{"title": "Unauthorized", "status": 401})
			return true
		})
		r.start(strings.Replace(config, "@every 15m", "@every 1m", 1))
		defer r.halt()
		advance(4*time.Hour + time.Second)
		if app, _ := r.xOps(); app < 2 || app > 16 { // it rests for 1, 2, 4 ... 30 minutes
			t.Errorf("%d bearer tokens were asked for in 240 polls", app)
		}
		r.world.Break("twitter", nil)
		before := len(r.points("profile"))
		advance(time.Hour)
		if len(r.points("profile")) <= before {
			t.Error("nothing was polled after X took the token again")
		}
	})
}

// TestUserTokenOfX: an access token that ends in the midst of a poll is refreshed once
// for all who wait, by a refresh token that is good for one use; a restart goes on with
// the pair on disk.
func TestUserTokenOfX(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const accounts = 950 // ten requests
		r, config := newTwitterRig(t, accounts)
		access, refresh := r.world.XUserToken("client", "1000")
		r.assignUser(access, refresh)
		var asked atomic.Int32
		r.world.Break("twitter", func(_ http.ResponseWriter, req *http.Request) bool {
			// Answers take a while, so that several requests are under way at once.
			time.Sleep(time.Second)
			if strings.HasPrefix(req.URL.Path, "/2/users") && asked.Add(1) == 3 {
				r.world.RevokeToken("twitter", access)
			}
			return false
		})
		r.start(config)
		defer r.halt()
		advance(16 * time.Minute)
		if _, user := r.xOps(); user != 1 {
			t.Errorf("%d refreshes in one poll", user)
		}
		if n := len(r.points("profile")); n != accounts {
			t.Errorf("%d points", n)
		}
		v, _ := r.keys.Get("tw")
		if v.Get("refresh_token") == refresh || v.Get("access_token") == access || v.Get("client_secret") != "client-secret" {
			t.Error("the new pair is not in the slot")
		}
		// Two hours on, again by the 401 of a poll: nothing here renews by the clock.
		advance(3 * time.Hour)
		if _, user := r.xOps(); user != 2 {
			t.Errorf("%d refreshes in 3 hours", user)
		}
		if n := len(r.points("profile")); n != 13*accounts {
			t.Errorf("%d points of 13 polls", n)
		}
	})
}

// TestUserTokenOfXRevoked: the token is dead, says what to do, and X is not asked to
// refresh it again; another login mends it at once.
func TestUserTokenOfXRevoked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, config := newTwitterRig(t, 150)
		access, refresh := r.world.XUserToken("client", "1000")
		r.assignUser(access, refresh)
		r.world.RevokeToken("twitter", access)
		r.world.RevokeToken("twitter", refresh)
		r.start(config)
		defer r.halt()
		advance(2 * time.Hour)
		s := r.keys.State("tw")
		if s.Name != keychain.Dead || !strings.Contains(s.Hint, "run collectord keychain login twitter") {
			t.Errorf("the token is %+v", s)
		}
		if _, user := r.xOps(); user != 1 {
			t.Errorf("%d refreshes with a revoked token", user)
		}
		r.wantLog("the network refuses a token")
		if n := len(r.points("profile")); n != 0 {
			t.Errorf("%d points", n)
		}
		r.assignUser(r.world.XUserToken("client", "1000"))
		advance(16 * time.Minute)
		if n := len(r.points("profile")); n < 150 {
			t.Errorf("%d points after another login", n)
		}
		if s := r.keys.State("tw"); s.Name != "" && s.Name != keychain.OK {
			t.Errorf("the token is %+v", s)
		}
	})
}
