package poll

import (
	"context"
	"errors"
	"runtime/debug"
	"time"

	"collectord/keychain"
	"collectord/networks"
)

// do makes the request of a task, and those of what it had to leave out. The error
// ends the pass.
func (r *pass) do(ctx context.Context, t *task) error {
	for ; t != nil; t = t.rest {
		if err := r.ask(ctx, t); err != nil {
			return err
		}
	}
	return nil
}

// ask makes one request, and again where that may help, until it is answered or
// given up.
func (r *pass) ask(ctx context.Context, t *task) error {
	for {
		tok, refusal := r.acquire(ctx, t)
		if refusal != nil {
			r.fail(t, refusal)
			return nil
		}
		if ctx.Err() != nil {
			tok.done()
			return context.Cause(ctx)
		}
		b, err := r.reserve(ctx, t, tok)
		if err != nil || b == nil { // nil: the room is gone, so choose again
			tok.done()
			if err != nil {
				return err
			}
			continue
		}
		began := time.Now()
		results, e := r.request(ctx, t, tok)
		used := Usage{Requests: 1, Took: time.Since(began), Spent: r.poller.opts.Ledger.settle(b, t.batch.Refs, results, e)}
		if e != nil && ctx.Err() != nil {
			tok.done()
			return r.cutShort(ctx, used.Spent)
		}
		if t.attempts+t.limited > 0 {
			used.Retries = 1
		}
		if e != nil {
			used.Outcome = e.Kind
		}
		if e == nil {
			r.settle(tok, true)
			t.flow.begin()
			restForItems(tok, results)
			tok.done()
			return r.take(ctx, t, results, used)
		}
		done, err := r.judge(ctx, t, tok, e, used)
		tok.done()
		if done || err != nil {
			return err
		}
	}
}

// reserve spends what the request of a task may cost before it is made, and leaves
// out of the task what there is no room for. It returns nil where there is no room
// at all, or the day ended meanwhile.
func (r *pass) reserve(ctx context.Context, t *task, tok lease) (*bill, error) {
	ledger := r.poller.opts.Ledger
	b, fit := ledger.reserve(tok.slot(), t.batch.Refs, time.Now())
	if b == nil {
		return nil, nil
	}
	t.keep(fit)
	if s := b.spent(); r.job.Spend == nil || s.none() || !ledger.bounded() {
		return b, nil
	}
	others, err := r.job.Spend(ctx, b.spent())
	if err != nil {
		return nil, err // the disk may have it; then so have we
	}
	if ledger.confirm(b, others, time.Now()) {
		return b, nil
	}
	_, err = r.job.Spend(ctx, ledger.cancel(b))
	return nil, err
}

// keep leaves refs out of the task: those that are not at the given places go into
// a task of their own, after this.
func (t *task) keep(places []int) {
	n := len(t.batch.Refs)
	if len(places) == n {
		return
	}
	kept, rest := *t, *t
	for _, part := range []*task{&kept, &rest} {
		part.batch.Refs, part.accounts = nil, nil
	}
	for i := range n {
		part := &rest
		if len(places) > 0 && places[0] == i {
			part, places = &kept, places[1:]
		}
		part.batch.Refs = append(part.batch.Refs, t.batch.Refs[i])
		part.accounts = append(part.accounts, t.accounts[i])
	}
	for _, part := range []*task{&kept, &rest} {
		part.batch.Cost = t.batch.Cost * len(part.batch.Refs) / n
	}
	kept.rest = &rest
	*t = kept
}

// cutShort ends the pass: what was spent is written down though nobody answered.
func (r *pass) cutShort(ctx context.Context, s Spent) error {
	if r.job.Spend != nil && !s.none() {
		if _, err := r.job.Spend(context.WithoutCancel(ctx), s); err != nil {
			return err
		}
	}
	return context.Cause(ctx)
}

// request makes one request with the token and returns it. A panic of a network
// is an error of that network alone.
func (r *pass) request(ctx context.Context, t *task, tok lease) (results []networks.Result, e *networks.Error) {
	defer func() {
		if v := recover(); v != nil {
			e = &networks.Error{Op: r.poller.opts.Descriptor.Name + ": " + t.batch.Op, Kind: networks.Malformed,
				Err: &Panic{Value: v, Stack: debug.Stack()}}
		}
	}()
	if !tok.value.Answer.IsZero() {
		value, err := r.poller.opts.Tokens.Spend(tok.value)
		if err != nil { // the answer may be there a second time: better none
			return nil, &networks.Error{Op: r.poller.opts.Descriptor.Name + ": " + t.batch.Op, Kind: networks.Temporary, Err: err}
		}
		tok.value = value
	}
	var told []networks.Allowance
	ctx = networks.WithAllowances(ctx, func(a networks.Allowance) { told = append(told, a) })
	results, err := r.poller.opts.Network.Profiles(ctx, tok.value, t.batch)
	tok.limiter.heed(told, time.Now())
	if err == nil && len(results) == len(t.batch.Refs) {
		r.poller.succeeded(tok.token)
		return results, nil
	}
	if errors.As(err, &e) {
		return nil, e.ForSlot(tok.value.Slot)
	}
	return nil, &networks.Error{Op: r.poller.opts.Descriptor.Name + ": " + t.batch.Op, Kind: networks.Malformed,
		Msg: "BUG: the answer does not fit the request", Err: err}
}

