package collector

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"collectord/collector/cluster"
)

// This file is the poll of a tick that several machines share. Each cuts the tick's
// accounts into the same pieces, polls those that it can claim and has tokens for, and
// stays with the tick until every piece is done by somebody: what a dead node leaves
// behind is free again when its lease has run out.

const (
	// smallestPiece is as much as the widest request of any network takes, largestPiece
	// bounds what is polled twice when a node dies.
	smallestPiece = 1000
	largestPiece  = 10_000
	// piecesEach is how many pieces a token, or a node where there are no tokens, is to
	// have, so that nobody waits long for the last one.
	piecesEach = 8
	fewNodes   = 3
	// lookEvenIdle is how often pieces are looked at though nothing was heard.
	lookEvenIdle = 500 * time.Millisecond
	// settleFor is the pause between two looks: changes come by the hundred.
	settleFor = 20 * time.Millisecond
	// meetFor bounds the wait for NATS at the start and before a tick.
	meetFor = 10 * time.Second
	// leaveEarly is how long before the next tick nobody is waited for any more.
	leaveEarly = time.Second
	// keepDone is how long, beyond the tick's own time, it stays known that a piece is done.
	keepDone    = 2 * time.Minute
	longestKeep = 48 * time.Hour
)

// share is one piece of a tick.
type share struct {
	id       cluster.Piece
	pool     []string // slots; none where the network takes no token
	accounts []*account
	turn     uint64 // the order in which this node tries

	claim   *cluster.Claim // while this node polls it
	resting atomic.Bool    // its poll waits to ask failed accounts again
	tally   cluster.Tally  // guarded by network.mu
	failed  error          // why the journal did not take its answers, or a *poll.Panic
}

// pool is the pieces that are asked for with the same tokens.
type pool struct {
	slots   []string
	pieces  []*share
	held    []string // slots that are taken for this tick
	running int
}

// sharing is the poll of one tick while several machines share it.
type sharing struct {
	*ticking
	started  time.Time
	deadline time.Time // a moment before the next tick is due
	answered map[string]bool
	pools    []*pool
	over     chan *share // pieces whose poll has ended
}

// share polls what this node gets of the tick, and ends the tick when all of it is done.
func (n *network) share(ctx context.Context, t *ticking, started time.Time) error {
	n.cluster.Ready(ctx, meetFor)
	answered, err := n.journal.Answered(ctx, n.name, t.job.tick.Time)
	if err != nil {
		return err
	}
	due := t.job.due(started)
	// Who waited for others until the next tick is due would skip that one.
	s := &sharing{ticking: t, started: started, deadline: due.Add(-min(leaveEarly, due.Sub(started)/8)), answered: answered, over: make(chan *share)}
	s.cut()
	n.cluster.Forget(n.name, t.job.tick.Time.Add(-longestKeep).Unix())
	if err := s.run(ctx); err != nil {
		return err
	}
	s.tellTwice()
	t.share = s.total()
	return t.end(ctx, started)
}

// due is when the next tick of one of the job's schedules is.
func (j *job) due(now time.Time) time.Time {
	first := now.Add(longestKeep)
	for _, spec := range j.tick.Specs {
		if at, ok := j.next[spec]; ok && at.After(j.tick.Time) && at.Before(first) {
			first = at
		}
	}
	return first
}

// cut makes the pieces: by pool of tokens, in the order of labels, so that every node
// with the same config makes the same, whatever it knows of the accounts.
func (s *sharing) cut() {
	by, keys, name := s.cutOf(s.job.accounts)
	id := cluster.Piece{Network: s.name, Tick: s.job.tick.Time.Unix(), Cut: name}
	for _, key := range keys {
		p := &pool{slots: strings.Fields(key)}
		for part := range slices.Chunk(by[key], pieceSize(len(by[key]), len(p.slots))) {
			p.pieces = append(p.pieces, &share{id: id, pool: p.slots, accounts: part, turn: s.preference(fmt.Sprint(id))})
			id.Index++
		}
		slices.SortFunc(p.pieces, func(a, b *share) int { return cmp.Compare(a.turn, b.turn) })
		s.pools = append(s.pools, p)
	}
}

