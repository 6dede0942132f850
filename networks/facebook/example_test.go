package facebook_test

import (
	"context"
	"fmt"
	"net/http/httptest"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/facebook"
	"collectord/networks/sim"
)

// A token with its app, and the profile of a Page.
func Example() {
	world := sim.NewWorld(1)
	world.Add(sim.Account{
		Network: "facebook", ID: "111052365588888", Handle: "ria.novosti", Name: "РИА Новости", Type: networks.Page, Followers: 75645, Likes: 74001,
	})
	world.AllowToken("facebook", "EAAG...", "1234567890", "app secret")
	world.AllowToken("facebook", "1234567890|app secret")
	server := httptest.NewServer(sim.Facebook(world))
	defer server.Close()

	token := keychain.Token{Slot: "fb", Value: keychain.Mapping(map[string]string{
		"access_token": "EAAG...",
		"app_id":       "1234567890",
		"app_secret":   "app secret",
	})}
	// Without BaseURL it asks graph.facebook.com.
	f := facebook.New(networks.Options{BaseURL: server.URL})

	report, err := f.(networks.Checker).Check(context.Background(), token)
	fmt.Println(report, err)

	profiles, err := networks.Fetch(context.Background(), f, token, map[string]string{"RIA Novosti": "https://www.facebook.com/ria.novosti"})
	p := profiles["RIA Novosti"]
	followers, _ := p.Followers.Get()
	likes, _ := p.Likes.Get()
	fmt.Println(p.ID, p.Type, p.Nickname, p.Name, p.Link, followers, likes, err)
	// Output:
	// user token of the app "Simulated App", scopes pages_read_engagement, pages_show_list, does not expire <nil>
	// 111052365588888 page ria.novosti РИА Новости https://www.facebook.com/ria.novosti 75645 74001 <nil>
}
