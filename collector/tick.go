package collector

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"collectord/collector/journal"
	"collectord/collector/logfold"
	"collectord/collector/point"
	"collectord/collector/poll"
	"collectord/collector/status"
	"collectord/networks"
)

// poll makes the poll of one tick: opens the tick on disk, asks, records what is
// answered as it comes, closes the tick. It returns early only when ctx ends; the
// tick stays open then and is resumed at the next start.
func (n *network) poll(ctx context.Context, j *job) error {
	if err := n.durably(ctx, func(ctx context.Context) error { return n.journal.BeginTick(ctx, j.tick, j.slots()) }); err != nil {
		return err
	}
	started := time.Now()
	if err := wait(ctx, time.Until(j.tick.Time.Add(j.delay))); err != nil {
		return err
	}
	t := &ticking{network: n, job: j, recorder: recorder{network: n.name, at: j.tick.Time}, failures: make(failures)}
	if n.cluster != nil {
		return n.share(ctx, t, started)
	}
	if err := t.gather(ctx); err != nil {
		return err
	}
	err := j.poller.Poll(ctx, poll.Job{Accounts: t.asks, Until: j.until, Answer: t.answer, Spend: t.spend, Failing: t.failing})
	if err != nil {
		return err
	}
	return t.end(ctx, started)
}

// slots are the next ticks of the schedules that this tick is of. Those of others stay
// on disk as they are: they may be due as well and not yet begun, and a crash now must
// find them missed.
func (j *job) slots() map[string]time.Time {
	if j.resumed { // they were stored when the tick was opened, and may have moved on since
		return nil
	}
	slots := make(map[string]time.Time, len(j.tick.Specs))
	for _, spec := range j.tick.Specs {
		if at, ok := j.next[spec]; ok {
			slots[spec] = at
		}
	}
	return slots
}

// ticking is the poll of one tick while it goes on.
type ticking struct {
	*network
	job      *job
	recorder recorder
	asked    []*account // as poll.Job.Accounts
	asks     []poll.Account
	changes  []change // of the answers that are being recorded
	failures failures // accounts that nobody answered for
	panicked bool     // and it has been told
	share    *share   // the piece of the tick that this is about; nil: the whole tick
}

// gather makes the poll's questions: the accounts of the tick without those that
// were answered for before a restart, and those that are left out for a while.
func (t *ticking) gather(ctx context.Context) error {
	answered, err := t.journal.Answered(ctx, t.name, t.job.tick.Time)
	if err != nil {
		return err
	}
	return t.gatherFrom(ctx, answered)
}

// gatherFrom is gather for a caller who knows which labels were answered for.
func (t *ticking) gatherFrom(ctx context.Context, answered map[string]bool) error {
	now := time.Now()
	left := journal.Batch{Network: t.name, Time: t.job.tick.Time}
	t.asked, t.asks = make([]*account, 0, len(t.job.accounts)), make([]poll.Account, 0, len(t.job.accounts))
	t.mu.Lock()
	for _, a := range t.job.accounts {
		switch {
		case answered[a.Label]:
		case a.leftOut(now):
			left.Answered = append(left.Answered, a.Label)
			left.OK++
		default:
			t.asked = append(t.asked, a)
			t.asks = append(t.asks, poll.Account{Ref: a.reference(), Slots: a.Tokens, Before: a.count()})
		}
	}
	t.mu.Unlock()
	if left.OK == 0 {
		return nil
	}
	return t.durably(ctx, func(ctx context.Context) error { return t.journal.Record(ctx, left) })
}

// answer puts the answers of one request on disk, and then into memory.
func (t *ticking) answer(ctx context.Context, answers []poll.Answer, used poll.Usage) error {
	if err := t.mine(ctx, len(answers), used); err != nil {
		return err
	}
	b := journal.Batch{Network: t.name, Time: t.job.tick.Time, Requests: used.Requests, Retries: used.Retries}
	t.changes = slices.Grow(t.changes[:0], len(answers))
	b.Points = make([]point.Point, 0, len(answers))
	t.mu.Lock()
	for _, answer := range answers {
		t.changes = append(t.changes, t.recorder.add(&b, t.asked[answer.Account], answer))
	}
	t.mu.Unlock()
	if err := t.spent(ctx, &b, used.Spent); err != nil {
		return err
	}
	if err := t.durably(ctx, func(ctx context.Context) error { return t.journal.Record(ctx, b) }); err != nil {
		return err
	}
	t.passOn(&b)
	t.take(t.changes, answers, used)
	return t.tellSpent(ctx, used.Spent)
}

