package mastodon

import (
	"collectord/networks"
	"collectord/networks/internal/refs"
)

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
func (n *network) Plan(all []networks.Ref) []networks.Batch {
	return refs.Plan(all, func(r networks.Ref) refs.Sharing {
		s := refs.Sharing{Op: opOf(r), Limiter: r.Host, Most: 1}
		if s.Op == opList {
			s.Most = batchSize
		}
		return s
	})
}
