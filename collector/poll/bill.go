package poll

import (
	"strings"
	"time"

	"collectord/networks"
)

// payee is an account as it is paid for: by its id where that is known.
func payee(r networks.Ref) string {
	if r.ID != "" {
		return strings.Join([]string{r.Kind, r.Host, "id", r.ID}, "|")
	}
	return strings.Join([]string{r.Kind, r.Host, "name", strings.ToLower(r.Name)}, "|")
}

// priced is what asking for some refs with a token would be.
type priced struct {
	cost int64    // of the request and those refs that fit
	fit  []int    // the refs that the budget has room for
	pays []string // those of them that cost
}

// price prices a request. The caller holds l.mu.
func (l *Ledger) price(p *page, refs []networks.Ref) priced {
	room := l.room(p) - l.perRequest
	if room < 0 && l.perRequest > 0 {
		return priced{}
	}
	c := priced{cost: l.perRequest, fit: make([]int, 0, len(refs))}
	var fresh map[string]bool
	for i, ref := range refs {
		if l.perAccount > 0 {
			if fresh == nil {
				fresh = make(map[string]bool)
			}
			if who := payee(ref); !p.paid[who] && !fresh[who] {
				if room < l.perAccount {
					continue
				}
				room -= l.perAccount
				c.cost += l.perAccount
				c.pays = append(c.pays, who)
				fresh[who] = true
			}
		}
		c.fit = append(c.fit, i)
	}
	return c
}

// quote returns how many of the refs a token has room for, and what they cost.
func (l *Ledger) quote(slot string, refs []networks.Ref, now time.Time) (fit int, cost int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	day, _ := l.day(now)
	c := l.price(l.page(pageKey{slot, day}), refs)
	return len(c.fit), c.cost
}

// paidWith is the first of the slots with which an account is paid for today, "" if
// there is none: it is cheapest asked for with that one again.
func (l *Ledger) paidWith(slots []string, ref networks.Ref, now time.Time) string {
	if l.perAccount == 0 || len(slots) < 2 {
		return ""
	}
	who := payee(ref)
	l.mu.Lock()
	defer l.mu.Unlock()
	day, _ := l.day(now)
	for _, slot := range slots {
		if p := l.pages[pageKey{slot, day}]; p != nil && p.paid[who] {
			return slot
		}
	}
	return ""
}

// bill is what one request has spent, until it is settled.
type bill struct {
	pageKey
	micros int64
	pays   []string // accounts that it paid for
	holds  []string // accounts that it is about
	onDisk bool     // Job.Spend has it
}

// spent is the bill as a change.
func (b *bill) spent() Spent {
	return Spent{Slot: b.slot, Day: b.day, Micros: b.micros, Paid: b.pays}
}

// reserve spends what asking for the refs with a token costs, as far as there is
// room: the bill is about the refs that fit.
func (l *Ledger) reserve(slot string, refs []networks.Ref, now time.Time) (b *bill, fit []int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	day, _ := l.day(now)
	b = &bill{pageKey: pageKey{slot, day}}
	p := l.page(b.pageKey)
	c := l.price(p, refs)
	if len(c.fit) == 0 {
		return nil, nil
	}
	b.micros, b.pays = c.cost, c.pays
	p.spent += c.cost
	for _, who := range c.pays {
		p.paid[who] = true
	}
	if l.perAccount > 0 {
		for _, i := range c.fit {
			b.holds = append(b.holds, payee(refs[i]))
			p.held[b.holds[len(b.holds)-1]]++
		}
	}
	return b, c.fit
}

// bounded reports whether there is a budget.
func (l *Ledger) bounded() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.budget > 0
}

// confirm takes what others have spent as it was when the bill came on disk. It
// reports whether the request may be made: there was room for both, and it is still
// the same day.
func (l *Ledger) confirm(b *bill, others int64, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	b.onDisk = true
	p := l.page(b.pageKey)
	p.others = others
	day, _ := l.day(now)
	return l.room(p) >= 0 && day == b.day
}

// cancel gives all of a bill back: the request is not made.
func (l *Ledger) cancel(b *bill) Spent { return l.close(b, b.micros, b.pays, nil) }

// settle gives back what the answer shows was not charged, and returns the change
// that is not on disk yet. Refs are those of the bill.
func (l *Ledger) settle(b *bill, refs []networks.Ref, results []networks.Result, e *networks.Error) Spent {
	if l.perAccount == 0 {
		return l.close(b, 0, nil, nil)
	}
	if e != nil {
		if !uncharged(e.Kind) {
			return l.close(b, 0, nil, nil)
		}
		return l.close(b, int64(len(b.pays))*l.perAccount, b.pays, nil)
	}
	missing, found := make(map[string]bool), make(map[string]bool)
	var known []string
	for i := range results {
		who := payee(refs[i])
		switch res := &results[i]; {
		case res.Profile != nil:
			found[who] = true
			known = append(known, payee(res.Known))
		case res.Err != nil && (res.Err.Kind == networks.NotFound || res.Err.Kind == networks.Suspended):
			missing[who] = true
		}
	}
	var back []string
	for _, who := range b.pays {
		if missing[who] && !found[who] {
			back = append(back, who)
		}
	}
	return l.close(b, int64(len(back))*l.perAccount, back, known)
}

// uncharged reports whether an answer of a kind was certainly not charged for as far
// as accounts go: the network said no, and about no account.
func uncharged(k networks.Kind) bool {
	switch k {
	case networks.RateLimited, networks.Quota, networks.Payment, networks.Unauthorized, networks.Challenge,
		networks.Forbidden, networks.BadBatch, networks.NotFound, networks.Suspended:
		return true
	default: // it may have been worked on: Temporary, Malformed; or there is an account
		return false
	}
}

// close ends a bill: an amount and accounts come back, but for those that another
// request is under way for; further names of accounts that are paid for are noted.
func (l *Ledger) close(b *bill, back int64, accounts, known []string) Spent {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.page(b.pageKey)
	for _, who := range b.holds {
		if p.held[who]--; p.held[who] <= 0 {
			delete(p.held, who)
		}
	}
	s := Spent{Slot: b.slot, Day: b.day}
	if !b.onDisk {
		s = b.spent()
	}
	for _, who := range accounts {
		if p.held[who] > 0 {
			back -= l.perAccount
			continue
		}
		delete(p.paid, who)
		s.Unpaid = append(s.Unpaid, who)
	}
	p.spent -= back
	s.Micros -= back
	for _, who := range known {
		if !p.paid[who] {
			p.paid[who] = true
			s.Paid = append(s.Paid, who)
		}
	}
	return s
}
