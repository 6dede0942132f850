package reddit_test

import (
	"context"
	"fmt"
	"net/http/httptest"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/reddit"
	"collectord/networks/sim"
)

// An app's id and secret, its token made from them by hand, and the profile of a
// community. A keychain with the network's Refreshers makes the token by itself.
func Example() {
	world := sim.NewWorld(1)
	world.Add(sim.Account{Network: "reddit", ID: "t5_2rc7j", Handle: "golang", Name: "The Go Programming Language", Type: networks.Group, Followers: 312_345})
	world.AllowToken("reddit", "client id", "client secret")
	server := httptest.NewServer(sim.Reddit(world))
	defer server.Close()

	app := keychain.Token{Slot: "rd", Value: keychain.Mapping(map[string]string{
		"client_id":     "client id",
		"client_secret": "client secret",
	})}
	// Without BaseURL and AuthURL it asks oauth.reddit.com and www.reddit.com. The
	// User-Agent names your program: Reddit wants one of its own.
	n := reddit.New(networks.Options{BaseURL: server.URL, AuthURL: server.URL, UserAgent: "linux:my.program:v1 (by /u/me)"})
	fresh, err := n.(networks.Renewer).Refreshers()["rd"].Refresh(context.Background(), app)
	if err != nil {
		fmt.Println(err)
		return
	}
	profiles, err := networks.Fetch(context.Background(), n, keychain.Token{Slot: "rd", Value: fresh.Value}, map[string]string{
		"Go": "r/golang",
	})
	p := profiles["Go"]
	followers, _ := p.Followers.Get()
	fmt.Println(p.ID, p.Nickname, p.Name, p.Link, followers, err)
	// Output:
	// t5_2rc7j golang The Go Programming Language https://www.reddit.com/r/golang/ 312345 <nil>
}
