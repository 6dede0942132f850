package reddit_test

import (
	"fmt"
	"testing"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/networktest"
	"collectord/networks/reddit"
	"collectord/networks/sim"
)

const (
	clientID = "id" + networktest.Marker
	secret   = "secret" + networktest.Marker
	access   = "access" + networktest.Marker
)

func fill(w *sim.World) {
	for _, a := range []sim.Account{
		{ID: "t5_2rc7j", Handle: "golang", Name: "The Go Programming Language", Followers: 312_345},
		{ID: "t5_2qh1i", Handle: "AskReddit", Name: "Ask Reddit...", Followers: 57_123_456},
		{ID: "t5_1001", Handle: "banned", Followers: 5, State: sim.Suspended},
		{ID: "t5_1002", Handle: "deleted", Followers: 5, State: sim.NotFound},
		{ID: "t5_1003", Handle: "closed", Followers: 5_432, State: sim.Private},
	} {
		a.Network, a.Type = "reddit", networks.Group
		w.Add(a)
	}
}

func suite() networktest.Suite {
	return networktest.Suite{
		Descriptor: reddit.Descriptor(),
		Simulate:   sim.Reddit,
		Fill:       fill,
		Token: keychain.Token{Slot: "rd", Value: keychain.Mapping(map[string]string{
			"client_id": clientID, "client_secret": secret, "access_token": access, "expires_at": "2027-01-31T12:00:00Z",
		})},
		Allow: func(w *sim.World) {
			w.AllowToken("reddit", clientID, secret)
			w.AllowToken("reddit", access, clientID)
		},
		Good: "https://www.reddit.com/r/GoLang/top/?t=all", Second: "r/askreddit",
		Troubled: map[string]networks.Kind{
			"banned": networks.NotFound, "deleted": networks.NotFound, "never_was": networks.NotFound, "closed": networks.NotFound,
			"t5_1001": networks.NotFound, "t5_zzz": networks.NotFound,
		},
		Invalid: []string{
			"_a", "a-b", "a.b", "a,b", "r/", "r/a,b", "u/spez", "/user/spez", "https://www.reddit.com/user/spez", "https://www.reddit.com/",
			"https://www.reddit.com/r/", "reddit.com", "t3_abc/x", "r/a/b", "ftp://reddit.com/r/a", "https://reddit.com.evil.example/r/a",
			"https://evilreddit.com/r/a", "имя", "a_name_of_more_than_21_",
		},
		Account:    func(i int) string { return fmt.Sprintf("nobody_%d", i) },
		BatchLimit: 100,
	}
}

func TestConformance(t *testing.T) { networktest.Run(t, suite()) }

func TestConformanceByID(t *testing.T) {
	s := suite()
	s.Good, s.Second = "t5_2rc7j", "t5_2qh1i"
	s.Account = func(i int) string { return fmt.Sprintf("t5_nobody%d", i) }
	networktest.Run(t, s)
}
