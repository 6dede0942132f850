package collector

import (
	"cmp"
	"context"
	"slices"
	"time"

	"collectord/collector/poll"
	"collectord/keychain"
)

// This file is which tokens a node uses while others have the same ones.

// takeTokens takes this node's part of a pool: what is bound to it, and of the others as
// many as each node that is there can have. A token that is dead helps nobody while
// there are others.
func (s *sharing) takeTokens(ctx context.Context, p *pool) {
	p.held = slices.DeleteFunc(p.held, func(slot string) bool {
		_, ok := s.cluster.Use(slot)
		if !ok {
			s.cluster.Leave(slot)
		}
		return !ok
	})
	own, shared := s.tokensFor(p)
	want := (len(shared) + len(s.cluster.Nodes()) - 1) / max(1, len(s.cluster.Nodes()))
	if s.cluster.Alone() {
		want = len(shared)
	}
	for _, slot := range p.held {
		if slices.Contains(shared, slot) {
			want--
		}
	}
	for i, slot := range append(own, shared...) {
		if slices.Contains(p.held, slot) || i >= len(own) && want <= 0 {
			continue
		}
		if s.cluster.Take(ctx, slot) {
			p.held = append(p.held, slot)
			if i >= len(own) {
				want--
			}
		}
	}
}

// tokensFor are the tokens of a pool that are bound to this node, and those bound to
// none, in this node's order of preference.
func (s *sharing) tokensFor(p *pool) (own, shared []string) {
	s.mu.Lock()
	bound := s.bound
	s.mu.Unlock()
	states, _ := s.job.poller.Status()
	var poor, missing []string
	for _, slot := range p.slots {
		switch node, isBound := bound[slot]; {
		case !s.job.poller.Holds(slot):
			missing = append(missing, slot)
		case isBound && node == s.cluster.Name():
			own = append(own, slot)
		case isBound:
		case states[slot].Name == keychain.Dead || states[slot].Name == keychain.Parked:
			poor = append(poor, slot)
		default:
			shared = append(shared, slot)
		}
	}
	if len(own)+len(shared) == 0 {
		shared = poor
	}
	if len(own)+len(shared) == 0 && time.Since(s.started) > meetFor { // no node has brought one: let the poll say so
		shared = missing
	}
	slices.SortFunc(shared, func(a, b string) int { return cmp.Compare(s.preference(a), s.preference(b)) })
	return own, shared
}

func (s *sharing) leavePool(p *pool) {
	for _, slot := range p.held {
		s.cluster.Leave(slot)
	}
	p.held = nil
}

func (s *sharing) leaveTokens() {
	for _, p := range s.pools {
		s.leavePool(p)
	}
}

// leases are the tokens that this node may use; nil where it may use all.
func (c *Collector) leases() poll.Leases {
	if c.opts.Cluster == nil {
		return nil
	}
	return c.opts.Cluster
}

// bind says which tokens one node alone uses.
func (n *network) bind(bound map[string]string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.bound = bound
}
