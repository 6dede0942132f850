package twitch_test

import (
	"fmt"
	"testing"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/networktest"
	"collectord/networks/sim"
	"collectord/networks/twitch"
)

const (
	clientID = "id" + networktest.Marker
	secret   = "secret" + networktest.Marker
	access   = "access" + networktest.Marker
)

func fill(w *sim.World) {
	for _, a := range []sim.Account{
		{ID: "37402112", Handle: "shroud", Name: "shroud", Followers: 11_234_567, Verified: true},
		{ID: "12826", Handle: "twitch", Name: "Twitch", Followers: 2_345_678, Verified: true},
		{ID: "19571641", Handle: "small_one", Name: "小さい", Followers: 4_321},
		{ID: "1001", Handle: "banned", Followers: 5, State: sim.Suspended},
		{ID: "1002", Handle: "deleted", Followers: 5, State: sim.NotFound},
	} {
		a.Network, a.Type = "twitch", networks.Person
		w.Add(a)
	}
}

func suite() networktest.Suite {
	return networktest.Suite{
		Descriptor: twitch.Descriptor(),
		Simulate:   sim.Twitch,
		Fill:       fill,
		Token: keychain.Token{Slot: "tc", Value: keychain.Mapping(map[string]string{
			"client_id": clientID, "client_secret": secret, "access_token": access, "expires_at": "2027-01-31T12:00:00Z",
		})},
		Allow: func(w *sim.World) {
			w.AllowToken("twitch", clientID, secret)
			w.AllowToken("twitch", access, clientID)
		},
		Good: "https://www.twitch.tv/Shroud/videos?filter=all", Second: "@small_one",
		Troubled: map[string]networks.Kind{
			"banned": networks.NotFound, "deleted": networks.NotFound, "never_was": networks.NotFound,
			"id:1001": networks.NotFound, "id:999": networks.NotFound,
		},
		Invalid: []string{
			"_a", "a-b", "a.b", "@", "@@a", "twitch.tv", "https://www.twitch.tv/", "https://www.twitch.tv/directory/game/x", "https://clips.twitch.tv/a",
			"id:", "id:abc", "id:007", "ftp://twitch.tv/a", "https://twitch.tv.evil.example/a", "имя", "a_name_of_more_than_25_letters",
		},
		Account:    func(i int) string { return fmt.Sprintf("nobody_%d", i) },
		BatchLimit: 100,
	}
}

func TestConformance(t *testing.T) { networktest.Run(t, suite()) }

func TestConformanceByID(t *testing.T) {
	s := suite()
	s.Good, s.Second = "id:37402112", "id:19571641"
	s.Account = func(i int) string { return fmt.Sprintf("id:%d", 1_000_000+i) }
	networktest.Run(t, s)
}
