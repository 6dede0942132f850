// Package apptoken keeps the token of an app alive, where a network gives one for the
// app's id and secret alone (client credentials, RFC 6749 section 4.4): Twitch, Reddit
// and X do.
//
// The one idea: a network holds no state, so the token lives in the slot beside what
// it is made from, and the keychain makes it like any other renewal: one request at a
// time over all processes, on disk before it is used.
//
//	slot tc  {client_id, client_secret}                             assigned by a person
//	         {client_id, client_secret, access_token, expires_at}   written by Refresh
//
// X has other names for the fields (Fields), and a token that does not end (Endless):
// it gives the same one again until somebody invalidates it.
//
// Where access_token is missing, Bearer says Unauthorized, so that whoever asked
// renews the slot, once, and asks again. There is no refresh token: a new one is asked
// for in the same way as the first, and nothing is lost with an old one.
package apptoken

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/internal/rest"
)

// The fields of the slot, and of the request that makes a token.
const (
	clientID     = "client_id"
	clientSecret = "client_secret"
	accessToken  = "access_token"
	expiresAt    = "expires_at"
)

// Fields are the names that a slot has for what it holds of an app.
type Fields struct {
	ID, Secret string // what a person assigns
	Token      string // what Refresh writes
	ExpiresAt  string // its end; empty where the slot has no place for it
}

func usual() Fields { return Fields{clientID, clientSecret, accessToken, expiresAt} }

// NoToken is the Code of the error about a slot whose app has no token yet.
const NoToken = "no app token"

// unknownLife is how long a token is used of which the network did not say when it
// ends: the shortest life that either network documents.
const unknownLife = time.Hour

// Format is the form of a slot that holds an app.
func Format(slot, title string) keychain.Format {
	return keychain.Format{Slot: slot, Title: title, Shapes: []keychain.Shape{{
		Kind: "app", Required: []string{clientID, clientSecret}, Optional: []string{accessToken, expiresAt},
	}}}
}

// App is how one network gives tokens to apps. It is a keychain.Refresher.
type App struct {
	Rest *rest.Client
	Op   string // of the request, for errors
	URL  string // where tokens are made
	// Basic sends id and secret in an Authorization header (RFC 7617) in place of the
	// form.
	Basic bool
	Slot  string // kind of the slot, for hints
	// Hint is what the operator can do about an id or a secret that is refused.
	Hint string

	Fields Fields // zero: client_id, client_secret, access_token, expires_at
	// Escape has id and secret escaped in the Authorization header, as RFC 6749 wants
	// it and few do.
	Escape bool
	// Endless says that a token goes on until it is refused.
	Endless bool
	// Again is how long id and secret are let alone that were refused, where that may
	// be for asking too often; 0 is until others are assigned.
	Again time.Duration
}

func (a *App) fields() Fields {
	if a.Fields == (Fields{}) {
		return usual()
	}
	return a.Fields
}

// Window is at once where there is no token, and else the last tenth of its life. An
// endless one is renewed by who sees it refused, and by a person.
func (a *App) Window(t keychain.Token, held, expires time.Time) keychain.Window {
	switch {
	case t.Get(a.fields().Token) == "":
		return keychain.Window{By: time.Unix(1, 0)}
	case a.Endless:
		return keychain.Window{By: keychain.Never()}
	case expires.IsZero():
		expires = held.Add(unknownLife)
	}
	return keychain.Window{By: expires.Add(-max(expires.Sub(held), 0) / 10)}
}

// Refresh asks for a token. A refused id or secret is a *keychain.Refusal.
func (a *App) Refresh(ctx context.Context, t keychain.Token) (keychain.Fresh, error) {
	if _, e := a.app(a.Op, t); e != nil {
		return keychain.Fresh{}, e
	}
	token, expires, err := a.ask(ctx, t)
	if err != nil {
		return keychain.Fresh{}, err
	}
	names := a.fields()
	fields := map[string]string{names.Token: token}
	if names.ExpiresAt != "" {
		fields[names.ExpiresAt] = ""
		if !expires.IsZero() {
			fields[names.ExpiresAt] = expires.UTC().Format(time.RFC3339)
		}
	}
	fresh := keychain.Fresh{Value: t.With(fields)}
	if a.Endless {
		fresh.Expires = keychain.Never()
	}
	return fresh, nil
}

// Bearer returns the app's id and its token. The error is Unauthorized, with the Code
// NoToken where the token has still to be made.
func (a *App) Bearer(op string, t keychain.Token) (id, bearer string, err *networks.Error) {
	id, err = a.app(op, t)
	if err != nil {
		return "", "", err
	}
	bearer = t.Get(a.fields().Token)
	if bearer == "" {
		e := a.Rest.Error(op, networks.Unauthorized, NoToken, "the app's token has still to be made", nil)
		e.Hint = "collectord makes it by itself when it is needed; to see it done: collectord keychain autocomplete"
		return "", "", e
	}
	return id, bearer, nil
}

// app returns the app's id, or says that the slot holds no app.
func (a *App) app(op string, t keychain.Token) (string, *networks.Error) {
	names := a.fields()
	id := t.Get(names.ID)
	if id == "" || t.Get(names.Secret) == "" || strings.ContainsFunc(id, unicode.IsControl) {
		e := a.Rest.Error(op, networks.Unauthorized, "", "no usable token", nil)
		e.Hint = "assign slot " + a.Slot + ": {" + names.ID + ", " + names.Secret + "}"
		return "", e
	}
	return id, nil
}

