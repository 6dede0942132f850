package poll

import (
	"hash/maphash"
	"slices"
	"strings"
	"time"

	"collectord/networks"
)

// This file is what is asked in a round, and how it is cut into requests. There may be a
// million questions, so that what is held for each is a few bytes: the references of a
// task are put together when its request is made, and a part of them is planned at a time.

// questions are references to ask for, and the accounts that each stands for.
type questions struct {
	refs  []networks.Ref // nil: each is that of its first account
	first []int32
	also  map[int32][]int // by question: further accounts; two labels for one account are few
}

// add asks for a reference on behalf of some accounts.
func (q *questions) add(ref networks.Ref, accounts []int) {
	if len(accounts) > 1 {
		q.stand(int32(len(q.first)), accounts[1:]) // as many as accounts
	}
	q.refs = append(q.refs, ref)
	q.first = append(q.first, int32(accounts[0])) // likewise
}

// stand has a question stand for more accounts.
func (q *questions) stand(i int32, accounts []int) {
	if q.also == nil {
		q.also = make(map[int32][]int)
	}
	q.also[i] = append(q.also[i], accounts...)
}

// ref is the reference of a question.
func (r *pass) ref(q *questions, i int32) networks.Ref {
	if q.refs != nil {
		return q.refs[i]
	}
	return r.job.Accounts[q.first[i]].Ref
}

// pool is the slots of a question, joined: accounts of different pools share no question.
func (r *pass) pool(q *questions, i int32) string {
	slots := r.job.Accounts[q.first[i]].Slots
	if len(slots) == 0 {
		return r.common
	}
	pool, known := r.pools[&slots[0]]
	if !known {
		pool = strings.Join(slots, " ")
		r.pools[&slots[0]] = pool
	}
	return pool
}

// subject is what a question is about: equal ones are asked once.
type subject struct {
	ref  networks.Ref
	pool string
}

// merge makes one question of all that ask the same. It finds them by their hashes, since
// the subjects themselves would be the largest thing in a poll; where two hashes are one,
// the later is found behind the earlier.
func (r *pass) merge(q questions) questions {
	seed := maphash.MakeSeed()
	at := make(map[uint64]int32, len(q.first))
	merged := questions{refs: q.refs[:0], first: q.first[:0]}
	for i, account := range q.first {
		i := int32(i) // as many as accounts
		s := subject{r.ref(&q, i), r.pool(&q, i)}
		into, n := int32(-1), int32(len(merged.first)) // likewise
		for hash := maphash.Comparable(seed, s); ; hash++ {
			other, there := at[hash]
			if !there {
				at[hash] = n
				break
			}
			if s == (subject{r.ref(&merged, other), r.pool(&merged, other)}) {
				into = other
				break
			}
		}
		if into < 0 {
			into = n
			merged.first = append(merged.first, account)
			if q.refs != nil {
				merged.refs = append(merged.refs, s.ref)
			}
		} else {
			merged.stand(into, []int{int(account)})
		}
		if more := q.also[i]; len(more) > 0 {
			merged.stand(into, more)
		}
	}
	return merged
}

// share is questions that may share a request: accounts that one token is paid for do not
// share one with others.
type share struct{ pool, paid string }

// tasks plans the questions and gathers the batches that share a limit.
func (r *pass) tasks() map[string][]*task {
	now := time.Now()
	shares := make(map[share][]int32)
	slots := make(map[string][]string) // by pool
	for i := range r.asked.first {
		i := int32(i) // as many as accounts
		pool := r.pool(&r.asked, i)
		if slots[pool] == nil {
			slots[pool] = strings.Fields(pool)
		}
		s := share{pool, r.poller.opts.Ledger.paidWith(slots[pool], r.ref(&r.asked, i), now)}
		if len(shares) == 0 {
			shares[s] = make([]int32, 0, len(r.asked.first)) // nearly always all of them
		}
		shares[s] = append(shares[s], i)
	}
	groups := make(map[string][]*task)
	for s, list := range shares {
		r.plan(list, func(b networks.Batch, asked []int32) {
			key := s.pool + "\n" + b.Limiter
			if r.flows[key] == nil {
				r.flows[key] = newFlow()
			}
			b.Refs = nil
			groups[key] = append(groups[key], &task{batch: b, asked: asked, slots: slots[s.pool], halving: new(int), flow: r.flows[key]})
		})
	}
	return groups
}

// planned is how many questions are planned at a time.
const planned = 20_000

// plan cuts a list of questions into the fewest requests, a part of the list at a time:
// batches that are not full are planned anew with the next part.
func (r *pass) plan(list []int32, each func(b networks.Batch, asked []int32)) {
	var left []int32
	for len(list) > 0 || len(left) > 0 {
		n := min(planned, len(list))
		part := append(left, list[:n]...)
		list, left = list[n:], nil
		refs, at := make([]networks.Ref, len(part)), make(map[networks.Ref]int32, len(part))
		for k, i := range part {
			refs[k] = r.ref(&r.asked, i)
			at[refs[k]] = i
		}
		batches := r.poller.opts.Network.Plan(refs)
		full := fullBatches(batches)
		for _, b := range batches {
			asked := make([]int32, len(b.Refs))
			for k, ref := range b.Refs {
				asked[k] = at[ref]
			}
			if len(list) > 0 && !full(b) {
				left = append(left, asked...)
			} else {
				each(b, asked)
			}
		}
	}
}

// fullBatches tells which batches of a plan are surely full: those that are as large as
// any other of their kind.
func fullBatches(batches []networks.Batch) func(networks.Batch) bool {
	type kind struct{ op, limiter string }
	type sizes struct{ largest, batches int }
	of := make(map[kind]sizes)
	for _, b := range batches {
		s := of[kind{b.Op, b.Limiter}]
		of[kind{b.Op, b.Limiter}] = sizes{max(s.largest, len(b.Refs)), s.batches + 1}
	}
	return func(b networks.Batch) bool {
		s := of[kind{b.Op, b.Limiter}]
		return s.batches > 1 && len(b.Refs) == s.largest
	}
}

// unfold puts together what the request of a task asks for.
func (r *pass) unfold(t *task) {
	t.batch.Refs, t.accounts = make([]networks.Ref, len(t.asked)), make([][]int, len(t.asked))
	first := make([]int, len(t.asked))
	for k, i := range t.asked {
		t.batch.Refs[k] = r.ref(&r.asked, i)
		first[k] = int(r.asked.first[i])
		t.accounts[k] = first[k : k+1 : k+1]
		if more := r.asked.also[i]; len(more) > 0 {
			t.accounts[k] = slices.Concat(t.accounts[k], more)
		}
	}
}

// fold lets go of it, when the task is done with.
func (t *task) fold() { t.batch.Refs, t.accounts, t.rest = nil, nil, nil }
