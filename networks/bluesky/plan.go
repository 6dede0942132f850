package bluesky

import (
	"collectord/networks"
	"collectord/networks/internal/refs"
)

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
func (n *network) Plan(all []networks.Ref) []networks.Batch {
	return refs.Plan(all, func(r networks.Ref) refs.Sharing {
		if r.Kind == why {
			return refs.Sharing{Op: getProfile, Most: 1}
		}
		return refs.Sharing{Op: getProfiles, Most: batchSize}
	})
}
