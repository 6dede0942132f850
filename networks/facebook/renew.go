package facebook

import (
	"context"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/internal/meta"
	"collectord/networks/internal/rest"
)

// Refreshers look at the tokens of the slot fb once a day, and exchange those of persons
// that came with their app.
func (n *network) Refreshers() map[string]keychain.Refresher {
	return map[string]keychain.Refresher{"fb": meta.Inspected{
		Graph: n.graph, Tokens: n.tokens, Access: access,
		Hint: "get a new token: collectord keychain login facebook",
		Probe: func(ctx context.Context, t keychain.Token, a meta.Access) error {
			_, err := n.me(ctx, t, a)
			return err
		},
	}}
}

// Makers are none: Facebook gives no token for a password.
func (n *network) Makers() map[string]keychain.Maker { return nil }

// me is the name of whom the token belongs to.
func (n *network) me(ctx context.Context, t keychain.Token, a meta.Access) (string, error) {
	const op = "me"
	var me struct {
		Name meta.Text `json:"name"`
	}
	if err := n.graph.Get(ctx, a, op, op, "id,name", &me); err != nil {
		return "", mend(err)
	}
	if me.Name == "" {
		return "", refused(op, networks.Malformed, "the answer names nobody")
	}
	return rest.Words(t, string(me.Name)), nil
}
