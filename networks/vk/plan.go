package vk

import "collectord/networks"

// Plan puts users, and names that may be users, 1000 to a request, communities
// 500. What failed in company and is now asked again (userAgain) does not share a
// request with names of unknown kind, which would make it fail in the same way.
func (n *network) Plan(refs []networks.Ref) []networks.Batch {
	var users, again, groups, alone []networks.Ref
	for _, r := range refs {
		switch r.Kind {
		case group, groupElseUser:
			groups = append(groups, r)
		case userAlone, groupAlone, userLast:
			alone = append(alone, r)
		case userAgain:
			again = append(again, r)
		default:
			users = append(users, r)
		}
	}
	batches := cut(nil, users, opUsers, maxUsers)
	batches = cut(batches, again, opUsers, maxUsers)
	batches = cut(batches, groups, opGroups, maxGroups)
	for _, r := range alone {
		op := opUsers
		if r.Kind == groupAlone {
			op = opGroups
		}
		batches = append(batches, networks.Batch{Refs: []networks.Ref{r}, Op: op})
	}
	return batches
}

func cut(batches []networks.Batch, refs []networks.Ref, op string, size int) []networks.Batch {
	for len(refs) > 0 {
		k := min(size, len(refs))
		batches = append(batches, networks.Batch{Refs: refs[:k:k], Op: op})
		refs = refs[k:]
	}
	return batches
}
