package tiktok_test

import (
	"fmt"
	"testing"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/networktest"
	"collectord/networks/sim"
	"collectord/networks/tiktok"
)

const brandID = "-000brand_Open-Id"

func fill(w *sim.World) {
	for _, a := range []sim.Account{
		{ID: brandID, Handle: "brand.co_", Name: "Бренд", Followers: 54_321, Following: 12, Posts: 345, Likes: 678_901, Verified: true},
		{ID: "-000rival", Handle: "rival", Name: "Rival", Followers: 77_777},
	} {
		a.Network, a.Type = "tiktok", networks.Person
		w.Add(a)
	}
}

func suite() networktest.Suite {
	const access = "act." + networktest.Marker
	return networktest.Suite{
		Descriptor: tiktok.Descriptor(),
		Simulate:   sim.TikTok,
		Fill:       fill,
		Token: keychain.Token{Slot: "tt:brand", Value: keychain.Mapping(map[string]string{
			"client_key": "key" + networktest.Marker, "client_secret": "secret" + networktest.Marker,
			"refresh_token": "rft." + networktest.Marker, "access_token": access,
		})},
		Allow: func(w *sim.World) { w.AllowToken("tiktok", access, brandID) },
		Own:   true,
		Good:  "https://www.tiktok.com/@Brand.co_?lang=en", Second: "id:" + brandID,
		Troubled: map[string]networks.Kind{
			"rival": networks.NotFound, "never.was": networks.NotFound, "id:-000rival": networks.NotFound,
		},
		Invalid: []string{
			"a", "dash-ed", "dot.", "@", "имя", "id:", "id:a b", "tiktok.com", "https://www.tiktok.com/", "https://www.tiktok.com/foryou",
			"https://www.tiktok.com/t/ZT8abc/", "https://vm.tiktok.com/ZM8abc/", "ftp://tiktok.com/@a", "https://tiktok.com.evil.example/@abc", "x1234567890123456789012345",
		},
		Account:    func(i int) string { return fmt.Sprintf("nobody.%d", i) },
		BatchLimit: 100,
	}
}

func TestConformance(t *testing.T) { networktest.Run(t, suite()) }
