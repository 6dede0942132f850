package tiktok

import (
	"slices"

	"collectord/networks"
)

// userInfo is the only call.
const userInfo = "user/info"

// batchSize bounds a batch. All of its refs stand for the one account of the token, so
// that any number could share a request.
const batchSize = 100

// Plan puts 100 refs into a batch, which one request answers.
func (n *network) Plan(refs []networks.Ref) []networks.Batch {
	var batches []networks.Batch
	for part := range slices.Chunk(refs, batchSize) {
		batches = append(batches, networks.Batch{Refs: part, Op: userInfo})
	}
	return batches
}
