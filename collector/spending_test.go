package collector

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"collectord/collector/point"
	"collectord/collector/status"
	"collectord/keychain"
	"collectord/networks/sim"
)

const xConfig = `
networks:
  twitter:
    schedule: "@every 1h"
    base_url: http://twitter
    budget: 0.02
    accounts: [one, two, three]
`

func newXRig(t *testing.T) *rig {
	t.Helper()
	r := newRig(t)
	for i, name := range []string{"one", "two", "three"} {
		r.world.Add(sim.Account{Network: "twitter", ID: itoa(i + 1), Handle: name, Name: name, Type: "person", Followers: 100})
	}
	r.world.AllowToken("twitter", "bearer")
	if err := r.keys.Assign("tw", keychain.Mapping(map[string]string{"bearer_token": "bearer"})); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *rig) restart(text string) {
	r.t.Helper()
	r.halt()
	r.open()
	r.start(text)
}

func (r *rig) token() status.Token {
	r.t.Helper()
	return r.collector.Networks(r.keys)[0].Tokens[0]
}

// users is how many accounts X was asked for since the log was reset.
func (r *rig) users() int {
	n := 0
	for _, x := range r.world.Log("twitter") {
		n += x.Accounts
	}
	return n
}

func TestBudgetOverRestarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newXRig(t)
		r.start(xConfig)
		for range 3 { // the polls of 01:00, 02:00 and 03:00, a restart after each
			time.Sleep(time.Hour + time.Minute)
			r.restart(xConfig)
		}
		r.wantLines(point.Profile, "01:00:00 one followers=100 following=0 posts=0", "01:00:00 two followers=100 following=0 posts=0",
			"02:00:00 one followers=100 following=0 posts=0", "02:00:00 two followers=100 following=0 posts=0", "03:00:00 one followers=100 following=0 posts=0", "03:00:00 two followers=100 following=0 posts=0")
		if n := r.users(); n != 6 {
			t.Errorf("X was asked for %d accounts, want the two that are paid for, thrice", n)
		}
		tok := r.token()
		midnight := time.Date(2000, 1, 2, 0, 0, 0, 0, time.UTC)
		if s := tok.Spending; s.Unit != "USD" || s.Today != 0.02 || s.Budget != 0.02 || !s.Ends.Equal(midnight) {
			t.Errorf("spent: %+v", s)
		}
		if tok.State != keychain.Cooling || !tok.Until.Equal(midnight) ||
			tok.Reason != "the budget of 0.02 USD a day is spent; accounts that it paid for are asked for on" {
			t.Errorf("the token: %+v", tok)
		}
		if s := r.keys.State("tw"); s.Name == keychain.Cooling {
			t.Error("the keychain believes that something is wrong with the token")
		}
		time.Sleep(time.Hour)
		if a := r.account("three"); a.Error != "twitter: quota: the budget of 0.02 USD a day is spent" || a.Hint == "" {
			t.Errorf("the account that is not paid for: %+v", a)
		}
		r.wantLog("accounts had no answer")
		// On the next day two are asked for again.
		time.Sleep(21 * time.Hour)
		if s := r.token().Spending; s.Today != 0.02 || !s.Ends.Equal(midnight.AddDate(0, 0, 1)) {
			t.Errorf("spent on the next day: %+v", s)
		}
		r.halt()
	})
}

func TestBudgetIsRaised(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newXRig(t)
		r.start(xConfig)
		time.Sleep(90 * time.Minute)
		r.collector.Configure(r.config(`
networks:
  twitter:
    schedule: "@every 1h"
    base_url: http://twitter
    budget: 0.03
    accounts: [one, two, three]
`))
		time.Sleep(time.Hour)
		if tok := r.token(); tok.Spending.Today != 0.03 || r.account("three").Error != "" {
			t.Errorf("after the budget was raised: %+v, %+v", tok, r.account("three"))
		}
		r.collector.Configure(r.config(`
networks:
  twitter: {schedule: "@every 1h", base_url: "http://twitter", accounts: [one]}
`))
		if tok := r.token(); tok.State != keychain.OK || tok.Spending.Budget != 0 || tok.Spending.Today != 0.03 {
			t.Errorf("without a budget: %+v", tok)
		}
		r.halt()
	})
}

// TestUnansweredIsSpent ends the process while a request is under way: nobody knows
// what came of it.
func TestUnansweredIsSpent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newXRig(t)
		r.world.Break("twitter", func(_ http.ResponseWriter, req *http.Request) bool {
			<-req.Context().Done()
			return false
		})
		r.start(xConfig)
		time.Sleep(time.Hour + 5*time.Second)
		r.halt()
		r.world.Break("twitter", nil)
		r.open()
		r.start(xConfig)
		if s := r.token().Spending; s.Today != 0.02 {
			t.Errorf("after a request without an answer: %+v", s)
		}
		time.Sleep(time.Minute)
		// The same accounts, which may be paid for, and no others.
		r.wantLines(point.Profile, "01:00:00 one followers=100 following=0 posts=0", "01:00:00 two followers=100 following=0 posts=0")
		r.halt()
	})
}

func TestRequestsAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		vkWorld(r)
		r.start(vkConfig)
		time.Sleep(35 * time.Minute)
		for range 2 {
			if s := r.token().Spending; s.Unit != "requests" || s.Today != 6 || s.Budget != 0 {
				t.Errorf("three polls of two requests: %+v", s)
			}
			r.restart(vkConfig)
		}
		r.halt()
	})
}

func TestNetworkWithoutTokensCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.world.Add(sim.Account{Network: "bluesky", ID: "did:plc:1", Handle: "bsky.app", Name: "Bluesky", Type: "person", Followers: 5})
		text := `
networks:
  bluesky: {schedule: "@every 10m", base_url: "http://bluesky", budget: 3, accounts: [bsky.app]}
`
		r.start(text)
		time.Sleep(65 * time.Minute)
		r.restart(text)
		n := r.collector.Networks(r.keys)[0]
		if n.Spending.Today != 3 || n.Spending.Budget != 3 || len(r.points(point.Profile)) != 3 {
			t.Errorf("%+v, %d points; want three requests in six polls", n.Spending, len(r.points(point.Profile)))
		}
		r.halt()
	})
}
