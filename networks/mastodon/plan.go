package mastodon

import "collectord/networks"

// The three requests.
const (
	opLookup = "accounts/lookup"
	opList   = "accounts"
	opOne    = "accounts/:id"
)

// batchSize is how many accounts of one server are asked for at once; the package
// comment says why.
const batchSize = 40

// The Kinds of a ref.
const (
	kindOne  = "one"  // lists do not serve it: by its id, alone
	kindName = "name" // its id is gone: by its name
)

// opOf is the request that an account needs.
func opOf(r networks.Ref) string {
	switch {
	case r.ID == "", r.Kind == kindName:
		return opLookup
	case r.Kind == kindOne:
		return opOne
	}
	return opList
}

// Plan puts accounts of one server whose ids are known into one request, 40 each,
// and the others into one each.
func (n *network) Plan(refs []networks.Ref) []networks.Batch {
	var batches []networks.Batch
	open := make(map[string]int) // the list that is being filled, by its host
	for _, r := range refs {
		op := opOf(r)
		i, ok := open[r.Host]
		if op != opList || !ok || len(batches[i].Refs) == batchSize {
			i = len(batches)
			batches = append(batches, networks.Batch{Op: op, Limiter: r.Host})
		}
		if op == opList {
			open[r.Host] = i
		}
		batches[i].Refs = append(batches[i].Refs, r)
	}
	return batches
}
