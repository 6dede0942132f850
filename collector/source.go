package collector

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"collectord/collector/config"
	"collectord/collector/influx"
	"collectord/collector/journal"
	"collectord/collector/poll"
	"collectord/collector/schedule"
	"collectord/collector/status"
	"collectord/keychain"
	"collectord/networks"
)

// refusalsTold is how many of the points set aside are told one by one.
const refusalsTold = 5

// Accounts tells of every configured account, in the order of the config.
func (c *Collector) Accounts() []status.Account {
	networks := c.configured()
	size := 0
	for _, n := range networks {
		size += n.size()
	}
	all := make([]status.Account, 0, size) // one list: there may be a million
	for _, n := range networks {
		all = n.tell(all)
	}
	return all
}

// size is how many accounts the network has.
func (n *network) size() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.accounts)
}

// tell appends what there is to tell of the network's accounts.
func (n *network) tell(all []status.Account) []status.Account {
	n.mu.Lock()
	defer n.mu.Unlock()
	delay := schedule.Offset(n.name, n.cfg.Spread)
	for _, a := range n.accounts {
		told := a.tell(n.name)
		told.Rounded = a.counted && n.cfg.Descriptor.Rounds(a.followers)
		if next, ok := n.next[a.Schedule.String()]; ok {
			told.NextPoll = next.Add(delay)
		}
		if a.leftOut(told.NextPoll) {
			told.NextPoll = a.odd.skipUntil
		}
		all = append(all, told)
	}
	return all
}

func (a *account) tell(network string) status.Account {
	p, o, more := a.told.names(), a.oddity(), a.otherCounts()
	s := status.Account{
		Network: network, Label: a.Label, ID: p.ID, Type: p.Type, Nickname: p.Nickname, Name: p.Name, Link: p.Link,
		State: a.state.String(), StateSince: timeOf(a.since), LastPoll: timeOf(a.polled), LastSuccess: timeOf(a.succeeded),
		Error: cmp.Or(o.failing, o.err), Hint: o.hint, Followers: number(a.count()),
		Following: number(more.following), Posts: number(more.posts), Views: number(more.views), Likes: number(more.likes),
	}
	if o.id != "" {
		s.ID, s.Type = o.id, o.kind
	}
	if s.Hint == "" && s.Error == "" {
		s.Hint = stateHint(s.State)
	}
	if len(a.Tags) > 0 {
		s.Tags = make(map[string]string, len(a.Tags))
		for _, t := range a.Tags {
			s.Tags[t.Key] = t.Value
		}
	}
	return s
}

func number(c networks.Count) *int64 {
	if n, known := c.Get(); known {
		return &n
	}
	return nil
}

// Networks tells of every configured network.
func (c *Collector) Networks(keys *keychain.KeyChain) []status.Network {
	var all []status.Network
	for _, n := range c.configured() {
		all = append(all, n.overview(keys))
	}
	return all
}

func (n *network) overview(keys *keychain.KeyChain) status.Network {
	n.mu.Lock()
	defer n.mu.Unlock()
	s := status.Network{
		Name: n.name, Title: n.cfg.Descriptor.Title, Rate: n.cfg.RequestsPerSecond, Accounts: len(n.accounts), States: make(map[string]int),
		Running: n.running > 0, LastPoll: n.last, Skipped: n.skipped.Load(), Missed: n.missed.Load(), Totals: n.totals,
	}
	s.Totals.Results = make(map[string]int64, len(n.totals.Results))
	for k, v := range n.totals.Results {
		s.Totals.Results[k] = v
	}
	for _, a := range n.accounts {
		s.States[a.state.String()]++
	}
	for _, at := range n.next {
		if s.NextPoll.IsZero() || at.Before(s.NextPoll) {
			s.NextPoll = at
		}
	}
	if n.lastErr != nil {
		s.LastError, s.LastErrorAt, s.Hint = n.lastErr.Error(), n.lastErrs, n.lastErr.Hint
	}
	s.Totals.Meters = n.totals.Meters.Clone()
	_, waited := n.poller.Status()
	s.Totals.LimiterWait = n.waited + waited
	s.Tokens = tellTokens(n.slots(), keys)
	tellUsage(&s, n.poller.Allowances())
	n.tellSpending(&s)
	return s
}

// slots are all keychain slots that the network or one of its accounts names. The
// caller holds n.mu.
func (n *network) slots() []string {
	seen := make(map[string]bool)
	var slots []string
	add := func(more []string) {
		for _, s := range more {
			if !seen[s] {
				seen[s] = true
				slots = append(slots, s)
			}
		}
	}
	add(n.cfg.Tokens)
	for _, a := range n.accounts {
		add(a.Tokens)
	}
	return slots
}

