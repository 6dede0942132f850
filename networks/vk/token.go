package vk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"

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
// that depends on the kind of token and VK nowhere says how; then what kind it is.
// Three requests, of which the first says whether the token is good.
func (n *network) Check(ctx context.Context, token keychain.Token) (string, error) {
	users, err := n.probe(ctx, token, networks.Batch{Op: opUsers, Refs: []networks.Ref{{Kind: user, ID: "1"}}})
	if err != nil {
		return "", err
	}
	token.Answer = keychain.Value{} // it is good for one request
	groups, err := n.probe(ctx, token, networks.Batch{Op: opGroups, Refs: []networks.Ref{{Kind: group, ID: "1"}}})
	var refused *networks.Error
	if errors.As(err, &refused) {
		// The token is good; that it is good for users alone is worth knowing.
		groups = refused.Kind.String()
	}
	kind, execute := n.kindOf(ctx, token)
	return fmt.Sprintf("%s; counts of users: %s; of communities: %s; execute: %s", kind, users, groups, execute), nil
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

const opExecute = "execute"

// whose asks, without naming anybody, who the token's user and community are: a
// user's token has the one, a community's the other.
const whose = `return {"user": API.users.get(), "community": API.groups.getById()};`

// kindOf says what kind of token it is. A service key may not execute, which is how
// it is told from the others: execute is for users' and communities' tokens
// (https://github.com/VKCOM/vk-api-schema, execute/methods.json, read 2026-09).
func (n *network) kindOf(ctx context.Context, token keychain.Token) (kind, execute string) {
	if kind = "service key"; !token.IsBare() {
		kind = "user token of VK ID"
	}
	resp, e := n.call(ctx, token, opExecute, url.Values{"code": {whose}})
	var raw json.RawMessage
	if e == nil {
		raw, e = n.response(token, resp)
	}
	var is struct {
		User      json.RawMessage `json:"user"`
		Community json.RawMessage `json:"community"`
	}
	switch {
	case e != nil && (e.Kind == networks.Forbidden || e.Kind == networks.Unauthorized):
		return kind, "no"
	case e != nil || json.Unmarshal(raw, &is) != nil:
		if token.IsBare() {
			kind = "token"
		}
		return kind, "not known"
	}
	switch users, communities := listed(is.User), listed(is.Community); {
	case !token.IsBare():
	case len(users) > 0:
		kind = "user token"
	case len(communities) > 0:
		kind = "community token of club" + communities[0].idString()
	default:
		kind = "token of nobody known"
	}
	return kind, "yes"
}

// listed are the objects of a part of what execute returns, which is false where
// that part failed.
func listed(raw json.RawMessage) []object {
	if !isSet(raw) {
		return nil
	}
	list, _ := objects(raw)
	return list
}
