package odnoklassniki_test

import (
	"fmt"
	"testing"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/networktest"
	"collectord/networks/odnoklassniki"
	"collectord/networks/sim"
)

func fill(w *sim.World) {
	for _, a := range []sim.Account{
		{ID: "53038939046008", Handle: "apiok", Name: "API OK", Followers: 123_456},
		{ID: "51745210433673", Handle: "ria.novosti", Name: "РИА Новости", Followers: 2_345_678},
		{ID: "1001", Handle: "closed", Followers: 5, State: sim.Suspended},
		{ID: "1002", Handle: "deleted", Followers: 5, State: sim.NotFound},
		{ID: "1003", Handle: "somebody", Followers: 5, Type: networks.Person},
	} {
		a.Network = "odnoklassniki"
		if a.Type == "" {
			a.Type = networks.Group
		}
		w.Add(a)
	}
}

func suite() networktest.Suite {
	const access, key, secret = "tkn1" + networktest.Marker, "KEY" + networktest.Marker, "SECRET+/=" + networktest.Marker
	return networktest.Suite{
		Descriptor: odnoklassniki.Descriptor(),
		Simulate:   sim.Odnoklassniki,
		Fill:       fill,
		Token: keychain.Token{Slot: "ok", Value: keychain.Mapping(map[string]string{
			"app_key": key, "app_secret": secret, "access_token": access,
		})},
		Allow: func(w *sim.World) { w.AllowToken("odnoklassniki", access, key, secret) },
		Good:  "https://ok.ru/group/51745210433673", Second: "53038939046008",
		Troubled: map[string]networks.Kind{
			"1001": networks.NotFound, "1002": networks.NotFound, "999": networks.NotFound,
			"closed": networks.NotFound, "never-was": networks.NotFound, "somebody": networks.NotFound,
		},
		Invalid: []string{
			"id:", "id:0", "007", "0", "12345678901234567890", "-a", "a-", "@", "имя", "a/b", "ok.ru", "https://ok.ru/", "https://ok.ru/feed",
			"https://ok.ru/profile/123", "https://ok.ru/group/abc", "ftp://ok.ru/a", "https://ok.ru.evil.example/a", "a,b", "a&b",
		},
		Account:    func(i int) string { return fmt.Sprint(7_000_000 + i) },
		BatchLimit: 100,
	}
}

func TestConformance(t *testing.T) { networktest.Run(t, suite()) }

// TestConformanceByName has each group looked up by its address first.
func TestConformanceByName(t *testing.T) {
	s := suite()
	s.Good, s.Second = "https://m.ok.ru/RIA.Novosti?st=1", "apiok"
	s.Account = func(i int) string { return fmt.Sprintf("nobody-%d", i) }
	s.BatchLimit = 1
	networktest.Run(t, s)
}
