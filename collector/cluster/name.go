package cluster

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/nats-io/nats.go/jetstream"
)

// This file is how a node has its name to itself. Its heartbeat is a key that is made by
// compare-and-set, as a lease is: two processes of one name do not take turns at it. The
// second one claims nothing, for what is counted by node (a budget, a bound token) would
// hold for neither.

// ErrNamesake is that another process has this node's name.
var ErrNamesake = errors.New("cluster: another process has this node's name")

// name is a process's hold on its node's name.
type name struct {
	revision uint64 // of the last heartbeat; 0: it is not this process's
	rival    string // the process that has it, as far as is known
	seen     uint64 // the revision at which it was met
	told     bool   // it lives, and that was told
}

// Named reports whether this process has its node's name, and whether that is decided: what
// a process of before has left behind says nothing until it runs out.
func (c *Cluster) Named() (ok, decided bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	ok = c.name.revision > 0
	return ok, ok || c.name.told
}

// sayHere sends a heartbeat, if the name is this process's or can be had.
func (c *Cluster) sayHere(ctx context.Context) error {
	c.mu.Lock()
	b, before := c.buckets, c.name.revision
	value, err := json.Marshal(c.self())
	c.mu.Unlock()
	if err != nil {
		return err
	}
	var revision uint64
	if before > 0 {
		revision, err = b.nodes.replace(ctx, c.opts.Node, value, before, c.opts.Lease)
	} else {
		revision, err = b.nodes.create(ctx, c.opts.Node, value, c.opts.Lease)
	}
	if errors.Is(err, errTaken) {
		revision, err = c.meetNamesake(ctx, b.nodes, value, before > 0)
	}
	if err != nil || revision == 0 {
		return err
	}
	c.mu.Lock()
	free := c.name.told
	c.name = name{revision: revision}
	c.mu.Unlock()
	if free {
		c.opts.Tell(Event{Named: true})
	}
	if before == 0 {
		c.wake()
	}
	return nil
}

// meetNamesake looks who has this node's name: this process, whose answer was lost on its
// way; nobody; or another, which lives where it took the name away or has been heard of
// twice. It returns 0 where another has it.
func (c *Cluster) meetNamesake(ctx context.Context, nodes *bucket, value []byte, had bool) (revision uint64, err error) {
	e, ok, err := nodes.get(ctx, c.opts.Node)
	if err != nil {
		return 0, err
	}
	var n Node
	if ok && json.Unmarshal(e.value, &n) != nil {
		n.Nonce = "" // of a program that writes something else
	}
	switch {
	case !ok:
		revision, err = nodes.create(ctx, c.opts.Node, value, c.opts.Lease)
	case n.Nonce == c.nonce:
		revision, err = nodes.replace(ctx, c.opts.Node, value, e.revision, c.opts.Lease)
	default:
		c.noteRival(n.Nonce, e.revision, had)
		return 0, nil
	}
	if errors.Is(err, errTaken) {
		return 0, nil // the next heartbeat finds out
	}
	return revision, err
}

// noteRival notes that another process has the name.
func (c *Cluster) noteRival(nonce string, revision uint64, had bool) {
	c.mu.Lock()
	was := c.name
	now := name{rival: nonce, seen: revision, told: was.told}
	if was.rival == nonce {
		now.seen = was.seen
	}
	now.told = now.told || had || was.rival == nonce && revision > was.seen
	c.name = now
	c.mu.Unlock()
	if now.told && !was.told {
		c.opts.Tell(Event{Namesake: true})
		c.wake()
	}
}

// giveNameBack has the others know at once that this node leaves.
func (c *Cluster) giveNameBack(ctx context.Context) {
	c.mu.Lock()
	b, revision := c.buckets, c.name.revision
	c.mu.Unlock()
	if b == nil || revision == 0 || !c.InTouch() {
		return
	}
	// Where it does not arrive, the name runs out by itself a moment later.
	_ = b.nodes.kv.Purge(ctx, c.opts.Node, jetstream.PurgeTTL(markerLife), jetstream.LastRevision(revision))
}
