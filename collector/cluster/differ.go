package cluster

import (
	"strings"
	"time"
)

// This file is how nodes notice that their configs differ.

// Differing are the nodes whose configs are another than this one's. None are left when
// they are alike again.
type Differing struct{ Nodes []string }

// differing is what is known of nodes with another config.
type differing struct {
	now   string // their names, "" for none
	since time.Time
	told  string
}

// patienceWithConfigs is how many leases configs may differ before it is told: a new one is
// saved on one machine after the other.
const patienceWithConfigs = 3

// compareConfigs tells of nodes whose config is another.
func (c *Cluster) compareConfigs() {
	v := c.View()
	var names []string
	c.mu.Lock()
	for _, n := range v.Nodes {
		if n.Nonce != c.nonce && n.ConfigHash != "" && n.ConfigHash != c.hash && c.hash != "" {
			names = append(names, n.Name)
		}
	}
	now := strings.Join(names, " ")
	if now != c.differ.now {
		c.differ.now, c.differ.since = now, time.Now()
	}
	tell := now != c.differ.told && (now == "" || time.Since(c.differ.since) >= patienceWithConfigs*c.opts.Lease)
	if tell {
		c.differ.told = now
	}
	c.mu.Unlock()
	if tell {
		c.opts.Tell(Event{Differing: &Differing{names}})
	}
}
