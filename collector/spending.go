package collector

import (
	"context"
	"time"

	"collectord/collector/cluster"
	"collectord/collector/journal"
	"collectord/collector/poll"
	"collectord/collector/status"
	"collectord/keychain"
	"collectord/networks"
)

// spentSince is from when on what was spent is read at the start: it is another day
// somewhere.
const spentSince = 48 * time.Hour

// readSpent reads what was spent on the days that may not be over, by network.
func readSpent(ctx context.Context, purse *journal.Journal) (map[string][]poll.Spent, error) {
	kept, err := purse.Spent(ctx, time.Now().Add(-spentSince).UTC().Format(time.DateOnly))
	if err != nil {
		return nil, err
	}
	known := make(map[string][]poll.Spent, len(kept))
	for network, list := range kept {
		for _, s := range list {
			known[network] = append(known[network], poll.Spent{Slot: s.Slot, Day: s.Day, Micros: s.Micros, Others: s.Others, Paid: s.Paid})
		}
	}
	return known, nil
}

func kept(s poll.Spent) journal.Spent {
	return journal.Spent{Slot: s.Slot, Day: s.Day, Micros: s.Micros, Paid: s.Paid, Unpaid: s.Unpaid}
}

// spend puts down what a request may cost before it is made.
func (n *network) spend(ctx context.Context, s poll.Spent) (others int64, err error) {
	err = n.durably(ctx, func(ctx context.Context) (err error) {
		others, err = n.purse.Spend(ctx, n.name, kept(s))
		return err
	})
	if err == nil && n.shared() {
		elsewhere, err := n.cluster.Spend(ctx, n.spentHere(s))
		return others + elsewhere, err
	}
	return others, err
}

// spentHere is a change of what was spent, as other machines are told it.
func (n *network) spentHere(s poll.Spent) cluster.Spent {
	told := cluster.Spent{Network: n.name, Slot: s.Slot, Day: s.Day, Micros: s.Micros}
	for _, before := range n.spentBefore {
		if before.Slot == s.Slot && before.Day == s.Day {
			told.Before += before.Micros
		}
	}
	return told
}

// shared reports whether a budget holds for several machines together.
func (n *network) shared() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.cluster != nil && n.cfg.Budget > 0
}

// spent puts what answers cost into their batch, or into the journal that keeps what
// is spent where that is another.
func (t *ticking) spent(ctx context.Context, b *journal.Batch, s poll.Spent) error {
	switch {
	case s.Micros == 0 && len(s.Paid) == 0 && len(s.Unpaid) == 0:
		return nil
	case t.purse == t.journal:
		b.Spent = append(b.Spent, kept(s))
		return nil
	}
	_, err := t.spend(ctx, s)
	return err
}

// tellSpent tells other machines what answers cost that are on disk by now. Where nobody
// hears what came back, the others spend less than they might.
func (t *ticking) tellSpent(ctx context.Context, s poll.Spent) error {
	if t.purse != t.journal || s.Micros == 0 || !t.shared() {
		return nil
	}
	if _, err := t.cluster.Spend(ctx, t.spentHere(s)); s.Micros > 0 {
		return err
	}
	return nil
}

// tellSpending tells what tokens, or a network without any, spent on their day. A
// token whose budget is spent rests until the day ends, though the keychain knows
// nothing of budgets. The caller holds n.mu.
func (n *network) tellSpending(s *status.Network) {
	now := time.Now()
	if len(s.Tokens) == 0 || len(n.cfg.Tokens) == 0 {
		s.Spending, _ = n.spendingOf("", now)
	}
	for i := range s.Tokens {
		t := &s.Tokens[i]
		var full bool
		if t.Spending, full = n.spendingOf(t.Slot, now); full && t.State == keychain.OK {
			t.State, t.Until = keychain.Cooling, t.Spending.Ends
			t.Reason = "the budget of " + n.cfg.Descriptor.Spending.Amount(t.Spending.Budget) + " a day is spent"
			if n.cfg.Descriptor.Spending.PerAccountDay > 0 {
				t.Reason += "; accounts that it paid for are asked for on"
			}
		}
	}
}

func (n *network) spendingOf(slot string, now time.Time) (s status.Spending, full bool) {
	of := n.ledger.Standing(slot, now)
	d := n.cfg.Descriptor.Spending.Filled()
	return status.Spending{Unit: d.Unit, Money: d.Unit == networks.USD, Today: of.Spent, Budget: of.Budget, Allowance: d.Allowance, Ends: of.Ends}, of.Full
}
