package collector

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"time"

	"go.uber.org/zap"

	"collectord/collector/cluster"
	"collectord/collector/journal"
	"collectord/collector/schedule"
)

// This file is what a node does about ticks that it missed. Where others polled the last of
// them it takes its part in that one, if there is one left: some tokens are used by this
// node alone. Where nobody did, the nodes agree on the time of one poll that is made up,
// and share it like any other.

// meet waits at the start for what the other nodes know.
func (n *network) meet(ctx context.Context) {
	if n.cluster != nil {
		n.cluster.Ready(ctx, meetFor)
	}
}

// makeUp makes one poll up for ticks that were missed.
func (n *network) makeUp(ctx context.Context, specs []string, now time.Time) {
	if n.cluster == nil {
		n.start(ctx, now.Truncate(time.Second), specs, true)
		return
	}
	slices.Sort(specs)
	n.polls.Go(func() {
		for !n.makeUpTogether(ctx, specs) {
			if !time.Now().Before(n.dueNext(specs)) {
				n.log.Warn("missed ticks are not made up for", zap.Strings("schedules", specs),
					zap.String("reason", "NATS did not answer until the next tick"), zap.String("hint", nextTickHint))
				return
			}
			if wait(ctx, lookEvenIdle) != nil {
				return
			}
		}
	})
}

// makeUpTogether starts what there is to do about missed ticks. It reports whether it could:
// NATS has to say what others did.
func (n *network) makeUpTogether(ctx context.Context, specs []string) bool {
	if n.cluster.CatchUp(ctx) != nil {
		return false
	}
	now := time.Now()
	polled, missed := n.sortMissed(specs, now)
	for _, m := range missed {
		if now.Before(m.sure) { // who is there is about to begin
			return false
		}
	}
	if len(missed) > 0 {
		at, ok := n.freeTime(ctx, time.Now().Truncate(time.Second))
		if !ok {
			return true // it was skipped for that, as without a cluster
		}
		agreed, err := n.cluster.Agree(ctx, n.missedName(missed), at.Unix(), min(longestKeep, max(0, time.Until(n.dueNext(specs)))+keepDone))
		if err != nil {
			return false
		}
		n.goOn(ctx, time.Unix(agreed, 0), slices.Sorted(maps.Keys(missed)), true)
	}
	for at, specs := range polled {
		n.log.Info("ticks that were missed here were polled by other nodes", zap.Strings("schedules", specs), zap.Time("last", time.Unix(at, 0)))
		n.goOn(ctx, time.Unix(at, 0), specs, false)
	}
	return true
}

// goOn takes part in a tick of the other nodes, unless this node has polled it.
func (n *network) goOn(ctx context.Context, at time.Time, specs []string, madeUp bool) {
	if n.free(ctx, at) {
		n.begin(ctx, journal.Tick{Network: n.name, Time: at, MadeUp: madeUp, Specs: specs, Started: time.Now()}, specs, false)
	}
}

// lastMissed is the last tick of a schedule that was missed, and how its accounts are cut.
type lastMissed struct {
	tick int64
	cut  string
	sure time.Time // from here on it is certain that nobody polls it
}

// surelyBegun is how long after a tick, or half of the time to the next one, every node that
// is there has begun to poll it.
const surelyBegun = 3 * time.Second

// sortMissed tells schedules whose last tick others poll, by that tick, from those whose
// last tick nobody does. One whose accounts are asked later by their spread is not missed.
func (n *network) sortMissed(specs []string, now time.Time) (polled map[int64][]string, missed map[string]lastMissed) {
	polled, missed = make(map[int64][]string), make(map[string]lastMissed)
	n.mu.Lock()
	known, delay := maps.Clone(n.specs), schedule.Offset(n.name, n.cfg.Spread)
	n.mu.Unlock()
	for _, spec := range specs {
		s, ok := known[spec]
		if !ok {
			continue // the config has changed
		}
		last := lastSlot(s, now)
		_, _, cut := n.cutOf(n.accountsAt(known, last))
		if starts := last.Add(delay); now.Before(starts) || n.cluster.Polled(n.name, last.Unix(), cut) {
			polled[last.Unix()] = append(polled[last.Unix()], spec)
		} else {
			missed[spec] = lastMissed{last.Unix(), cut, starts.Add(min(surelyBegun, s.Next(last).Sub(last)/2))}
		}
	}
	return polled, missed
}

// accountsAt are the accounts that have a tick at a time.
func (n *network) accountsAt(specs map[string]schedule.Schedule, at time.Time) []*account {
	due := make(map[string]bool)
	for spec, s := range specs {
		due[spec] = s.Next(at.Add(-time.Second)).Equal(at)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	var accounts []*account
	for _, a := range n.accounts {
		if due[a.Schedule.String()] {
			accounts = append(accounts, a)
		}
	}
	return accounts
}

// missedName is under which name nodes agree on the poll that is made up: those that missed
// the same ticks of the same accounts make one up together.
func (n *network) missedName(missed map[string]lastMissed) cluster.Piece {
	sum := sha256.New()
	var last int64
	for _, spec := range slices.Sorted(maps.Keys(missed)) {
		m := missed[spec]
		_, _ = fmt.Fprintf(sum, "%q %d %s\n", spec, m.tick, m.cut)
		last = max(last, m.tick)
	}
	return cluster.Piece{Network: n.name, Tick: last, Cut: "missed-" + hex.EncodeToString(sum.Sum(nil)[:6])}
}

// dueNext is when the first of some schedules has its next tick.
func (n *network) dueNext(specs []string) time.Time {
	n.mu.Lock()
	defer n.mu.Unlock()
	first := time.Now().Add(longestKeep)
	for _, spec := range specs {
		if at, ok := n.next[spec]; ok && at.Before(first) {
			first = at
		}
	}
	return first
}

// longestBack is how far the last tick of a schedule is looked for: "0 0 29 2 *" has one in
// eight years at the least.
const longestBack = 9 * 366 * 24 * time.Hour

// lastSlot is the last tick of a schedule up to now.
func lastSlot(s schedule.Schedule, now time.Time) time.Time {
	for back := time.Minute; back < 2*longestBack; back *= 2 {
		at := s.Next(now.Add(-back))
		if at.IsZero() || at.After(now) {
			continue
		}
		for next := s.Next(at); !next.IsZero() && !next.After(now); next = s.Next(at) {
			at = next
		}
		return at
	}
	return time.Time{}
}
