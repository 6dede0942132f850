package github_test

import (
	"context"
	"fmt"
	"net/http/httptest"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/github"
	"collectord/networks/sim"
)

// A personal access token, and the profiles of a user and an organisation.
func Example() {
	world := sim.NewWorld(1)
	world.Add(sim.Account{Network: "github", ID: "1024025", Handle: "torvalds", Name: "Linus Torvalds", Followers: 241_234})
	world.Add(sim.Account{Network: "github", ID: "4314092", Handle: "golang", Name: "Go", Followers: 33_210, State: sim.Organization})
	world.AllowToken("github", "ghp_...", "octocat")
	server := httptest.NewServer(sim.GitHub(world))
	defer server.Close()

	token := keychain.Token{Slot: "gh", Value: keychain.Bare("ghp_...")}
	// Without BaseURL it asks api.github.com.
	g := github.New(networks.Options{BaseURL: server.URL})

	report, err := g.(networks.Checker).Check(context.Background(), token)
	fmt.Println(report, err)

	profiles, err := networks.Fetch(context.Background(), g, token, map[string]string{
		"Linus": "torvalds",
		"Go":    "https://github.com/golang",
	})
	for _, label := range []string{"Linus", "Go"} {
		p := profiles[label]
		followers, _ := p.Followers.Get()
		fmt.Println(p.ID, p.Nickname, p.Name, p.Link, followers)
	}
	fmt.Println(err)
	// Output:
	// token of octocat, reads public profiles; GitHub tells no expiry <nil>
	// 1024025 torvalds Linus Torvalds https://github.com/torvalds 241234
	// 4314092 golang Go https://github.com/golang 33210
	// <nil>
}
