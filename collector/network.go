package collector

import (
	"context"
	"errors"
	"maps"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"collectord/collector/cluster"
	"collectord/collector/config"
	"collectord/collector/journal"
	"collectord/collector/logfold"
	"collectord/collector/poll"
	"collectord/collector/schedule"
	"collectord/collector/status"
	"collectord/networks"
)

const (
	// longestWait bounds one wait of a schedule, so that a suspended machine or a
	// clock that was set is noticed.
	longestWait = 30 * time.Second
	// longestRetry bounds how long accounts that nobody answered for are asked again
	// within their tick.
	longestRetry = 30 * time.Minute
)

// network is one network of the config: its schedules, its accounts and its polls.
type network struct {
	name    string
	log     *zap.Logger
	journal *journal.Journal
	purse   *journal.Journal // keeps what is spent
	ledger  *poll.Ledger     // set once, by the first config, as is what follows
	// spentBefore is what the journal had at the start of what is spent.
	spentBefore []poll.Spent
	cluster     *cluster.Cluster // nil: no other machine shares the work
	reload      chan struct{}    // poked when the schedules changed
	moved       chan struct{}    // sent to whenever the loop waits and somebody wants to know
	polls       sync.WaitGroup
	skipped     atomic.Int64
	missed      atomic.Int64
	blocked     atomic.Pointer[error] // why the journal takes no writes; nil if it does

	mu       sync.Mutex
	cfg      config.Network
	poller   *poll.Poller
	accounts []*account                   // in the order of the config
	sorted   []int32                      // places in accounts, by label; nil until find needs it
	leaving  map[string]*account          // not in the config any more, and still being polled
	next     map[string]time.Time         // by schedule: its next tick
	repeats  time.Time                    // ticks up to here may have had their poll: the clock was set back
	specs    map[string]schedule.Schedule // by expression
	running  int
	times    map[int64]bool // of the ticks whose polls are under way
	last     *status.Poll
	lastErr  *networks.Error
	lastErrs time.Time
	totals   status.Totals
	waited   time.Duration     // for limiters of pollers that are gone
	bound    map[string]string // tokens that one node alone uses, by slot
}

// configure takes the network's part of a config. Accounts that it does not change
// keep their memory, their schedule and their running poll. Remember makes an account that
// is new, forget is told of those that left.
func (n *network) configure(cfg config.Network, poller *poll.Poller, remember func(*config.Account) *account, forget func(*account)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.poller != nil && n.poller != poller {
		_, waited := n.poller.Status()
		n.waited += waited
	}
	n.cfg, n.poller = cfg, poller
	accounts := make([]*account, 0, len(cfg.Accounts))
	was := n.byLabel()
	specs := make(map[string]schedule.Schedule)
	for i := range cfg.Accounts {
		c := &cfg.Accounts[i] // shared: there may be a million
		a := was[c.Label]
		if a == nil {
			a = remember(c)
		} else {
			a = a.become(c)
			delete(was, c.Label)
			delete(n.leaving, c.Label)
		}
		accounts = append(accounts, a)
		if _, known := specs[c.Schedule.String()]; !known {
			specs[c.Schedule.String()] = c.Schedule
		}
	}
	n.depart(was, forget)
	n.accounts, n.sorted, n.specs = accounts, nil, specs
	n.schedule(time.Now())
	n.poke()
}

// schedule gives every schedule its next tick and forgets schedules that are gone.
// The caller holds n.mu.
func (n *network) schedule(now time.Time) {
	next := make(map[string]time.Time, len(n.specs))
	for spec, s := range n.specs {
		if at, ok := n.next[spec]; ok {
			next[spec] = at
		} else {
			next[spec] = s.Next(now)
		}
	}
	n.next = next
}

// poke makes the network look at its schedules now.
func (n *network) poke() {
	select {
	case n.reload <- struct{}{}:
	default:
	}
}

// run starts a poll at every tick until ctx ends, and returns when the last poll has.
// A network that is not in the config any more has no ticks, and its loop waits for it
// to come back: two loops of one network would poll a tick twice.
func (n *network) run(ctx context.Context) {
	defer n.polls.Wait()
	n.keepSlots(ctx)
	n.meet(ctx)
	n.resume(ctx)
	n.tick(ctx, time.Now())
	for {
		wait := min(longestWait, time.Until(n.earliest()))
		t := time.NewTimer(max(wait, 0))
		select {
		case <-ctx.Done():
			t.Stop()
			return
		case <-n.reload:
			t.Stop()
			n.keepSlots(ctx)
		case n.moved <- struct{}{}:
			t.Stop()
		case <-t.C:
		}
		n.tick(ctx, time.Now())
	}
}

