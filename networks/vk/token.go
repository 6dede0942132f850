package vk

import (
	"context"
	"errors"
	"fmt"

	"collectord/keychain"
	"collectord/networks"
)

// bearer is the string that goes into the Authorization header.
func bearer(token keychain.Token) string {
	if token.IsBare() {
		return token.Bare()
	}
	return token.Get("access_token")
}

// Check asks for user 1 and community 1 and reports which counts came, because
// that depends on the kind of token and VK nowhere says how.
func (n *network) Check(ctx context.Context, token keychain.Token) (string, error) {
	users, err := n.probe(ctx, token, networks.Batch{Op: opUsers, Refs: []networks.Ref{{Kind: user, ID: "1"}}})
	if err != nil {
		return "", err
	}
	groups, err := n.probe(ctx, token, networks.Batch{Op: opGroups, Refs: []networks.Ref{{Kind: group, ID: "1"}}})
	var refused *networks.Error
	if errors.As(err, &refused) {
		// The token is good; that it is good for users alone is worth knowing.
		groups = refused.Kind.String()
	}
	return fmt.Sprintf("accepted; counts of users: %s; of communities: %s", users, groups), nil
}

// probe asks for one account and says whether its count came.
func (n *network) probe(ctx context.Context, token keychain.Token, b networks.Batch) (string, error) {
	results, err := n.Profiles(ctx, token, b)
	if err != nil {
		return "", err
	}
	switch r := results[0]; {
	case r.Err == nil:
		return "yes", nil
	case r.Err.Kind == networks.NotFound, r.Err.Kind == networks.Suspended:
		return "not known, the account asked for is gone", nil
	default:
		return "no", nil
	}
}
