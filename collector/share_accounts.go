package collector

import (
	"cmp"
	"encoding/json"

	"collectord/collector/journal"
	"collectord/networks"
)

// This file is what nodes tell each other of accounts: who polls one next must know what
// is remembered of it.

// passOn adds answers that are on disk to the piece's tally, and tells the other nodes
// what is remembered of their accounts.
func (t *ticking) passOn(b *journal.Batch) {
	if t.share == nil {
		return
	}
	t.mu.Lock()
	sum := &t.share.tally
	sum.OK, sum.Failed = sum.OK+b.OK, sum.Failed+b.Failed
	sum.Requests, sum.Retries = sum.Requests+b.Requests, sum.Retries+b.Retries
	t.mu.Unlock()
	for _, row := range b.Accounts {
		if text, err := json.Marshal(row); err == nil { // texts and times always encode
			t.cluster.Remember(row.Network, row.Label, text)
		}
	}
}

// hear takes what another node remembers of an account.
func (c *Collector) hear(value []byte) {
	var row journal.Account
	if json.Unmarshal(value, &row) != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := c.networks[row.Network]; n == nil || !n.learn(row) {
		c.heard[row.Key()] = row // until it is in the config
	}
}

// learn takes what another node remembers of one of the network's accounts. It reports
// whether there is such an account.
func (n *network) learn(row journal.Account) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	a := n.find(row.Label)
	if a != nil && asked(a.Ref()) == row.Asked {
		a.learn(row)
	}
	return a != nil
}

// learn takes what another node remembers of the account, but for the counts, which it
// does not tell.
func (a *account) learn(row journal.Account) {
	told := a.told.names()
	o := a.oddity()
	fresh := newAccount(a.Account, row, journal.Latest{})
	a.told = fresh.told
	if fresh.told.id() != cmp.Or(o.id, told.ID) {
		a.setCounts(&networks.Profile{})
	}
	o.id, o.kind = "", ""
	a.setOddity(o)
	a.note(row)
}
