package livejournal_test

import (
	"context"
	"fmt"
	"net/http/httptest"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/livejournal"
	"collectord/networks/sim"
)

// A journal and a community, without a token.
func Example() {
	world := sim.NewWorld(1)
	for _, a := range []sim.Account{
		{ID: "tema", Handle: "tema", Type: networks.Person, Followers: 1234},
		{ID: "ru_auto", Handle: "ru_auto", Type: networks.Group, Followers: 567},
	} {
		a.Network = "livejournal"
		world.Add(a)
	}
	server := httptest.NewServer(sim.LiveJournal(world))
	defer server.Close()

	// Without BaseURL it asks www.livejournal.com, which wants to know whom to write to.
	lj := livejournal.New(networks.Options{BaseURL: server.URL, UserAgent: "example/1 (somebody@example.com)"})
	profiles, err := networks.Fetch(context.Background(), lj, keychain.Token{}, map[string]string{
		"Tema": "tema", "Cars": "https://ru-auto.livejournal.com/",
	})
	for _, label := range []string{"Tema", "Cars"} {
		p := profiles[label]
		readers, _ := p.Followers.Get()
		fmt.Println(p.Type, p.Nickname, p.Link, readers)
	}
	fmt.Println(err)
	// Output:
	// person tema https://tema.livejournal.com/ 1234
	// group ru_auto https://ru-auto.livejournal.com/ 567
	// <nil>
}
