package collector

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// asked counts the requests that were made with each token.
func (f *fleet) askedWith() map[string]int {
	by := make(map[string]int)
	for _, q := range f.questions("") {
		by[q.token]++
	}
	return by
}

// TestBudgetOfAll: what a token may spend a day holds for all nodes together, though they
// take turns with it, die, and come back with an empty disk.
func TestBudgetOfAll(t *testing.T) {
	if !long(t) {
		return
	}
	t.Parallel()
	f := newFleet(t, "a", "b", "c")
	const budget = 9
	networks := "  vk: {schedule: '@every 1s', base_url: 'http://vk', requests_per_second: 20, budget: 9, token: ['vk:1', 'vk:2'], accounts: " + f.crowd(1500) + "}"
	tokens := map[string]string{"vk:1": "good-token", "vk:2": "other-token"}
	f.assign("a", tokens)
	for name := range f.nodes {
		f.start(name, networks)
	}
	f.eventually(20*time.Second, "some of it is spent", func() bool { return len(f.questions("")) >= 6 })
	asked := f.questions("")
	dead := f.nodes[asked[len(asked)-1].node]
	dead.kill()
	if err := os.Remove(filepath.Join(dead.dir, journalName)); err != nil {
		t.Fatal(err)
	}
	f.start(dead.name, networks)
	others := make(map[string]*machine)
	for name, m := range f.nodes {
		if name != dead.name {
			others[name] = m
		}
	}
	f.eventually(30*time.Second, "all of it is spent", func() bool {
		by := f.askedWith()
		return by["good-token"]+by["other-token"] >= 2*budget-2 // a request that was paid for may have been cut short
	})
	for _, m := range others { // the one with the empty disk is alone with the tokens
		m.stop()
	}
	<-time.After(3 * time.Second)
	for token, n := range f.askedWith() {
		if n > budget {
			t.Errorf("%d requests with %s; its budget are %d", n, token, budget)
		}
	}
	t.Logf("requests: %v", f.askedWith())
}
