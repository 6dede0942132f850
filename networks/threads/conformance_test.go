package threads_test

import (
	"fmt"
	"testing"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/networktest"
	"collectord/networks/sim"
	"collectord/networks/threads"
)

const (
	brandID = "17841405309211844"
	access  = "THAA" + networktest.Marker
)

func fill(w *sim.World) {
	for _, a := range []sim.Account{
		{ID: brandID, Handle: "brand.co_", Name: "Бренд", Followers: 54_321, Verified: true},
		{ID: "17841400000000002", Handle: "rival", Name: "Rival", Followers: 77_777},
	} {
		a.Network, a.Type = "threads", networks.Person
		w.Add(a)
	}
}

func suite() networktest.Suite {
	return networktest.Suite{
		Descriptor: threads.Descriptor(),
		Simulate:   sim.Threads,
		Fill:       fill,
		Token:      keychain.Token{Slot: "th", Value: keychain.Bare(access)},
		Allow:      func(w *sim.World) { w.AllowToken("threads", access, brandID) },
		Own:        true,
		Good:       "https://www.threads.com/@Brand.co_?xmt=1", Second: "id:" + brandID,
		Troubled: map[string]networks.Kind{
			"rival": networks.NotFound, "never.was": networks.NotFound, "id:17841400000000002": networks.NotFound,
		},
		Invalid: []string{
			"dash-ed", "a)b", "a,b", "@", ".dot", "dot.", "id:me", "id:", "имя", "threads.com/", "https://threads.com/", "https://threads.net/brand",
			"https://www.threads.com/search?q=a", "ftp://threads.com/@a", "https://threads.com.evil.example/@a", "x123456789012345678901234567890",
		},
		Account:    func(i int) string { return fmt.Sprintf("nobody.%d", i) },
		BatchLimit: 100,
	}
}

func TestConformance(t *testing.T) { networktest.Run(t, suite()) }
