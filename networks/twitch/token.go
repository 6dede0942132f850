package twitch

import (
	"context"
	"net/url"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/internal/apptoken"
)

// slot is the kind of the slot that holds the app.
const slot = "tc"

// slots are the forms of the slot tc.
func slots() []keychain.Format {
	return []keychain.Format{apptoken.Format(slot, "Twitch app")}
}

// probe is the channel that a token is tried on: Twitch's own.
const probe = "twitch"

// Check asks for one channel with the app's token, and for a new token with the app's
// id and secret where there is none or it is refused.
func (n *network) Check(ctx context.Context, token keychain.Token) (string, error) {
	return n.app.Check(ctx, token, "reads channels", func() error {
		resp, err := n.get(ctx, token, opUsers, url.Values{"login": {probe}})
		if err != nil {
			return err
		}
		if e := n.refuse(resp, token, 0); e != nil {
			return e
		}
		var answer struct {
			Data *[]user `json:"data"`
		}
		if err := n.rest.Decode(resp, &answer); err != nil {
			return err
		}
		if answer.Data == nil {
			return n.rest.Error(opUsers, networks.Malformed, "", "the answer holds no data", nil)
		}
		return nil
	})
}