// take puts answers that are on disk into memory.
func (t *ticking) take(changes []change, answers []poll.Answer, used poll.Usage) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, c := range changes {
		t.report(c, answers[i])
		c.apply(t.job.tick.Time)
	}
	t.count(answers, used)
	if t.job.each != nil {
		t.job.each(len(answers))
	}
}

// report logs what an operator wants to hear of an account. The caller holds t.mu.
func (t *ticking) report(c change, answer poll.Answer) {
	a := c.account
	if e := answer.Err; e != nil && !e.Kind.OfAccount() {
		t.failures.add(e)
		t.lastErr, t.lastErrs = e, time.Now()
		t.reportPanic(e)
		return
	}
	if c.row.Error != "" { // a profile that is unfit
		t.failures.unfit(c.row.Error)
		return
	}
	if c.before.ID != "" && c.row.ID != c.before.ID { // the network itself says that it is the same account
		t.log.Info("an account has a new id; its series goes on under the same label", zap.String("account", a.Label),
			zap.String("id", c.row.ID), zap.String("before", c.before.ID))
	}
	if c.row.State == c.before.State || c.before.State == "" && c.row.State == stateOK {
		return
	}
	log := t.log.Warn
	if c.row.State == stateOK {
		log = t.log.Info
	}
	log("an account changed its state", logfold.Each(), zap.String("account", a.Label), zap.String("handle", a.Handle),
		zap.String("state", c.row.State), zap.String("before", c.before.State), zap.String("hint", stateHint(c.row.State)))
}

// reportPanic logs a panic of the network's code, once a poll. The caller holds t.mu.
func (t *ticking) reportPanic(e *networks.Error) {
	var p *poll.Panic
	if !t.panicked && errors.As(e, &p) {
		t.panicked = true
		t.tellPanic(t.job.tick.Time, p)
	}
}

// count adds to the totals. The caller holds t.mu.
func (t *ticking) count(answers []poll.Answer, used poll.Usage) {
	t.totals.Requests += int64(used.Requests)
	t.totals.Retries += int64(used.Retries)
	if used.Requests > 0 {
		t.totals.Meters.Request(outcome(used.Outcome), used.Took)
		t.log.Debug("request", zap.Time("tick", t.job.tick.Time), zap.String("outcome", outcome(used.Outcome)),
			zap.Duration("took", used.Took), zap.Int("accounts", len(answers)))
	}
	if t.totals.Results == nil {
		t.totals.Results = make(map[string]int64)
	}
	for _, a := range answers {
		if a.Err != nil {
			t.totals.Results[outcome(a.Err.Kind)]++
		} else {
			t.totals.Results[stateOK]++
		}
	}
}

// outcome is a kind of error as a metric label; that of none is "ok".
func outcome(k networks.Kind) string {
	if k == 0 {
		return stateOK
	}
	return k.Label()
}

// failing notes accounts that will be asked again in this same poll. It says so in the words
// of tell, so that one trouble is one line, folded.
func (t *ticking) failing(answers []poll.Answer, again time.Time) {
	t.mu.Lock()
	reasons := make(failures)
	for _, answer := range answers {
		a := t.asked[answer.Account]
		reasons.add(answer.Err)
		o := a.oddity()
		o.failing, o.hint = answer.Err.Error(), answer.Err.Hint
		a.setOddity(o)
		t.lastErr, t.lastErrs = answer.Err, time.Now()
		t.reportPanic(answer.Err)
	}
	t.mu.Unlock()
	for _, f := range reasons.told() {
		t.log.Warn("accounts had no answer", zap.Time("tick", t.job.tick.Time), zap.Int("accounts", f.accounts),
			zap.String("reason", f.reason), zap.String("hint", f.hint), zap.Time("again", again), logfold.In(t.scope()))
	}
}

// scope is of what is said of the polls of these schedules: what the next of them does
// not say again is over.
func (t *ticking) scope() string { return "poll " + t.name + " " + strings.Join(t.job.tick.Specs, ",") }

