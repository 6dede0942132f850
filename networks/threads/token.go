package threads

import (
	"context"
	"net/url"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/internal/meta"
	"collectord/networks/internal/rest"
)

// slots are the forms of the slot th.
func slots() []keychain.Format {
	return []keychain.Format{{
		Slot: "th", Title: "Threads token",
		Shapes: []keychain.Shape{{Kind: "access token", Bare: true}},
	}}
}

// access reads a token. The error says what is missing from it.
func access(op string, t keychain.Token) (meta.Access, *networks.Error) {
	if t.Bare() == "" {
		e := refused(op, networks.Unauthorized, "no usable token")
		e.Hint = "assign slot th: a long-lived token, or log in: collectord keychain login threads"
		return meta.Access{}, e
	}
	return meta.Access{Slot: t, Bearer: t.Bare()}, nil
}

// Check asks who the token's account is, and whether the token may read its followers.
func (n *network) Check(ctx context.Context, token keychain.Token) (string, error) {
	a, e := access(own, token)
	if e != nil {
		return "", e
	}
	var u user
	if err := n.graph.Get(ctx, a, own, own, userFields, &u); err != nil {
		return "", mend(err)
	}
	if u.Username == "" {
		return "", refused(own, networks.Malformed, "the answer names no account")
	}
	var body struct {
		Data []metric `json:"data"`
	}
	if err := n.graph.Query(ctx, a, insights, insights, url.Values{"metric": {"followers_count"}}, &body); err != nil {
		return "", mend(err)
	}
	if _, e := total(body.Data); e != nil {
		return "", e
	}
	return "token of @" + rest.Words(token, string(u.Username)) + ", reads the followers of this account alone", nil
}