// cutOf puts accounts into the order in which they are cut: by pools, of which it returns
// the names, in their order. The name of the cut is the same on nodes that cut alike alone.
func (n *network) cutOf(accounts []*account) (by map[string][]*account, pools []string, name string) {
	by = make(map[string][]*account)
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, a := range accounts {
		slots := a.Tokens
		if len(slots) == 0 {
			slots = n.cfg.Tokens
		}
		key := strings.Join(slots, " ")
		by[key] = append(by[key], a)
	}
	for key := range by {
		pools = append(pools, key)
	}
	slices.Sort(pools)
	sum := sha256.New()
	var line []byte
	for _, key := range pools {
		slices.SortFunc(by[key], func(a, b *account) int { return cmp.Compare(a.Label, b.Label) })
		_, _ = fmt.Fprintf(sum, "%q\n", key)
		for _, a := range by[key] {
			line = append(append(append(append(line[:0], a.Label...), 0), asked(a.Ref())...), '\n') // a label has no control characters
			_, _ = sum.Write(line)
		}
	}
	return by, pools, hex.EncodeToString(sum.Sum(nil)[:6])
}

// pieceSize is how many accounts a piece has. The config alone decides.
func pieceSize(accounts, tokens int) int {
	return min(largestPiece, max(smallestPiece, accounts/(piecesEach*max(tokens, fewNodes))))
}

// preference puts things into an order of this node's own, so that nodes begin at
// different ends.
func (n *network) preference(thing string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(n.cluster.Name() + "\n" + thing)) // never fails
	return h.Sum64() * 0x9e3779b97f4a7c15
}

// run claims and polls pieces until all are done, or the next tick is due.
func (s *sharing) run(ctx context.Context) error {
	running := 0
	var failed error
	defer s.leaveTokens()
	for {
		changed := s.cluster.Changed()
		left := 0
		for _, p := range s.pools {
			started, open := s.advance(ctx, p, failed == nil && time.Now().Before(s.deadline))
			running += started
			left += open
		}
		if running == 0 && (left == 0 || failed != nil || ctx.Err() != nil || !time.Now().Before(s.deadline)) {
			return errors.Join(failed, ctx.Err())
		}
		pause := lookEvenIdle
		if left := time.Until(s.deadline); left > 0 {
			pause = min(pause, left)
		}
		t := time.NewTimer(pause)
		select {
		case <-changed:
			_ = wait(ctx, settleFor) // the loop looks at ctx
		case <-t.C:
		case sh := <-s.over:
			running--
			failed = errors.Join(failed, s.ended(sh))
		}
		t.Stop()
		if ctx.Err() != nil {
			for ; running > 0; running-- {
				failed = errors.Join(failed, s.ended(<-s.over))
			}
		}
	}
}

// advance starts what this node can do of a pool. It returns how many polls it started,
// and how many pieces nobody has done.
func (s *sharing) advance(ctx context.Context, p *pool, more bool) (started, left int) {
	free, left := s.free(p)
	if !more || ctx.Err() != nil {
		return 0, left
	}
	if len(free) > 0 || p.running > 0 {
		s.takeTokens(ctx, p)
	}
	for _, sh := range free {
		if s.busy(p) >= s.width(p) {
			break
		}
		claim, err := s.cluster.Claim(ctx, sh.id)
		if err != nil {
			break // NATS does not answer
		}
		if claim == nil {
			continue // another was faster
		}
		sh.claim = claim
		sh.resting.Store(false)
		p.running++
		started++
		s.polls.Go(func() { s.over <- s.poll(ctx, sh) })
	}
	if p.running == 0 && started == 0 && len(free) == 0 {
		s.leavePool(p)
	}
	return started, left
}

// free returns the pieces that can be claimed, and how many nobody has done.
func (s *sharing) free(p *pool) (free []*share, left int) {
	for _, sh := range p.pieces {
		switch state, _ := s.cluster.Look(sh.id); {
		case state == cluster.Done:
			continue
		case state == cluster.Free && sh.claim == nil:
			free = append(free, sh)
		}
		left++
	}
	return free, left
}

// width is how many pieces of a pool this node polls at once: one a token, and one more
// that fills the gaps; without tokens two.
func (s *sharing) width(p *pool) int {
	if len(p.slots) == 0 {
		return 2
	}
	if len(p.held) == 0 {
		return 0
	}
	return len(p.held) + 1
}

// busy is how many pieces of a pool are being asked for.
func (s *sharing) busy(p *pool) int {
	n := 0
	for _, sh := range p.pieces {
		if sh.claim != nil && !sh.resting.Load() {
			n++
		}
	}
	return n
}
