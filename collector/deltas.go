package collector

import (
	"context"
	"sync"
	"time"

	"collectord/collector/journal"
	"collectord/collector/status"
)

const (
	day = 24 * time.Hour
	// deltaAge is how old the counts of a day and a week ago may be before they are
	// read again.
	deltaAge = 30 * time.Second
	// deltaWindow is how much older than a day or a week the count that a change is
	// measured from may be.
	deltaWindow = 26 * time.Hour
)

// deltas are what the page needs of the past: the counts of a day, a week and 30 days
// ago, read from the journal now and then, and what became of the accounts.
type deltas struct {
	mu               sync.Mutex
	day, week, month before

	changes changes
}

// before are the counts of some time ago.
type before struct {
	read   time.Time
	counts map[journal.AccountKey]journal.Sample
}

// fill puts the changes into accounts.
func (d *deltas) fill(ctx context.Context, j *journal.Journal, accounts []status.Account) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.refresh(ctx, j, time.Now()); err != nil {
		return err
	}
	for i := range accounts {
		a := &accounts[i]
		key := journal.AccountKey{Network: a.Network, Label: a.Label}
		a.Delta24h, a.Delta7d = difference(a.Followers, d.day.counts, key), difference(a.Followers, d.week.counts, key)
		a.Delta30d = difference(a.Followers, d.month.counts, key)
	}
	return nil
}

// refresh reads what was never read, and of what is old the oldest alone: a page waits for
// one of the three at most.
func (d *deltas) refresh(ctx context.Context, j *journal.Journal, now time.Time) error {
	age := map[*before]time.Duration{&d.day: day, &d.week: 7 * day, &d.month: 30 * day}
	read := func(b *before) (err error) {
		b.counts, err = j.At(ctx, now.Add(-age[b]), deltaWindow)
		if err == nil {
			b.read = now
		}
		return err
	}
	oldest := &d.day
	for _, b := range [...]*before{&d.day, &d.week, &d.month} {
		if b.read.IsZero() || b.read.After(now) { // the clock was put back
			if err := read(b); err != nil {
				return err
			}
		}
		if b.read.Before(oldest.read) {
			oldest = b
		}
	}
	if now.Sub(oldest.read) > deltaAge {
		return read(oldest)
	}
	return nil
}

func difference(now *int64, before map[journal.AccountKey]journal.Sample, key journal.AccountKey) *int64 {
	s, ok := before[key]
	if now == nil || !ok {
		return nil
	}
	d := *now - s.Followers
	return &d
}
