package facebook_test

import (
	"fmt"
	"testing"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/facebook"
	"collectord/networks/networktest"
	"collectord/networks/sim"
)

const (
	appID  = "1234567890"
	secret = "app-secret-" + networktest.Marker
	access = "EAAG" + networktest.Marker
)

func fill(w *sim.World) {
	for _, a := range []sim.Account{
		{ID: "54971236771", Handle: "NASA", Name: "NASA - National Aeronautics and Space Administration", Followers: 28_123_456, Likes: 25_654_321, Verified: true},
		{ID: "111052365588888", Handle: "ria.novosti", Name: "РИА Новости", Followers: 75_645, Likes: 74_001},
		{ID: "100064000000001", Handle: "closed.page", Name: "Closed", Followers: 12_345, State: sim.Suspended},
		{ID: "100000000000007", Handle: "some.person", Name: "Person", Followers: 12_346, Type: networks.Person},
	} {
		a.Network = "facebook"
		if a.Type == "" {
			a.Type = networks.Page
		}
		w.Add(a)
	}
	w.AllowToken("facebook", appID+"|"+secret, appID, secret)
}

func suite() networktest.Suite {
	return networktest.Suite{
		Descriptor: facebook.Descriptor(),
		Simulate:   sim.Facebook,
		Fill:       fill,
		Token: keychain.Token{Slot: "fb", Value: keychain.Mapping(map[string]string{
			"access_token": access, "app_id": appID, "app_secret": secret,
		})},
		Allow: func(w *sim.World) { w.AllowToken("facebook", access, appID, secret) },
		Good:  "https://www.facebook.com/NASA/?ref=page", Second: "@ria.novosti",
		Troubled: map[string]networks.Kind{
			"closed.page": networks.NotFound, "some.person": networks.NotFound, "never.was": networks.NotFound, "999999999": networks.NotFound,
		},
		Invalid: []string{
			"a(b", "a,b", "@", ".dot", "dot.", "a..b", "id:NASA", "id:", "имя", "0", "facebook.com", "facebook.com/", "https://facebook.com/",
			"https://www.facebook.com/groups/123", "https://www.facebook.com/profile.php", "https://www.facebook.com/profile.php?id=x",
			"https://www.facebook.com/watch/?v=1", "https://fb.com/sharer.php", "ftp://facebook.com/a", "https://facebook.com.evil.example/a",
		},
		Account:    func(i int) string { return fmt.Sprintf("nobody.%d", i) },
		BatchLimit: 50,
	}
}

func TestConformance(t *testing.T) { networktest.Run(t, suite()) }
