package odnoklassniki

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"time"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/internal/rest"
)

const (
	// longLife is how long a token with the right LONG_ACCESS_TOKEN lives after the
	// last call that prolonged it (https://apiok.ru/en/ext/oauth/permissions, read
	// 2026-11-22).
	longLife = 30 * 24 * time.Hour
	// touchEvery is how often OK prolongs one at most.
	touchEvery = 24 * time.Hour

	touch   = "auth.touchSession"
	tokenDo = "oauth/token.do"
)

const (
	hintLogin = "log in again with `collectord keychain login odnoklassniki`"
	hintRaw   = "Odnoklassniki gives no token for a login and a password any more: " +
		"get one with `collectord keychain login odnoklassniki`, or put a refresh_token into slot raw_ok"
)

// Refreshers is how long tokens are prolonged.
func (n *network) Refreshers() map[string]keychain.Refresher {
	return map[string]keychain.Refresher{"ok": refresher{n}}
}

// Makers is how short ones are made.
func (n *network) Makers() map[string]keychain.Maker {
	return map[string]keychain.Maker{"raw_ok": maker{n}}
}

// refresher prolongs a token that lives 30 days. A poll does so as well; this keeps
// the date in the keychain true, and the token alive while nothing is polled.
type refresher struct{ n *network }

// Window is the zero one for a token of 30 minutes, which cannot be prolonged, and
// for one whose end nobody noted: it may be short, and polls prolong it if it is long.
func (refresher) Window(_ keychain.Token, held, expires time.Time) keychain.Window {
	if expires.IsZero() || expires.Sub(held) <= touchEvery {
		return keychain.Window{}
	}
	from := held.Add(touchEvery)
	by := expires.Add(-longLife / 2)
	if by.Before(from) {
		by = from
	}
	return keychain.Window{From: from, By: by}
}

// Refresh calls auth.touchSession. The token stays what it is; its end is 30 days
// away again.
func (r refresher) Refresh(ctx context.Context, t keychain.Token) (keychain.Fresh, error) {
	k, e := keysOf(touch, t)
	if e != nil {
		return keychain.Fresh{}, refusal(e)
	}
	now := time.Now()
	resp, err := r.n.call(ctx, k, touch, 0, url.Values{})
	if err != nil {
		return keychain.Fresh{}, refusal(err)
	}
	// OK documents no answer but that it is none of its errors.
	if !json.Valid(resp.Body) {
		return keychain.Fresh{}, r.n.rest.Error(touch, networks.Malformed, "", "the answer is no JSON", nil)
	}
	return keychain.Fresh{Value: t.With(map[string]string{"expires_at": stamp(now.Add(longLife))})}, nil
}

// maker makes a token of 30 minutes out of a refresh token.
type maker struct{ n *network }

// Make refuses a login with a password: there is no such way any more.
func (m maker) Make(ctx context.Context, raw keychain.Token) (keychain.Fresh, error) {
	if raw.Get("refresh_token") == "" {
		e := m.n.rest.Error(tokenDo, networks.Unauthorized, "", "there is no way to log in with a password", nil)
		e.Hint = hintRaw
		return keychain.Fresh{}, refusal(e)
	}
	g, err := m.n.grant(ctx, raw, url.Values{
		"grant_type": {"refresh_token"}, "refresh_token": {raw.Get("refresh_token")},
	})
	if err != nil {
		return keychain.Fresh{}, refusal(err)
	}
	fresh := keychain.Fresh{Value: g.value(raw)}
	if g.Refresh != "" && g.Refresh != raw.Get("refresh_token") {
		fresh.Raw = raw.With(map[string]string{"refresh_token": g.Refresh})
	}
	return fresh, nil
}

// refusal is err as the keychain wants it: what a person has to mend becomes a
// *keychain.Refusal, and all else stays what it is, to be tried again.
func refusal(err error) error {
	var e *networks.Error
	if !errors.As(err, &e) || e.Kind != networks.Unauthorized {
		return err
	}
	hint := e.Hint
	if hint == "" {
		hint = hintLogin
	}
	return &keychain.Refusal{State: keychain.State{Name: keychain.Dead, Hint: hint}, Err: err}
}

// grant is what the token service gives.
type grant struct {
	Access  string       `json:"access_token"`
	Refresh string       `json:"refresh_token"`
	Expires rest.Lenient `json:"expires_in"` // seconds, as a string or a number

	at time.Time // when it was asked for
}

// value is a grant as the slot ok wants it.
func (g grant) value(app interface{ Get(string) string }) keychain.Value {
	m := map[string]string{"app_key": app.Get("app_key"), "app_secret": app.Get("app_secret"), "access_token": g.Access}
	if seconds, known := g.Expires.Get(); known && seconds > 0 && seconds < 10*int64(longLife/time.Second) {
		m["expires_at"] = stamp(g.at.Add(time.Duration(seconds) * time.Second))
	}
	return keychain.Mapping(m)
}

func stamp(t time.Time) string { return t.UTC().Truncate(time.Second).Format(time.RFC3339) }

// grant asks the token service. App holds app_id and app_secret; asked is what stands
// beside them.
func (n *network) grant(ctx context.Context, app keychain.Token, asked url.Values) (grant, error) {
	asked.Set("client_id", app.Get("app_id"))
	asked.Set("client_secret", app.Get("app_secret"))
	g := grant{at: time.Now()}
	resp, err := n.rest.Do(ctx, rest.Request{Op: tokenDo, URL: n.auth + "/" + tokenDo, Form: asked})
	if err != nil {
		return g, err
	}
	// The proof is no part of app, so that words have to be cleaned of both.
	secrets := keychain.Token{Value: app.With(map[string]string{"code": asked.Get("code")})}
	if e := n.refuseGrant(resp, secrets); e != nil {
		return g, e
	}
	if err := n.rest.Decode(resp, &g); err != nil {
		return g, err
	}
	if g.Access == "" {
		return g, n.rest.Error(tokenDo, networks.Malformed, "", "the answer holds no access_token", nil)
	}
	return g, nil
}

// refuseGrant is refuse for the token service, which answers as OAuth 2 does (RFC 6749
// section 5.2) or with a code of the API.
func (n *network) refuseGrant(resp *rest.Response, secrets keychain.Token) *networks.Error {
	e := n.refuse(resp, secrets, 0)
	var f fault
	_ = json.Unmarshal(resp.Body, &f) // what is no such object has no words
	if f.Error == "" || e != nil && e.Kind == networks.Temporary {
		return e
	}
	kind := networks.Malformed
	switch f.Error {
	case "invalid_grant", "invalid_client", "unauthorized_client", "invalid_token", "access_denied", "invalid_request":
		kind = networks.Unauthorized
	case "temporarily_unavailable", "server_error":
		kind = networks.Temporary
	}
	e = n.rest.Error(tokenDo, kind, rest.Words(secrets, f.Error), rest.Words(secrets, f.Description), nil)
	switch {
	case f.Error == "invalid_client" || f.Error == "unauthorized_client":
		e.Hint = "compare app_id and app_secret with the letter in which Odnoklassniki sent them"
	case kind == networks.Unauthorized:
		e.Hint = hintLogin
	}
	return e
}
