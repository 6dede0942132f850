package youtube_test

import (
	"fmt"
	"testing"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/networktest"
	"collectord/networks/sim"
	"collectord/networks/youtube"
)

const (
	developers = "UC_x5XG1OV2P6uZZ5FSM9Ttw"
	second     = "UCBR8-60-B28hp2BmDPdntcQ"
)

// id is the id of a channel that exists nowhere.
func id(i int) string { return fmt.Sprintf("UCnobody-%015d", i) }

func fill(w *sim.World) {
	for _, a := range []sim.Account{
		{ID: developers, Handle: "GoogleDevelopers", Name: "Google for Developers", Followers: 2_470_000, Posts: 6_871, Views: 331_793_078},
		{ID: second, Handle: "youtube", Name: "YouTube", Followers: 45_600_000, Posts: 678, Views: 3_331_930_783},
		{ID: id(1_000_001), Handle: "banned", Name: "Banned", Followers: 5, State: sim.Suspended},
		{ID: id(1_000_002), Handle: "deleted", Name: "Deleted", Followers: 5, State: sim.NotFound},
		{ID: id(1_000_003), Handle: "shy.one", Name: "Shy", Followers: 4_320, State: sim.Hidden},
		{ID: id(1_000_004), Handle: "Имя-канала", Name: "Канал", Followers: 7_770},
	} {
		a.Network, a.Type = "youtube", networks.Channel
		w.Add(a)
	}
}

const key = "AIza" + networktest.Marker

func suite() networktest.Suite {
	return networktest.Suite{
		Descriptor: youtube.Descriptor(),
		Simulate:   sim.YouTube,
		Fill:       fill,
		Token:      keychain.Token{Slot: "yt", Value: keychain.Bare(key)},
		Allow:      func(w *sim.World) { w.AllowToken("youtube", key) },
		Good:       "https://www.youtube.com/@GoogleDevelopers/videos", Second: "@YouTube",
		Troubled: map[string]networks.Kind{
			"@banned": networks.NotFound, "deleted": networks.NotFound, "never.was": networks.NotFound, "shy.one": networks.Hidden,
			id(1_000_001): networks.NotFound, id(1_000_002): networks.NotFound, id(7): networks.NotFound, id(1_000_003): networks.Hidden,
			"https://www.youtube.com/user/neverwas": networks.NotFound,
		},
		Invalid: []string{
			"@", "@@a", "ab", "a/b", "a,b", "a&b", "youtube.com", "https://youtube.com/", "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
			"https://www.youtube.com/c/GoogleDevelopers", "https://youtu.be/dQw4w9WgXcQ", "https://www.youtube.com/channel/UCshort",
			"https://www.youtube.com/user/", "ftp://youtube.com/@a", "https://www.youtube.com/@%zz", "a-handle-of-more-than-thirty-letters",
		},
		Account:    func(i int) string { return fmt.Sprintf("nobody_%d", i) },
		BatchLimit: 1,
		Lenient:    true,
	}
}

func TestConformance(t *testing.T) { networktest.Run(t, suite()) }

func TestConformanceByID(t *testing.T) {
	s := suite()
	s.Good, s.Second = "https://m.youtube.com/channel/"+developers+"/about", second
	s.Account, s.BatchLimit = id, 50
	networktest.Run(t, s)
}
