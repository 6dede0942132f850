package facebook

import (
	"slices"

	"collectord/networks"
	"collectord/networks/internal/meta"
)

// byBatch is the one call.
const byBatch = "batch"

// Plan puts 50 Pages into a batch, those asked by name and those asked by id alike.
func (n *network) Plan(refs []networks.Ref) []networks.Batch {
	var batches []networks.Batch
	for part := range slices.Chunk(refs, meta.BatchSize) {
		batches = append(batches, networks.Batch{Refs: part, Op: byBatch, Cost: len(part)})
	}
	return batches
}
