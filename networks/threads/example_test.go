package threads_test

import (
	"context"
	"fmt"
	"net/http/httptest"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/sim"
	"collectord/networks/threads"
)

// The token's own account, and nobody else's.
func Example() {
	world := sim.NewWorld(1)
	world.Add(sim.Account{
		Network: "threads", ID: "17841405309211844", Handle: "brand", Name: "Brand", Type: networks.Person, Followers: 54321,
	})
	world.AllowToken("threads", "THAA...", "17841405309211844")
	server := httptest.NewServer(sim.Threads(world))
	defer server.Close()

	token := keychain.Token{Slot: "th:brand", Value: keychain.Bare("THAA...")}
	// Without BaseURL it asks graph.threads.net.
	n := threads.New(networks.Options{BaseURL: server.URL})

	report, err := n.(networks.Checker).Check(context.Background(), token)
	fmt.Println(report, err)

	profiles, err := networks.Fetch(context.Background(), n, token, map[string]string{"Our brand": "me", "Rival": "@rival"})
	p := profiles["Our brand"]
	followers, _ := p.Followers.Get()
	fmt.Println(p.ID, p.Nickname, p.Name, p.Link, followers)
	fmt.Println(err)
	// Output:
	// token of @brand, reads the followers of this account alone <nil>
	// 17841405309211844 brand Brand https://www.threads.com/@brand 54321
	// Rival: threads: me: not found: the token belongs to another account
}
