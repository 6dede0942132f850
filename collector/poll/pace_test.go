package poll

import (
	"testing"
	"testing/synctest"
	"time"

	"collectord/networks"
	"collectord/networks/all"
)

// TestPaceOfEveryNetwork: at its default rate a poll of many requests takes no more than
// 1.1 times what the limit allows for them, and never less, with answers that take a
// tenth of a second; also where each request counts for 50.
func TestPaceOfEveryNetwork(t *testing.T) {
	const requests, latency = 48, 100 * time.Millisecond
	for _, d := range all.List() {
		for _, cost := range []int{1, 50} {
			synctest.Test(t, func(t *testing.T) {
				f := &costly{fakeNetwork{size: 1, answer: good, takes: latency}, cost}
				var slots []string
				if len(d.Slots) > 0 {
					slots = []string{"slot"}
				}
				p := New(Options{Network: f, Descriptor: d, Tokens: tokensOf(map[string]string{"slot": "good"}), Slots: slots})
				o := poll(t, p, named(requests), 0)
				wantKinds(t, o, map[networks.Kind]int{0: requests})
				unit := time.Duration(float64(time.Second) / d.RequestsPerSecond)
				allowed := unit * time.Duration(requests*cost)
				if ratio := float64(o.took) / float64(allowed); ratio > 1.1 {
					t.Errorf("%s, %d a request: %v for %d requests, allowed in %v: ratio %.2f", d.Name, cost, o.took, requests, allowed, ratio)
				}
				if least := unit * time.Duration((requests-1)*cost); f.requests[requests-1].at.Sub(f.requests[0].at) < least-time.Microsecond*requests {
					t.Errorf("%s, %d a request: faster than the limit allows", d.Name, cost)
				}
			})
		}
	}
}

// costly is a network each of whose requests takes several units of its limit.
type costly struct {
	fakeNetwork
	cost int
}

func (c *costly) Plan(refs []networks.Ref) []networks.Batch {
	batches := c.fakeNetwork.Plan(refs)
	for i := range batches {
		batches[i].Cost = c.cost
	}
	return batches
}
