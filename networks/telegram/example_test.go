package telegram_test

import (
	"context"
	"fmt"
	"net/http/httptest"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/sim"
	"collectord/networks/telegram"
)

// A bot's token, and the subscribers of a channel.
func Example() {
	world := sim.NewWorld(1)
	world.Add(sim.Account{
		Network: "telegram", ID: "-1001006503122", Handle: "durov", Name: "Pavel Durov", Type: networks.Channel, Followers: 11234567,
	})
	world.AllowToken("telegram", "123456:ABC-DEF")
	server := httptest.NewServer(sim.Telegram(world))
	defer server.Close()

	token := keychain.Token{Slot: "tg", Value: keychain.Bare("123456:ABC-DEF")}
	// Without BaseURL it asks api.telegram.org.
	tg := telegram.New(networks.Options{BaseURL: server.URL})

	profiles, err := networks.Fetch(context.Background(), tg, token, map[string]string{"Durov": "https://t.me/durov"})
	p := profiles["Durov"]
	followers, _ := p.Followers.Get()
	fmt.Println(p.ID, p.Nickname, p.Name, p.Type, followers, err)
	// Output:
	// -1001006503122 durov Pavel Durov channel 11234567 <nil>
}
