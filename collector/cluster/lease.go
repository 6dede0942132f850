package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"
)

// ErrLost is that a lease ran out and another node may have what it was of.
var ErrLost = errors.New("cluster: the lease was lost")

// holding is the value of a key that somebody holds, held, or has done.
type holding struct {
	Node     string `json:"node"`
	Nonce    string `json:"nonce"` // of the process
	Claim    string `json:"claim"` // of this very claim
	Released bool   `json:"released,omitempty"`
	Done     bool   `json:"done,omitempty"`
	Tally    Tally  `json:"tally,omitzero"`
	At       int64  `json:"at,omitempty"` // what was agreed on; see Agree
}

func (h holding) encode() []byte {
	b, err := json.Marshal(h)
	if err != nil {
		return nil // texts and numbers always encode
	}
	return b
}

func decodeHolding(value []byte) holding {
	var h holding
	if json.Unmarshal(value, &h) != nil {
		return holding{}
	}
	return h
}

// lease is a key that this process holds for as long as it is renewed.
type lease struct {
	c    *Cluster
	b    *bucket
	key  string
	mine holding

	asking sync.Mutex // one exchange with NATS at a time

	mu       sync.Mutex
	revision uint64
	until    time.Time // by this machine's clocks
	over     error     // ErrLost, or errReleased
}

var errReleased = errors.New("cluster: the lease was given back")

// hold takes a key that is free. The error is errTaken or ErrAway.
func (c *Cluster) hold(ctx context.Context, b *bucket, key, claim string) (*lease, error) {
	l := &lease{c: c, b: b, key: key, mine: holding{Node: c.opts.Node, Nonce: c.nonce, Claim: claim}}
	if err := l.take(ctx); err != nil {
		return nil, err
	}
	c.mu.Lock()
	c.leases[l] = true
	c.mu.Unlock()
	return l, nil
}

// take makes the key, or takes the place of a holder who gave it back.
func (l *lease) take(ctx context.Context) (err error) {
	sent := time.Now()
	var revision uint64
	if e, ok := l.b.look(l.key); ok && !e.gone && decodeHolding(e.value).Released {
		revision, err = l.b.replace(ctx, l.key, l.mine.encode(), e.revision, l.c.opts.Lease)
	} else {
		revision, err = l.b.create(ctx, l.key, l.mine.encode(), l.c.opts.Lease)
	}
	if err != nil { // an answer may have been lost on its way
		if e, ok, getErr := l.b.get(ctx, l.key); getErr == nil && ok {
			l.b.note(l.key, e)
			if decodeHolding(e.value) == l.mine {
				revision, err = e.revision, nil
			}
		}
	}
	if err != nil {
		return err
	}
	l.renewed(sent, revision)
	return nil
}

func (l *lease) renewed(sent time.Time, revision uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.revision, l.until = revision, sent.Add(l.c.opts.Lease-l.c.opts.Lease/marginPer)
}

// valid reports whether the lease holds by this machine's own clocks: the one that
// cannot be set, and the one on the wall, which alone goes on while a machine sleeps.
func (l *lease) valid() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	return l.over == nil && now.Before(l.until) && now.Round(0).Before(l.until.Round(0))
}

func (l *lease) state() (revision uint64, over error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.revision, l.over
}

// renew makes the lease longer. The error is ErrLost where it is another's, errReleased,
// or ErrAway.
func (l *lease) renew(ctx context.Context) error {
	l.asking.Lock()
	defer l.asking.Unlock()
	revision, over := l.state()
	if over != nil {
		return over
	}
	sent := time.Now()
	revision, err := l.b.replace(ctx, l.key, l.mine.encode(), revision, l.c.opts.Lease)
	if errors.Is(err, errTaken) {
		return l.regain(ctx)
	}
	if err != nil {
		return err
	}
	l.renewed(sent, revision)
	return nil
}

// regain looks who has a key that is not as this process left it. An answer that was
// lost on its way leaves it with this process; so does a key that ran out and that
// nobody took.
func (l *lease) regain(ctx context.Context) error {
	e, ok, err := l.b.get(ctx, l.key)
	if err != nil {
		return err
	}
	sent := time.Now()
	if ok && decodeHolding(e.value) == l.mine {
		var revision uint64
		if revision, err = l.b.replace(ctx, l.key, l.mine.encode(), e.revision, l.c.opts.Lease); err == nil {
			l.renewed(sent, revision)
		}
	} else if !ok {
		err = l.take(ctx)
	} else {
		err = errTaken
	}
	if errors.Is(err, errTaken) {
		l.end(ErrLost)
		return ErrLost
	}
	return err
}

// end forgets the lease.
func (l *lease) end(why error) {
	l.mu.Lock()
	if l.over == nil {
		l.over = why
	}
	l.mu.Unlock()
	l.c.mu.Lock()
	delete(l.c.leases, l)
	l.c.mu.Unlock()
}

// check returns nil while the lease holds, renewing it first where the clocks say that
// it is over. It waits for NATS, unless this node polls by itself meanwhile. The error
// is ErrLost, errReleased, or that of ctx.
func (l *lease) check(ctx context.Context) error {
	for !l.valid() {
		err := l.renew(ctx)
		switch {
		case errors.Is(err, ErrLost), errors.Is(err, errReleased):
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil:
		case l.c.Alone():
			return nil
		default:
			if err := sleep(ctx, 250*time.Millisecond); err != nil {
				return err
			}
		}
	}
	return nil
}

// release gives the key back at once, so that nobody has to wait for it to run out.
func (l *lease) release(ctx context.Context) {
	_ = l.finish(ctx, holding{Released: true}, l.c.opts.Lease)
}

// finish puts the last word in the place of the lease. The error is ErrLost or ErrAway.
func (l *lease) finish(ctx context.Context, last holding, life time.Duration) error {
	l.asking.Lock()
	defer l.asking.Unlock()
	revision, over := l.state()
	if over != nil {
		return over
	}
	last.Node, last.Nonce, last.Claim = l.mine.Node, l.mine.Nonce, l.mine.Claim
	for {
		_, err := l.b.replace(ctx, l.key, last.encode(), revision, life)
		if errors.Is(err, errTaken) {
			e, ok, getErr := l.b.get(ctx, l.key)
			switch h := decodeHolding(e.value); {
			case getErr != nil:
				return getErr
			case ok && h == last:
				err = nil
			case ok && h == l.mine:
				revision = e.revision
				continue
			case !ok && last.Done: // it ran out, and nobody took it
				_, err = l.b.create(ctx, l.key, last.encode(), life)
			}
		}
		if errors.Is(err, errTaken) {
			err = ErrLost
		}
		if err == nil || errors.Is(err, ErrLost) || last.Released {
			l.end(errReleased)
		}
		return err
	}
}
