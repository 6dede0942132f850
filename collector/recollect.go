package collector

import (
	"cmp"
	"context"
	"hash/maphash"
	"slices"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"collectord/collector/config"
	"collectord/collector/journal"
)

// This file is how an account gets back what was remembered of it: at the start, and when
// an edit brings a label back. In between the journal alone remembers those who left, and
// memory has no more than a number for each of them.

// recollection is what the journal remembers, for as long as a config is being taken.
type recollection struct {
	rows   map[journal.AccountKey]journal.Account
	latest map[journal.AccountKey]journal.Latest
}

func recollect(ctx context.Context, j *journal.Journal) (r recollection, err error) {
	var rowsErr error
	var reading sync.WaitGroup // with many accounts, each of the two takes a while
	reading.Go(func() { r.rows, rowsErr = j.Accounts(ctx) })
	r.latest, err = j.Latest(ctx)
	reading.Wait()
	return r, cmp.Or(rowsErr, err)
}

// newest is the time of the newest point of each network. After the clock was set back
// it is in the future.
func (r recollection) newest() map[string]time.Time {
	newest := make(map[string]time.Time)
	for key, l := range r.latest {
		if l.Time.After(newest[key.Network]) {
			newest[key.Network] = l.Time
		}
	}
	return newest
}

// absent are the accounts that the journal remembers, or this process, and that are not in
// the config. They are many after years of edits, so each is a number here: where two have
// the same, one that is new is looked for in the journal for nothing.
type absent struct {
	seed    maphash.Seed
	numbers map[uint64]struct{}
}

func newAbsent() absent {
	return absent{seed: maphash.MakeSeed(), numbers: make(map[uint64]struct{})}
}

func (a absent) add(key journal.AccountKey) { a.numbers[maphash.Comparable(a.seed, key)] = struct{}{} }

// leave notes what is left of a recollection when all accounts of the config have theirs.
func (a absent) leave(r recollection) {
	for key := range r.rows {
		a.add(key)
	}
	for key := range r.latest {
		a.add(key)
	}
}

// take reports whether there may be something to remember of an account, which is in
// the config from now on.
func (a absent) take(key journal.AccountKey) bool {
	number := maphash.Comparable(a.seed, key)
	_, there := a.numbers[number]
	delete(a.numbers, number)
	return there
}

// remember makes an account of which nothing is in memory. The caller holds c.mu.
func (c *Collector) remember(network string, cfg *config.Account) *account {
	key := journal.AccountKey{Network: network, Label: cfg.Label}
	if c.absent.take(key) && c.memory == nil {
		m, err := recollect(context.Background(), c.opts.Journal)
		if err != nil {
			c.opts.Log.Error("what is remembered of an account that came back could not be read; it begins anew",
				zap.String("network", network), zap.String("account", cfg.Label), zap.Error(err), zap.String("hint", diskHint))
		}
		c.memory = &m
	}
	var row journal.Account
	var latest journal.Latest
	if c.memory != nil {
		row, latest = c.memory.rows[key], c.memory.latest[key]
		delete(c.memory.rows, key)
		delete(c.memory.latest, key)
	}
	if heard, ok := c.heard[key]; ok {
		row = heard
		delete(c.heard, key)
	}
	return newAccount(cfg, row, latest)
}

// forget lets go of an account that left the config. What other nodes told of it is in no
// journal of this one, and is kept.
func (c *Collector) forget(network string, a *account) {
	key := journal.AccountKey{Network: network, Label: a.Label}
	c.absent.add(key)
	if c.opts.Cluster != nil {
		c.heard[key] = a.written(network)
	}
}

// find returns the network's account with that label, nil if there is none. The caller
// holds n.mu.
func (n *network) find(label string) *account {
	if n.sorted == nil {
		n.sorted = make([]int32, len(n.accounts))
		for i := range n.sorted {
			n.sorted[i] = int32(i) // a config has no 2,000,000,000 accounts
		}
		slices.SortFunc(n.sorted, func(a, b int32) int { return strings.Compare(n.accounts[a].Label, n.accounts[b].Label) })
	}
	at, found := slices.BinarySearchFunc(n.sorted, label, func(i int32, label string) int { return strings.Compare(n.accounts[i].Label, label) })
	if !found {
		return nil
	}
	return n.accounts[n.sorted[at]]
}

// depart lets go of the accounts that left the config. One that is still being polled is
// kept until then: it may come back meanwhile, and is not polled twice at once. The
// caller holds n.mu.
func (n *network) depart(left map[string]*account, forget func(*account)) {
	for label, a := range left {
		if forget(a); a.polling {
			if n.leaving == nil {
				n.leaving = make(map[string]*account)
			}
			n.leaving[label] = a
		}
	}
}

// byLabel are the accounts in memory, those included that are leaving. The caller holds
// n.mu.
func (n *network) byLabel() map[string]*account {
	by := make(map[string]*account, len(n.accounts)+len(n.leaving))
	for label, a := range n.leaving {
		by[label] = a
	}
	for _, a := range n.accounts {
		by[a.Label] = a
	}
	return by
}
