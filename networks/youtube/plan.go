package youtube

import (
	"collectord/networks"
	"collectord/networks/internal/refs"
)

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
func (n *network) Plan(all []networks.Ref) []networks.Batch {
	return refs.Plan(all, func(r networks.Ref) refs.Sharing {
		switch {
		case r.ID != "":
			return refs.Sharing{Op: byID, Most: batchSize}
		case r.Name != "":
			return refs.Sharing{Op: byHandle, Most: 1}
		}
		return refs.Sharing{Op: byUser, Most: 1}
	})
}
