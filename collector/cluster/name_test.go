package cluster_test

import (
	"errors"
	"testing"
	"time"

	"collectord/collector/cluster"
	"collectord/internal/natstest"
)

func namesake(e cluster.Event) bool { return e.Namesake }

// TestNamesake: of two processes of one name the second claims nothing and says why, until
// the first has left.
func TestNamesake(t *testing.T) {
	t.Parallel()
	servers := natstest.Start(t, 1)
	first, second := join(t, "a", nil, servers.URLs()...), join(t, "a", nil, servers.URLs()...)
	if _, err := second.Claim(t.Context(), piece(1)); !errors.Is(err, cluster.ErrNamesake) || second.Take(t.Context(), "vk:x") {
		t.Errorf("the second claims: %v", err)
	}
	if _, err := second.Turn(t.Context(), "vk:x"); !errors.Is(err, cluster.ErrNamesake) {
		t.Errorf("the second renews: %v", err)
	}
	if !second.View().Namesake || second.said(namesake) != 1 || first.said(namesake) != 0 || first.View().Namesake {
		t.Error("it is told by the wrong one, or not once")
	}
	if claim(t, first, piece(1)) == nil || !first.Take(t.Context(), "vk:x") {
		t.Error("the first does not claim")
	}
	first.stop()
	eventually(t, 2*lease, "the second has the name", func() bool { return !second.View().Namesake })
	if claim(t, second, piece(1)) == nil || second.said(func(e cluster.Event) bool { return e.Named }) != 1 {
		t.Error("the second does not claim, or does not say so")
	}
	if n := second.View().Nodes; len(n) != 1 {
		t.Errorf("it sees %v", n)
	}
}

// TestNameLeftBehind: what a process that died has left of its name is waited for, and no
// namesake; where it lives after all, it is the one that stands back.
func TestNameLeftBehind(t *testing.T) {
	t.Parallel()
	servers := natstest.Start(t, 1)
	wire := natstest.Connect(t, servers.URLs()[0])
	before := join(t, "a", nil, wire.URL)
	wire.Cut()
	after := join(t, "a", nil, servers.URLs()...) // Ready waits for the name
	if claim(t, after, piece(1)) == nil || after.said(namesake) != 0 {
		t.Error("the next process does not have the name, or calls the one before a namesake")
	}
	wire.Mend()
	eventually(t, 10*time.Second, "the one before stands back", func() bool { return before.said(namesake) == 1 })
	if _, err := before.Claim(t.Context(), piece(2)); !errors.Is(err, cluster.ErrNamesake) {
		t.Errorf("it claims: %v", err)
	}
}
