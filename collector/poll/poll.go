// Package poll asks one network about many accounts: in the fewest requests, at
// the limit and not over it, and again where asking again may help.
//
// It is the one place for what every network needs and none should write itself:
//
//	accounts ── Plan ──► batches ──► token of the pool ──► limiter ──► request
//	    ▲                                                                 │
//	    └── better reference, halves of a spoilt batch, failed requests ◄─┘
//	                                                                      │
//	                                        answers, one request at a time ▼
//
// A Poller belongs to one network. It keeps what outlives a poll: a limiter per
// token and host, and what became of each token (ok, cooling until, parked, dead).
// It knows no schedule, no journal and no config.
//
// What a failed request means is its Kind (see networks.Error):
//
//	Temporary, Malformed  the request again, 3 times at most, then the accounts
//	                      again after 1, 2, 4 ... 15 minutes while Job.Until allows
//	RateLimited           the limiter rests until the hint; other tokens go on
//	Quota, Payment        the token rests, 1 h doubling to 24 h where nobody says
//	Unauthorized          the token is renewed once and the request made once more;
//	                      else it is dead: one request a poll tries it, not one an account
//	Challenge             the token is parked for a person, 30 min doubling to 6 h
//	Forbidden             the accounts fail; the configuration is wrong
//	BadBatch              halves, down to the bad one, 40 requests a batch at most
//
// What requests cost is counted in a Ledger; one that the budget of a token has no
// room for is not made, and of a batch that does not fit the part that does is.
package poll

import (
	"context"
	"errors"
	"math"
	"sync"
	"time"

	"collectord/keychain"
	"collectord/networks"
)

// Tokens is the keychain as a poll needs it.
type Tokens interface {
	// Token returns what is in the slot now, and whether there is anything.
	Token(slot string) (keychain.Token, bool)
	// Renew makes a new token for a slot whose token was refused, once for all who
	// ask at the same time. The error says why there is none.
	Renew(ctx context.Context, refused keychain.Token) (keychain.Token, error)
	// State returns what is remembered of the slot's token from before the start of this
	// process, or from another machine that used it until now.
	State(slot string) keychain.State
	// SetState remembers it. It is called on changes alone.
	SetState(slot string, s keychain.State)
	// Spend returns the token with its answer for one request, without it for all
	// others.
	Spend(t keychain.Token) (keychain.Token, error)
}

// Leases says which tokens are this process's to use, where other machines have the
// same ones.
type Leases interface {
	// Use reports whether a request may be made with the slot's token now, and since
	// when the token is this process's. It may take a moment to make sure.
	Use(slot string) (since time.Time, ok bool)
}

// Options is what a Poller is made with.
type Options struct {
	Network     networks.Network
	Descriptor  networks.Descriptor
	Tokens      Tokens
	Slots       []string // the network's pool; none for a network without tokens
	PerSecond   float64  // requests per second and token; 0: the descriptor's
	Concurrency int      // requests under way at once per token; 0: the descriptor's, or what PerSecond needs
	Ledger      *Ledger  // of the network; nil: one without a budget that begins at 0
	Leases      Leases   // nil: every token is this process's alone
}

// Account is one account of a Job.
type Account struct {
	Ref networks.Ref
	// Slots is the pool of tokens to ask with, where it is not the network's.
	Slots []string
	// Before is the last known count: a fall from more than 0 to 0 is asked again
	// before it is believed.
	Before networks.Count
}

// Answer is what came of one account.
type Answer struct {
	Account int // index in Job.Accounts
	Profile *networks.Profile
	Known   networks.Ref // with a Profile: the reference to ask by from now on
	// MovedFrom is, with a Profile, the id that the account had before, where the network
	// says that it has a new one.
	MovedFrom string
	// Err is about the account where Err.Kind.OfAccount(); else nobody answered for
	// it and Err says why.
	Err *networks.Error
	// Spoiler is true where asking for the account spoiled a whole batch: it is
	// better left out for a while.
	Spoiler bool

	ofItem bool // Err is the account's part of an answer that was good otherwise
}

// Usage counts what answers cost.
type Usage struct {
	Requests, Retries int
	// Outcome is what became of the request, and Took how long it took, where there
	// was one; the Kind is 0 for an answer.
	Outcome networks.Kind
	Took    time.Duration
	Spent   Spent // what Job.Spend has not been told of
}

func (u *Usage) none() bool { return u.Requests == 0 && u.Retries == 0 && u.Spent.none() }

