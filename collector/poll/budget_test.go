package poll

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"collectord/keychain"
	"collectord/networks"
)

// usd is a network that charges a cent for each account and UTC day.
func usd() networks.Spending {
	return networks.Spending{Unit: networks.USD, PerAccountDay: 0.01}
}

// cashier is the network's own count, and a disk that outlives a Ledger.
type cashier struct {
	zone *time.Location

	mu      sync.Mutex
	charged map[string]map[string]bool // by token and day: accounts
	asked   map[string]int             // by token and day: requests
	disk    map[pageKey]*Spent
	writes  int
	others  int64
}

func newCashier(zone *time.Location) *cashier {
	return &cashier{zone: zone, charged: make(map[string]map[string]bool), asked: make(map[string]int), disk: make(map[pageKey]*Spent)}
}

func (c *cashier) key(token string) string {
	return token + " " + time.Now().In(c.zone).Format(time.DateOnly)
}

// charge charges a request for accounts.
func (c *cashier) charge(token string, refs []networks.Ref) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.key(token)
	c.asked[k]++
	if c.charged[k] == nil {
		c.charged[k] = make(map[string]bool)
	}
	for _, r := range refs {
		c.charged[k][r.Name] = true
	}
}

// good charges for every account and answers.
func (c *cashier) good(token keychain.Token, b networks.Batch) ([]networks.Result, error) {
	c.charge(token.Bare(), b.Refs)
	return good(token, b)
}

// write does to the disk what the journal does.
func (c *cashier) write(s Spent) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writes++
	k := pageKey{s.Slot, s.Day}
	if c.disk[k] == nil {
		c.disk[k] = &Spent{Slot: s.Slot, Day: s.Day}
	}
	d := c.disk[k]
	d.Micros += s.Micros
	paid := make(map[string]bool)
	for _, list := range [][]string{d.Paid, s.Paid} {
		for _, a := range list {
			paid[a] = true
		}
	}
	for _, a := range s.Unpaid {
		delete(paid, a)
	}
	d.Paid = nil
	for a := range paid {
		d.Paid = append(d.Paid, a)
	}
}

func (c *cashier) spend(_ context.Context, s Spent) (int64, error) {
	c.write(s)
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.others, nil
}

// reopen is the ledger of a process that starts now.
func (c *cashier) reopen(s networks.Spending, budget float64) *Ledger {
	c.mu.Lock()
	defer c.mu.Unlock()
	var known []Spent
	for _, s := range c.disk {
		known = append(known, *s)
	}
	l := NewLedger(s, known)
	l.SetBudget(budget)
	return l
}

// total is how many accounts a token was charged for on the day of now.
func (c *cashier) total(token string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.charged[c.key(token)])
}

// job is a job that writes to the disk.
func (c *cashier) job(accounts []Account, answers map[int]Answer) Job {
	return Job{Accounts: accounts, Spend: c.spend, Answer: func(_ context.Context, list []Answer, used Usage) error {
		if !used.Spent.none() {
			c.write(used.Spent)
		}
		for _, a := range list {
			answers[a.Account] = a
		}
		return nil
	}}
}

func (c *cashier) poll(t *testing.T, p *Poller, accounts []Account) map[networks.Kind]int {
	t.Helper()
	o := outcome{answers: make(map[int]Answer)}
	if err := p.Poll(t.Context(), c.job(accounts, o.answers)); err != nil {
		t.Fatal(err)
	}
	if len(o.answers) != len(accounts) {
		t.Errorf("%d of %d accounts have an answer", len(o.answers), len(accounts))
	}
	return o.kinds()
}

func payingPoller(f *fakeNetwork, l *Ledger, slots ...string) *Poller {
	values := make(map[string]string)
	for _, s := range slots {
		values[s] = s
	}
	return New(Options{Network: f, Descriptor: networks.Descriptor{Name: "fake"}, Tokens: tokensOf(values), Slots: slots, PerSecond: 1000, Ledger: l})
}

func wantSpent(t *testing.T, l *Ledger, slot string, want float64) {
	t.Helper()
	if got := l.Standing(slot, time.Now()).Spent; got != want {
		t.Errorf("%q has spent %v, want %v", slot, got, want)
	}
}

