package instagram

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/internal/meta"
	"collectord/networks/internal/rest"
)

// userFields are the fields of an account. Through Instagram Login the id that
// Business Discovery calls id is user_id, and id is another one.
const (
	userFields = "id,username,name,followers_count,follows_count,media_count"
	meFields   = "user_id," + userFields
)

// user is an account as Graph writes it.
type user struct {
	ID        meta.Text   `json:"id"`
	UserID    meta.Text   `json:"user_id"`
	Username  string      `json:"username"`
	Name      string      `json:"name"`
	Followers rest.Number `json:"followers_count"`
	Follows   rest.Number `json:"follows_count"`
	Media     rest.Number `json:"media_count"`
}

// Profiles makes one request: a batch with an item for each account or, with a
// token of Instagram Login, one for the token's own account, which answers for all
// refs of the batch.
func (n *network) Profiles(ctx context.Context, token keychain.Token, batch networks.Batch) ([]networks.Result, error) {
	a, e := access(batch.Op, token)
	if e != nil {
		return nil, e
	}
	if token.IsBare() {
		u, e := n.me(ctx, a)
		if e != nil {
			return nil, e
		}
		return ownResults(batch.Refs, u, token), nil
	}
	return n.discover(ctx, a, batch)
}

// discover asks for each account of a batch once, however many refs name it.
func (n *network) discover(ctx context.Context, a meta.Access, batch networks.Batch) ([]networks.Result, error) {
	item := make(map[string]int, len(batch.Refs)) // by path
	var paths []string
	for _, r := range batch.Refs {
		p := path(r, a.Slot)
		if _, ok := item[p]; !ok {
			item[p] = len(paths)
			paths = append(paths, p)
		}
	}
	answers, err := n.discovery.Batch(ctx, a, byName, paths)
	if err != nil {
		return nil, mend(err)
	}
	errs := make([]*networks.Error, len(answers))
	for i := range answers {
		errs[i] = explain(answers[i].Err)
	}
	if e := meta.Whole(errs); e != nil {
		return nil, e
	}
	results := make([]networks.Result, len(batch.Refs))
	for i, r := range batch.Refs {
		at := item[path(r, a.Slot)]
		if errs[at] != nil {
			results[i].Err = errs[at]
			continue
		}
		results[i] = found(r, answers[at].Body)
	}
	return results, nil
}

// path is what to ask for one account. Braces and parentheses stay as they are: a
// name needs no escape, and Graph was seen to stumble over escaped ones.
func path(r networks.Ref, token keychain.Token) string {
	if r.Kind == me {
		return ownPath(token) + "?fields=" + userFields
	}
	return ownPath(token) + "?fields=business_discovery.username(" + url.QueryEscape(strings.ToLower(r.Name)) + "){" + userFields + "}"
}

// ownPath is the account on whose behalf Business Discovery is asked.
func ownPath(token keychain.Token) string { return url.PathEscape(token.Get("ig_user_id")) }

// found reads the good answer about one account.
func found(r networks.Ref, body []byte) networks.Result {
	var a struct {
		user
		Discovered *user `json:"business_discovery"`
	}
	if err := json.Unmarshal(body, &a); err != nil {
		return networks.Result{Err: refused(byName, networks.Malformed, "the account is not the JSON that was expected")}
	}
	u := a.Discovered
	if r.Kind == me {
		u = &a.user
	}
	switch {
	case u == nil:
		return networks.Result{Err: refused(byName, networks.Malformed, "business_discovery is missing")}
	case u.Username == "":
		u.Username = r.Name // it answers to this name, and Graph keeps the order
	case r.Kind != me && !strings.EqualFold(u.Username, r.Name):
		return networks.Result{Err: refused(byName, networks.Malformed, "the answer is about another account")}
	}
	return result(byName, r, *u)
}

// result makes a profile of an account, or says what it lacks.
func result(op string, r networks.Ref, u user) networks.Result {
	_, known := u.Followers.Get()
	switch {
	case u.ID == "" || u.Username == "":
		return networks.Result{Err: refused(op, networks.Malformed, "id or username is missing")}
	case u.Followers.Bad:
		return networks.Result{Err: refused(op, networks.Malformed, "followers_count is no whole number")}
	case !known:
		return networks.Result{Err: refused(op, networks.Malformed, "followers_count is missing")}
	}
	r.ID = string(u.ID)
	return networks.Result{Known: r, Profile: &networks.Profile{
		ID: r.ID, Type: networks.Person, Name: u.Name, Nickname: u.Username,
		Link:      "https://www.instagram.com/" + u.Username + "/",
		Followers: u.Followers.Count, Following: u.Follows.Count, Posts: u.Media.Count,
	}}
}

// me asks for the account that a token of Instagram Login belongs to. Graph writes
// it bare or, as its guide shows, as the one element of data.
func (n *network) me(ctx context.Context, a meta.Access) (user, error) {
	var body struct {
		user
		Data []user `json:"data"`
	}
	if err := n.login.Get(ctx, a, own, own, meFields, &body); err != nil {
		return user{}, mend(err)
	}
	u := body.user
	if len(body.Data) == 1 {
		u = body.Data[0]
	}
	if u.UserID != "" {
		u.ID = u.UserID
	}
	if u.Username == "" {
		return user{}, refused(own, networks.Malformed, "the answer names no account")
	}
	return u, nil
}

// ownResults answers for refs with the token's own account. A ref is about it that
// says "me", has its name or, after a rename, its id.
func ownResults(refs []networks.Ref, u user, token keychain.Token) []networks.Result {
	results := make([]networks.Result, len(refs))
	for i, r := range refs {
		if r.Kind == me || strings.EqualFold(r.Name, u.Username) || r.ID != "" && r.ID == string(u.ID) {
			results[i] = result(own, r, u)
			continue
		}
		e := refused(own, networks.NotFound, "the token belongs to another account")
		e.Hint = "the token belongs to @" + rest.Words(token, u.Username) +
			", and Instagram Login shows this account alone: give the other one its own slot (token: ig:NAME), or use Business Discovery"
		results[i].Err = e
	}
	return results
}
