package twitter

import "collectord/networks"

// The two calls, by the words that stand in their address.
const (
	byName = "users/by"
	byID   = "users"
)

// batchSize is how many accounts one request may ask for
// (https://docs.x.com/x-api/users/lookup, read 2026-09).
const batchSize = 100

// Plan puts accounts whose id is known into one kind of request and the others
// into the other, 100 each.
func (n *network) Plan(refs []networks.Ref) []networks.Batch {
	var batches []networks.Batch
	open := map[string]int{} // the batch that is being filled, by its call
	for _, r := range refs {
		op := byName
		if r.ID != "" {
			op = byID
		}
		i, ok := open[op]
		if !ok || len(batches[i].Refs) == batchSize {
			i = len(batches)
			open[op] = i
			batches = append(batches, networks.Batch{Op: op})
		}
		batches[i].Refs = append(batches[i].Refs, r)
	}
	return batches
}
