package mastodon_test

import (
	"fmt"
	"strings"
	"testing"

	"collectord/networks"
	"collectord/networks/mastodon"
	"collectord/networks/networktest"
	"collectord/networks/sim"
)

// fill puts one account of every sort into w.
func fill(w *sim.World) {
	for _, a := range []sim.Account{
		{ID: "1", Handle: "Gargron", Host: "mastodon.social", Name: "Eugen Rochko", Followers: 361_234, Following: 655, Posts: 80_765},
		{ID: "13179", Handle: "Mastodon", Host: "mastodon.social", Name: "Mastodon", Followers: 841_002, Following: 37, Posts: 322},
		{ID: "109", Handle: "news_group", Host: "example.org", Name: "News", Type: "person", Followers: 4_321},
		{ID: "110", Handle: "tux.penguin", Host: "example.org", Name: "Tux", Followers: 9_876},
		{ID: "200", Handle: "banned", Host: "mastodon.social", Name: "Banned", Followers: 5, State: sim.Suspended},
		{ID: "201", Handle: "deleted", Host: "mastodon.social", Name: "Deleted", Followers: 5, State: sim.NotFound},
		{ID: "202", Handle: "shy", Host: "pleroma.example", Name: "Shy", Followers: 5_005, State: sim.Hidden},
		{ID: "203", Handle: "locked", Host: "mastodon.social", Name: "Locked", Followers: 7_007, State: sim.Private},
	} {
		a.Network = "mastodon"
		if a.Type == "" {
			a.Type = networks.Person
		}
		w.Add(a)
	}
}

func suite() networktest.Suite {
	return networktest.Suite{
		Descriptor: mastodon.Descriptor(),
		Simulate:   sim.Mastodon,
		Fill:       fill,
		Good:       "https://mastodon.social/@gargron",
		Second:     "@Mastodon@Mastodon.Social",
		Troubled: map[string]networks.Kind{
			"nobody@mastodon.social":     networks.NotFound,
			"nobody@nowhere.example":     networks.NotFound,
			"deleted@mastodon.social":    networks.NotFound,
			"banned@mastodon.social":     networks.Suspended,
			"shy@pleroma.example":        networks.Hidden,
			"mastodon.social/200":        networks.Suspended,
			"mastodon.social/201":        networks.NotFound,
			"https://pleroma.example/99": networks.NotFound,
		},
		Invalid:    invalid(),
		Account:    func(i int) string { return fmt.Sprintf("nobody%d@mastodon.social", i) },
		BatchLimit: 1,
		// No token is sent, so none is refused.
		Kinds: map[int]networks.Kind{401: networks.Forbidden},
	}
}

func TestConformance(t *testing.T) { networktest.Run(t, suite()) }

func TestConformanceByID(t *testing.T) {
	s := suite()
	s.Good, s.Second = "mastodon.social/1", "https://mastodon.social/ap/users/13179"
	s.Account = func(i int) string { return fmt.Sprintf("mastodon.social/%d", i+1000) }
	s.BatchLimit = 40
	networktest.Run(t, s)
}

func TestConformanceOfAnOldServer(t *testing.T) {
	s := suite()
	s.Simulate = sim.MastodonOld
	s.Good, s.Second = "news_group@example.org", "tux.penguin@example.org"
	networktest.Run(t, s)
}

// invalid are references that are none.
func invalid() []string {
	return []string{
		"Gargron", "@Gargron", "Gargron@", "@@a@b.example", "a@b@c.example", "a@localhost", "a@127.0.0.1", "a@b.example:443", "a@-b.example",
		"a@b..example", "a@b.example/", ".a@b.example", "a.@b.example", "a-b-@b.example", "имя@b.example", "a b@c.example",
		strings.Repeat("a", 200) + "@b.example", "a@" + strings.Repeat("b.", 130) + "example", "mastodon.social", "https://mastodon.social",
		"https://mastodon.social/", "https://mastodon.social/explore", "https://mastodon.social/@", "https://mastodon.social/@a/1",
		"https://mastodon.social/users/", "https://mastodon.social/ap/users/", "https://a@b.example/@c", "ftp://mastodon.social/@a",
		"https:///@a", "mastodon.social/123456789012345678901", "https://mastodon.social/tags/a", "acct:", "acct:a",
	}
}
