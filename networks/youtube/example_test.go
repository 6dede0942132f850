package youtube_test

import (
	"context"
	"fmt"
	"net/http/httptest"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/sim"
	"collectord/networks/youtube"
)

// An API key, and the profile of a channel. The number is rounded by YouTube.
func Example() {
	world := sim.NewWorld(1)
	world.Add(sim.Account{
		Network: "youtube", ID: "UC_x5XG1OV2P6uZZ5FSM9Ttw", Handle: "GoogleDevelopers", Name: "Google for Developers",
		Type: networks.Channel, Followers: 2_471_234, Views: 331_793_078,
	})
	world.AllowToken("youtube", "AIza...")
	server := httptest.NewServer(sim.YouTube(world))
	defer server.Close()

	token := keychain.Token{Slot: "yt", Value: keychain.Bare("AIza...")}
	// Without BaseURL it asks www.googleapis.com.
	y := youtube.New(networks.Options{BaseURL: server.URL})

	profiles, err := networks.Fetch(context.Background(), y, token, map[string]string{"Google": "@GoogleDevelopers"})
	p := profiles["Google"]
	followers, _ := p.Followers.Get()
	views, _ := p.Views.Get()
	fmt.Println(p.ID, p.Nickname, p.Name, p.Link, followers, views, err)
	// Output:
	// UC_x5XG1OV2P6uZZ5FSM9Ttw googledevelopers Google for Developers https://www.youtube.com/@googledevelopers 2470000 331793078 <nil>
}
