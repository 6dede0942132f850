package livejournal

import "collectord/networks"

// fdata is the only call.
const fdata = "fdata"

// The Kinds of a reference, which decide how it is asked for.
const (
	person    = "person"
	community = "community"
)

// Plan puts each account into a request of its own.
func (n *network) Plan(refs []networks.Ref) []networks.Batch {
	batches := make([]networks.Batch, len(refs))
	for i, r := range refs {
		batches[i] = networks.Batch{Op: fdata, Refs: []networks.Ref{r}}
	}
	return batches
}
