package instagram

import (
	"slices"

	"collectord/networks"
	"collectord/networks/internal/meta"
)

// The two calls.
const (
	byName = "business_discovery"
	own    = "me"
)

// Plan puts 50 accounts into a batch. Whether one request answers for all of them
// or, with a token of Instagram Login, for one is known only when the token is.
func (n *network) Plan(refs []networks.Ref) []networks.Batch {
	var batches []networks.Batch
	for part := range slices.Chunk(refs, meta.BatchSize) {
		batches = append(batches, networks.Batch{Refs: part, Op: byName, Cost: len(part)})
	}
	return batches
}
