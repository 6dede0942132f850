package collector

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"collectord/collector/journal"
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
	n.opened(j.tick.Specs, j.tick.Time)
	started := time.Now()
	if err := wait(ctx, time.Until(j.tick.Time.Add(j.delay))); err != nil {
		return err
	}
	t := &ticking{network: n, job: j, recorder: recorder{network: n.name, at: j.tick.Time}, failures: make(map[string]int)}
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
	failures map[string]int // failed accounts by reason
	panicked bool           // and it has been told
}

// gather makes the poll's questions: the accounts of the tick without those that
// were answered for before a restart, and those that are left out for a while.
func (t *ticking) gather(ctx context.Context) error {
	answered, err := t.journal.Answered(ctx, t.name, t.job.tick.Time)
	if err != nil {
		return err
	}
	now := time.Now()
	left := journal.Batch{Network: t.name, Time: t.job.tick.Time}
	t.mu.Lock()
	for _, a := range t.job.accounts {
		switch {
		case answered[a.Label]:
		case a.leftOut(now):
			left.Answered = append(left.Answered, a.Label)
			left.OK++
		default:
			t.asked = append(t.asked, a)
			t.asks = append(t.asks, poll.Account{Ref: a.ref, Slots: a.Tokens, Before: a.profile.Followers})
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
	b := journal.Batch{Network: t.name, Time: t.job.tick.Time, Requests: used.Requests, Retries: used.Retries}
	changes := make([]change, len(answers))
	t.mu.Lock()
	for i, answer := range answers {
		changes[i] = t.recorder.add(&b, t.asked[answer.Account], answer)
	}
	t.mu.Unlock()
	if err := t.spent(ctx, &b, used.Spent); err != nil {
		return err
	}
	if err := t.durably(ctx, func(ctx context.Context) error { return t.journal.Record(ctx, b) }); err != nil {
		return err
	}
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
	return nil
}

// report logs what an operator wants to hear of an account. The caller holds t.mu.
func (t *ticking) report(c change, answer poll.Answer) {
	a := c.account
	if e := answer.Err; e != nil && !e.Kind.OfAccount() {
		t.failures[e.Error()]++
		t.lastErr, t.lastErrs = e, time.Now()
		t.reportPanic(e)
		return
	}
	if c.row.Error != "" { // a profile that is unfit
		t.failures[c.row.Error]++
		return
	}
	if a.row.ID != "" && c.row.ID != a.row.ID { // the network itself says that it is the same account
		t.log.Info("an account has a new id; its series goes on under the same label", zap.String("account", a.Label),
			zap.String("id", c.row.ID), zap.String("before", a.row.ID))
	}
	if c.row.State == a.row.State || a.row.State == "" && c.row.State == stateOK {
		return
	}
	log := t.log.Warn
	if c.row.State == stateOK {
		log = t.log.Info
	}
	log("an account changed its state", zap.String("account", a.Label), zap.String("handle", a.Handle),
		zap.String("state", c.row.State), zap.String("before", a.row.State), zap.String("hint", stateHint(c.row.State)))
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
	if t.totals.Results == nil {
		t.totals.Results = make(map[string]int64)
	}
	for _, a := range answers {
		result := stateOK
		if a.Err != nil {
			result = a.Err.Kind.Label()
		}
		t.totals.Results[result]++
	}
}

// failing notes accounts that will be asked again in this same poll.
func (t *ticking) failing(answers []poll.Answer, again time.Time) {
	t.mu.Lock()
	reasons := make(map[string]int)
	for _, answer := range answers {
		a := t.asked[answer.Account]
		reasons[answer.Err.Error()]++
		a.failing, a.hint = answer.Err.Error(), answer.Err.Hint
		t.lastErr, t.lastErrs = answer.Err, time.Now()
		t.reportPanic(answer.Err)
	}
	t.mu.Unlock()
	t.log.Warn("accounts had no answer and are asked again", zap.Time("tick", t.job.tick.Time),
		zap.Int("accounts", len(answers)), zap.String("reason", summary(reasons)), zap.Time("again", again))
}

// end closes the tick and says what the poll came to.
func (t *ticking) end(ctx context.Context, started time.Time) error {
	tick, _, err := t.journal.Tick(ctx, t.name, t.job.tick.Time)
	if err != nil {
		return err
	}
	now := time.Now()
	// A poll of several schedules that was cut short goes on for those whose next tick is
	// not due; the accounts of the others have no answer in it.
	if left := tick.Accounts - tick.OK - tick.Failed; left > 0 {
		t.log.Warn("a poll that was cut short is not gone on with", zap.Time("tick", tick.Time),
			zap.String("reason", "its next tick is due for some accounts"), zap.Int("accounts", left))
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
	t.last = &status.Poll{Time: tick.Time, Accounts: tick.Accounts, OK: tick.OK, Failed: tick.Failed,
		Requests: tick.Requests, Retries: tick.Retries, Duration: now.Sub(started)}
	if tick.Failed == 0 {
		t.lastErr = nil
	}
	t.mu.Unlock()
	t.log.Info("poll", zap.Time("tick", tick.Time), zap.Int("accounts", tick.Accounts), zap.Int("ok", tick.OK),
		zap.Int("failed", tick.Failed), zap.Int("requests", tick.Requests), zap.Duration("took", now.Sub(started)))
	if len(t.failures) > 0 {
		t.log.Warn("accounts had no answer in this poll", zap.Time("tick", tick.Time), zap.Int("accounts", tick.Failed),
			zap.String("reason", summary(t.failures)), zap.String("hint", t.hintOfLast()))
	}
	return nil
}

func (n *network) hintOfLast() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.lastErr == nil {
		return ""
	}
	return n.lastErr.Hint
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

// maxReasons is how many different reasons one log line names.
const maxReasons = 3

// summary names the most frequent reasons, with how many accounts each has.
func summary(reasons map[string]int) string {
	texts := slices.SortedFunc(maps.Keys(reasons), func(a, b string) int {
		if d := reasons[b] - reasons[a]; d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	var parts []string
	for i, text := range texts {
		if i == maxReasons {
			parts = append(parts, fmt.Sprintf("and %d reasons more", len(texts)-i))
			break
		}
		parts = append(parts, fmt.Sprintf("%s (%d)", text, reasons[text]))
	}
	return strings.Join(parts, "; ")
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
				zap.Error(err), zap.String("journal", n.journal.Path()), zap.Duration("next_try", fullPause))
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
