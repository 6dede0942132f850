package vk_test

import (
	"fmt"
	"testing"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/networktest"
	"collectord/networks/sim"
	"collectord/networks/vk"
)

const secret = "vk1.a." + networktest.Marker

func token() keychain.Token {
	return keychain.Token{Slot: "vk", Value: keychain.Bare(secret)}
}

// fill puts one account of every sort into w.
func fill(w *sim.World) {
	for _, a := range []sim.Account{
		{ID: "15755094", Handle: "ria", Name: "RIA Novosti", Type: "page", Followers: 579277, Verified: true},
		{ID: "1", Handle: "durov", Name: "Pavel Durov", Type: "person", Followers: 6001234, Verified: true},
		{ID: "1", Handle: "apiclub", Name: "VK API", Type: "group", Followers: 411222},
		{ID: "2", Name: "No Name", Type: "person", Followers: 3003},
		{ID: "3", Handle: "closed_person", Name: "Closed Person", Type: "person", Followers: 5555, State: sim.Private},
		{ID: "4", Handle: "deleted_person", Name: "Deleted Person", Type: "person", State: sim.NotFound},
		{ID: "5", Handle: "banned_person", Name: "Banned Person", Type: "person", State: sim.Suspended},
		{ID: "6", Handle: "hidden_person", Name: "Hidden Person", Type: "person", State: sim.Hidden},
		{ID: "7", Handle: "closed_group", Name: "Closed Group", Type: "group", Followers: 7777, State: sim.Private},
		{ID: "8", Handle: "banned_group", Name: "Banned Group", Type: "group", State: sim.Suspended},
		{ID: "9", Handle: "some.event", Name: "Some Event", Type: "event", Followers: 9999},
	} {
		a.Network = "vk"
		w.Add(a)
	}
}

func suite() networktest.Suite {
	return networktest.Suite{
		Descriptor: vk.Descriptor(),
		Simulate:   sim.VK,
		Fill:       fill,
		Token:      token(),
		Allow:      func(w *sim.World) { w.AllowToken("vk", secret) },
		Good:       "https://vk.com/durov",
		Second:     "@ria",
		Troubled: map[string]networks.Kind{
			"nobody_at_all":  networks.NotFound,
			"id999999":       networks.NotFound,
			"club999999":     networks.NotFound,
			"closed_person":  networks.Private,
			"deleted_person": networks.NotFound,
			"banned_person":  networks.Suspended,
			"hidden_person":  networks.Hidden,
			"club7":          networks.Private,
			"public8":        networks.Suspended,
		},
		Invalid:    []string{"1", "-0", "id0", "id007", "vk.com", "https://vk.com/", "https://vk.com/a/b", "имя", "id99999999999999999999", "wall-1_2", "https://twitter.com/ria"},
		Account:    func(i int) string { return fmt.Sprintf("id%d", i+1000) },
		BatchLimit: 1000,
		Lenient:    true,
	}
}

func TestConformance(t *testing.T) { networktest.Run(t, suite()) }

func TestConformanceOfACommunity(t *testing.T) {
	s := suite()
	s.Good, s.Second = "public15755094", "club1"
	s.Fill = func(w *sim.World) {
		fill(w)
		w.Remove("vk", "durov") // the suite finds simulated accounts by number here
	}
	s.Account = func(i int) string { return fmt.Sprintf("-%d", i+1000) }
	s.BatchLimit = 500
	networktest.Run(t, s)
}

func TestConformanceWherePoisoned(t *testing.T) {
	s := suite()
	s.Simulate = sim.VKPoisoned
	networktest.Run(t, s)
}

func TestConformanceWithVKID(t *testing.T) {
	s := suite()
	s.Token.Value = keychain.Mapping(map[string]string{
		"client_id": "51", "access_token": secret, "refresh_token": "r." + networktest.Marker, "device_id": "d." + networktest.Marker,
	})
	networktest.Run(t, s)
}
