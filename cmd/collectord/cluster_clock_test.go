//go:build linux && amd64

package main

import (
	"testing"
	"time"
)

// skewClocks puts the clock of one node 5 s ahead and that of another 5 s back.
func skewClocks(t *testing.T, r *clusterRig) {
	t.Helper()
	takeClock(t, r.nodes[0].daemon).set(5 * time.Second)
	takeClock(t, r.nodes[1].daemon).set(-5 * time.Second)
}
