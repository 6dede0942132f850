package collector

import (
	"context"
	"maps"
	"slices"
	"time"

	"go.uber.org/zap"

	"collectord/collector/logfold"
	"collectord/collector/schedule"
)

// This file is when a network's ticks are: in memory and on disk, where the next slot of
// every schedule stands so that a start after days knows what was missed.

// forgetTicks forgets when the next ticks are: the network is not in the config any
// more, and if it comes back it has missed nothing.
func (n *network) forgetTicks() {
	n.mu.Lock()
	known := n.specs != nil || len(n.next) > 0
	n.next, n.specs = make(map[string]time.Time), nil
	n.mu.Unlock()
	if known {
		n.keepSlots(context.Background())
	}
}

// dismiss lets go of all accounts: the network is not in the config any more.
func (n *network) dismiss(forget func(*account)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.depart(n.byLabel(), forget)
	n.accounts, n.sorted, n.cfg.Accounts = nil, nil, nil
}

// keepSlots puts the next tick of every schedule on disk that is not there yet. One that is
// there moves when its tick is begun on disk: a crash before that finds it missed, also
// where the tick was skipped because of the poll before it.
func (n *network) keepSlots(ctx context.Context) {
	n.mu.Lock()
	next := maps.Clone(n.next)
	n.mu.Unlock()
	if err := n.journal.KeepSlots(ctx, n.name, next); err != nil && ctx.Err() == nil {
		n.log.Error("the next ticks could not be written down; after a crash now, missed ticks are not noticed", zap.Error(err), zap.String("hint", diskHint))
	}
}

// earliest is the next tick of any schedule; far off where there is none.
func (n *network) earliest() time.Time {
	n.mu.Lock()
	defer n.mu.Unlock()
	first := time.Now().Add(longestWait)
	for _, at := range n.next {
		if at.Before(first) {
			first = at
		}
	}
	return first
}

// advance moves every schedule past now. It returns the schedules that are due, by
// tick, and those whose tick was missed.
func (n *network) advance(now time.Time) (due map[time.Time][]string, overdue []string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	due = make(map[time.Time][]string)
	var back []string
	var ahead time.Time // the latest tick that was waited for before the clock was set back
	for spec, s := range n.specs {
		at := n.next[spec]
		turn := s.Turn(at, now)
		n.next[spec] = turn.Next
		switch {
		case turn.Due:
			due[at] = append(due[at], spec)
		case turn.Missed > 0:
			n.missed.Add(int64(turn.Missed))
			n.log.Warn("ticks were missed; one poll is made up for them", zap.String("schedule", spec), zap.Time("since", at), zap.Int("ticks", turn.Missed),
				logfold.Each(), zap.String("hint", "nothing to do if collectord was stopped or the machine slept; else see what the lines before this one say"))
			overdue = append(overdue, spec)
		case turn.SetBack:
			back = append(back, spec)
			if at.After(ahead) {
				ahead = at
			}
		}
	}
	if len(back) > 0 {
		slices.Sort(back)
		n.log.Warn("the clock was set back; schedules go on by the new time", zap.Strings("schedules", back), zap.Time("next_tick_was", ahead),
			logfold.Each(), zap.String("hint", clockHint))
		if ahead.After(n.repeats) {
			n.repeats = ahead
		}
	}
	return due, overdue
}

// repeated reports whether a tick has had its poll before the clock was set back. The
// poll of now has a time of its own then: what was counted at the first one stays, and
// nobody waits for the clock to be there again.
func (n *network) repeated(ctx context.Context, at time.Time) bool {
	n.mu.Lock()
	repeats := n.repeats
	n.mu.Unlock()
	if at.After(repeats) {
		return false
	}
	_, taken, err := n.journal.Tick(ctx, n.name, at)
	return err == nil && taken
}

// freeTime is a second near at in which the network has no tick: a poll that no schedule
// asked for has a time of its own. The first one from at on is taken, which may be in the
// future by a moment that the poll waits for, but none in which a schedule has a tick: that
// one will be due. Where schedules leave none, it is the last one before at, of which there
// are some: a poll is made up because something was missed.
func (n *network) freeTime(ctx context.Context, at time.Time) (free time.Time, ok bool) {
	for second := range int(schedule.Late / time.Second) {
		ahead := at.Add(time.Duration(second) * time.Second)
		if n.free(ctx, ahead) && (second == 0 || !n.scheduled(ahead)) {
			return ahead, true
		}
	}
	for second := range int(schedule.Late / time.Second) {
		if behind := at.Add(-time.Duration(second+1) * time.Second); n.free(ctx, behind) {
			return behind, true
		}
	}
	return at, false
}

// free reports whether the network has no tick in a second.
func (n *network) free(ctx context.Context, at time.Time) bool {
	_, taken, err := n.journal.Tick(ctx, n.name, at)
	return err != nil || !taken && !n.held(at) // what is wrong with the journal shows when the tick is opened
}

// scheduled reports whether a schedule has a tick in a second.
func (n *network) scheduled(at time.Time) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, s := range n.specs {
		if s.Next(at.Add(-time.Second)).Equal(at) {
			return true
		}
	}
	return false
}
