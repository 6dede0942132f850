package cluster_test

import (
	"testing"
	"time"

	"collectord/collector/cluster"
	"collectord/internal/natstest"
)

// TestSpend: every node knows what all have spent.
func TestSpend(t *testing.T) {
	t.Parallel()
	servers := natstest.Start(t, 1)
	a, b := join(t, "a", nil, servers.URLs()...), join(t, "b", nil, servers.URLs()...)
	for i, step := range []struct {
		node         *node
		micros, want int64
	}{{a, 5, 0}, {b, 7, 5}, {a, 1, 7}, {b, -2, 6}, {a, 0, 5}} {
		if got, err := step.node.Spend(t.Context(), spent(step.micros, 0)); err != nil || got != step.want {
			t.Errorf("step %d: the others have spent %d, %v; want %d", i, got, err, step.want)
		}
	}
}

func spent(micros, before int64) cluster.Spent {
	return cluster.Spent{Network: "twitter", Slot: "tw:x..y.", Day: "2026-11-22", Micros: micros, Before: before}
}

// TestSpendAgain: a node that comes back has spent what its journal says, or where that is
// lost what the others know.
func TestSpendAgain(t *testing.T) {
	t.Parallel()
	servers := natstest.Start(t, 1)
	a, b := join(t, "a", nil, servers.URLs()...), join(t, "b", nil, servers.URLs()...)
	for _, step := range []struct {
		node *node
		say  cluster.Spent
	}{{a, spent(5, 0)}, {b, spent(7, 0)}} {
		if _, err := step.node.Spend(t.Context(), step.say); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		journal, want int64
	}{{5, 7}, {3, 7 + 2 + 1}, {0, 7 + 5 + 2}} { // each says 1 more, which its journal has
		a.stop()
		a = join(t, "a", nil, servers.URLs()...)
		if got, err := a.Spend(t.Context(), spent(1, c.journal)); err != nil || got != c.want {
			t.Errorf("with %d in the journal: %d were spent beside it, %v; want %d", c.journal, got, err, c.want)
		}
	}
}

// TestTokenState: who has a token next knows what its last user told of it, also where that
// was cut off right after; what is told of it later counts.
func TestTokenState(t *testing.T) {
	t.Parallel()
	servers := natstest.Start(t, 1)
	wire := natstest.Connect(t, servers.URLs()[0])
	a, b := join(t, "a", nil, wire.URL), join(t, "b", nil, servers.URLs()...)
	const slot = "vk:main..x." // a name that a key of NATS cannot have
	if !a.Take(t.Context(), slot) || b.Take(t.Context(), slot) {
		t.Fatal("one node has a token")
	}
	a.TellState(slot, "stamp", []byte(`"rests"`))
	if _, _, ok := a.State(slot); ok {
		t.Error("a node hears what it told itself")
	}
	<-time.After(100 * time.Millisecond)
	wire.Cut()
	a.TellState(slot, "stamp", []byte(`"old"`)) // nobody hears it yet
	eventually(t, 10*time.Second, "b has the token", func() bool { return b.Take(t.Context(), slot) })
	if stamp, state, ok := b.State(slot); !ok || stamp != "stamp" || string(state) != `"rests"` {
		t.Errorf("b knows %q %s %t", stamp, state, ok)
	}
	b.TellState(slot, "stamp", []byte(`"well"`))
	wire.Mend()
	eventually(t, 10*time.Second, "a hears of it", func() bool {
		_, state, ok := a.State(slot)
		return ok && string(state) == `"well"`
	})
	<-time.After(1200 * time.Millisecond) // what a told while it was cut off has been sent by now
	if _, state, _ := a.State(slot); string(state) != `"well"` {
		t.Errorf("what a told while it was cut off counts: %s", state)
	}
}

// TestWanted: a token that another node waits for is given back with its last use.
func TestWanted(t *testing.T) {
	t.Parallel()
	servers := natstest.Start(t, 1)
	a, b := join(t, "a", nil, servers.URLs()...), join(t, "b", nil, servers.URLs()...)
	for _, slot := range []string{"vk:x", "vk:x", "vk:y"} { // two users of the first
		if !a.Take(t.Context(), slot) {
			t.Fatal("a has no token")
		}
	}
	a.Leave("vk:x")
	if b.Take(t.Context(), "vk:x") { // b waits for it from here on
		t.Fatal("two nodes have a token")
	}
	<-time.After(lease)
	if b.Take(t.Context(), "vk:x") {
		t.Fatal("a token was given back that is in use")
	}
	a.Leave("vk:x")
	a.Leave("vk:y")
	eventually(t, 5*time.Second, "b has the token", func() bool { return b.Take(t.Context(), "vk:x") })
	if _, ok := a.Use("vk:y"); !ok {
		t.Error("a token that nobody waits for was given back")
	}
}
