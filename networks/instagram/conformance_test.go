package instagram_test

import (
	"fmt"
	"testing"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/instagram"
	"collectord/networks/networktest"
	"collectord/networks/sim"
)

const (
	brandID = "17841405309211844"
	secret  = "app-secret-" + networktest.Marker
	access  = "EAAG" + networktest.Marker
)

func fill(w *sim.World) {
	for _, a := range []sim.Account{
		{ID: brandID, Handle: "brand", Name: "Brand", Followers: 54_321, Following: 17, Posts: 99},
		{ID: "17841401441775531", Handle: "bluebottle", Name: "Blue Bottle", Followers: 267_788, Following: 2_345, Posts: 1_205},
		{ID: "17841400000000001", Handle: "ria.novosti_", Name: "РИА Новости", Followers: 75_645, Following: 31, Posts: 8_888},
		{ID: "17841400000000002", Handle: "personal", Followers: 12, State: sim.Private},
		{ID: "17841400000000003", Handle: "gone", Followers: 12, State: sim.NotFound},
	} {
		a.Network, a.Type = "instagram", networks.Person
		w.Add(a)
	}
}

func suite() networktest.Suite {
	return networktest.Suite{
		Descriptor: instagram.Descriptor(),
		Simulate:   sim.Instagram,
		Fill:       fill,
		Token: keychain.Token{Slot: "ig", Value: keychain.Mapping(map[string]string{
			"access_token": access, "ig_user_id": brandID, "app_secret": secret,
		})},
		Allow: func(w *sim.World) { w.AllowToken("instagram", access, brandID, secret) },
		Good:  "https://www.instagram.com/RIA.novosti_/?hl=en", Second: "@bluebottle",
		Troubled: map[string]networks.Kind{
			"personal": networks.NotFound, "gone": networks.NotFound, "never.was": networks.NotFound,
		},
		Invalid: []string{
			"dash-ed", "a)b", "a{b}", "a,b", "@", ".dot", "dot.", "id:123", "имя", "instagram.com/", "https://instagram.com/p/Cabc/",
			"https://instagram.com/", "ftp://instagram.com/a", "https://instagram.com.evil.example/a", "x123456789012345678901234567890",
		},
		Account:    func(i int) string { return fmt.Sprintf("nobody.%d", i) },
		BatchLimit: 50,
		ByNameOnly: true,
	}
}

func TestConformance(t *testing.T) { networktest.Run(t, suite()) }
