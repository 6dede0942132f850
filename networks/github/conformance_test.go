package github_test

import (
	"fmt"
	"testing"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/github"
	"collectord/networks/networktest"
	"collectord/networks/sim"
)

const bearer = "ghp_" + networktest.Marker

func fill(w *sim.World) {
	for _, a := range []sim.Account{
		{ID: "1024025", Handle: "torvalds", Name: "Linus Torvalds", Followers: 241_234, Following: 3},
		{ID: "583231", Handle: "octocat", Name: "The Octocat", Followers: 18_765, Following: 9},
		{ID: "4314092", Handle: "golang", Name: "Go", Followers: 33_210, State: sim.Organization},
		{ID: "9919", Handle: "GitHub", Name: "GitHub", Followers: 56_789, State: sim.Organization},
		{ID: "1001", Handle: "banned", Followers: 5, State: sim.Suspended},
		{ID: "1002", Handle: "deleted", Followers: 5, State: sim.NotFound},
	} {
		a.Network, a.Type = "github", networks.Person
		w.Add(a)
	}
}

func suite() networktest.Suite {
	return networktest.Suite{
		Descriptor: github.Descriptor(),
		Simulate:   sim.GitHub,
		Fill:       fill,
		Token:      keychain.Token{Slot: "gh", Value: keychain.Bare(bearer)},
		Allow:      func(w *sim.World) { w.AllowToken("github", bearer, "octocat", "2027-01-31 12:00:00 UTC") },
		Good:       "https://github.com/Torvalds?tab=repositories", Second: "@octocat",
		Troubled: map[string]networks.Kind{
			"banned": networks.NotFound, "deleted": networks.NotFound, "never-was": networks.NotFound,
			"id:1001": networks.NotFound, "id:999": networks.NotFound,
		},
		Invalid: []string{
			"-a", "a.b", "a_b!", "@", "@@a", "a/b", `a"b`, "github.com", "https://github.com/", "https://github.com/settings", "https://github.com/orgs/",
			"id:", "id:abc", "id:007", "id:12345678901234567890", "ftp://github.com/a", "https://gist.github.com/a", "https://github.com.evil.example/a", "имя",
			"a-name-of-more-than-thirty-nine-letters-", "dependabot[bot]",
		},
		Account:    func(i int) string { return fmt.Sprintf("nobody-%d", i) },
		BatchLimit: 100,
	}
}

func TestConformance(t *testing.T) { networktest.Run(t, suite()) }

// TestConformanceOfOrganisations has accounts that cost a second request at first.
func TestConformanceOfOrganisations(t *testing.T) {
	s := suite()
	s.Good, s.Second = "https://github.com/orgs/golang/people", "GitHub"
	networktest.Run(t, s)
}

// TestConformanceByID has accounts that the config names by id alone.
func TestConformanceByID(t *testing.T) {
	s := suite()
	s.Good, s.Second = "id:1024025", "id:4314092"
	s.Account, s.BatchLimit = func(i int) string { return fmt.Sprintf("id:%d", i+1) }, 1
	networktest.Run(t, s)
}
