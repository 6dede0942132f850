package poll

import (
	"context"
	"errors"
	"fmt"
	"time"

	"collectord/keychain"
	"collectord/networks"
)

// do makes the request of a task, and again where that may help, until it is
// answered or given up. The error ends the pass.
func (r *pass) do(ctx context.Context, t *task) error {
	for {
		tok, refusal := r.acquire(ctx, t)
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		if refusal != nil {
			r.fail(t, refusal)
			return nil
		}
		results, e := r.request(ctx, t, tok)
		if e != nil && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		used := Usage{Requests: 1}
		if t.attempts+t.limited > 0 {
			used.Retries = 1
		}
		if e == nil {
			r.settle(tok, true)
			restForItems(tok, results)
			return r.take(ctx, t, results, used)
		}
		done, err := r.judge(ctx, t, tok, e, used)
		if done || err != nil {
			return err
		}
	}
}

// request makes one request with the token and returns it. A panic of a network
// is an error of that network alone.
func (r *pass) request(ctx context.Context, t *task, tok lease) (results []networks.Result, e *networks.Error) {
	defer tok.release()
	defer func() {
		if v := recover(); v != nil {
			e = &networks.Error{Op: r.poller.opts.Descriptor.Name + ": " + t.batch.Op, Kind: networks.Malformed,
				Msg: fmt.Sprintf("BUG: panic: %v", v)}
		}
	}()
	if !tok.value.Answer.IsZero() {
		value, err := r.poller.opts.Tokens.Spend(tok.value)
		if err != nil { // the answer may be there a second time: better none
			return nil, &networks.Error{Op: r.poller.opts.Descriptor.Name + ": " + t.batch.Op, Kind: networks.Temporary, Err: err}
		}
		tok.value = value
	}
	results, err := r.poller.opts.Network.Profiles(ctx, tok.value, t.batch)
	if err == nil && len(results) == len(t.batch.Refs) {
		r.poller.succeeded(tok.token)
		return results, nil
	}
	if errors.As(err, &e) {
		return nil, e
	}
	return nil, &networks.Error{Op: r.poller.opts.Descriptor.Name + ": " + t.batch.Op, Kind: networks.Malformed,
		Msg: "BUG: the answer does not fit the request", Err: err}
}

// restForItems lets the limiter rest where a part of a good answer says that the
// limit is reached (Meta counts every account of a batch).
func restForItems(tok lease, results []networks.Result) {
	for i := range results {
		if e := results[i].Err; e != nil && e.Kind == networks.RateLimited {
			tok.limiter.restFor(untilOf(e, unhintedRest))
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
	tok.limiter.restFor(until)
	return false
}

// limitedBy lets the limiter rest for as long as the network says.
func (r *pass) limitedBy(t *task, tok lease, e *networks.Error) (givenUp bool) {
	until := untilOf(e, unhintedRest)
	tok.limiter.restFor(until)
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
		part := &task{batch: b, accounts: t.accounts[half[0]:half[1]], slots: t.slots, halving: t.halving}
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
