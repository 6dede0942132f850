package odnoklassniki_test

import (
	"context"
	"fmt"
	"net/http/httptest"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/odnoklassniki"
	"collectord/networks/sim"
)

// A token with its app, and the members of a group.
func Example() {
	world := sim.NewWorld(1)
	world.Add(sim.Account{
		Network: "odnoklassniki", ID: "53038939046008", Handle: "apiok", Name: "API OK", Type: networks.Group, Followers: 30120,
	})
	world.AllowToken("odnoklassniki", "access token", "public key", "secret key")
	server := httptest.NewServer(sim.Odnoklassniki(world))
	defer server.Close()

	token := keychain.Token{Slot: "ok", Value: keychain.Mapping(map[string]string{
		"app_key": "public key", "app_secret": "secret key", "access_token": "access token",
	})}
	// Without BaseURL it asks api.ok.ru.
	ok := odnoklassniki.New(networks.Options{BaseURL: server.URL})

	report, err := ok.(networks.Checker).Check(context.Background(), token)
	fmt.Println(report, err)

	profiles, err := networks.Fetch(context.Background(), ok, token, map[string]string{"API": "https://ok.ru/apiok"})
	p := profiles["API"]
	followers, _ := p.Followers.Get()
	fmt.Println(p.ID, p.Nickname, p.Name, p.Type, followers, err)
	// Output:
	// may read groups <nil>
	// 53038939046008 apiok API OK group 30120 <nil>
}
