package poll

import (
	"math"
	"sync"
	"time"

	"collectord/networks"
)

// million is how many of what a Ledger counts in, so that sums are exact, make one of
// the network's own unit.
const million = 1e6

// Ledger counts what each token of a network spends on a day, and holds it to the
// network's budget. It outlives the Pollers of its network, and may serve several.
//
//	choose ──► reserve ──► on disk ──► request ──► settle
//	 room?     its whole    Job.Spend               what was certainly
//	           price                                not charged comes back
//
// What a request may cost is spent before it is made, in memory and, where there is
// a budget, on disk: neither requests at the same time nor a crash exceed the budget.
// A request that gets no answer has spent all of it.
//
// Where accounts are paid for once a day, one that is spent for is paid on that day:
// it costs nothing more, and is asked for even when the budget is spent.
type Ledger struct {
	spending               networks.Spending
	zone                   *time.Location
	perRequest, perAccount int64 // micros

	mu     sync.Mutex
	budget int64 // micros a day and token; 0 for none
	pages  map[pageKey]*page
}

type pageKey struct{ slot, day string }

// page is one token on one day.
type page struct {
	spent  int64 // by this process
	others int64 // by others
	paid   map[string]bool
	held   map[string]int // requests under way, by account
}

// Spent is a change of what a token has spent on a day, as it is kept on disk; or,
// for NewLedger, all of it.
type Spent struct {
	Slot   string // "" for a network without tokens
	Day    string // of the network: "2006-01-02"
	Micros int64  // millionths of the network's unit; below 0 for what was not charged after all
	Others int64  // of all of it: what other processes have spent
	// Paid are accounts that were paid for on that day, Unpaid those that were not
	// after all, in the ledger's own words.
	Paid, Unpaid []string
}

func (s *Spent) none() bool { return s.Micros == 0 && len(s.Paid) == 0 && len(s.Unpaid) == 0 }

// Standing is what a token has spent on its day.
type Standing struct {
	Spent, Budget float64   // in the network's unit; no budget is 0
	Full          bool      // the budget has no room for anything that costs
	Ends          time.Time // of the day
}

// NewLedger returns a ledger of a network, with what is known of the day.
func NewLedger(s networks.Spending, known []Spent) *Ledger {
	s = s.Filled()
	l := &Ledger{spending: s, zone: s.Location(), perRequest: micros(s.PerRequest), perAccount: micros(s.PerAccountDay),
		pages: make(map[pageKey]*page)}
	for _, k := range known {
		p := l.page(pageKey{k.Slot, k.Day})
		p.spent, p.others = k.Micros, k.Others
		for _, account := range k.Paid {
			p.paid[account] = true
		}
	}
	return l
}

// micros is an amount in millionths. One of less than a millionth is a millionth.
func micros(amount float64) int64 {
	return int64(min(math.Ceil(amount*million-1e-6), math.MaxInt64/8))
}

// SetBudget sets what each token may spend a day, 0 for no bound. It holds from the
// next request on.
func (l *Ledger) SetBudget(perDay float64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.budget = micros(perDay)
}

// Standing tells what a token has spent on the day that now is part of.
func (l *Ledger) Standing(slot string, now time.Time) Standing {
	l.mu.Lock()
	defer l.mu.Unlock()
	day, ends := l.day(now)
	p := l.page(pageKey{slot, day})
	return Standing{Spent: float64(p.spent+p.others) / million, Budget: float64(l.budget) / million,
		Full: l.room(p) < l.perRequest+l.perAccount, Ends: ends}
}

// day is the network's day at a time, and when it ends.
func (l *Ledger) day(t time.Time) (day string, ends time.Time) {
	t = t.In(l.zone)
	y, m, d := t.Date()
	return t.Format(time.DateOnly), time.Date(y, m, d+1, 0, 0, 0, 0, l.zone)
}

// page is the page of a token and day, new if need be; the days before yesterday go.
// The caller holds l.mu.
func (l *Ledger) page(k pageKey) *page {
	if p := l.pages[k]; p != nil {
		return p
	}
	if day, err := time.Parse(time.DateOnly, k.day); err == nil {
		yesterday := day.AddDate(0, 0, -1).Format(time.DateOnly)
		for old := range l.pages {
			if old.day < yesterday {
				delete(l.pages, old)
			}
		}
	}
	p := &page{paid: make(map[string]bool), held: make(map[string]int)}
	l.pages[k] = p
	return p
}

// room is what a page may spend yet. The caller holds l.mu.
func (l *Ledger) room(p *page) int64 {
	if l.budget == 0 {
		return math.MaxInt64
	}
	return l.budget - p.spent - p.others
}

// overBudget is the cause of a failure whose request was not made for its price.
type overBudget struct{ budget string }

// Error names the budget: "the budget of 5.00 USD a day is spent".
func (e *overBudget) Error() string { return "the budget of " + e.budget + " a day is spent" }

// refusal is the error about a request that a token has no room for.
func (l *Ledger) refusal(network string, now time.Time) *networks.Error {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, ends := l.day(now)
	return &networks.Error{Op: network, Kind: networks.Quota, Until: ends,
		Err:  &overBudget{l.spending.Amount(float64(l.budget) / million)},
		Hint: "raise networks." + network + ".budget, poll fewer accounts, or wait: the day ends at " + ends.UTC().Format(time.RFC3339)}
}
