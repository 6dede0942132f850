package cluster

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"
)

// This file is whether NATS answers, and who waits for that.

// beat sends a heartbeat, renews what is held, and notices whether NATS answers.
func (c *Cluster) beat(ctx context.Context) {
	c.mu.Lock()
	b := c.buckets
	held := slices.Collect(maps.Keys(c.leases))
	c.mu.Unlock()
	var failed error
	if b == nil {
		failed = c.unreached()
	} else {
		var each sync.WaitGroup
		for _, l := range held {
			each.Go(func() { _ = l.renew(ctx) }) // whoever needs it checks
		}
		failed = c.sayHere(ctx)
		each.Wait()
		c.dropIdle(ctx)
		c.compareConfigs()
	}
	if failed != nil && ctx.Err() == nil {
		c.silent(failed)
	}
}

// heard notes that NATS answered.
func (c *Cluster) heard() {
	c.mu.Lock()
	c.answered = time.Now()
	back := !c.lost.IsZero()
	c.lost, c.never = time.Time{}, false
	c.mu.Unlock()
	if back {
		c.opts.Tell(Event{InTouch: true})
		c.wake()
	}
}

// silent notes that NATS did not answer.
func (c *Cluster) silent(why error) {
	c.mu.Lock()
	now := time.Now()
	gone := c.lost.IsZero() && now.Sub(c.answered) > c.patience() || c.never && now.Sub(c.started) > c.patience()
	if gone {
		c.lost, c.never = now, false
		c.answered = now.Add(-c.patience())
	}
	c.mu.Unlock()
	if gone {
		c.opts.Tell(Event{Lost: why})
		c.wake()
	}
}

// patience is how long NATS may be silent.
func (c *Cluster) patience() time.Duration { return c.opts.Lease * 2 / 3 }

// InTouch reports whether NATS answers.
func (c *Cluster) InTouch() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lost.IsZero()
}

// Alone reports whether this node is out of touch and polls everything by itself.
func (c *Cluster) Alone() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.opts.Solo && !c.lost.IsZero() && !c.never
}

// Changed is closed at the next change of what the others do, or of being in touch.
func (c *Cluster) Changed() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.changed
}

// wake tells who waits for Changed.
func (c *Cluster) wake() {
	c.mu.Lock()
	defer c.mu.Unlock()
	close(c.changed)
	c.changed = make(chan struct{})
}

// Ready waits until what the others remember of accounts and do at the moment is here, and
// until this node has its name, or knows that it will not get it; but no longer than that.
func (c *Cluster) Ready(ctx context.Context, longest time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	select {
	case <-ctx.Done():
		return
	case <-c.ready:
	}
	c.mu.Lock()
	b := c.buckets
	c.mu.Unlock()
	for _, one := range b.all() {
		select {
		case <-ctx.Done():
			return
		case <-one.synced:
		}
	}
	for {
		changed := c.Changed()
		if _, decided := c.Named(); decided {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
		}
	}
}
