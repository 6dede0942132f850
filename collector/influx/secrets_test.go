package influx

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"testing"

	"collectord/internal/leaktest"
	"collectord/keychain"
)

// InfluxDB's words, or those of a proxy in front of it, may repeat the token in any form.
func TestWordsHoldNoSecret(t *testing.T) {
	base, err := url.Parse("http://127.0.0.1:8086")
	if err != nil {
		t.Fatal(err)
	}
	for _, token := range []string{leaktest.Secret("influx"), "user:" + leaktest.Plain("influx")} {
		hide := redactor(keychain.Secret(token), base)
		for _, text := range []string{
			"unauthorized: " + token, "Token " + token, fmt.Sprintf("%q", token), url.QueryEscape(token),
			"Basic " + base64.StdEncoding.EncodeToString([]byte(token)), fmt.Sprintf("%x", token),
		} {
			leaktest.Refuse(t, text[:12], []byte(hide(text)))
		}
	}
}
