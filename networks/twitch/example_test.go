package twitch_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/sim"
	"collectord/networks/twitch"
)

// An app's id and secret, the token that the keychain makes from them, and the
// profile of a channel.
func Example() {
	world := sim.NewWorld(1)
	world.Add(sim.Account{Network: "twitch", ID: "12826", Handle: "twitch", Name: "Twitch", Followers: 2_345_678, Verified: true})
	world.AllowToken("twitch", "clientid", "clientsecret")
	server := httptest.NewServer(sim.Twitch(world))
	defer server.Close()
	dir, err := os.MkdirTemp("", "keychain")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)

	// Without BaseURL and AuthURL it asks api.twitch.tv and id.twitch.tv.
	n := twitch.New(networks.Options{BaseURL: server.URL, AuthURL: server.URL})
	keys, err := keychain.Open(keychain.Options{
		Dir: dir, Formats: twitch.Descriptor().Slots, Refreshers: n.(networks.Renewer).Refreshers(),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer keys.Close()
	err = keys.Assign("tc", keychain.Mapping(map[string]string{"client_id": "clientid", "client_secret": "clientsecret"}))
	fmt.Println("assign:", err)
	outcomes, err := keys.Autocomplete(context.Background())
	fmt.Println("autocomplete:", outcomes, err)

	token, _ := keys.Token("tc")
	profiles, err := networks.Fetch(context.Background(), n, token, map[string]string{"Twitch": "https://www.twitch.tv/twitch"})
	p := profiles["Twitch"]
	followers, _ := p.Followers.Get()
	fmt.Println(p.ID, p.Nickname, p.Name, p.Link, followers, err)
	// Output:
	// assign: <nil>
	// autocomplete: [{tc <nil>}] <nil>
	// 12826 twitch Twitch https://www.twitch.tv/twitch 2345678 <nil>
}
