package collector

import (
	"bytes"
	"context"
	"sync"
	"time"

	"collectord/collector/journal"
	"collectord/collector/point"
	"collectord/collector/status"
)

const (
	// changesBudget is how long one call may look through the journal. A page is not
	// slower than that, however many points there are.
	changesBudget = 80 * time.Millisecond
	// changesRows is how many points are read at a time.
	changesRows = 5000
	// changesKept is how many changes of one account are held; an account that goes to
	// and fro loses its oldest.
	changesKept = 100
)

// changes are what account_state and profile_info told of every account. The journal
// finds points by account for counts alone, and these are few among them: so it is
// looked through once, in the order of arrival, and from where that stopped later.
type changes struct {
	mu    sync.Mutex
	after int64 // the last point looked at
	of    map[journal.AccountKey]*changed
}

// changed is what is known of one account at the last point looked at.
type changed struct {
	last map[string]string // by what: state, name, handle, ...
	all  []status.Change
}

// look reads on for as long as the budget lasts and reports whether it came to the end.
func (c *changes) look(ctx context.Context, j *journal.Journal) (whole bool, err error) {
	for end := time.Now().Add(changesBudget); ; {
		rows, last, err := j.Read(ctx, c.after, changesRows)
		if err != nil {
			return false, err
		}
		for _, r := range rows {
			if bytes.HasPrefix(r.Line, []byte(point.AccountState+",")) || bytes.HasPrefix(r.Line, []byte(point.ProfileInfo+",")) {
				c.take(r.Line)
			}
		}
		if last == c.after {
			return true, nil
		}
		c.after = last
		if time.Now().After(end) {
			return false, nil
		}
	}
}

// take adds what one point tells. One that cannot be read tells nothing.
func (c *changes) take(line []byte) {
	p, err := point.Parse(line)
	if err != nil {
		return
	}
	key := journal.AccountKey{Network: p.Tag("network"), Label: p.Tag("account")}
	a := c.of[key]
	if a == nil {
		if c.of == nil {
			c.of = make(map[journal.AccountKey]*changed)
		}
		a = &changed{last: make(map[string]string)}
		c.of[key] = a
	}
	if p.Measurement == point.ProfileInfo {
		a.become(p.Time, "id", p.Tag("id"))
	}
	for _, f := range [...]struct{ key, what string }{
		{"state", "state"}, {"name", "name"}, {"nickname", "handle"}, {"link", "link"}, {"verified", "verified"},
	} {
		if v, ok := p.Field(f.key); ok {
			a.become(p.Time, f.what, told(v))
		}
	}
	a.all = a.all[max(0, len(a.all)-changesKept):]
}

// become notes that something is so since a time. What it was at first sight is a change
// for the state alone.
func (a *changed) become(at time.Time, what, now string) {
	before, known := a.last[what]
	a.last[what] = now
	if before != now && (known || what == "state") {
		a.all = append(a.all, status.Change{Time: at, What: what, Before: before, After: now})
	}
}

// told is a field as people read it.
func told(f point.Field) string {
	if yes, ok := f.Bool(); ok {
		return map[bool]string{true: "yes", false: "no"}[yes]
	}
	s, _ := f.Text()
	return s
}

// Changes returns what became of one account's state, names and id, and whether all
// points were looked at for it.
func (d *Daemon) Changes(ctx context.Context, network, label string) ([]status.Change, bool, error) {
	c := &d.deltas.changes
	c.mu.Lock()
	defer c.mu.Unlock()
	whole, err := c.look(ctx, d.journal)
	if err != nil {
		return nil, false, err
	}
	a := c.of[journal.AccountKey{Network: network, Label: label}]
	if a == nil {
		return nil, whole, nil
	}
	return append([]status.Change(nil), a.all...), whole, nil
}
