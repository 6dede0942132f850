package twitch

import (
	"strings"

	"collectord/networks"
)

// The two requests, by the words that stand in their address.
const (
	opUsers = "users"
	opCount = "channels/followers"
)

// batchSize is how many channels, by name, id or both, one request to users may ask
// for (https://dev.twitch.tv/docs/api/reference#get-users, read 2026-09).
const batchSize = 100

// Plan puts 100 channels into a request that asks who they are. Each channel of which
// that is known is a request for its count, however many refs name it.
func (n *network) Plan(refs []networks.Ref) []networks.Batch {
	var batches []networks.Batch
	open := -1                     // the batch of users that is being filled
	counts := make(map[string]int) // the batch of a channel, by id
	for _, r := range refs {
		if isSeen(r) {
			i, ok := counts[r.ID]
			if !ok {
				i = len(batches)
				counts[r.ID] = i
				batches = append(batches, networks.Batch{Op: opCount})
			}
			batches[i].Refs = append(batches[i].Refs, r)
			continue
		}
		if open < 0 || len(batches[open].Refs) == batchSize {
			open = len(batches)
			batches = append(batches, networks.Batch{Op: opUsers})
		}
		batches[open].Refs = append(batches[open].Refs, r)
	}
	return batches
}

// A Ref of a channel that was seen in this poll says in its Kind, after the word
// seen, what was: whether it is a partner, its name and its display name. A Ref has no
// other place for them, and none must be asked for twice.
const seen = "seen"

// seenAs returns the reference by which to ask for the count.
func seenAs(r networks.Ref, u user) *networks.Ref {
	broadcaster := u.BroadcasterType
	if broadcaster != partner {
		broadcaster = ""
	}
	return &networks.Ref{Kind: strings.Join([]string{seen, broadcaster, u.Login, u.DisplayName}, "\t"), ID: u.ID, Name: r.Name}
}

func isSeen(r networks.Ref) bool { return strings.HasPrefix(r.Kind, seen+"\t") }

// seenUser reads what seenAs wrote.
func seenUser(r networks.Ref) user {
	parts := strings.SplitN(r.Kind, "\t", 4)
	for len(parts) < 4 {
		parts = append(parts, "")
	}
	return user{ID: r.ID, BroadcasterType: parts[1], Login: parts[2], DisplayName: parts[3]}
}
