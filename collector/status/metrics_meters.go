package status

import (
	"maps"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// journalHint is what to do where the journal does not answer the page.
const journalHint = "see whether the journal can be read: the disk of state_dir, and what the log says of the journal"

// Meters are counters of one network since the start of the process that /metrics alone
// shows.
type Meters struct {
	// Outcomes counts requests by "ok" or the error kind's label.
	Outcomes map[string]int64
	// Requests are the times that answers took, Polls those from the first request of
	// a poll to its last answer.
	Requests, Polls Histogram
	// MadeUp counts polls that were made up for missed ticks.
	MadeUp int64
}

// Clone returns a copy that shares nothing with m.
func (m *Meters) Clone() Meters {
	return Meters{Outcomes: maps.Clone(m.Outcomes), Requests: m.Requests.Clone(), Polls: m.Polls.Clone(), MadeUp: m.MadeUp}
}

// Request counts a request: "ok" or the error kind's label, and how long it took.
func (m *Meters) Request(outcome string, took time.Duration) {
	if m.Outcomes == nil {
		m.Outcomes = make(map[string]int64)
	}
	m.Outcomes[outcome]++
	m.Requests.Observe(took, requestBounds())
}

// Poll counts a poll that ended.
func (m *Meters) Poll(took time.Duration, madeUp bool) {
	m.Polls.Observe(took, pollBounds())
	if madeUp {
		m.MadeUp++
	}
}

// DaemonMeters are counters of the daemon since the start of the process that /metrics
// alone shows.
type DaemonMeters struct {
	// Reloads counts config files that were taken, Refusals those that had mistakes.
	Reloads, Refusals int64
	// Mended counts how often the journal was mended or put back.
	Mended int64
	// Deliveries counts requests to InfluxDB by what came of them: "ok", "refused" for
	// those with a point to blame, "too_large", or why nothing was delivered
	// ("unreachable", "timeout", ...). The set is closed.
	Deliveries map[string]int64
	// Delivery are the times that those requests took.
	Delivery Histogram
}

// Clone returns a copy that shares nothing with m.
func (m *DaemonMeters) Clone() DaemonMeters {
	c := *m
	c.Deliveries, c.Delivery = maps.Clone(m.Deliveries), m.Delivery.Clone()
	return c
}

// Deliver counts a request to InfluxDB.
func (m *DaemonMeters) Deliver(outcome string, took time.Duration) {
	if m.Deliveries == nil {
		m.Deliveries = make(map[string]int64)
	}
	m.Deliveries[outcome]++
	m.Delivery.Observe(took, requestBounds())
}

// requestBounds are the buckets of a request, in seconds. Requests are cut off at 30 s.
func requestBounds() []float64 {
	return []float64{.025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}
}

// pollBounds are the buckets of a poll, in seconds: from one request to a pool of
// thousands that waits for a limit, and failed accounts that are asked again for half
// an hour.
func pollBounds() []float64 {
	return []float64{.1, .5, 1, 5, 15, 60, 300, 900, 1800, 3600}
}

// Histogram counts durations. The zero Histogram is empty.
type Histogram struct {
	Bounds []float64 // upper, in seconds, ascending
	Counts []uint64  // up to each bound; those of the bounds below are not among them
	Count  uint64
	Sum    float64 // in seconds
}

// Observe counts a duration; the bounds are those of the first call.
func (h *Histogram) Observe(d time.Duration, bounds []float64) {
	if h.Bounds == nil {
		h.Bounds, h.Counts = bounds, make([]uint64, len(bounds))
	}
	seconds := d.Seconds()
	if i, _ := slices.BinarySearch(h.Bounds, seconds); i < len(h.Counts) {
		h.Counts[i]++
	}
	h.Count++
	h.Sum += seconds
}

// Clone returns a copy that shares nothing with h.
func (h *Histogram) Clone() Histogram {
	return Histogram{Bounds: h.Bounds, Counts: slices.Clone(h.Counts), Count: h.Count, Sum: h.Sum}
}

// histogram sends a histogram. An empty one is sent as well, so that its rates are
// known from the first duration on.
func (e emitter) histogram(name string, h Histogram, bounds []float64, labels ...string) {
	if h.Bounds == nil {
		h.Bounds, h.Counts = bounds, make([]uint64, len(bounds))
	}
	buckets := make(map[float64]uint64, len(h.Bounds))
	var below uint64
	for i, bound := range h.Bounds {
		below += h.Counts[i]
		buckets[bound] = below
	}
	e.ch <- prometheus.MustNewConstHistogram(e.descs[name], h.Count, h.Sum, buckets, valid(labels)...)
}

func (e emitter) cluster(c *Cluster) {
	fresh, differ := 0, 0
	for i := range c.Nodes {
		n := &c.Nodes[i]
		if n.Fresh {
			fresh++
		}
		if n.ConfigDiffers {
			differ++
		}
		if !n.Here {
			continue
		}
		e.gauge("cluster_pieces_held", float64(len(n.Holding)))
		e.counter("cluster_pieces_done_total", float64(n.Done))
		e.gauge("cluster_tokens_held", float64(len(n.Tokens)))
		e.counter("cluster_take_overs_total", float64(n.TakeOvers))
		e.counter("cluster_dropped_answers_total", float64(n.Dropped))
		e.gauge("cluster_clock_skew_seconds", n.Skew.Seconds())
	}
	e.gauge("cluster_nats_up", truth(c.State == ClusterShared || c.State == ClusterNameTaken))
	e.gauge("cluster_name_taken", truth(c.State == ClusterNameTaken))
	e.gauge("cluster_nodes", float64(fresh))
	e.gauge("cluster_config_differs", float64(differ))
}
