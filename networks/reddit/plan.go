package reddit

import "collectord/networks"

// The one call in the two ways in which it is asked.
const (
	byName = "info/sr_name"
	byID   = "info/id"
)

// batchSize is how many communities one request may ask for
// (https://www.reddit.com/dev/api#GET_api_info, read 2026-09).
const batchSize = 100

// Plan puts communities whose id is known into one kind of request and the others
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
