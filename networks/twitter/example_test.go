package twitter_test

import (
	"context"
	"fmt"
	"net/http/httptest"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/sim"
	"collectord/networks/twitter"
)

// The four keys of an app and a user, and the profile of an account.
func Example() {
	world := sim.NewWorld(1)
	world.Add(sim.Account{
		Network: "twitter", ID: "34262462", Handle: "ria_novosti", Name: "RIA Novosti", Type: networks.Person, Followers: 27772,
	})
	world.AllowToken("twitter", "Access token", "Consumer key", "Consumer secret", "Access token secret", "34262462")
	server := httptest.NewServer(sim.Twitter(world))
	defer server.Close()

	token := keychain.Token{Slot: "tw", Value: keychain.Mapping(map[string]string{
		"consumer_key":    "Consumer key",
		"consumer_secret": "Consumer secret",
		"access_token":    "Access token",
		"access_secret":   "Access token secret",
	})}
	// Without BaseURL it asks api.x.com.
	x := twitter.New(networks.Options{BaseURL: server.URL})

	report, err := x.(networks.Checker).Check(context.Background(), token)
	fmt.Println(report, err)

	profiles, err := networks.Fetch(context.Background(), x, token, map[string]string{"RIA Novosti": "ria_novosti"})
	p := profiles["RIA Novosti"]
	followers, _ := p.Followers.Get()
	fmt.Println(p.ID, p.Nickname, p.Name, p.Link, followers, err)
	// Output:
	// four keys of @ria_novosti, may read users <nil>
	// 34262462 ria_novosti RIA Novosti https://x.com/ria_novosti 27772 <nil>
}
