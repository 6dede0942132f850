package reddit

import (
	"collectord/networks"
	"collectord/networks/internal/refs"
)

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
func (n *network) Plan(all []networks.Ref) []networks.Batch {
	return refs.Plan(all, func(r networks.Ref) refs.Sharing {
		if r.ID != "" {
			return refs.Sharing{Op: byID, Most: batchSize}
		}
		return refs.Sharing{Op: byName, Most: batchSize}
	})
}