// end closes the tick and says what the poll came to.
func (t *ticking) end(ctx context.Context, started time.Time) error {
	tick, _, err := t.journal.Tick(ctx, t.name, t.job.tick.Time)
	if err != nil {
		return err
	}
	now := time.Now()
	took := now.Sub(started)
	if t.share != nil {
		tick, took = t.inAll(tick)
		now = tick.Started.Add(took)
	}
	// A poll of several schedules that was cut short goes on for those whose next tick is
	// not due; the accounts of the others have no answer in it.
	if left := tick.Accounts - tick.OK - tick.Failed; left > 0 {
		t.log.Warn("a poll that was cut short is not gone on with", zap.Time("tick", tick.Time),
			zap.String("reason", "its next tick is due for some accounts"), zap.Int("accounts", left), zap.String("hint", nextTickHint), logfold.Each())
		tick.Failed += left
	}
	err = t.durably(ctx, func(ctx context.Context) error {
		return t.journal.EndTick(ctx, t.name, tick.Time, pollPoint(tick, now))
	})
	if err != nil {
		return err
	}
	t.mu.Lock()
	t.totals.Polls++
	t.totals.Meters.Poll(took, tick.MadeUp)
	t.last = &status.Poll{Time: tick.Time, Accounts: tick.Accounts, OK: tick.OK, Failed: tick.Failed,
		Requests: tick.Requests, Retries: tick.Retries, Duration: took}
	if tick.Failed == 0 {
		t.lastErr = nil
	}
	t.mu.Unlock()
	t.tell(tick, started, took)
	return nil
}

// tell says what the poll came to: each reason why accounts had no answer, and one line
// in any case.
func (t *ticking) tell(tick journal.Tick, started time.Time, took time.Duration) {
	for _, f := range t.failures.told() {
		t.log.Warn("accounts had no answer", zap.Time("tick", tick.Time), zap.Int("accounts", f.accounts),
			zap.String("reason", f.reason), zap.String("hint", f.hint), logfold.In(t.scope()))
	}
	fields := []zap.Field{zap.Time("tick", tick.Time), zap.Int("accounts", tick.Accounts), zap.Int("ok", tick.OK), zap.Int("failed", tick.Failed),
		zap.Int("requests", tick.Requests), zap.Int("retries", tick.Retries), zap.Duration("took", took.Round(time.Millisecond)), logfold.Done(t.scope(), started)}
	if tick.MadeUp {
		fields = append(fields, zap.Bool("made_up", true))
	}
	t.log.Info("poll", fields...)
}

// pollPoint is the point that tells what a poll came to.
func pollPoint(t journal.Tick, ended time.Time) []point.Point {
	return []point.Point{{Measurement: point.Poll, Time: t.Time, Tags: []point.Tag{{Key: "network", Value: t.Network}},
		Fields: []point.Field{
			point.Int("accounts", int64(t.Accounts)), point.Int("ok", int64(t.OK)), point.Int("failed", int64(t.Failed)),
			point.Int("requests", int64(t.Requests)), point.Int("retries", int64(t.Retries)),
			point.Int("duration_ms", max(0, ended.Sub(t.Started).Milliseconds())),
		}}}
}

// fullPause is how long a full disk is left alone before the next try.
const fullPause = 5 * time.Second

// durably makes a write to the journal, and while the disk is full again and
// again: an answer that was paid for is not thrown away. A write that has begun is
// not cut short by the end of ctx.
func (n *network) durably(ctx context.Context, write func(context.Context) error) error {
	for told := false; ; told = true {
		err := write(context.WithoutCancel(ctx))
		n.blocked.Store(nil)
		if !errors.Is(err, journal.ErrFull) {
			if told && err == nil {
				n.log.Info("the journal takes points again")
			}
			return err
		}
		n.blocked.Store(&err)
		if !told {
			n.log.Error("the journal cannot be written; polling waits for room on the disk",
				zap.Error(err), zap.String("journal", n.journal.Path()), zap.Duration("next_try", fullPause), zap.String("hint", diskHint))
		}
		if err := wait(ctx, fullPause); err != nil {
			return err
		}
	}
}

// wait waits for d or for the end of ctx, whose error it returns then.
func wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
