package collector

import (
	"context"
	"errors"
	"runtime/debug"
	"slices"
	"time"

	"go.uber.org/zap"

	"collectord/collector/cluster"
	"collectord/collector/journal"
	"collectord/collector/poll"
)

// This file is the poll of one piece of a tick, and what all pieces come to.

// poll polls a piece that is claimed, and says so when it is done.
func (s *sharing) poll(ctx context.Context, sh *share) (ended *share) {
	defer func() {
		ended = sh
		if v := recover(); v != nil {
			sh.failed = &poll.Panic{Value: v, Stack: debug.Stack()}
			sh.claim.Release()
		}
	}()
	t := &ticking{network: s.network, recorder: s.recorder, failures: s.failures, share: sh}
	now := time.Now()
	t.job = &job{tick: s.job.tick, accounts: sh.accounts, poller: s.job.poller, each: s.job.each,
		until: now.Add(min(s.deadline.Sub(now)/2, longestRetry))}
	err := t.gatherFrom(ctx, s.answered)
	if err == nil {
		err = s.ask(ctx, t)
	}
	if err == nil {
		s.mu.Lock()
		tally := sh.tally
		s.mu.Unlock()
		tally.TookMS = max(0, time.Since(s.started).Milliseconds())
		err = sh.claim.Done(ctx, tally, min(longestKeep, max(0, time.Until(s.deadline))+keepDone))
	}
	switch {
	case errors.Is(err, cluster.ErrLost):
		s.log.Warn("a piece of a tick was lost to another node while it was polled", zap.String("piece", sh.id.String()), zap.String("hint", leaseHint))
	case errors.Is(err, cluster.ErrAway), errors.Is(err, poll.ErrElsewhere): // by whoever can
		sh.claim.Release()
	case err != nil:
		sh.claim.Release()
		if ctx.Err() == nil {
			sh.failed = err
		}
	}
	return sh
}

// ask asks for the accounts of a piece. The error is a poll.ErrElsewhere where this node
// lost its tokens meanwhile: then the accounts have not failed, and the piece is for a
// node that has some.
func (s *sharing) ask(ctx context.Context, t *ticking) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	elsewhere := func(answers []poll.Answer) bool {
		return slices.ContainsFunc(answers, func(a poll.Answer) bool { return a.Err != nil && errors.Is(a.Err, poll.ErrElsewhere) })
	}
	err := t.job.poller.Poll(ctx, poll.Job{Accounts: t.asks, Until: t.job.until, Spend: t.spend,
		Answer: func(ctx context.Context, answers []poll.Answer, used poll.Usage) error {
			if elsewhere(answers) {
				return poll.ErrElsewhere
			}
			return t.answer(ctx, answers, used)
		},
		Failing: func(answers []poll.Answer, again time.Time) {
			if elsewhere(answers) {
				cancel(poll.ErrElsewhere)
				return
			}
			t.share.resting.Store(true)
			t.failing(answers, again)
		}})
	if cause := context.Cause(ctx); errors.Is(cause, poll.ErrElsewhere) {
		return cause
	}
	return err
}

// ended takes a piece back whose poll has ended. The error is of the journal, or what the
// poll panicked with.
func (s *sharing) ended(sh *share) error {
	for _, p := range s.pools {
		if slices.Contains(p.pieces, sh) {
			p.running--
		}
	}
	sh.claim = nil
	return sh.failed
}

// total is what all nodes together made of the tick, by what they left behind.
func (s *sharing) total() *share {
	all := &share{}
	for _, p := range s.pools {
		for _, sh := range p.pieces {
			state, t := s.cluster.Look(sh.id)
			if state != cluster.Done {
				continue
			}
			all.tally.OK += t.OK
			all.tally.Failed += t.Failed
			all.tally.Requests += t.Requests
			all.tally.Retries += t.Retries
			all.tally.TookMS = max(all.tally.TookMS, t.TookMS)
		}
	}
	return all
}

// tellTwice tells of accounts that were answered here before a restart, and by another
// node after that: both answers are the tick's, and InfluxDB keeps the one written last.
func (s *sharing) tellTwice() {
	if len(s.answered) == 0 {
		return
	}
	twice := make(map[string]int)
	for _, p := range s.pools {
		for _, sh := range p.pieces {
			doer := s.cluster.Doer(sh.id)
			if doer == "" || doer == s.cluster.Name() {
				continue
			}
			for _, a := range sh.accounts {
				if s.answered[a.Label] {
					twice[doer]++
				}
			}
		}
	}
	for doer, accounts := range twice {
		s.log.Warn("accounts were answered for here before a restart, and by another node after it; InfluxDB keeps what it gets last",
			zap.Time("tick", s.job.tick.Time), zap.String("node", doer), zap.Int("accounts", accounts),
			zap.String("hint", "nothing to do: it is one point, with the count of either"))
	}
}

// inAll puts what all nodes made of a tick in the place of what this one did, so that
// every node says the same of it.
func (t *ticking) inAll(tick journal.Tick) (_ journal.Tick, took time.Duration) {
	all := t.share.tally
	tick.Accounts, tick.OK, tick.Failed, tick.Requests, tick.Retries = len(t.job.accounts), all.OK, all.Failed, all.Requests, all.Retries
	return tick, time.Duration(all.TookMS) * time.Millisecond
}

// mine makes sure that answers are still this node's to record. Those that are not are
// dropped and counted; what they cost was spent all the same.
func (t *ticking) mine(ctx context.Context, answers int, used poll.Usage) error {
	if t.share == nil {
		return nil
	}
	err := t.share.claim.Check(ctx)
	if err == nil {
		return nil
	}
	if errors.Is(err, cluster.ErrLost) {
		t.cluster.Drop(answers)
		t.log.Warn("answers were dropped: their piece of the tick is another node's by now",
			zap.String("piece", t.share.id.String()), zap.Int("accounts", answers), zap.String("hint", leaseHint))
	}
	if used.Spent.Micros != 0 {
		_, spendErr := t.spend(context.WithoutCancel(ctx), used.Spent)
		err = errors.Join(err, spendErr)
	}
	return err
}
