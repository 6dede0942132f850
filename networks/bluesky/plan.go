package bluesky

import "collectord/networks"

// The two requests, by the names of their lexicons.
const (
	getProfiles = "app.bsky.actor.getProfiles"
	getProfile  = "app.bsky.actor.getProfile"
)

// batchSize is how many actors getProfiles takes (its lexicon, read 2026-11-21).
const batchSize = 25

// why is the Kind of a ref that was left out of an answer about several: it is
// asked alone.
const why = "why"

// Plan puts 25 accounts into a request, and each that is asked for the reason of
// its absence into one of its own.
func (n *network) Plan(refs []networks.Ref) []networks.Batch {
	var batches []networks.Batch
	open := -1 // the batch that is being filled
	for _, r := range refs {
		switch {
		case r.Kind == why:
			batches = append(batches, networks.Batch{Op: getProfile, Refs: []networks.Ref{r}})
			continue
		case open < 0 || len(batches[open].Refs) == batchSize:
			open = len(batches)
			batches = append(batches, networks.Batch{Op: getProfiles})
		}
		batches[open].Refs = append(batches[open].Refs, r)
	}
	return batches
}
