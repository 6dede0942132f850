package cluster

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nuid"
)

// Piece is a part of a tick that one node polls.
type Piece struct {
	Network string
	Tick    int64 // Unix seconds
	// Cut tells one way of cutting a tick from another: nodes whose configs differ do not
	// mean the same by an index.
	Cut   string
	Index int
}

func (p Piece) key() string { return fmt.Sprintf("%s.%d.%s.%d", p.Network, p.Tick, p.Cut, p.Index) }

// String is the piece for people: "vk 2026-11-22T03:00:00Z 4".
func (p Piece) String() string {
	return fmt.Sprintf("%s %s %d", p.Network, time.Unix(p.Tick, 0).UTC().Format(time.RFC3339), p.Index)
}

// Tally is what the poll of a piece came to.
type Tally struct {
	OK       int   `json:"ok"`
	Failed   int   `json:"failed"`
	Requests int   `json:"requests"`
	Retries  int   `json:"retries"`
	TookMS   int64 `json:"took_ms"` // from the start of the tick on the node that ended it
}

// State is what is known of a piece.
type State int

// The values of State.
const (
	Free State = iota
	Held       // by this node or another
	Done
)

// Look is the state of a piece, by the mirror; with Done, what it came to.
func (c *Cluster) Look(p Piece) (State, Tally) {
	c.mu.Lock()
	tally, alone := c.alone[p]
	b := c.buckets
	solo := c.opts.Solo && !c.lost.IsZero() && !c.never
	c.mu.Unlock()
	if alone {
		return Done, tally
	}
	if b == nil {
		return Free, Tally{}
	}
	e, ok := b.batches.look(p.key())
	h := decodeHolding(e.value)
	switch {
	case !ok || e.gone || h.Released:
		return Free, Tally{}
	case h.Done:
		return Done, h.Tally
	case solo && h.Nonce != c.nonce: // who holds it may be gone
		return Free, Tally{}
	case time.Since(e.heard) > 2*c.opts.Lease: // the watch has missed something: try
		return Free, Tally{}
	}
	return Held, Tally{}
}

// Doer is the name of the node that has done a piece; "" where nobody has, or this
// process has.
func (c *Cluster) Doer(p Piece) string {
	c.mu.Lock()
	b := c.buckets
	c.mu.Unlock()
	if b == nil {
		return ""
	}
	e, _ := b.batches.look(p.key())
	if h := decodeHolding(e.value); h.Done && h.Nonce != c.nonce {
		return h.Node
	}
	return ""
}

// Claim is the right to poll a piece.
type Claim struct {
	c     *Cluster
	piece Piece
	lease *lease // nil: taken without NATS
}

// Claim takes a piece that is free. It is nil, without an error, where another node has
// it by now; the error is that NATS does not answer (ErrAway), or ErrNamesake.
func (c *Cluster) Claim(ctx context.Context, p Piece) (*Claim, error) {
	c.mu.Lock()
	b := c.buckets
	c.mu.Unlock()
	if c.Alone() {
		return &Claim{c: c, piece: p}, nil
	}
	if b == nil {
		return nil, ErrAway
	}
	if ok, _ := c.Named(); !ok {
		return nil, ErrNamesake
	}
	before, known := b.batches.look(p.key())
	l, err := c.hold(ctx, b.batches, p.key(), nuid.Next())
	switch {
	case isTaken(err):
		return nil, nil
	case err != nil:
		return nil, err
	}
	// A key that ran out was of a node that died or was cut off.
	if h := decodeHolding(before.value); known && !h.Released && !h.Done && h.Nonce != c.nonce {
		t := &TakeOver{At: time.Now().UTC(), From: h.Node, What: p.String()}
		c.mu.Lock()
		c.takeOver, c.takeOvers = t, c.takeOvers+1
		c.mu.Unlock()
		c.opts.Tell(Event{TakeOver: t})
	}
	return &Claim{c: c, piece: p, lease: l}, nil
}

// Check returns nil while nobody else can have the piece: to be called right before what
// was answered is written down. It may wait for NATS. The error is ErrLost, or that of
// ctx.
func (cl *Claim) Check(ctx context.Context) error {
	if cl.lease == nil {
		return ctx.Err()
	}
	return cl.lease.check(ctx)
}

// Done says for how long everybody is to know that the piece is done, and what it came
// to. It waits for NATS, unless this node polls by itself. The error is ErrLost, or that
// of ctx.
func (cl *Claim) Done(ctx context.Context, t Tally, keep time.Duration) error {
	keep = max(keep, cl.c.opts.Lease).Round(time.Second)
	for cl.lease != nil {
		err := cl.lease.finish(ctx, holding{Done: true, Tally: t}, keep)
		switch {
		case err == nil:
			cl.c.mu.Lock()
			cl.c.done++
			cl.c.mu.Unlock()
			return nil
		case !isAway(err):
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		}
		if cl.c.Alone() {
			cl.lease.end(errReleased)
			break
		}
		if err := sleep(ctx, 250*time.Millisecond); err != nil {
			return err
		}
	}
	cl.c.mu.Lock()
	defer cl.c.mu.Unlock()
	cl.c.done++
	cl.c.alone[cl.piece] = t
	return nil
}

// Release gives the piece back undone.
func (cl *Claim) Release() {
	if cl.lease == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), longestRequest)
	defer cancel()
	cl.lease.release(ctx)
}
