package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nuid"
)

// This file is what nodes know of whole ticks.

// CatchUp waits until what this node knows of pieces is all that NATS knew when it was
// called. The error is that NATS does not answer (ErrAway), or ErrNamesake.
func (c *Cluster) CatchUp(ctx context.Context) error {
	c.mu.Lock()
	b := c.buckets
	c.mu.Unlock()
	if c.Alone() {
		return nil
	}
	if b == nil {
		return ErrAway
	}
	if ok, _ := c.Named(); !ok {
		return ErrNamesake
	}
	revision, err := b.batches.put(ctx, "look."+strings.ReplaceAll(c.opts.Node, ".", "/"), nil, c.opts.Lease)
	if err != nil {
		return err
	}
	return b.batches.catchUp(ctx, revision)
}

// Polled reports whether some node has begun to poll a tick as it is cut here. A piece that
// its node left behind when it died does not count. What a tick came to is known until its
// next one is due and a moment longer.
func (c *Cluster) Polled(network string, tick int64, cut string) bool {
	c.mu.Lock()
	b := c.buckets
	c.mu.Unlock()
	if b == nil {
		return false
	}
	prefix := fmt.Sprintf("%s.%d.%s.", network, tick, cut)
	polled := false
	b.batches.all(func(key string, e entry) {
		polled = polled || strings.HasPrefix(key, prefix) && !decodeHolding(e.value).Released
	})
	return polled
}

// Agree returns what the nodes agreed on under a name, which is what the first of them
// proposed; everybody knows it for as long as keep says. A node that polls by itself agrees
// with itself. The error is that NATS does not answer (ErrAway), or ErrNamesake.
func (c *Cluster) Agree(ctx context.Context, name Piece, proposed int64, keep time.Duration) (agreed int64, err error) {
	c.mu.Lock()
	b := c.buckets
	c.mu.Unlock()
	if c.Alone() {
		return proposed, nil
	}
	if b == nil {
		return 0, ErrAway
	}
	if ok, _ := c.Named(); !ok {
		return 0, ErrNamesake
	}
	mine := holding{Node: c.opts.Node, Nonce: c.nonce, Claim: nuid.Next(), Done: true, At: proposed}
	_, err = b.batches.create(ctx, name.key(), mine.encode(), max(keep, c.opts.Lease).Round(time.Second))
	if err == nil {
		return proposed, nil
	}
	e, ok, getErr := b.batches.get(ctx, name.key()) // another's, or an answer was lost on its way
	var theirs holding
	switch {
	case getErr != nil:
		return 0, getErr
	case !ok || json.Unmarshal(e.value, &theirs) != nil || theirs.At == 0:
		return 0, err
	}
	return theirs.At, nil
}

// Drop counts answers that were thrown away because their lease was lost.
func (c *Cluster) Drop(answers int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dropped += int64(answers)
}

// Forget lets go of what is known of a network's ticks up to a time.
func (c *Cluster) Forget(network string, upTo int64) {
	c.mu.Lock()
	for p := range c.alone {
		if p.Network == network && p.Tick <= upTo {
			delete(c.alone, p)
		}
	}
	b := c.buckets
	c.mu.Unlock()
	if b == nil {
		return
	}
	b.batches.prune(func(key string, _ entry) bool {
		name, rest, _ := strings.Cut(key, ".")
		var at int64
		_, err := fmt.Sscanf(rest, "%d.", &at)
		return name == network && err == nil && at <= upTo
	})
}