// restForItems lets the limiter rest where a part of a good answer says that the
// limit is reached (Meta counts every account of a batch).
func restForItems(tok lease, results []networks.Result) {
	for i := range results {
		if e := results[i].Err; e != nil && e.Kind == networks.RateLimited {
			tok.limiter.restFor(untilOf(e, unhintedRest), e.Error())
		}
	}
}

// settle notes what a limiter's last request came to.
func (r *pass) settle(tok lease, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if ok {
		r.givenUp[tok.key] = 0
	} else {
		r.givenUp[tok.key]++
	}
}

// judge acts on a failed request. It reports whether the task is done with; if
// not, the request is to be made again.
func (r *pass) judge(ctx context.Context, t *task, tok lease, e *networks.Error, used Usage) (done bool, err error) {
	if err := r.answer(ctx, nil, used); err != nil {
		return true, err
	}
	switch e.Kind {
	case networks.RateLimited:
		return r.limitedBy(t, tok, e), nil
	case networks.Quota, networks.Payment:
		r.rest(tok, e)
		return false, nil
	case networks.Unauthorized:
		r.refused(ctx, t, tok, e)
		return false, nil
	case networks.Challenge:
		r.park(tok, e)
		return false, nil
	case networks.Forbidden:
		r.bar(tok, e)
		return false, nil
	case networks.BadBatch:
		tok.done() // the halves need it
		return true, r.halve(ctx, t, e)
	default: // Temporary, Malformed, or about an account
	}
	if e.Kind.OfAccount() && len(t.batch.Refs) == 1 {
		return true, r.take(ctx, t, []networks.Result{{Err: e}}, Usage{})
	}
	return r.passing(t, tok, e), nil
}

// passing is for what may be different in a moment. It reports whether the task is
// given up.
func (r *pass) passing(t *task, tok lease, e *networks.Error) (givenUp bool) {
	most := len(retries)
	if e.Kind != networks.Temporary {
		most = 1 // a page of HTML may be a passing one; more of the same is not
	}
	if t.attempts >= most {
		r.settle(tok, false)
		r.fail(t, e)
		return true
	}
	wait := jitter(retries[t.attempts])
	t.attempts++
	until := time.Now().Add(wait)
	if e.Until.After(until) {
		until = e.Until
	}
	if r.tooLate(until) {
		r.settle(tok, false)
		r.fail(t, e)
		return true
	}
	tok.limiter.restFor(until, e.Error())
	return false
}

// limitedBy lets the limiter rest for as long as the network says.
func (r *pass) limitedBy(t *task, tok lease, e *networks.Error) (givenUp bool) {
	until := untilOf(e, unhintedRest)
	tok.limiter.restFor(until, e.Error())
	if tok.token != nil {
		ok, s := tok.token.usable(time.Now()) // a longer rest goes on, and what it was is not forgotten
		if ok || s.Until.Before(until) {
			tok.set(r.poller, keychain.State{Name: keychain.Cooling, Reason: e.Error(), Until: until, Times: s.Times})
		}
	}
	t.limited++
	if t.limited > maxLimited {
		r.fail(t, e)
		return true
	}
	return false // acquire waits, takes another token, or says that it is too long
}

// tooLate reports whether a wait until then is for between passes, not within one.
func (r *pass) tooLate(until time.Time) bool {
	if time.Until(until) > longestInPass {
		return true
	}
	return !r.job.Until.IsZero() && until.After(r.job.Until)
}

// bar makes no request more against this limit in this pass: it would be refused
// in the same way.
func (r *pass) bar(tok lease, e *networks.Error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.barred[tok.key] = e
}

// halve asks in two halves for what spoils a batch.
func (r *pass) halve(ctx context.Context, t *task, e *networks.Error) error {
	n := len(t.batch.Refs)
	if n == 1 {
		e := *e
		e.Kind = networks.NotFound
		return r.take(ctx, t, []networks.Result{{Err: &e}}, Usage{})
	}
	for _, half := range [2][2]int{{0, n / 2}, {n / 2, n}} {
		*t.halving++
		b := t.batch
		b.Refs = b.Refs[half[0]:half[1]]
		b.Cost = b.Cost * len(b.Refs) / n
		part := &task{batch: b, accounts: t.accounts[half[0]:half[1]], slots: t.slots, halving: t.halving, flow: t.flow}
		if *t.halving > maxHalving {
			late := *e
			late.Kind, late.Err = networks.Temporary, errGaveUp
			r.fail(part, &late)
			continue
		}
		if err := r.do(ctx, part); err != nil {
			return err
		}
	}
	return nil
}
