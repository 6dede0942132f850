package telegram

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"regexp"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/internal/rest"
)

// slots are the forms of the slot tg.
func slots() []keychain.Format {
	return []keychain.Format{{
		Slot: "tg", Title: "Telegram bot token",
		Shapes: []keychain.Shape{{Kind: "bot token", Bare: true}},
	}}
}

// botToken is what a token looks like. It becomes a part of an address, so that
// nothing else may pass.
var botToken = regexp.MustCompile(`^[0-9]{1,20}:[A-Za-z0-9_-]{1,128}$`)

// call calls a method of the Bot API.
func (n *network) call(ctx context.Context, token keychain.Token, method string, parameters url.Values) (json.RawMessage, *refusal) {
	bot := token.Bare()
	if !botToken.MatchString(bot) {
		e := n.rest.Error(method, networks.Unauthorized, "", "no usable token: a bot's is like 123456:ABC-DEF", nil)
		e.Hint = hintToken
		return nil, &refusal{Error: e}
	}
	resp, err := n.rest.Do(ctx, rest.Request{Op: method, URL: n.base + "/bot" + bot + "/" + method, Form: parameters})
	if err != nil {
		return nil, &refusal{Error: asError(err)}
	}
	if e := n.refuse(resp, token); e != nil {
		return nil, e
	}
	var a envelope
	if err := n.rest.Decode(resp, &a); err != nil {
		return nil, &refusal{Error: asError(err)}
	}
	return a.Result, nil
}

// asError is an error of package rest as what it always is.
func asError(err error) *networks.Error {
	var e *networks.Error
	if errors.As(err, &e) {
		return e
	}
	return &networks.Error{Op: name, Kind: networks.Temporary, Err: err}
}

// Check asks who the bot is.
func (n *network) Check(ctx context.Context, token keychain.Token) (string, error) {
	const getMe = "getMe"
	result, e := n.call(ctx, token, getMe, url.Values{})
	if e != nil {
		return "", e.Error
	}
	var me struct {
		Username string `json:"username"`
	}
	if err := json.Unmarshal(result, &me); err != nil || me.Username == "" {
		return "", n.rest.Error(getMe, networks.Malformed, "", "the answer names no bot", nil)
	}
	return "bot @" + rest.Words(token, me.Username) + ", reads public channels and groups, and private ones that it is in", nil
}