func wantCounts(t *testing.T, got, want map[networks.Kind]int) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("answers by kind: %v, want %v", got, want)
	}
}

// TestBudgetIsNeverExceeded polls with two Pollers at once, as during a reload.
func TestBudgetIsNeverExceeded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCashier(time.UTC)
		l := c.reopen(usd(), 1.23)
		f := &fakeNetwork{size: 10, answer: c.good, takes: 300 * time.Millisecond}
		var both sync.WaitGroup
		for range 2 {
			p := payingPoller(f, l, "tw")
			both.Go(func() { wantCounts(t, c.poll(t, p, named(500)), map[networks.Kind]int{0: 123, networks.Quota: 377}) })
		}
		both.Wait()
		if n := c.total("tw"); n != 123 {
			t.Errorf("%d accounts were charged for, the budget is for 123", n)
		}
		wantSpent(t, l, "tw", 1.23)
		if !l.Standing("tw", time.Now()).Full {
			t.Error("the budget has room left")
		}
		// What is paid for is asked for on, at no price, and nothing else is.
		requests := f.count()
		wantCounts(t, c.poll(t, payingPoller(f, l, "tw"), named(500)), map[networks.Kind]int{0: 123, networks.Quota: 377})
		if n := c.total("tw"); n != 123 || f.count() == requests {
			t.Errorf("%d accounts were charged for, in %d requests more", n, f.count()-requests)
		}
		time.Sleep(24 * time.Hour)
		wantCounts(t, c.poll(t, payingPoller(f, l, "tw"), named(500)), map[networks.Kind]int{0: 123, networks.Quota: 377})
		if n := c.total("tw"); n != 123 {
			t.Errorf("%d accounts were charged for on the next day", n)
		}
	})
}

func TestBudgetRefusal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCashier(time.UTC)
		p := payingPoller(&fakeNetwork{size: 10, answer: c.good}, c.reopen(usd(), 0.05), "tw")
		time.Sleep(90 * time.Minute)
		o := poll(t, p, named(6), 12*time.Hour)
		wantKinds(t, o, map[networks.Kind]int{0: 5, networks.Quota: 1})
		e := o.answers[5].Err
		if got, want := e.Error(), "fake: quota: the budget of 0.05 USD a day is spent"; got != want {
			t.Errorf("%s\nwant\n%s", got, want)
		}
		if !strings.Contains(e.Hint, "networks.fake.budget") || !e.Until.Equal(time.Date(2000, 1, 2, 0, 0, 0, 0, time.UTC)) {
			t.Errorf("hint %q, until %v", e.Hint, e.Until)
		}
		if o.failing != 0 || o.took > time.Minute {
			t.Errorf("asked again in the same poll, for %v, though the day lasts longer", o.took)
		}
		// A poll that may go on over the end of the day does.
		time.Sleep(22*time.Hour + 20*time.Minute)
		o = poll(t, p, named(6), 30*time.Minute)
		wantKinds(t, o, map[networks.Kind]int{0: 6})
	})
}

func TestPoolHasABudgetEach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCashier(time.UTC)
		l := c.reopen(usd(), 0.25)
		f := &fakeNetwork{size: 10, answer: c.good, takes: 100 * time.Millisecond}
		p := payingPoller(f, l, "tw", "tw:second")
		for range 5 { // the same accounts again: each stays with the token that paid for it
			wantCounts(t, c.poll(t, p, named(60)), map[networks.Kind]int{0: 50, networks.Quota: 10})
		}
		for _, slot := range []string{"tw", "tw:second"} {
			if n := c.total(slot); n != 25 {
				t.Errorf("%s was charged for %d accounts, the budget is for 25", slot, n)
			}
			wantSpent(t, l, slot, 0.25)
		}
	})
}

func TestPaidOnceInAPool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCashier(time.UTC)
		f := &fakeNetwork{size: 10, answer: c.good, takes: 100 * time.Millisecond}
		p := payingPoller(f, c.reopen(usd(), 0), "tw", "tw:second")
		for range 5 {
			wantCounts(t, c.poll(t, p, named(95)), map[networks.Kind]int{0: 95})
		}
		if a, b := c.total("tw"), c.total("tw:second"); a+b != 95 || a == 0 || b == 0 {
			t.Errorf("two tokens paid for %d and %d of 95 accounts", a, b)
		}
	})
}