// tick starts the polls that are due at now.
func (n *network) tick(ctx context.Context, now time.Time) {
	due, overdue := n.advance(now)
	for _, at := range slices.SortedFunc(maps.Keys(due), time.Time.Compare) {
		n.start(ctx, at, due[at], n.repeated(ctx, at))
	}
	if len(overdue) > 0 {
		n.makeUp(ctx, overdue, now)
	}
}

// resume goes on with what a restart cut short: the polls of ticks that are still
// open, and one poll for the ticks missed meanwhile.
func (n *network) resume(ctx context.Context) {
	ticks, err := n.journal.OpenTicks(ctx)
	if err != nil {
		if ctx.Err() == nil {
			n.log.Error("polls that were cut short cannot be resumed", zap.Error(err), zap.String("hint", diskHint))
		}
		return
	}
	now := time.Now()
	for _, t := range ticks {
		if t.Network != n.name {
			continue
		}
		specs := slices.DeleteFunc(slices.Clone(t.Specs), func(spec string) bool { return n.superseded(spec, t.Time, now) })
		switch {
		case t.Time.After(now.Add(schedule.Late)):
			n.abandon(ctx, t, "the clock was set back, and its tick is in the future")
			continue
		case len(specs) == 0:
			n.abandon(ctx, t, "its next tick is due")
			continue
		}
		n.log.Info("a poll that was cut short goes on", zap.Time("tick", t.Time))
		if !n.begin(ctx, t, specs, true) {
			n.abandon(ctx, t, "its accounts are gone, or polled for another tick")
		}
	}
}

// superseded reports whether a tick of a schedule has been followed by the next,
// or the schedule is gone.
func (n *network) superseded(spec string, at, now time.Time) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	s, ok := n.specs[spec]
	return !ok || !s.Next(at).After(now)
}

// abandon closes a tick that nobody will go on with. The accounts that nobody answered
// for are failed ones in its poll point.
func (n *network) abandon(ctx context.Context, t journal.Tick, why string) {
	n.log.Warn("a poll that was cut short is not gone on with", zap.Time("tick", t.Time), zap.String("reason", why),
		zap.Int("accounts", t.Accounts-t.OK), zap.String("hint", nextTickHint), logfold.Each())
	t.Failed = max(0, t.Accounts-t.OK) // an edit may have added accounts to its schedules
	if err := n.journal.EndTick(ctx, n.name, t.Time, pollPoint(t, time.Now())); err != nil && ctx.Err() == nil {
		n.log.Error("a poll could not be closed in the journal", zap.Error(err), zap.String("hint", diskHint))
	}
}

// start opens the tick at a time for some schedules and polls their accounts.
func (n *network) start(ctx context.Context, at time.Time, specs []string, madeUp bool) {
	slices.Sort(specs)
	if madeUp {
		free, ok := n.freeTime(ctx, at)
		if !ok {
			n.skipped.Add(1)
			n.log.Warn("a tick was skipped: the clock was set back, and every second here has had a poll",
				zap.Strings("schedules", specs), zap.Time("tick", at), zap.String("hint", clockHint))
			return
		}
		at = free
	}
	t := journal.Tick{Network: n.name, Time: at, MadeUp: madeUp, Specs: specs, Started: time.Now()}
	n.begin(ctx, t, specs, false)
}

// begin starts the poll of a tick, new or resumed, in a goroutine of its own, and reports
// whether there is anything to poll. What is still being polled for an earlier tick is
// skipped, and a schedule of which nothing is left is none of a new tick's: who resumes
// that tick does not poll for it either.
func (n *network) begin(ctx context.Context, t journal.Tick, specs []string, resumed bool) bool {
	j := n.join(specs)
	j.resumed = resumed
	if len(j.left) > 0 {
		n.log.Warn("a tick was skipped: the poll before it is still running",
			zap.Strings("schedules", j.left), zap.Time("tick", t.Time), zap.Int("accounts", j.busy),
			zap.String("hint", "poll less often, add tokens, or raise requests_per_second as far as the network allows"))
	}
	if len(j.accounts) == 0 {
		return false
	}
	if !resumed {
		t.Specs, t.Accounts = j.specs, len(j.accounts)
	}
	j.tick = t
	n.hold(t.Time)
	n.polls.Go(func() {
		defer n.leave(j)
		if err := n.guarded(ctx, j); err != nil && !errors.Is(err, context.Canceled) {
			n.log.Error("a poll broke off", zap.Time("tick", t.Time), zap.Error(err), zap.String("hint", diskHint))
		}
	})
	return true
}

