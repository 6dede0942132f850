package github

import (
	"collectord/networks"
	"collectord/networks/internal/refs"
)

// The three requests.
const (
	opGraphQL = "graphql"
	opUsers   = "users" // by name
	opUser    = "user"  // by id
)

// The Kinds of a Ref.
const (
	// organisation is an account that GraphQL keeps the followers of to itself.
	organisation = "org"
	// byID is one whose name did not lead to it.
	byID = "id"
)

// batchSize is how many accounts one query asks for. GitHub bounds the nodes of a
// query, at 500,000, and the time it may take, at 10 s; 100 are far from either.
const batchSize = 100

// Plan puts 100 names into a query. Organisations, and accounts that have to be
// asked by id, are a request each.
func (n *network) Plan(all []networks.Ref) []networks.Batch {
	batches := refs.Plan(all, func(r networks.Ref) refs.Sharing {
		if op := opOf(r); op != opGraphQL {
			return refs.Sharing{Op: op, Most: 1}
		}
		return refs.Sharing{Op: opGraphQL, Most: batchSize}
	})
	for i := range batches {
		if batches[i].Op == opGraphQL {
			batches[i].Cost = points(len(batches[i].Refs))
		}
	}
	return batches
}

// points is what a query for n accounts costs: a hundredth of its connections, which
// are two an account, and 1 at least.
func points(n int) int { return max(1, (2*n+50)/100) }

func opOf(r networks.Ref) string {
	switch {
	case r.Kind == byID || r.Name == "":
		return opUser
	case r.Kind == organisation:
		return opUsers
	}
	return opGraphQL
}