// TestNotCharged checks what comes back: what the network refused, and accounts
// that it does not have.
func TestNotCharged(t *testing.T) {
	for _, tc := range []struct {
		name   string
		answer func(n int, b networks.Batch) ([]networks.Result, error) // nil, nil: good
		want   float64
	}{
		{"all are there", func(int, networks.Batch) ([]networks.Result, error) { return nil, nil }, 0.10},
		{"some are not", func(_ int, b networks.Batch) ([]networks.Result, error) {
			results, _ := good(keychain.Token{}, b)
			results[0] = networks.Result{Err: fail(networks.NotFound)}
			results[1] = networks.Result{Err: fail(networks.Suspended)}
			results[2] = networks.Result{Err: fail(networks.Hidden)} // it came, without its count
			return results, nil
		}, 0.08},
		{"one is unknown", func(_ int, b networks.Batch) ([]networks.Result, error) {
			results, _ := good(keychain.Token{}, b)
			results[0] = networks.Result{Err: fail(networks.NotFound)}
			return results, nil
		}, 0.09},
		{"one is suspended", func(_ int, b networks.Batch) ([]networks.Result, error) {
			results, _ := good(keychain.Token{}, b)
			results[0] = networks.Result{Err: fail(networks.Suspended)}
			return results, nil
		}, 0.09},
		{"one hides its count", func(_ int, b networks.Batch) ([]networks.Result, error) {
			results, _ := good(keychain.Token{}, b)
			results[0] = networks.Result{Err: fail(networks.Hidden)}
			return results, nil
		}, 0.10},
		{"refused first", func(n int, _ networks.Batch) ([]networks.Result, error) {
			if n == 1 {
				return nil, fail(networks.RateLimited)
			}
			return nil, nil
		}, 0.10},
		{"no answer first", func(n int, _ networks.Batch) ([]networks.Result, error) {
			if n == 1 {
				return nil, fail(networks.Temporary)
			}
			return nil, nil
		}, 0.10},
		{"no answer at all", func(int, networks.Batch) ([]networks.Result, error) { return nil, fail(networks.Temporary) }, 0.10},
		{"refused for good", func(int, networks.Batch) ([]networks.Result, error) { return nil, fail(networks.Forbidden) }, 0},
		{"no money", func(int, networks.Batch) ([]networks.Result, error) { return nil, fail(networks.Payment) }, 0},
		{"garbage", func(int, networks.Batch) ([]networks.Result, error) { return nil, fail(networks.Malformed) }, 0.10},
		{"a spoiler", func(_ int, b networks.Batch) ([]networks.Result, error) {
			for _, r := range b.Refs {
				if r.Name == "a3" {
					return nil, fail(networks.BadBatch)
				}
			}
			return nil, nil
		}, 0.09},
	} {
		for _, budget := range []float64{0, 0.5} {
			t.Run(fmt.Sprintf("%s, budget %v", tc.name, budget), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					c := newCashier(time.UTC)
					l, n := c.reopen(usd(), budget), 0
					f := &fakeNetwork{size: 10, answer: func(token keychain.Token, b networks.Batch) ([]networks.Result, error) {
						n++
						if results, err := tc.answer(n, b); results != nil || err != nil {
							return results, err
						}
						return good(token, b)
					}}
					c.poll(t, payingPoller(f, l, "tw"), named(10))
					wantSpent(t, l, "tw", tc.want)
					wantSpent(t, c.reopen(usd(), budget), "tw", tc.want)
				})
			})
		}
	}
}

// TestAskedByNameThenByID checks that an account is one account, however it is asked
// for.
func TestAskedByNameThenByID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCashier(time.UTC)
		f := &fakeNetwork{size: 10, answer: c.good}
		c.poll(t, payingPoller(f, c.reopen(usd(), 1), "tw"), named(3))
		var byID []Account
		for _, a := range named(3) {
			byID = append(byID, Account{Ref: networks.Ref{ID: "id-" + a.Ref.Name, Name: a.Ref.Name}})
		}
		l := c.reopen(usd(), 1)
		c.poll(t, payingPoller(f, l, "tw"), byID)
		wantSpent(t, l, "tw", 0.03)
	})
}

