package mastodon_test

import (
	"context"
	"fmt"
	"net/http/httptest"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/mastodon"
	"collectord/networks/sim"
)

// Profiles of Mastodon need no token. One simulator stands in for all servers here;
// without BaseURL each account is asked at its own.
func Example() {
	world := sim.NewWorld(1)
	world.Add(sim.Account{Network: "mastodon", ID: "1", Handle: "Gargron", Host: "mastodon.social", Name: "Eugen Rochko", Followers: 361_234})
	server := httptest.NewServer(sim.Mastodon(world))
	defer server.Close()

	network := mastodon.New(networks.Options{BaseURL: server.URL})
	profiles, err := networks.Fetch(context.Background(), network, keychain.Token{}, map[string]string{
		"Eugen":  "https://mastodon.social/@Gargron",
		"Nobody": "nobody@fosstodon.org",
	})
	p := profiles["Eugen"]
	followers, _ := p.Followers.Get()
	fmt.Println(p.Nickname, followers, p.Link)
	fmt.Println(err)
	// Output:
	// Gargron@mastodon.social 361234 https://mastodon.social/@Gargron
	// Nobody: mastodon: accounts/lookup: code http 404: not found: Record not found
}
