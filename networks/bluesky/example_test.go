package bluesky_test

import (
	"context"
	"fmt"
	"net/http/httptest"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/bluesky"
	"collectord/networks/sim"
)

// Profiles of Bluesky need no token. The simulator stands in for the network here.
func Example() {
	world := sim.NewWorld(1)
	world.Add(sim.Account{
		Network: "bluesky", ID: "did:plc:z72i7hdynmk6r22z27h6tvur", Handle: "bsky.app", Name: "Bluesky", Followers: 31_234_567,
	})
	server := httptest.NewServer(sim.Bluesky(world))
	defer server.Close()

	network := bluesky.New(networks.Options{BaseURL: server.URL})
	profiles, err := networks.Fetch(context.Background(), network, keychain.Token{}, map[string]string{
		"Bluesky": "https://bsky.app/profile/bsky.app",
		"Nobody":  "nobody.bsky.social",
	})
	p := profiles["Bluesky"]
	followers, _ := p.Followers.Get()
	fmt.Println(p.Nickname, followers, p.Link)
	fmt.Println(err)
	// Output:
	// bsky.app 31234567 https://bsky.app/profile/bsky.app
	// Nobody: bluesky: app.bsky.actor.getProfile: code InvalidRequest: not found: Profile not found
}
