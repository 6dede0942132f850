package threads

import (
	"slices"
	"strconv"
	"strings"

	"collectord/networks"
)

// The two calls.
const (
	insights = "me/threads_insights"
	own      = "me"
)

// batchSize bounds a batch. All of its refs stand for the one account of the token, so
// that any number could share a request.
const batchSize = 100

// Plan puts the refs whose count is not known yet into batches of their own, and those
// that have it into others.
func (n *network) Plan(refs []networks.Ref) []networks.Batch {
	var without, with []networks.Ref
	for _, r := range refs {
		if _, counted := counted(r); counted {
			with = append(with, r)
		} else {
			without = append(without, r)
		}
	}
	var batches []networks.Batch
	for part := range slices.Chunk(without, batchSize) {
		batches = append(batches, networks.Batch{Refs: part, Op: insights})
	}
	for part := range slices.Chunk(with, batchSize) {
		batches = append(batches, networks.Batch{Refs: part, Op: own})
	}
	return batches
}

// mark stands in a ref's Kind between what it was and the count: "me followers 1234".
const mark = " followers "

// count is r with a count that the second request is to find there.
func count(r networks.Ref, followers int64) networks.Ref {
	r.Kind += mark + strconv.FormatInt(followers, 10)
	return r
}

// counted is the count that count left in r, and whether there is one.
func counted(r networks.Ref) (followers int64, ok bool) {
	_, digits, found := strings.Cut(r.Kind, mark)
	n, err := strconv.ParseInt(digits, 10, 64)
	return n, found && err == nil
}

// uncounted is r as it was before count.
func uncounted(r networks.Ref) networks.Ref {
	r.Kind, _, _ = strings.Cut(r.Kind, mark)
	return r
}
