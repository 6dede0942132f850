package bluesky_test

import (
	"fmt"
	"strings"
	"testing"

	"collectord/networks"
	"collectord/networks/bluesky"
	"collectord/networks/networktest"
	"collectord/networks/sim"
)

// fill puts one account of every sort into w.
func fill(w *sim.World) {
	for _, a := range []sim.Account{
		{ID: "did:plc:z72i7hdynmk6r22z27h6tvur", Handle: "bsky.app", Name: "Bluesky", Followers: 31_234_567, Following: 11, Posts: 789, Verified: true},
		{ID: "did:plc:vovinwhtulbsx4mwfw26r5ni", Handle: "theguardian.com", Name: "The Guardian", Followers: 612_345, Following: 44, Posts: 20_100},
		{ID: "did:web:example.com", Handle: "web.example.com", Name: "By web", Followers: 4_004},
		{ID: "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa", Handle: "taken.bsky.social", Name: "Taken down", Followers: 5, State: sim.Suspended},
		{ID: "did:plc:bbbbbbbbbbbbbbbbbbbbbbbb", Handle: "off.bsky.social", Name: "Off", Followers: 6, State: sim.Deactivated},
		{ID: "did:plc:cccccccccccccccccccccccc", Handle: "gone.bsky.social", Name: "Gone", Followers: 7, State: sim.NotFound},
		{ID: "did:plc:dddddddddddddddddddddddd", Handle: "broken.example.net", Name: "Broken", Followers: 8_008, State: sim.BrokenHandle},
	} {
		a.Network, a.Type = "bluesky", networks.Person
		w.Add(a)
	}
}

func TestConformance(t *testing.T) {
	networktest.Run(t, networktest.Suite{
		Descriptor: bluesky.Descriptor(),
		Simulate:   sim.Bluesky,
		Fill:       fill,
		Good:       "https://bsky.app/profile/BSKY.app",
		Second:     "@theguardian.com",
		Troubled: map[string]networks.Kind{
			"nobody.bsky.social":               networks.NotFound,
			"gone.bsky.social":                 networks.NotFound,
			"off.bsky.social":                  networks.NotFound,
			"taken.bsky.social":                networks.Suspended,
			"did:plc:aaaaaaaaaaaaaaaaaaaaaaaa": networks.Suspended,
			"did:plc:eeeeeeeeeeeeeeeeeeeeeeee": networks.NotFound,
		},
		Invalid:    invalid(),
		Account:    func(i int) string { return fmt.Sprintf("nobody-%d.bsky.social", i) },
		BatchLimit: 25,
	})
}

// TestConformanceByDID runs the suite on accounts that are named by their DIDs.
func TestConformanceByDID(t *testing.T) {
	networktest.Run(t, networktest.Suite{
		Descriptor: bluesky.Descriptor(),
		Simulate:   sim.Bluesky,
		Fill:       fill,
		Good:       "bsky.app",
		Second:     "did:web:example.com",
		Troubled:   map[string]networks.Kind{"did:plc:bbbbbbbbbbbbbbbbbbbbbbbb": networks.NotFound},
		Account:    func(i int) string { return fmt.Sprintf("did:plc:%024d", i) },
		BatchLimit: 25,
	})
}

// invalid are references that are none.
func invalid() []string {
	return []string{
		"alice", "@", "@@bsky.app", "handle.invalid", "имя.рф", "a..b", ".a.b", "a.b.", "-a.bsky.social", "a-.bsky.social",
		"under_score.bsky.social", "a.b.1", "127.0.0.1", "bsky.social:443", strings.Repeat("a", 64) + ".bsky.social", strings.Repeat("a.", 130) + "com",
		"did:", "did:plc:", "did:key:zQ3sh", "did:plc:a b", "did:plc:abc:", "DID:PLC:abc", "did:plc:абв",
		"https://bsky.app", "https://bsky.app/", "https://bsky.app/profile/", "https://bsky.app/profile/bsky.app/post/3k", "https://bsky.app/search",
		"ftp://bsky.app/profile/bsky.app", "https://bsky.app.evil.example/profile/bsky.app", "https://x.com/bsky", "bsky.app/bsky.app", "at://",
	}
}
