package livejournal_test

import (
	"fmt"
	"testing"

	"collectord/networks"
	"collectord/networks/livejournal"
	"collectord/networks/networktest"
	"collectord/networks/sim"
)

func fill(w *sim.World) {
	for _, a := range []sim.Account{
		{ID: "tema", Handle: "tema", Followers: 12_345, Following: 78},
		{ID: "ru_auto", Handle: "ru_auto", Followers: 4_321, Following: 9_876, Type: networks.Group},
		{ID: "_under_", Handle: "_under_", Followers: 0},
		{ID: "gone", Handle: "gone", Followers: 5, State: sim.NotFound},
		{ID: "banned", Handle: "banned", Followers: 5, State: sim.Suspended},
	} {
		a.Network = "livejournal"
		if a.Type == "" {
			a.Type = networks.Person
		}
		w.Add(a)
	}
}

func suite() networktest.Suite {
	return networktest.Suite{
		Descriptor: livejournal.Descriptor(),
		Simulate:   sim.LiveJournal,
		Fill:       fill,
		Good:       "https://Tema.livejournal.com/123.html?thread=1", Second: "_under_",
		Troubled: map[string]networks.Kind{
			"gone": networks.NotFound, "banned": networks.NotFound, "never_was": networks.NotFound,
		},
		Invalid: []string{
			"dot.ted", "a,b", "a&b", "имя", "@", "livejournal.com", "https://www.livejournal.com/", "https://www.livejournal.com/shop/", "https://users.livejournal.com/",
			"ftp://tema.livejournal.com/", "https://tema.livejournal.com.evil.example/", "https://a.b.livejournal.com/", "x1234567890123456789012345",
		},
		Account:    func(i int) string { return fmt.Sprintf("nobody_%d", i) },
		BatchLimit: 1,
		Lines:      true,
		ByNameOnly: true,
	}
}

func TestConformance(t *testing.T) { networktest.Run(t, suite()) }

// TestConformanceOfCommunities has each asked for as a journal first.
func TestConformanceOfCommunities(t *testing.T) {
	s := suite()
	s.Good, s.Second = "https://ru-auto.livejournal.com/", "tema"
	networktest.Run(t, s)
}
