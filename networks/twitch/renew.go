package twitch

import (
	"collectord/keychain"
	"collectord/networks/internal/apptoken"
	"collectord/networks/internal/rest"
)

// newApp is how tokens are made at the token service auth.
func newApp(client *rest.Client, auth string) *apptoken.App {
	return &apptoken.App{
		Rest: client, Op: "oauth2/token", URL: auth + "/oauth2/token", Slot: slot,
		Hint: "copy id and secret again from the app's page at https://dev.twitch.tv/console/apps and assign them to slot tc; a new secret ends the old one",
	}
}

// Refreshers make the app's token in slot tc.
func (n *network) Refreshers() map[string]keychain.Refresher {
	return map[string]keychain.Refresher{slot: n.app}
}

// Makers are none.
func (n *network) Makers() map[string]keychain.Maker { return nil }
