package youtube

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"collectord/keychain"
	"collectord/networks"
)

// slots are the forms of the slot yt.
func slots() []keychain.Format {
	return []keychain.Format{{
		Slot: "yt", Title: "YouTube API key",
		Shapes: []keychain.Shape{{Kind: "API key", Bare: true}},
	}}
}

// authorise returns the header that carries the key, which keeps it out of the
// address and so out of logs on the way.
func (n *network) authorise(op string, token keychain.Token) (http.Header, *networks.Error) {
	key := token.Bare()
	if key == "" || strings.ContainsFunc(key, unicode.IsControl) {
		e := n.rest.Error(op, networks.Unauthorized, "", "no usable token", nil)
		e.Hint = "assign slot yt: an API key, one line as it stands at https://console.cloud.google.com/apis/credentials"
		return nil, e
	}
	return http.Header{"X-Goog-Api-Key": {key}}, nil
}

// probe is the channel that a key is tried on: Google's own for developers.
const probe = "UC_x5XG1OV2P6uZZ5FSM9Ttw"

// Check asks for one channel, which costs 1 unit of the day's quota.
func (n *network) Check(ctx context.Context, token keychain.Token) (string, error) {
	query := url.Values{"part": {parts}, "fields": {fields}, "id": {probe}}
	if _, err := n.list(ctx, token, byID, query, 1); err != nil {
		return "", err
	}
	return "API key, reads channels; YouTube rounds subscribers to three significant figures", nil
}
