package twitch

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/internal/rest"
)

// partner is the broadcaster_type of a channel that bears Twitch's badge.
const partner = "partner"

// Profiles makes one request: who up to 100 channels are, which leads to a Next for
// each, or how many followers one channel has.
func (n *network) Profiles(ctx context.Context, token keychain.Token, batch networks.Batch) ([]networks.Result, error) {
	if batch.Op == opCount {
		return n.count(ctx, token, batch)
	}
	resp, err := n.get(ctx, token, opUsers, usersQuery(batch.Refs))
	if err != nil {
		return nil, err
	}
	if e := n.refuse(resp, token, len(batch.Refs)); e != nil {
		return nil, e
	}
	var answer struct {
		Data *[]user `json:"data"`
	}
	if err := n.rest.Decode(resp, &answer); err != nil {
		return nil, err
	}
	if answer.Data == nil {
		return nil, n.rest.Error(opUsers, networks.Malformed, "", "the answer holds no data", nil)
	}
	return n.match(batch, *answer.Data), nil
}

// get makes a request with the app's token.
func (n *network) get(ctx context.Context, token keychain.Token, op string, query url.Values) (*rest.Response, error) {
	id, bearer, e := n.app.Bearer(op, token)
	if e != nil {
		return nil, e
	}
	return n.rest.Do(ctx, rest.Request{
		Op: op, URL: n.base + "/helix/" + op, Query: query, Bearer: bearer, Header: http.Header{"Client-Id": {id}},
	})
}

// usersQuery is what to ask for, each channel once.
func usersQuery(refs []networks.Ref) url.Values {
	q := url.Values{}
	for _, r := range refs {
		parameter, value := "login", strings.ToLower(r.Name)
		if r.ID != "" {
			parameter, value = "id", r.ID
		}
		if !slices.Contains(q[parameter], value) {
			q.Add(parameter, value)
		}
	}
	return q
}

// user is a channel as Twitch writes it
// (https://dev.twitch.tv/docs/api/reference#get-users, read 2026-09).
type user struct {
	ID              string `json:"id"`
	Login           string `json:"login"`
	DisplayName     string `json:"display_name"`
	BroadcasterType string `json:"broadcaster_type"`

	odd bool // a field is of another type than Twitch documents
}

// UnmarshalJSON never fails: a channel with a field of the wrong type is odd, and its
// neighbours are not.
func (u *user) UnmarshalJSON(b []byte) error {
	type plain user
	u.odd = json.Unmarshal(b, (*plain)(u)) != nil
	return nil
}

// match finds for each ref its channel, by id or by name.
func (n *network) match(batch networks.Batch, users []user) []networks.Result {
	byID, byName := make(map[string]user, len(users)), make(map[string]user, len(users))
	missing := n.rest.Error(opUsers, networks.NotFound, "", "Twitch knows no such channel", nil)
	missing.Hint = "the channel was renamed, deleted or banned: Twitch does not tell these apart"
	for _, u := range users {
		byID[u.ID], byName[strings.ToLower(u.Login)] = u, u
		if u.ID == "" || u.Login == "" { // it may be any of those that are missing
			missing = n.rest.Error(opUsers, networks.Malformed, "", "a channel came without id or login", nil)
		}
	}
	results := make([]networks.Result, len(batch.Refs))
	for i, r := range batch.Refs {
		u, ok := byName[strings.ToLower(r.Name)]
		if r.ID != "" {
			u, ok = byID[r.ID]
		}
		switch {
		case !ok:
			results[i].Err = missing
		case u.odd || !number.MatchString(u.ID) || !login.MatchString(u.Login):
			results[i].Err = n.rest.Error(opUsers, networks.Malformed, "", "id or login is missing, or a field is of another type than Twitch documents", nil)
		default:
			results[i].Next = seenAs(r, u)
		}
	}
	return results
}

// count asks for the followers of one channel, which all refs of the batch name.
func (n *network) count(ctx context.Context, token keychain.Token, batch networks.Batch) ([]networks.Result, error) {
	id := batch.Refs[0].ID
	resp, err := n.get(ctx, token, opCount, url.Values{"broadcaster_id": {id}})
	if err != nil {
		return nil, err
	}
	results := make([]networks.Result, len(batch.Refs))
	if e := n.refuse(resp, token, 1); e != nil {
		if !e.Kind.OfAccount() {
			return nil, e
		}
		for i := range results {
			results[i].Err = e
		}
		return results, nil
	}
	var answer struct {
		Total rest.Number `json:"total"`
	}
	if err := n.rest.Decode(resp, &answer); err != nil {
		return nil, err
	}
	for i, r := range batch.Refs {
		results[i] = n.counted(r, answer.Total)
	}
	return results, nil
}

// counted joins what users said of a channel with its count.
func (n *network) counted(r networks.Ref, total rest.Number) networks.Result {
	u := seenUser(r)
	_, known := total.Get()
	switch {
	case total.Bad:
		return networks.Result{Err: n.rest.Error(opCount, networks.Malformed, "", "total is no whole number", nil)}
	case !known:
		return networks.Result{Err: n.rest.Error(opCount, networks.Malformed, "", "total is missing", nil)}
	}
	display := u.DisplayName
	if display == "" {
		display = u.Login
	}
	return networks.Result{
		Known: networks.Ref{ID: u.ID, Name: r.Name},
		Profile: &networks.Profile{
			ID: u.ID, Type: networks.Person, Name: display, Nickname: u.Login,
			Link:      "https://www.twitch.tv/" + u.Login,
			Verified:  networks.FlagOf(u.BroadcasterType == partner),
			Followers: total.Count,
		},
	}
}
