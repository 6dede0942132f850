package networks_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/all"
	"collectord/networks/sim"
)

// The three questions that a network answers. Any of those that package all lists is
// asked like this; a simulator stands in for VK here.
func Example() {
	world := sim.NewWorld(1)
	world.AllowToken("vk", "your_valid_token")
	world.Add(sim.Account{Network: "vk", ID: "1", Handle: "durov", Name: "Pavel Durov", Type: networks.Person, Followers: 12_000_000})
	world.Add(sim.Account{Network: "vk", ID: "15755094", Handle: "ria", Name: "RIA Novosti", Type: networks.Page, Followers: 3_100_000})
	server := httptest.NewServer(all.Simulators()["vk"](world))
	defer server.Close()

	vk, _ := all.Find("vk")
	network := vk.New(networks.Options{BaseURL: server.URL}) // without BaseURL it asks VK itself
	token := keychain.Token{Slot: "vk", Value: keychain.Bare("your_valid_token")}

	var refs []networks.Ref
	for _, account := range []string{"https://vk.com/id1", "https://vk.com/club15755094"} {
		ref, err := network.Parse(account)
		fmt.Printf("%s %s %v\n", ref.Kind, ref.ID, err)
		refs = append(refs, ref)
	}
	for _, batch := range network.Plan(refs) { // users with users, groups with groups
		results, err := network.Profiles(context.Background(), token, batch)
		fmt.Println(batch.Op, len(results), err)
		for _, r := range results {
			followers, known := r.Profile.Followers.Get()
			fmt.Println(r.Profile.Nickname, r.Profile.Type, followers, known)
		}
	}
	// Output:
	// user 1 <nil>
	// group 15755094 <nil>
	// users.get 1 <nil>
	// durov person 12000000 true
	// groups.getById 1 <nil>
	// ria page 3100000 true
}

// The quick way, and what is told of accounts that have no count: the Kind of an Error
// is there to be acted on, its text to be read.
func ExampleFetch() {
	world := sim.NewWorld(1)
	world.Add(sim.Account{Network: "bluesky", ID: "did:plc:z72i7hdynmk6r22z27h6tvur", Handle: "bsky.app", Followers: 31_234_567})
	server := httptest.NewServer(sim.Bluesky(world))
	defer server.Close()

	bluesky, _ := all.Find("bluesky")
	network := bluesky.New(networks.Options{BaseURL: server.URL})
	profiles, err := networks.Fetch(context.Background(), network, keychain.Token{}, map[string]string{
		"Bluesky": "bsky.app",
		"Nobody":  "nobody.bsky.social",
	})
	for label, p := range profiles {
		fmt.Println(label, p.ID)
	}
	var e *networks.Error
	if errors.As(err, &e) {
		fmt.Println(e.Kind, e.Kind.OfAccount())
	}
	// Output:
	// Bluesky did:plc:z72i7hdynmk6r22z27h6tvur
	// not found true
}
