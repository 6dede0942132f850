package collector

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"collectord/collector/cluster"
	"collectord/collector/config"
	"collectord/collector/journal"
)

// sharer is a node's view of a tick, before NATS has answered for the first time.
func sharer(tb testing.TB, node string, accounts []*account, tokens ...string) *sharing {
	tb.Helper()
	c, err := cluster.Open(cluster.Options{Servers: []string{"nats://127.0.0.1:1"}, Name: "test", Node: node, Replicas: 1, Lease: 15 * time.Second})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(c.Close)
	n := &network{name: "vk", cluster: c, cfg: config.Network{Tokens: tokens}}
	return &sharing{ticking: &ticking{network: n, job: &job{tick: journal.Tick{Network: "vk", Time: time.Unix(1_764_000_000, 0)}, accounts: accounts}}}
}

// crowd is some accounts in a random order, known by their ids or not.
func crowd(n int, known bool) []*account {
	all := make([]*account, n)
	for i := range all {
		cfg := &config.Account{Label: fmt.Sprintf("account %d", i), Handle: fmt.Sprintf("name%d", i), Settings: &config.Settings{}}
		if i%10 == 0 {
			cfg.Tokens = []string{"vk:own"}
		}
		var row journal.Account
		if known {
			row = journal.Account{Network: "vk", Label: cfg.Label, Asked: asked(cfg.Ref()), Kind: "user", ID: fmt.Sprint(i)}
		}
		all[i] = newAccount(cfg, row, journal.Latest{})
	}
	rand.Shuffle(n, func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

// cutOf is the labels of each piece.
func cutOf(s *sharing) map[cluster.Piece][]string {
	cut := make(map[cluster.Piece][]string)
	for _, p := range s.pools {
		for _, sh := range p.pieces {
			for _, a := range sh.accounts {
				cut[sh.id] = append(cut[sh.id], a.Label)
			}
		}
	}
	return cut
}

// TestCut: nodes cut a tick alike, whatever they remember and in whatever order they
// have the accounts; they begin at different ends; and one account more is another cut.
func TestCut(t *testing.T) {
	const n = 40_000
	a, b := sharer(t, "a", crowd(n, true), "vk", "vk:2"), sharer(t, "b", crowd(n, false), "vk", "vk:2")
	other := sharer(t, "a", crowd(n+1, true), "vk", "vk:2")
	for _, s := range []*sharing{a, b, other} {
		s.cut()
	}
	first, second := cutOf(a), cutOf(b)
	seen := make(map[string]int)
	for id, labels := range first {
		if !slices.Equal(labels, second[id]) {
			t.Fatalf("%v is not the same on both nodes", id)
		}
		if len(labels) > largestPiece || len(labels) == 0 {
			t.Errorf("%v has %d accounts", id, len(labels))
		}
		for _, l := range labels {
			seen[l]++
		}
	}
	if len(seen) != n || len(first) != len(second) {
		t.Errorf("%d accounts in %d and %d pieces", len(seen), len(first), len(second))
	}
	for label, times := range seen {
		if times != 1 {
			t.Errorf("%s is in %d pieces", label, times)
		}
	}
	for id := range cutOf(other) {
		if _, ok := first[id]; ok {
			t.Fatalf("two configs share %v", id)
		}
	}
	order := func(s *sharing) (ids []int) {
		for _, p := range s.pools {
			for _, sh := range p.pieces {
				ids = append(ids, sh.id.Index)
			}
		}
		return ids
	}
	if slices.Equal(order(a), order(b)) {
		t.Error("two nodes try the pieces in the same order")
	}
}

// TestLearn: what another node remembers of an account is known here, and written down
// again only when it changes.
func TestLearn(t *testing.T) {
	all := crowd(1, false)
	n := &network{name: "vk", accounts: all}
	c := &Collector{networks: map[string]*network{"vk": n}, heard: make(map[journal.AccountKey]journal.Account)}
	c.hear([]byte(fmt.Sprintf(`{"Network":"vk","Label":%q,"Asked":%q,"Kind":"user","ID":"7","State":"suspended"}`, all[0].Label, asked(all[0].Ref()))))
	if a := all[0]; a.reference().ID != "7" || a.state.String() != stateSuspended {
		t.Errorf("%+v %+v", a.reference(), a.state)
	}
	c.hear([]byte(fmt.Sprintf(`{"Network":"vk","Label":%q,"Asked":"another","ID":"8"}`, all[0].Label)))
	if all[0].reference().ID != "7" {
		t.Error("what is remembered of another account under the same label was taken")
	}
	c.hear([]byte(`{"Network":"vk","Label":"to come","ID":"9"}`))
	if c.heard[journal.AccountKey{Network: "vk", Label: "to come"}].ID != "9" {
		t.Error("what is remembered of an account that comes later was not kept")
	}
	c.hear([]byte(`{`))
}

// FuzzHear: whatever another node says, an account stays the one of the config.
func FuzzHear(f *testing.F) {
	f.Add([]byte(`{"Network":"vk","Label":"account 0","Asked":"|||name0|","Kind":"user","ID":"7","State":"suspended","Info":"{}"}`))
	f.Add([]byte(`{"Network":"vk","Label":"account 0","Asked":"||name0|","Info":"[1]","SkipUntil":"9999-01-01T00:00:00Z"}`))
	f.Add([]byte(`[{}]`))
	f.Fuzz(func(t *testing.T, value []byte) {
		all := crowd(1, false)
		a := all[0]
		n := &network{name: "vk", accounts: all}
		c := &Collector{networks: map[string]*network{"vk": n}, heard: make(map[journal.AccountKey]journal.Account)}
		c.hear(value)
		if ref := a.reference(); ref.Name != a.Ref().Name || ref.Host != a.Ref().Host || a.leftOut(time.Now().Add(-time.Hour)) && a.odd.skipUntil.After(time.Now().Add(spoilerRest)) {
			t.Fatalf("%s made %+v, %+v", value, a, ref)
		}
		_ = n.tell(nil)
	})
}

// BenchmarkCut cuts a tick of a million accounts.
func BenchmarkCut(b *testing.B) {
	all := crowd(1_000_000, true)
	s := sharer(b, "a", all, "vk")
	for b.Loop() {
		s.pools = nil
		s.cut()
	}
}
