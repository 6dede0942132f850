package twitter_test

import (
	"fmt"
	"testing"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/networktest"
	"collectord/networks/sim"
	"collectord/networks/twitter"
)

func fill(w *sim.World) {
	for _, a := range []sim.Account{
		{ID: "34262462", Handle: "ria_novosti", Name: "РИА Новости", Followers: 2_777_215, Following: 12, Posts: 345_678, Verified: true},
		{ID: "2244994945", Handle: "XDevelopers", Name: "X Developers", Followers: 583_423, Following: 2048, Posts: 14_052},
		{ID: "1001", Handle: "banned", Name: "Banned", Followers: 5, State: sim.Suspended},
		{ID: "1002", Handle: "deleted", Name: "Deleted", Followers: 5, State: sim.NotFound},
		{ID: "1003", Handle: "12345", Name: "Digits", Followers: 77_777},
		{ID: "1004", Handle: "shy", Name: "Shy", Followers: 4_321, State: sim.Private},
	} {
		a.Network, a.Type = "twitter", networks.Person
		w.Add(a)
	}
}

func suite() networktest.Suite {
	return networktest.Suite{
		Descriptor: twitter.Descriptor(),
		Simulate:   sim.Twitter,
		Fill:       fill,
		Token: keychain.Token{Slot: "tw", Value: keychain.Mapping(map[string]string{
			"consumer_key": "key-" + networktest.Marker, "consumer_secret": "cs+/&=%-" + networktest.Marker,
			"access_token": "34262462-" + networktest.Marker, "access_secret": "as ~*'-" + networktest.Marker,
		})},
		Allow: func(w *sim.World) {
			w.AllowToken("twitter", "34262462-"+networktest.Marker,
				"key-"+networktest.Marker, "cs+/&=%-"+networktest.Marker, "as ~*'-"+networktest.Marker, "34262462")
		},
		Good: "https://twitter.com/RIA_Novosti", Second: "@XDevelopers",
		Troubled: map[string]networks.Kind{
			"banned": networks.Suspended, "deleted": networks.NotFound, "never_was": networks.NotFound,
			"id:1001": networks.Suspended, "id:999": networks.NotFound,
		},
		Invalid: []string{
			"sixteen_letters_", "dash-ed", "dot.ted", "@", "@@a", "x.com", "https://x.com/", "https://x.com/i/user/", "https://x.com/home",
			"id:", "id:abc", "id:12345678901234567890", "id:007", "ftp://x.com/a", "https://x.com.evil.example/a", "имя",
		},
		Account:    func(i int) string { return fmt.Sprintf("nobody_%d", i) },
		BatchLimit: 100,
	}
}

func TestConformance(t *testing.T) { networktest.Run(t, suite()) }

func TestConformanceBearer(t *testing.T) {
	s := suite()
	s.Token = keychain.Token{Slot: "tw:app", Value: keychain.Mapping(map[string]string{"bearer_token": "AAAA%2F%3D" + networktest.Marker})}
	s.Allow = func(w *sim.World) { w.AllowToken("twitter", "AAAA%2F%3D"+networktest.Marker) }
	networktest.Run(t, s)
}

// TestConformanceApp: an app whose bearer token is made.
func TestConformanceApp(t *testing.T) {
	s := suite()
	const key, secret, made = "key-" + networktest.Marker, "cs+/&=%-" + networktest.Marker, "AAAA%2F%3D" + networktest.Marker
	s.Token = keychain.Token{Slot: "tw", Value: keychain.Mapping(map[string]string{
		"consumer_key": key, "consumer_secret": secret, "bearer_token": made,
	})}
	s.Allow = func(w *sim.World) {
		w.XApp(key, secret)
		w.AllowToken("twitter", made, "app", key)
	}
	networktest.Run(t, s)
}

// TestConformanceUser: a user's token of OAuth 2.
func TestConformanceUser(t *testing.T) {
	s := suite()
	const access = "access-" + networktest.Marker
	s.Token = keychain.Token{Slot: "tw", Value: keychain.Mapping(map[string]string{
		"client_id": "client-" + networktest.Marker, "client_secret": "secret-" + networktest.Marker,
		"access_token": access, "refresh_token": "refresh-" + networktest.Marker, "expires_at": "2100-01-01T00:00:00Z",
	})}
	s.Allow = func(w *sim.World) { w.AllowToken("twitter", access, "user", "client-"+networktest.Marker, "34262462") }
	networktest.Run(t, s)
}
