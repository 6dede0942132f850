package sim

import (
	"fmt"
	"time"
)

// An app of a network that gives tokens to apps (Twitch, Reddit) is allowed by
// AllowToken(network, clientID, clientSecret), and then a token of it by
// AllowToken(network, token, clientID, expires), where expires, RFC 3339, may be left
// out.

// appLogin reports whether there is such an app, and whether that is its secret.
func (w *World) appLogin(network, id, secret string) (known, right bool) {
	state, secrets := w.Token(network, id)
	if state != TokenGood || len(secrets) != 1 {
		return false, false
	}
	return true, secrets[0] == secret
}

// newAppToken makes a token of an app.
func (w *World) newAppToken(network, id string, life time.Duration) string {
	w.mu.RLock()
	token := fmt.Sprintf("%sAppToken%d", network, len(w.tokens[network]))
	w.mu.RUnlock()
	w.AllowToken(network, token, id, time.Now().Add(life).UTC().Format(time.RFC3339))
	return token
}

// appOf returns the app that a token belongs to, and false for a token that is
// unknown, revoked, past its end or of an app that is.
func (w *World) appOf(network, token string) (id string, ok bool) {
	state, belongs := w.Token(network, token)
	if state != TokenGood || len(belongs) == 0 {
		return "", false
	}
	if len(belongs) > 1 {
		end, err := time.Parse(time.RFC3339, belongs[1])
		if err != nil || !time.Now().Before(end) {
			return "", false
		}
	}
	known, _ := w.appLogin(network, belongs[0], "")
	return belongs[0], known
}