// Job is one poll.
type Job struct {
	Accounts []Account
	// Until is how long to go on asking for accounts that nobody answered for. The
	// zero time means one pass.
	Until time.Time
	// Answer takes the answers of one request. Calls do not overlap, and the next
	// thing that happens with the answers happens after it has returned nil; an
	// error ends the poll. Answers without any are possible: their Usage counts.
	Answer func(ctx context.Context, answers []Answer, used Usage) error
	// Spend, if not nil, puts on disk what a request may cost before it is made, where
	// the network has a budget; or what was spent where no answer follows. It returns
	// what other processes have spent with the same token on the same day, in
	// millionths. An error ends the poll. Calls may overlap.
	Spend func(ctx context.Context, s Spent) (others int64, err error)
	// Failing, if not nil, hears of accounts that nobody answered for and that will
	// be asked again at a time.
	Failing func(answers []Answer, again time.Time)
}

// Poller asks one network.
type Poller struct {
	opts Options

	mu       sync.Mutex
	limiters map[string]*limiter
	tokens   map[string]*token
}

// New returns a Poller.
func New(opts Options) *Poller {
	if opts.PerSecond <= 0 {
		opts.PerSecond = opts.Descriptor.RequestsPerSecond
	}
	if opts.Concurrency <= 0 {
		opts.Concurrency = opts.Descriptor.Concurrency
	}
	if opts.Concurrency <= 0 {
		opts.Concurrency = concurrency(opts.PerSecond)
	}
	if opts.Ledger == nil {
		opts.Ledger = NewLedger(opts.Descriptor.Spending, nil)
	}
	return &Poller{opts: opts, limiters: make(map[string]*limiter), tokens: make(map[string]*token)}
}

const (
	minConcurrency = 4
	// coveredLatency is how long the answers of a network may take without slowing its
	// polls below the limit.
	coveredLatency = time.Second
)

// concurrency is how many requests a token has to have under way at once to keep pace
// with its limit.
func concurrency(perSecond float64) int {
	return int(min(maxUnderWay, max(minConcurrency, math.Ceil(perSecond*coveredLatency.Seconds()))))
}

// Poll asks for every account of the job and returns when each has been answered
// for or given up. It returns an error only when ctx ended or Job.Answer failed;
// then some accounts have had no Answer.
func (p *Poller) Poll(ctx context.Context, job Job) error {
	left := make([]int32, len(job.Accounts))
	for i := range left {
		left[i] = int32(i) // nobody has 2,000,000,000 accounts
	}
	for attempt := 0; ; attempt++ {
		r := newPass(p, &job, left)
		failed, err := r.run(ctx)
		if err != nil || len(failed) == 0 {
			return err
		}
		failed, err = p.final(ctx, &job, failed)
		if err != nil || len(failed) == 0 {
			return err
		}
		again := time.Now().Add(pause(attempt))
		if t := firstUntil(failed); t.After(again) && t.Before(job.Until) {
			again = t
		}
		if !again.Before(job.Until) {
			return job.Answer(ctx, failed, Usage{})
		}
		if job.Failing != nil {
			job.Failing(failed, again)
		}
		if err := sleep(ctx, time.Until(again)); err != nil {
			return err
		}
		left = left[:0]
		for _, a := range failed {
			left = append(left, int32(a.Account)) // likewise
		}
	}
}

// firstUntil is when the first of the failed accounts may be asked for again, as the network
// has it; the zero time where that is not known of all of them.
func firstUntil(failed []Answer) time.Time {
	var first time.Time
	for _, a := range failed {
		switch until := a.Err.Until; {
		case until.IsZero():
			return time.Time{}
		case first.IsZero() || until.Before(first):
			first = until
		}
	}
	return first
}

// final hands on the failures that no time mends, and returns the others.
func (p *Poller) final(ctx context.Context, job *Job, failed []Answer) (others []Answer, err error) {
	var final []Answer
	for _, a := range failed {
		var budget *overBudget
		if a.Err.Kind == networks.Forbidden || a.ofItem && a.Err.Kind == networks.Malformed ||
			errors.As(a.Err, &budget) && !a.Err.Until.Before(job.Until) {
			final = append(final, a)
		} else {
			others = append(others, a)
		}
	}
	if len(final) > 0 {
		err = job.Answer(ctx, final, Usage{})
	}
	return others, err
}

// errGaveUp is the cause of a failure whose request was not made.
var errGaveUp = errors.New("not asked again in this poll")
