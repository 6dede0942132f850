package youtube

import "collectord/networks"

// The one call of the API in the three ways in which it is asked.
const (
	byID     = "channels.list"
	byHandle = "channels.list/forHandle"
	byUser   = "channels.list/forUsername"
)

// batchSize is how many ids one request may ask for, the most that maxResults may
// be (https://developers.google.com/youtube/v3/docs/channels/list, read 2026-09).
const batchSize = 50

// Plan puts 50 channels whose id is known into a request. A handle or an old
// username is a request by itself: YouTube takes one.
func (n *network) Plan(refs []networks.Ref) []networks.Batch {
	var batches []networks.Batch
	open := -1 // the batch of ids that is being filled
	for _, r := range refs {
		if r.ID == "" {
			op := byHandle
			if r.Name == "" {
				op = byUser
			}
			batches = append(batches, networks.Batch{Op: op, Refs: []networks.Ref{r}})
			continue
		}
		if open < 0 || len(batches[open].Refs) == batchSize {
			open = len(batches)
			batches = append(batches, networks.Batch{Op: byID})
		}
		batches[open].Refs = append(batches[open].Refs, r)
	}
	return batches
}
