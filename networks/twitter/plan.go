package twitter

import (
	"collectord/networks"
	"collectord/networks/internal/refs"
)

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
func (n *network) Plan(all []networks.Ref) []networks.Batch {
	return refs.Plan(all, func(r networks.Ref) refs.Sharing {
		if r.ID != "" {
			return refs.Sharing{Op: byID, Most: batchSize}
		}
		return refs.Sharing{Op: byName, Most: batchSize}
	})
}
