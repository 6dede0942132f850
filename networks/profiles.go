package networks

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"collectord/keychain"
)

// maxHops is how often a Result may send on to a Next one. VK, which guesses
// most, needs four.
const maxHops = 8

// Fetch asks for the profiles of accounts, which maps a label to a handle, id or
// URL, and returns label -> profile: the quick way for a Go program. It makes the
// fewest requests the network allows, one after another as fast as they are
// answered, and does not retry; the daemon's poller does all that with more care.
//
// Every profile that came is returned, with those whose count the network
// withholds; the error joins what went wrong with the others, a line each that
// begins with the label, and holds the *Error (errors.As).
func Fetch(ctx context.Context, n Network, token keychain.Token, accounts map[string]string) (map[string]Profile, error) {
	var labels []string
	var refs []Ref
	var errs []error
	for _, label := range slices.Sorted(maps.Keys(accounts)) {
		ref, err := n.Parse(accounts[label])
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", label, err))
			continue
		}
		labels, refs = append(labels, label), append(refs, ref)
	}
	profiles := make(map[string]Profile, len(refs))
	for i, r := range Ask(ctx, n, token, refs) {
		if r.Profile != nil {
			profiles[labels[i]] = *r.Profile
		}
		if r.Err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", labels[i], r.Err))
		}
	}
	return profiles, errors.Join(errs...)
}

// Ask makes all the requests that refs need, one after another: it plans, follows
// Next and halves bad batches. results[i] belongs to refs[i]; a request that
// failed is the Err of all its refs. There are no retries and no limiter.
func Ask(ctx context.Context, n Network, token keychain.Token, refs []Ref) []Result {
	results := make([]Result, len(refs))
	where := make(map[Ref][]int, len(refs)) // what is to be asked, and for which refs
	var todo []Ref
	want := func(r Ref, at ...int) {
		if where[r] == nil {
			todo = append(todo, r)
		}
		where[r] = append(where[r], at...)
	}
	for i, r := range refs {
		want(r, i)
	}
	for hop := 0; len(todo) > 0; hop++ {
		batches, asked := n.Plan(todo), where
		todo, where = nil, make(map[Ref][]int)
		for _, b := range batches {
			for j, r := range askBatch(ctx, n, token, b) {
				at := asked[b.Refs[j]]
				switch {
				case r.Next != nil && hop < maxHops:
					want(*r.Next, at...)
					continue
				case r.Next != nil:
					r = Result{Err: &Error{Op: b.Op, Kind: Malformed, Msg: "the answers lead in a circle"}}
				}
				for _, i := range at {
					results[i] = r
				}
			}
		}
	}
	return results
}

// askBatch makes one request, or two of half the size where one ref spoils it.
func askBatch(ctx context.Context, n Network, token keychain.Token, b Batch) []Result {
	results, err := n.Profiles(ctx, token, b)
	if err == nil {
		return results
	}
	var e *Error
	if !errors.As(err, &e) {
		e = &Error{Op: b.Op, Kind: Temporary, Err: err}
	}
	if e.Kind == BadBatch && len(b.Refs) > 1 {
		first, second := b, b
		half := len(b.Refs) / 2
		first.Refs, second.Refs = b.Refs[:half], b.Refs[half:]
		return append(askBatch(ctx, n, token, first), askBatch(ctx, n, token, second)...)
	}
	results = make([]Result, len(b.Refs))
	for i := range results {
		results[i].Err = e
	}
	return results
}
