package vk_test

import (
	"context"
	"fmt"
	"net/http/httptest"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/sim"
	"collectord/networks/vk"
)

// What smapy's users know as VKontakteConnector(accounts, token).profiles().
func Example() {
	world := sim.NewWorld(1)
	world.AllowToken("vk", "your_valid_token")
	world.Add(sim.Account{
		Network: "vk", ID: "15755094", Handle: "ria", Name: "РИА Новости", Type: "page", Followers: 579277,
	})
	server := httptest.NewServer(sim.VK(world)) // leave BaseURL out to ask the real VK
	defer server.Close()

	v := vk.New(networks.Options{BaseURL: server.URL})
	token := keychain.Token{Slot: "vk", Value: keychain.Bare("your_valid_token")}
	profiles, err := networks.Fetch(context.Background(), v, token, map[string]string{"RIA Novosti": "ria"})
	if err != nil {
		fmt.Println(err)
	}
	for label, p := range profiles {
		followers, _ := p.Followers.Get()
		fmt.Println(label, followers, p.ID, p.Link, p.Name, p.Nickname, p.Type)
	}
	// Output: RIA Novosti 579277 15755094 https://vk.com/ria РИА Новости ria page
}
