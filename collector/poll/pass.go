package poll

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"collectord/networks"
)

// maxUnderWay bounds the requests of one pass that are under way at once, however
// many hosts and tokens it has.
const maxUnderWay = 64

// pass asks once for a set of accounts, in rounds: what one round's answers say to
// ask next makes the full batches of the next round.
type pass struct {
	poller   *Poller
	job      *Job
	asked    questions          // in this round
	common   string             // the network's pool: its slots, joined
	pools    map[*string]string // by their first slot: other pools, joined
	underWay chan struct{}
	flows    map[string]*flow // by pool and limiter

	answering sync.Mutex // held while Job.Answer runs

	mu      sync.Mutex
	next    questions                  // for the next round
	failed  []Answer                   // nobody answered for
	barred  map[string]*networks.Error // by limiter: no request more in this pass
	givenUp map[string]int             // by limiter: requests given up in a row
	probed  map[string]bool            // by slot: a dead token that this pass has tried
	probing map[string]bool            // and that it is trying now
	doubted map[int]bool               // accounts whose fall to 0 is being asked again
	retried map[int]int                // accounts asked again because their item failed
}

// task is one request to make.
type task struct {
	batch    networks.Batch // without refs but while the task is done
	accounts [][]int        // by ref; likewise
	asked    []int32        // questions of the round
	slots    []string

	attempts int   // failed for a passing reason
	limited  int   // told to wait
	renewed  bool  // after a token was renewed
	halving  *int  // requests spent on halving the batch this task comes from
	flow     *flow // of those it shares a limit with
	rest     *task // what a budget had no room for; asked for after this
}

// flow keeps most workers waiting until one request has been answered, so that a
// network that is away gets no more than a few.
type flow struct {
	once sync.Once
	open chan struct{}
}

func newFlow() *flow { return &flow{open: make(chan struct{})} }

// begin lets the others work.
func (f *flow) begin() { f.once.Do(func() { close(f.open) }) }

// wait returns when they may, or ctx ends.
func (f *flow) wait(ctx context.Context) {
	select {
	case <-f.open:
	case <-ctx.Done():
	}
}

func newPass(p *Poller, job *Job, left []int32) *pass {
	return &pass{
		poller: p, job: job, asked: questions{first: left},
		common: strings.Join(p.opts.Slots, " "), pools: make(map[*string]string),
		underWay: make(chan struct{}, maxUnderWay),
		flows:    make(map[string]*flow),
		barred:   make(map[string]*networks.Error),
		givenUp:  make(map[string]int),
		probed:   make(map[string]bool),
		probing:  make(map[string]bool),
		doubted:  make(map[int]bool),
		retried:  make(map[int]int),
	}
}

// run asks and returns an Answer for each account that nobody answered for.
func (r *pass) run(ctx context.Context) ([]Answer, error) {
	for round := 0; len(r.asked.first) > 0; round++ {
		r.asked = r.merge(r.asked)
		if round == maxRounds {
			r.endless()
			break
		}
		if err := r.round(ctx, r.tasks()); err != nil {
			return nil, err
		}
		r.asked, r.next = r.next, questions{}
	}
	slices.SortFunc(r.failed, func(a, b Answer) int { return a.Account - b.Account })
	return r.failed, nil
}

// round makes the requests of the groups. Requests that count against
// different limits do not wait for each other.
func (r *pass) round(ctx context.Context, groups map[string][]*task) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	for _, group := range groups {
		flow := group[0].flow
		workers := min(len(group), r.poller.opts.Concurrency*max(1, len(group[0].slots)))
		tasks := make(chan *task, len(group))
		for _, t := range group {
			tasks <- t
		}
		close(tasks)
		for i := range workers {
			wg.Go(func() {
				defer flow.begin() // nothing is left for those who wait
				if i >= minConcurrency {
					flow.wait(ctx)
				}
				for t := range tasks {
					r.unfold(t)
					err := r.do(ctx, t)
					if t.fold(); err != nil {
						cancel(err)
						return
					}
				}
			})
		}
	}
	wg.Wait()
	return context.Cause(ctx)
}

// endless fails the accounts whose references lead to ever more references.
func (r *pass) endless() {
	err := &networks.Error{Op: r.poller.opts.Descriptor.Name, Kind: networks.Malformed,
		Msg: fmt.Sprintf("no answer after %d rounds of better references", maxRounds)}
	for i, account := range r.asked.first {
		for _, a := range append([]int{int(account)}, r.asked.also[int32(i)]...) { // as many as accounts
			r.failed = append(r.failed, Answer{Account: a, Err: err})
		}
	}
}

// take turns the results of a request into answers and further questions.
func (r *pass) take(ctx context.Context, t *task, results []networks.Result, used Usage) error {
	halved := *t.halving > 0 && len(results) == 1
	answers := make([]Answer, 0, len(results))
	r.mu.Lock()
	for i := range results {
		res := &results[i]
		if res.Next != nil {
			r.next.add(*res.Next, t.accounts[i])
			continue
		}
		for _, account := range t.accounts[i] {
			a := Answer{Account: account, Profile: res.Profile, Known: res.Known, MovedFrom: res.MovedFrom, Err: res.Err,
				Spoiler: halved && res.Err != nil, ofItem: true}
			if r.askAgain(account, a) {
				ref := t.batch.Refs[i]
				if a.Err == nil { // a doubted count may have come with an earlier request: ask from the start
					ref = r.job.Accounts[account].Ref
				}
				r.next.add(ref, []int{account})
			} else if a.Err != nil && !a.Err.Kind.OfAccount() {
				r.failed = append(r.failed, a)
			} else {
				answers = append(answers, a)
			}
		}
	}
	r.mu.Unlock()
	return r.answer(ctx, answers, used)
}

// maxItemRetries is how often an account is asked again in a pass because its part
// of an answer failed for a passing reason.
const maxItemRetries = 2

// askAgain reports whether the answer is not to be believed yet. The caller holds
// r.mu.
func (r *pass) askAgain(account int, a Answer) bool {
	if a.Err != nil && a.Err.Kind == networks.Temporary {
		r.retried[account]++
		return r.retried[account] <= maxItemRetries
	}
	if a.Profile == nil || a.Err != nil || r.doubted[account] {
		return false
	}
	n, known := a.Profile.Followers.Get()
	before, _ := r.job.Accounts[account].Before.Get()
	if known && n == 0 && before > 0 {
		r.doubted[account] = true
		return true
	}
	return false
}

// answer hands answers on, one call at a time.
func (r *pass) answer(ctx context.Context, answers []Answer, used Usage) error {
	if len(answers) == 0 && used.none() {
		return nil
	}
	r.answering.Lock()
	defer r.answering.Unlock()
	return r.job.Answer(ctx, answers, used)
}

// fail gives the accounts of a task up for this pass.
func (r *pass) fail(t *task, err *networks.Error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, accounts := range t.accounts {
		for _, a := range accounts {
			r.failed = append(r.failed, Answer{Account: a, Err: err})
		}
	}
}

// untilOf is when a rest ends: what the network said, or after the default.
func untilOf(e *networks.Error, otherwise time.Duration) time.Time {
	if e.Until.After(time.Now()) {
		return e.Until
	}
	return time.Now().Add(otherwise)
}
