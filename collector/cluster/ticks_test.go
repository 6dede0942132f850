package cluster_test

import (
	"errors"
	"testing"
	"time"

	"collectord/collector/cluster"
	"collectord/internal/natstest"
)

// TestAgree: what the first node proposes all agree on; a tick was polled where somebody has
// a piece of it or has done one, and not where its node died or gave it back.
func TestAgree(t *testing.T) {
	t.Parallel()
	servers := natstest.Start(t, 1)
	wire := natstest.Connect(t, servers.URLs()[0])
	a, b := join(t, "a", nil, wire.URL), join(t, "b", nil, servers.URLs()...)
	missed := cluster.Piece{Network: "vk", Tick: 100, Cut: "missed"}
	for i, n := range []*node{a, b, a} {
		if at, err := n.Agree(t.Context(), missed, int64(200+i), time.Minute); err != nil || at != 200 {
			t.Errorf("agreed on %d, %v; want 200", at, err)
		}
	}
	polled := func(p cluster.Piece) bool {
		t.Helper()
		if err := b.CatchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		return b.Polled(p.Network, p.Tick, p.Cut)
	}
	given, done, left := piece(1), piece(2), piece(3)
	given.Tick, done.Tick, left.Tick = 1, 2, 3
	claim(t, a, given).Release()
	if err := claim(t, a, done).Done(t.Context(), cluster.Tally{}, time.Minute); err != nil {
		t.Fatal(err)
	}
	if claim(t, a, left); polled(given) || !polled(done) || !polled(left) {
		t.Errorf("given back: %t; done: %t; held: %t", polled(given), polled(done), polled(left))
	}
	if b.Polled("vk", done.Tick, "another cut") || b.Polled("vk", 0, done.Cut) {
		t.Error("another tick was polled")
	}
	wire.Cut()
	eventually(t, 10*time.Second, "what a left behind runs out", func() bool { return !polled(left) })
	if _, err := a.Agree(t.Context(), piece(9), 1, time.Minute); !errors.Is(err, cluster.ErrAway) || !errors.Is(a.CatchUp(t.Context()), cluster.ErrAway) {
		t.Errorf("cut off, a agrees: %v", err)
	}
}