// guarded polls, and ends a poll that panics: the process, the other networks and this
// one's next ticks go on.
func (n *network) guarded(ctx context.Context, j *job) error {
	err := n.caught(ctx, j)
	var p *poll.Panic
	if !errors.As(err, &p) {
		return err
	}
	n.tellPanic(j.tick.Time, p)
	if t, ok, err := n.journal.Tick(ctx, n.name, j.tick.Time); err == nil && ok {
		n.abandon(ctx, t, "it panicked")
	}
	return nil
}

// caught polls. The error of a poll that panicked is a *poll.Panic.
func (n *network) caught(ctx context.Context, j *job) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &poll.Panic{Value: v, Stack: debug.Stack()}
		}
	}()
	return n.poll(ctx, j)
}

// tellPanic logs a panic. What the code was doing is for those who mend it.
func (n *network) tellPanic(at time.Time, p *poll.Panic) {
	n.log.Error("a network's code panicked; the next tick goes on", zap.Time("tick", at), zap.Error(p),
		zap.String("hint", "please report it with the lines that log.level debug adds"))
	n.log.Debug("the stack of the panic", zap.Time("tick", at), zap.ByteString("stack", p.Stack))
}

// hold keeps the time of a tick for its poll, which may not have opened it on disk yet.
func (n *network) hold(at time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.times == nil {
		n.times = make(map[int64]bool)
	}
	n.times[at.Unix()] = true
}

// held reports whether a poll under way has that time.
func (n *network) held(at time.Time) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.times[at.Unix()]
}

// job is one poll of the network.
type job struct {
	tick     journal.Tick
	accounts []*account
	next     map[string]time.Time
	poller   *poll.Poller
	delay    time.Duration // from the tick to the first request
	until    time.Time     // failed accounts are asked again until then
	resumed  bool          // the tick is on disk already
	specs    []string      // the schedules of the accounts
	busy     int           // accounts left out: still being polled
	left     []string      // schedules all of whose accounts are left out
	each     func(accounts int)
}

// join gathers the accounts of some schedules for a poll.
func (n *network) join(specs []string) *job {
	n.mu.Lock()
	defer n.mu.Unlock()
	j := &job{poller: n.poller, delay: schedule.Offset(n.name, n.cfg.Spread), next: make(map[string]time.Time)}
	maps.Copy(j.next, n.next)
	joined, busy := make(map[string]bool), make(map[string]bool) // schedules
	j.accounts = make([]*account, 0, n.due(specs))
	for _, a := range n.accounts {
		spec := a.Schedule.String()
		if !slices.Contains(specs, spec) {
			continue
		}
		if a.polling {
			j.busy++
			busy[spec] = true
			continue
		}
		a.polling = true
		joined[spec] = true
		j.accounts = append(j.accounts, a)
	}
	if j.busy > 0 {
		n.skipped.Add(1)
	}
	for _, spec := range specs {
		switch {
		case joined[spec]:
			j.specs = append(j.specs, spec)
		case busy[spec]:
			j.left = append(j.left, spec)
		}
	}
	for _, spec := range specs {
		if at := n.next[spec]; j.until.IsZero() || at.Before(j.until) {
			j.until = at
		}
	}
	// Half of the time to the next tick: the answers stay nearer to their own.
	now := time.Now()
	j.until = now.Add(min(j.until.Sub(now)/2, longestRetry))
	if len(j.accounts) > 0 {
		n.running++
	}
	return j
}

// due is how many accounts some schedules have. The caller holds n.mu.
func (n *network) due(specs []string) int {
	due := 0
	for _, a := range n.accounts {
		if slices.Contains(specs, a.Schedule.String()) {
			due++
		}
	}
	return due
}

// once polls all accounts of the network in one pass, in a tick of its own.
func (n *network) once(ctx context.Context, at time.Time, each func(accounts int)) error {
	n.mu.Lock()
	j := &job{poller: n.poller, accounts: slices.Clone(n.accounts), each: each,
		tick: journal.Tick{Network: n.name, Time: at, MadeUp: true, Accounts: len(n.accounts), Started: time.Now()}}
	n.mu.Unlock()
	if len(j.accounts) == 0 {
		return nil
	}
	return n.poll(ctx, j)
}

// leave ends a poll's hold on its accounts.
func (n *network) leave(j *job) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.running--
	delete(n.times, j.tick.Time.Unix())
	for _, a := range j.accounts {
		a.polling = false
		if n.leaving[a.Label] == a {
			delete(n.leaving, a.Label)
		}
	}
}