// Check tries a slot: its token by probe, which says of a token that it is refused by
// the Kind Unauthorized, and id and secret by asking for a token where there is none
// or it is refused. A token that is made so is forgotten: what is in a slot is the
// keychain's to change. Does is what a probe that went well has shown: "reads
// channels".
func (a *App) Check(ctx context.Context, t keychain.Token, does string, probe func() error) (report string, err error) {
	if _, e := a.app(a.Op, t); e != nil {
		return "", e
	}
	words := "the app's token is made when it is needed"
	if t.Get(a.fields().Token) != "" {
		err := probe()
		var e *networks.Error
		switch {
		case err == nil:
			return "app, " + does + "; " + a.life(t, time.Now()), nil
		case !errors.As(err, &e) || e.Kind != networks.Unauthorized:
			return "", err
		}
		words = "the app's token has ended and is made anew when it is needed"
	}
	if _, _, err := a.ask(ctx, t); err != nil {
		return "", plain(err)
	}
	return "app, its id and secret are good; " + words, nil
}

// life says how long the token is good for. Not until when: expires_at is a part of
// the slot's value, and those are taken out of reports.
func (a *App) life(t keychain.Token, now time.Time) string {
	at, err := time.Parse(time.RFC3339, t.Get(a.fields().ExpiresAt))
	left := at.Sub(now)
	switch {
	case a.Endless:
		return "its token does not expire, and is made anew if it is refused"
	case err != nil || left <= 0:
		return "its token is renewed by itself"
	case left < 48*time.Hour:
		return fmt.Sprintf("its token is good for %.0f minutes and renewed by itself", left.Minutes())
	}
	return fmt.Sprintf("its token is good for %.0f days and renewed by itself", left.Hours()/24)
}

// plain takes the *networks.Error out of a Refusal: a check refuses nothing.
func plain(err error) error {
	var r *keychain.Refusal
	if errors.As(err, &r) {
		return r.Err
	}
	return err
}

// ask makes the request. Expires is zero where the answer does not say.
func (a *App) ask(ctx context.Context, t keychain.Token) (token string, expires time.Time, err error) {
	r := rest.Request{Op: a.Op, URL: a.URL, Form: url.Values{"grant_type": {"client_credentials"}}}
	id, secret := t.Get(a.fields().ID), t.Get(a.fields().Secret)
	if a.Basic {
		// Escaped, as RFC 6749 has it, only where the network says so: those that give out
		// ids and secrets in need of it do not agree on who unescapes them.
		if a.Escape {
			id, secret = url.QueryEscape(id), url.QueryEscape(secret)
		}
		r.Header = http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+secret))}}
	} else {
		r.Form.Set(clientID, id)
		r.Form.Set(clientSecret, secret)
	}
	now := time.Now()
	resp, err := a.Rest.Do(ctx, r)
	if err != nil {
		return "", time.Time{}, err
	}
	if err := a.refuse(resp, t); err != nil {
		return "", time.Time{}, err
	}
	var answer struct {
		Token string      `json:"access_token"`
		Life  rest.Number `json:"expires_in"` // seconds
	}
	if err := a.Rest.Decode(resp, &answer); err != nil {
		return "", time.Time{}, err
	}
	if answer.Token == "" {
		return "", time.Time{}, a.Rest.Error(a.Op, networks.Malformed, "", "the answer holds no token", nil)
	}
	if s, known := answer.Life.Get(); known && s > 0 && s < maxLife {
		expires = now.Add(time.Duration(s) * time.Second)
	}
	return answer.Token, expires, nil
}

// maxLife bounds what is believed of a token's life: ten years, in seconds.
const maxLife = 10 * 365 * 24 * 60 * 60

// fault is a refusal: RFC 6749's, which Reddit gives with status 200 as well,
// Twitch's, or X's.
type fault struct {
	Error       any    `json:"error"` // a word; Reddit repeats the status here
	Description string `json:"error_description"`
	Message     string `json:"message"`
	Errors      []struct {
		Message string `json:"message"`
	} `json:"errors"`
}

// words are what a refusal says, the most telling first.
func (f fault) words() []string {
	word, _ := f.Error.(string)
	words := []string{f.Description, f.Message, word}
	for _, e := range f.Errors {
		words = append(words, e.Message)
	}
	return words
}

// refuse returns the error that an answer is, nil for a good one. That id and secret
// are refused is believed of JSON alone: a page of HTML is somebody else's.
func (a *App) refuse(resp *rest.Response, t keychain.Token) error {
	var f fault
	object := bytes.HasPrefix(bytes.TrimSpace(resp.Body), []byte("{"))
	_ = json.Unmarshal(resp.Body, &f) // what has other types has no words
	word, _ := f.Error.(string)
	e := a.Rest.Refuse(resp)
	if e == nil && word == "" {
		return nil
	}
	if e == nil {
		e = a.Rest.Error(a.Op, networks.Malformed, "", "", nil)
	}
	for _, s := range f.words() {
		if s != "" && e.Msg == "" {
			e.Msg = rest.Words(t, s)
		}
	}
	switch {
	case !object:
	case resp.Status == http.StatusBadRequest, resp.Status == http.StatusUnauthorized, resp.Status == http.StatusForbidden, resp.Status == http.StatusOK:
		e.Kind, e.Hint = networks.Unauthorized, a.Hint
		state := keychain.State{Name: keychain.Dead, Reason: e.Error(), Hint: a.Hint}
		if a.Again > 0 {
			state.Until = time.Now().Add(a.Again)
		}
		return &keychain.Refusal{State: state, Err: e}
	}
	if e.Kind == networks.NotFound {
		e.Kind, e.Hint = networks.Malformed, "tokens are not made there: see auth_url"
	}
	return e
}