// TestDayOfTheNetwork asks every half hour, over a change of the clocks, with a
// budget of three requests a day.
func TestDayOfTheNetwork(t *testing.T) {
	angeles, err := time.LoadLocation("America/Los_Angeles")
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		zone  string
		loc   *time.Location
		start time.Time
		hours []int // of the days that begin
	}{
		{"", time.UTC, time.Date(2000, 4, 1, 0, 0, 0, 0, time.UTC), []int{24, 24, 24}},
		{"America/Los_Angeles", angeles, time.Date(2000, 4, 1, 8, 0, 0, 0, time.UTC), []int{24, 23, 24}},
		{"America/Los_Angeles", angeles, time.Date(2000, 10, 28, 7, 0, 0, 0, time.UTC), []int{24, 25, 24}},
	} {
		t.Run(tc.start.Format(time.DateOnly)+tc.zone, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(time.Until(tc.start))
				c := newCashier(tc.loc)
				s := networks.Spending{Unit: "units", PerRequest: 1, Zone: tc.zone, Allowance: 10_000}
				l := c.reopen(s, 3)
				f := &fakeNetwork{size: 10, answer: c.good}
				begin := tc.start
				for day, hours := range tc.hours {
					end := begin.Add(time.Duration(hours) * time.Hour)
					for asked := 0; time.Now().Before(end); asked++ {
						if asked == 10 { // a restart in the middle of the day
							l = c.reopen(s, 3)
						}
						want := map[networks.Kind]int{0: 1}
						if asked >= 3 {
							want = map[networks.Kind]int{networks.Quota: 1}
						}
						wantCounts(t, c.poll(t, payingPoller(f, l), named(1)), want)
						if of := l.Standing("", time.Now()); !of.Ends.Equal(end) || of.Full != (asked >= 2) {
							t.Errorf("day %d at %v: %+v, want it to end at %v", day, time.Now().UTC(), of, end)
						}
						time.Sleep(30 * time.Minute)
					}
					begin = end
				}
				if f.count() != 9 {
					t.Errorf("%d requests in three days, want 9", f.count())
				}
			})
		})
	}
}

func TestBudgetIsEdited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCashier(time.UTC)
		l := c.reopen(usd(), 0.02)
		p := payingPoller(&fakeNetwork{size: 10, answer: c.good}, l, "tw")
		for _, step := range []struct {
			budget float64
			ok     int
		}{{0.02, 2}, {0.05, 5}, {0.01, 5}, {0, 10}, {0.01, 10}} {
			l.SetBudget(step.budget)
			want := map[networks.Kind]int{0: step.ok}
			if step.ok < 10 {
				want[networks.Quota] = 10 - step.ok
			}
			wantCounts(t, c.poll(t, p, named(10)), want)
		}
	})
}

// TestOthersSpendToo checks that what another process spends with the same token
// leaves less.
func TestOthersSpendToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCashier(time.UTC)
		l := c.reopen(usd(), 0.30)
		p := payingPoller(&fakeNetwork{size: 10, answer: c.good}, l, "tw")
		c.others = 150_000
		c.poll(t, p, named(30))
		if n := c.total("tw"); n != 15 {
			t.Errorf("%d accounts were charged for, beside 15 of another process, with a budget for 30", n)
		}
		wantSpent(t, l, "tw", 0.30)
	})
}

// TestSlowDisk holds a reservation on the way to the disk until the day is over:
// then it is one of a day that nobody is charged on any more.
func TestSlowDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCashier(time.UTC)
		l := c.reopen(usd(), 0.05)
		f := &fakeNetwork{size: 10, answer: c.good}
		answers := make(map[int]Answer)
		job := c.job(named(8), answers)
		job.Spend = func(ctx context.Context, s Spent) (int64, error) {
			if c.writes == 0 {
				time.Sleep(25 * time.Hour)
			}
			return c.spend(ctx, s)
		}
		if err := payingPoller(f, l, "tw").Poll(t.Context(), job); err != nil {
			t.Fatal(err)
		}
		if n := c.total("tw"); n != 5 {
			t.Errorf("%d accounts were charged for, the budget is for 5", n)
		}
		wantSpent(t, l, "tw", 0.05)
		if first := l.Standing("tw", time.Now().Add(-24*time.Hour)).Spent; first != 0 {
			t.Errorf("%v spent on a day without a request", first)
		}
	})
}

func TestDiskRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCashier(time.UTC)
		f := &fakeNetwork{size: 10, answer: c.good}
		p := payingPoller(f, c.reopen(usd(), 1), "tw")
		job := c.job(named(30), make(map[int]Answer))
		broken := errors.New("broken")
		job.Spend = func(context.Context, Spent) (int64, error) { return 0, broken }
		if err := p.Poll(t.Context(), job); !errors.Is(err, broken) || f.count() != 0 {
			t.Errorf("%d requests without a word on disk; %v", f.count(), err)
		}
		// The token is as good as before.
		wantCounts(t, c.poll(t, p, named(30)), map[networks.Kind]int{0: 30})
	})
}

// TestUnboundedIsNotWrittenAhead: without a budget, what is spent comes on disk with
// the answers.
func TestUnboundedIsNotWrittenAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCashier(time.UTC)
		f := &fakeNetwork{size: 10, answer: c.good}
		c.poll(t, payingPoller(f, c.reopen(networks.Spending{}, 0), "vk"), named(95))
		if c.writes != f.count() {
			t.Errorf("%d writes for %d requests", c.writes, f.count())
		}
		wantSpent(t, c.reopen(networks.Spending{}, 0), "vk", 10)
	})
}

// TestKilledAgainAndAgain kills the process at any moment, on a network that answers
// in every way, and holds what the network charges to the budget.
func TestKilledAgainAndAgain(t *testing.T) {
	for seed := range uint64(30) {
		synctest.Test(t, func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(seed, 1))
			c := newCashier(time.UTC)
			f := &fakeNetwork{size: 1 + rnd.IntN(20), takes: 200 * time.Millisecond}
			var mu sync.Mutex
			f.answer = func(token keychain.Token, b networks.Batch) ([]networks.Result, error) {
				mu.Lock()
				what := rnd.IntN(10)
				mu.Unlock()
				switch {
				case what < 2: // charged, and the answer is lost
					c.charge(token.Bare(), b.Refs)
					return nil, fail(networks.Temporary)
				case what == 2:
					return nil, fail(networks.RateLimited)
				case what == 3 && len(b.Refs) > 1:
					return nil, fail(networks.BadBatch)
				case what == 4:
					results, _ := good(token, b)
					results[0] = networks.Result{Err: fail(networks.NotFound)}
					c.charge(token.Bare(), b.Refs[1:])
					return results, nil
				}
				return c.good(token, b)
			}
			budget := float64(1+rnd.IntN(150)) / 100
			for range 12 {
				l := c.reopen(usd(), budget)
				p := payingPoller(f, l, "tw", "tw:second")
				ctx, kill := context.WithTimeout(t.Context(), time.Duration(rnd.IntN(5000))*time.Millisecond)
				var dead atomic.Bool
				job := c.job(named(300), make(map[int]Answer))
				spend, answer := job.Spend, job.Answer
				job.Spend = func(ctx context.Context, s Spent) (int64, error) {
					if ctx.Err() != nil || dead.Load() {
						return 0, errors.New("the process is gone")
					}
					return spend(ctx, s)
				}
				job.Answer = func(ctx context.Context, list []Answer, used Usage) error {
					mu.Lock()
					killed := rnd.IntN(40) == 0
					mu.Unlock()
					if ctx.Err() != nil || killed { // before the answer is on disk
						dead.Store(true)
						return errors.New("the process is gone")
					}
					return answer(ctx, list, used)
				}
				_ = p.Poll(ctx, job) // what became of it is on the disk
				kill()
				for _, slot := range []string{"tw", "tw:second"} {
					if n := c.total(slot); float64(n)/100 > budget {
						t.Fatalf("seed %d: %s was charged for %d accounts with a budget of %v", seed, slot, n, budget)
					}
				}
			}
		})
	}
}
