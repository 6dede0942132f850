package threads

import (
	"collectord/keychain"
	"collectord/networks/internal/meta"
)

// Refreshers renew the tokens of the slot th.
func (n *network) Refreshers() map[string]keychain.Refresher {
	return map[string]keychain.Refresher{"th": meta.Refreshed{
		Tokens: n.tokens, Op: "th_refresh_token", Access: access,
		Hint: "get a new token: collectord keychain login threads",
	}}
}

// Makers are none: Threads gives no token for a password.
func (n *network) Makers() map[string]keychain.Maker { return nil }
