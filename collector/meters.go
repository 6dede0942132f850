package collector

import (
	"sync"
	"time"

	"collectord/collector/influx"
	"collectord/collector/status"
)

// meters are the daemon's own counters for /metrics. They outlive what they count: the
// delivery to one InfluxDB, one config.
type meters struct {
	mu     sync.Mutex
	counts status.DaemonMeters
	before influx.Status // what deliveries that are gone had delivered and refused
}

// reload counts a changed config file that was taken, or refused.
func (m *meters) reload(taken bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if taken {
		m.counts.Reloads++
	} else {
		m.counts.Refusals++
	}
}

// delivery counts a request to InfluxDB.
func (m *meters) delivery(outcome string, took time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.counts.Deliver(outcome, took)
}

// gone adds what a delivery had done in all.
func (m *meters) gone(s influx.Status) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.before.Delivered += s.Delivered
	m.before.Refused += s.Refused
}

// tell puts the counters into an overview.
func (m *meters) tell(o *status.Overview) {
	m.mu.Lock()
	defer m.mu.Unlock()
	o.Meters = m.counts.Clone()
	if o.Influx != nil {
		o.Influx.Delivered += m.before.Delivered
		o.Influx.Refused += m.before.Refused
	}
}
