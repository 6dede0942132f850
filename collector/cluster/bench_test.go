package cluster_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"collectord/collector/cluster"
	"collectord/internal/natstest"
)

// BenchmarkPieces claims pieces and says that they are done, 16 at a time, on three
// servers: what NATS bears.
func BenchmarkPieces(b *testing.B) {
	servers := natstest.Start(b, 3)
	c, err := cluster.Open(cluster.Options{Servers: servers.URLs(), Name: "bench", Node: "a", Replicas: 3, Lease: 15 * time.Second})
	if err != nil {
		b.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() { c.Run(b.Context()) })
	b.Cleanup(func() { running.Wait(); c.Close() })
	c.Ready(b.Context(), 20*time.Second)
	var next atomic.Int64
	b.ResetTimer()
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			for {
				i := int(next.Add(1))
				if i > b.N {
					return
				}
				p := cluster.Piece{Network: "vk", Tick: 1_764_000_000, Cut: "c", Index: i}
				claim, err := c.Claim(b.Context(), p)
				if err == nil && claim != nil {
					err = claim.Done(b.Context(), cluster.Tally{OK: 1000}, time.Minute)
				}
				if err != nil || claim == nil {
					b.Errorf("%v %v", claim, err)
					return
				}
			}
		})
	}
	all.Wait()
}
