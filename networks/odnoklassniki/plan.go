package odnoklassniki

import "collectord/networks"

// The methods that are asked for groups.
const (
	groupInfo = "group.getInfo"
	urlInfo   = "url.getInfo"
)

// batchSize is how many groups one request asks for. OK states it for users
// (https://apiok.ru/dev/methods/rest/users/users.getInfo, read 2026-11-22).
const batchSize = 100

// Plan puts 100 groups whose id is known into a request, and each other one into one
// of its own, which finds out the id.
func (n *network) Plan(refs []networks.Ref) []networks.Batch {
	var batches []networks.Batch
	open := -1 // the batch that is being filled
	for _, r := range refs {
		switch {
		case r.ID == "":
			batches = append(batches, networks.Batch{Op: urlInfo, Refs: []networks.Ref{r}})
			continue
		case open < 0 || len(batches[open].Refs) == batchSize:
			open = len(batches)
			batches = append(batches, networks.Batch{Op: groupInfo})
		}
		batches[open].Refs = append(batches[open].Refs, r)
	}
	return batches
}
