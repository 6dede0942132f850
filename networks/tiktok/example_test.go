package tiktok_test

import (
	"context"
	"fmt"
	"net/http/httptest"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/sim"
	"collectord/networks/tiktok"
)

// An app and the refresh token of a login; the access token is made of them.
func Example() {
	world := sim.NewWorld(1)
	world.Add(sim.Account{Network: "tiktok", ID: "-000a1b2c", Handle: "brand", Name: "Brand", Type: networks.Person, Followers: 54321, Likes: 987654})
	world.AllowToken("tiktok", "rft.1", "client key", "client secret", "-000a1b2c")
	server := httptest.NewServer(sim.TikTok(world))
	defer server.Close()

	// Without BaseURL and AuthURL it asks open.tiktokapis.com.
	tt := tiktok.New(networks.Options{BaseURL: server.URL, AuthURL: server.URL})
	token := keychain.Token{Slot: "tt:brand", Value: keychain.Mapping(map[string]string{
		"client_key": "client key", "client_secret": "client secret", "refresh_token": "rft.1",
	})}
	// A keychain.KeyChain does this by itself, and saves what comes.
	fresh, err := tt.(networks.Renewer).Refreshers()["tt"].Refresh(context.Background(), token)
	if err != nil {
		fmt.Println(err)
		return
	}
	token.Value = fresh.Value

	profiles, err := networks.Fetch(context.Background(), tt, token, map[string]string{"Our brand": "me"})
	p := profiles["Our brand"]
	followers, _ := p.Followers.Get()
	likes, _ := p.Likes.Get()
	fmt.Println(p.Nickname, p.Name, p.Link, followers, likes, err)
	// Output:
	// brand Brand https://www.tiktok.com/@brand 54321 987654 <nil>
}
