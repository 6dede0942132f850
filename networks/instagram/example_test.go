package instagram_test

import (
	"context"
	"fmt"
	"net/http/httptest"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/instagram"
	"collectord/networks/sim"
)

func world() *sim.World {
	w := sim.NewWorld(1)
	for _, a := range []sim.Account{
		{ID: "17841405309211844", Handle: "brand", Name: "Brand", Followers: 54321},
		{ID: "17841400040148843", Handle: "ria_novosti", Name: "РИА Новости", Followers: 75645},
	} {
		a.Network, a.Type = "instagram", networks.Person
		w.Add(a)
	}
	w.AllowToken("instagram", "IGAA...", "17841405309211844")
	w.AllowToken("instagram", "EAAG...", "17841405309211844", "app secret")
	return w
}

// Business Discovery: the profile of any professional account.
func Example() {
	server := httptest.NewServer(sim.Instagram(world()))
	defer server.Close()

	token := keychain.Token{Slot: "ig", Value: keychain.Mapping(map[string]string{
		"access_token": "EAAG...",
		"ig_user_id":   "17841405309211844",
		"app_secret":   "app secret",
	})}
	// Without BaseURL it asks graph.facebook.com.
	i := instagram.New(networks.Options{BaseURL: server.URL})
	profiles, err := networks.Fetch(context.Background(), i, token, map[string]string{"RIA Novosti": "ria_novosti"})
	p := profiles["RIA Novosti"]
	followers, _ := p.Followers.Get()
	fmt.Println(p.ID, p.Nickname, p.Name, p.Link, followers, err)
	// Output:
	// 17841400040148843 ria_novosti РИА Новости https://www.instagram.com/ria_novosti/ 75645 <nil>
}

// Instagram Login: the token's own account, and nobody else's.
func Example_login() {
	server := httptest.NewServer(sim.Instagram(world()))
	defer server.Close()

	token := keychain.Token{Slot: "ig:brand", Value: keychain.Bare("IGAA...")}
	i := instagram.New(networks.Options{BaseURL: server.URL})
	profiles, err := networks.Fetch(context.Background(), i, token, map[string]string{"Our brand": "me", "RIA Novosti": "ria_novosti"})
	followers, _ := profiles["Our brand"].Followers.Get()
	fmt.Println(profiles["Our brand"].Nickname, followers)
	fmt.Println(err)
	// Output:
	// brand 54321
	// RIA Novosti: instagram: me: not found: the token belongs to another account
}
