package cluster

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nuid"
)

func isTaken(err error) bool { return errors.Is(err, errTaken) }
func isAway(err error) bool  { return errors.Is(err, ErrAway) }

// tokenLease is a token that this node may use, and no other.
type tokenLease struct {
	lease *lease // nil: used without NATS
	since time.Time
	users int
	idle  time.Time // since when nobody uses it
}

// slotKey is a slot in a key: NATS has no colons there, and no dots but between words.
func slotKey(slot string) string { return strings.NewReplacer(":", "=", ".", "/").Replace(slot) }

func tokenKey(slot string) string { return "token." + slotKey(slot) }

// Take takes the token of a slot, or keeps it, for one user more, who calls Leave. It is
// false where another node has it, or NATS does not answer.
func (c *Cluster) Take(ctx context.Context, slot string) bool {
	c.mu.Lock()
	t := c.tokens[slot]
	b := c.buckets
	c.mu.Unlock()
	if t != nil && c.usable(t) {
		c.mu.Lock()
		defer c.mu.Unlock()
		t.users++
		return true
	}
	var l *lease
	if !c.Alone() {
		if named, _ := c.Named(); b == nil || !named {
			return false
		}
		if e, ok := b.tokens.look(tokenKey(slot)); ok && !e.gone && !decodeHolding(e.value).Released &&
			time.Since(e.heard) < 2*c.opts.Lease {
			c.want(ctx, b, slot)
			return false
		}
		var err error
		if l, err = c.hold(ctx, b.tokens, tokenKey(slot), nuid.Next()); err != nil {
			return false
		}
		// What its last user told of it came before the token was free.
		if revision, _ := l.state(); b.tokens.catchUp(ctx, revision) != nil {
			l.release(ctx)
			return false
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tokens[slot] = &tokenLease{lease: l, since: time.Now(), users: 1}
	return true
}

// wantKey is that of a slot for whose token somebody waits. Its value is his nonce.
func wantKey(slot string) string { return "want." + slotKey(slot) }

// want tells who has a token that this node waits for it.
func (c *Cluster) want(ctx context.Context, b *buckets, slot string) {
	if e, ok := b.tokens.look(wantKey(slot)); ok && !e.gone && time.Since(e.heard) < c.opts.Lease/2 {
		return // somebody has
	}
	_, _ = b.tokens.put(ctx, wantKey(slot), []byte(c.nonce), c.opts.Lease) // it is said again
}

// wanted reports whether another node waits for a token. The caller holds c.mu.
func (c *Cluster) wanted(slot string) bool {
	if c.buckets == nil {
		return false
	}
	e, ok := c.buckets.tokens.look(wantKey(slot))
	return ok && !e.gone && string(e.value) != c.nonce && time.Since(e.heard) < 2*c.opts.Lease
}

// Leave ends one use of a token. It stays with this node for a while, unless another one
// waits for it: the next tick may want it.
func (c *Cluster) Leave(slot string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t := c.tokens[slot]; t != nil && t.users > 0 {
		t.users--
		t.idle = time.Now()
	}
	select {
	case c.left <- struct{}{}:
	default:
	}
}

// Use reports whether a request may be made with the token of a slot now, and since when
// this node has it. Where the clocks say that its lease is over, NATS is asked.
func (c *Cluster) Use(slot string) (since time.Time, ok bool) {
	c.mu.Lock()
	t := c.tokens[slot]
	c.mu.Unlock()
	if t == nil {
		return time.Time{}, false
	}
	if t.lease != nil && !t.lease.valid() && c.InTouch() { // or the clock was set: NATS knows
		ctx, cancel := context.WithTimeout(context.Background(), longestRequest)
		defer cancel()
		_ = t.lease.renew(ctx) // usable says what came of it
	}
	return t.since, c.usable(t)
}

func (c *Cluster) usable(t *tokenLease) bool {
	if t.lease == nil {
		return c.Alone()
	}
	return t.lease.valid() || c.Alone()
}

// dropIdle gives back the tokens that nobody has used for a while, and forgets those
// that are lost.
func (c *Cluster) dropIdle(ctx context.Context) {
	var back []*lease
	c.mu.Lock()
	for slot, t := range c.tokens {
		switch {
		case t.lease == nil:
			if c.lost.IsZero() {
				delete(c.tokens, slot)
			}
		case t.users == 0 && (time.Since(t.idle) > mostIdle || c.wanted(slot)):
			back = append(back, t.lease)
			delete(c.tokens, slot)
		default:
			if _, over := t.lease.state(); over != nil {
				delete(c.tokens, slot)
			}
		}
	}
	c.mu.Unlock()
	for _, l := range back {
		l.release(ctx)
	}
}

// Turn waits until no other node renews the token of a slot. The caller renews it, and
// calls done, after what the network gave is saved. The error is that NATS does not
// answer (ErrAway), ErrNamesake, or that of ctx: a token that two nodes renew may be lost
// to both.
func (c *Cluster) Turn(ctx context.Context, slot string) (done func(), err error) {
	c.Ready(ctx, c.patience()) // at the start NATS may not have answered yet
	c.mu.Lock()
	b := c.buckets
	c.mu.Unlock()
	if b == nil || !c.InTouch() {
		return nil, fmt.Errorf("%w, and without it two nodes might renew the same token", ErrAway)
	}
	if named, _ := c.Named(); !named {
		return nil, fmt.Errorf("%w, and renews its tokens", ErrNamesake)
	}
	for {
		l, err := c.hold(ctx, b.tokens, "renew."+slotKey(slot), nuid.Next())
		switch {
		case err == nil:
			return func() {
				ctx, cancel := context.WithTimeout(context.Background(), longestRequest)
				defer cancel()
				l.release(ctx)
			}, nil
		case isAway(err):
			return nil, err
		}
		if err := sleep(ctx, 500*time.Millisecond); err != nil {
			return nil, err
		}
	}
}