func tellTokens(slots []string, keys *keychain.KeyChain) []status.Token {
	if len(slots) == 0 {
		return nil
	}
	held := make(map[string]keychain.SlotInfo)
	for _, info := range keys.Show() {
		held[info.Slot] = info
	}
	told := make([]status.Token, len(slots))
	for i, slot := range slots {
		info, ok := held[slot]
		if !ok {
			told[i] = status.Token{Slot: slot, State: "missing", Reason: "no token; store one with `collectord keychain assign " + slot + "`"}
			continue
		}
		told[i] = status.Token{Slot: slot, State: info.State.Name, Reason: info.State.Reason, Until: info.State.Until,
			Link: info.State.Link, Expires: info.ExpiresAt, Endless: info.Endless, Renewed: info.Renewable}
		if told[i].Reason == "" && info.RenewalError != nil {
			told[i].Reason = "it is not renewed: " + info.RenewalError.Error()
		}
	}
	return told
}

// tellUsage tells what the network last said of its limits, beside the token that it is
// about. A network without tokens may be many servers: the fullest of them counts.
func tellUsage(s *status.Network, known []poll.Allowance) {
	for _, a := range known {
		u := status.Usage{Limit: a.Limit, Used: a.Used, Until: a.Until}
		if a.Slot == "" {
			if !slices.ContainsFunc(s.Usage, func(v status.Usage) bool { return v.Limit == u.Limit }) {
				s.Usage = append(s.Usage, u)
			}
			continue
		}
		for i := range s.Tokens {
			if s.Tokens[i].Slot == a.Slot {
				s.Tokens[i].Usage = append(s.Tokens[i].Usage, u)
			}
		}
	}
}

// Accounts, Overview, History and Ready make a Daemon a status.Source, Changes a
// status.Historian.

// Accounts returns every configured account.
func (d *Daemon) Accounts(ctx context.Context) ([]status.Account, error) {
	if err := d.awaitAccounts(ctx); err != nil {
		return nil, err
	}
	accounts := d.collector.Accounts()
	return accounts, d.deltas.fill(ctx, d.journal, accounts)
}

// History returns the follower counts of one account.
func (d *Daemon) History(ctx context.Context, network, label string, since time.Time) ([]status.Sample, error) {
	samples, err := d.journal.History(ctx, network, label, since)
	if err != nil {
		return nil, err
	}
	told := make([]status.Sample, len(samples))
	for i, s := range samples {
		told[i] = status.Sample(s)
	}
	return told, nil
}

// awaitAccounts waits until what is remembered of the accounts was read.
func (d *Daemon) awaitAccounts(ctx context.Context) error {
	select {
	case <-d.recalled:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("what is remembered of the accounts is still being read: %w", ctx.Err())
	}
}

// Overview returns the state of the daemon.
func (d *Daemon) Overview(ctx context.Context) (status.Overview, error) {
	if err := d.awaitAccounts(ctx); err != nil {
		return status.Overview{}, err
	}
	stats, err := d.journal.Stats(ctx)
	o := status.Overview{
		Version: d.opts.Version, Started: d.started, Networks: d.collector.Networks(d.keys),
		Journal: status.Journal{Points: stats.Points, Bytes: stats.Bytes, Refused: stats.Refused, Rotten: stats.Rotten,
			Dropped: stats.Dropped, DamageAs: d.journal.Damaged(), MaxBytes: d.maxSize,
			Oldest: stats.Oldest, Newest: stats.Newest},
	}
	if err == nil && stats.Refused > 0 {
		o.Journal.RefusedLast, err = tellRefused(ctx, d.journal)
	}
	if err != nil {
		o.Journal.Error = err.Error()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	o.ConfigFile, o.ConfigHash, o.ConfigTime, o.ConfigError = d.cfg.File, d.cfg.Hash, d.configured, d.configError
	if d.delivery != nil {
		o.Influx = tellInflux(d.cfg.InfluxDB, d.delivery.Status())
	}
	d.meters.tell(&o)
	o.Meters.Mended = int64(d.journal.Mended())
	o.Cluster = d.tellNodes()
	return o, nil
}

// tellRefused tells of some of the points set aside.
func tellRefused(ctx context.Context, j *journal.Journal) ([]status.Refusal, error) {
	rows, err := j.Refused(ctx, refusalsTold)
	if err != nil {
		return nil, err
	}
	told := make([]status.Refusal, len(rows))
	for i, r := range rows {
		told[i] = status.Refusal{Time: r.At, Reason: r.Reason, Line: string(r.Line), Resend: r.Resend}
	}
	return told, nil
}

func tellInflux(cfg *config.InfluxDB, s influx.Status) *status.Influx {
	return &status.Influx{URL: cfg.URL, Bucket: cfg.Bucket, State: string(s.State), Error: s.LastError, Hint: s.Hint, Since: s.Since,
		Backlog: s.Backlog, Oldest: s.Oldest, Delivered: s.Delivered, Refused: s.Refused, LastSuccess: s.LastSuccess, NextTry: s.NextTry}
}

// Ready returns nil when the journal takes writes: the config is loaded from the
// start.
func (d *Daemon) Ready(ctx context.Context) error {
	select {
	case <-d.recalled:
		if err := d.collector.blocked(); err != nil {
			return err
		}
	default: // nothing is polled yet
	}
	return d.journal.Writable(ctx)
}
