package odnoklassniki

import (
	"collectord/networks"
	"collectord/networks/internal/refs"
)

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
func (n *network) Plan(all []networks.Ref) []networks.Batch {
	return refs.Plan(all, func(r networks.Ref) refs.Sharing {
		if r.ID == "" {
			return refs.Sharing{Op: urlInfo, Most: 1}
		}
		return refs.Sharing{Op: groupInfo, Most: batchSize}
	})
}
