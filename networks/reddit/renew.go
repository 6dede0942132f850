package reddit

import (
	"collectord/keychain"
	"collectord/networks/internal/apptoken"
	"collectord/networks/internal/rest"
)

// newApp is how tokens are made at the token service auth.
func newApp(client *rest.Client, auth string) *apptoken.App {
	return &apptoken.App{
		Rest: client, Op: "access_token", URL: auth + "/api/v1/access_token", Basic: true, Slot: slot,
		Hint: "copy id and secret again from https://www.reddit.com/prefs/apps and assign them to slot rd; an app that Reddit has not approved is refused, too",
	}
}

// Refreshers make the app's token in slot rd.
func (n *network) Refreshers() map[string]keychain.Refresher {
	return map[string]keychain.Refresher{slot: n.app}
}

// Makers are none.
func (n *network) Makers() map[string]keychain.Maker { return nil }
