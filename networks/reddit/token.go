package reddit

import (
	"context"

	"collectord/keychain"
	"collectord/networks/internal/apptoken"
)

// slot is the kind of the slot that holds the app.
const slot = "rd"

// slots are the forms of the slot rd.
func slots() []keychain.Format {
	return []keychain.Format{apptoken.Format(slot, "Reddit app")}
}

// probe is the community that a token is tried on: r/reddit.com, the first one.
const probe = "t5_6"

// Check asks for one community with the app's token, and for a new token with the
// app's id and secret where there is none or it is refused. An app may get a token
// and still have no access; that shows only once there is one.
func (n *network) Check(ctx context.Context, token keychain.Token) (string, error) {
	return n.app.Check(ctx, token, "reads communities", func() error {
		_, err := n.info(ctx, token, byID, "id", []string{probe})
		return err
	})
}
