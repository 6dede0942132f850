package odnoklassniki

import (
	"context"
	"crypto/md5" //nolint:gosec // Odnoklassniki signs with it
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/internal/rest"
)

// slots are the forms of the slots ok and raw_ok.
func slots() []keychain.Format {
	return []keychain.Format{
		{Slot: "ok", Title: "Odnoklassniki token", Shapes: []keychain.Shape{
			{Kind: "token and app", Required: []string{"app_key", "app_secret", "access_token"}, Optional: []string{"expires_at"}},
		}},
		{Slot: "raw_ok", Title: "Odnoklassniki app, to make a token from", Shapes: []keychain.Shape{
			{Kind: "refresh token", Required: []string{"app_id", "app_key", "app_secret", "refresh_token"}},
			{Kind: "login", Required: []string{"app_id", "app_key", "app_secret", "login", "password"}},
			// The login beside a refresh token is kept and not used.
			{Kind: "login and refresh token", Required: []string{"app_id", "app_key", "app_secret", "login", "password", "refresh_token"}},
		}},
	}
}

// keys is a token as OK wants it.
type keys struct {
	slot        keychain.Token
	app, secret string // of the app
	access      string
}

// keysOf reads a token. The error says what is missing from it.
func keysOf(op string, t keychain.Token) (keys, *networks.Error) {
	k := keys{slot: t, app: t.Get("app_key"), secret: t.Get("app_secret"), access: t.Get("access_token")}
	if k.app == "" || k.secret == "" || k.access == "" {
		return keys{}, &networks.Error{
			Op: name + ": " + op, Kind: networks.Unauthorized, Msg: "no usable token",
			Hint: "assign slot ok: {app_key, app_secret, access_token}",
		}
	}
	return k, nil
}

// sign adds what every request has: the app, the format, the signature and the token.
func (k keys) sign(parameters url.Values) url.Values {
	signed := maps.Clone(parameters)
	signed.Set("application_key", k.app)
	signed.Set("format", "json")
	signed.Set("sig", signature(signed, k.access, k.secret))
	signed.Set("access_token", k.access)
	return signed
}

// signature is OK's: the parameters in the order of their names, without any sign
// between them, and the session's secret behind.
func signature(parameters url.Values, access, secret string) string {
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(parameters)) {
		b.WriteString(key + "=" + parameters.Get(key))
	}
	return md5Hex(b.String() + md5Hex(access+secret))
}

func md5Hex(s string) string {
	sum := md5.Sum([]byte(s)) //nolint:gosec // see the import
	return hex.EncodeToString(sum[:])
}

// call calls a method of OK. The answer is a good one.
func (n *network) call(ctx context.Context, k keys, method string, groups int, parameters url.Values) (*rest.Response, error) {
	parameters.Set("method", method)
	resp, err := n.rest.Do(ctx, rest.Request{Op: method, URL: n.base + "/fb.do", Form: k.sign(parameters)})
	if err != nil {
		return nil, err
	}
	if e := n.refuse(resp, k.slot, groups); e != nil {
		return nil, e
	}
	return resp, nil
}

// probe is the group that a token is tried on; it need not exist.
const probe = "53038939046008"

// Check asks for one group, which is the very call that a poll makes.
func (n *network) Check(ctx context.Context, token keychain.Token) (string, error) {
	k, e := keysOf(groupInfo, token)
	if e != nil {
		return "", e
	}
	resp, err := n.call(ctx, k, groupInfo, 1, url.Values{"uids": {probe}, "fields": {fields}})
	var refused *networks.Error
	switch {
	case errors.As(err, &refused) && refused.Kind == networks.NotFound:
		// The token was good enough to be told so.
	case err != nil:
		return "", err
	default:
		if _, err := n.groups(resp); err != nil {
			return "", err
		}
	}
	report := "may read groups"
	if t, err := time.Parse(time.RFC3339, token.Get("expires_at")); err == nil {
		// Not when: expires_at is a part of the slot, and that is taken out of reports.
		report += "; " + left(time.Until(t))
	}
	return report, nil
}

// left says how long a token lives that nothing prolongs.
func left(d time.Duration) string {
	switch {
	case d <= 0:
		return "its time is over, unless polls prolonged it"
	case d < 48*time.Hour:
		return fmt.Sprintf("good for %.0f minutes", d.Minutes())
	}
	return fmt.Sprintf("good for %.0f days after its last use", d.Hours()/24)
}
