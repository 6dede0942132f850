package odnoklassniki

import (
	"bytes"
	"context"
	"encoding/json"
	"net/url"
	"strings"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/internal/refs"
	"collectord/networks/internal/rest"
)

// fields are those of a group that are asked for.
const fields = "uid,name,shortname,members_count"

// Profiles makes one request: for at most 100 groups by their ids, or for the id of
// one that is known by its short name, which is asked for next.
func (n *network) Profiles(ctx context.Context, token keychain.Token, batch networks.Batch) ([]networks.Result, error) {
	k, e := keysOf(batch.Op, token)
	if e != nil {
		return nil, e
	}
	if batch.Op == urlInfo {
		return n.resolve(ctx, k, batch)
	}
	resp, err := n.call(ctx, k, batch.Op, len(batch.Refs), url.Values{"uids": {strings.Join(refs.Once(batch.Refs, refs.ID), ",")}, "fields": {fields}})
	if err != nil {
		return nil, err
	}
	groups, err := n.groups(resp)
	if err != nil {
		return nil, err
	}
	return n.match(batch, groups), nil
}

// resolve asks what stands at the address of a group.
func (n *network) resolve(ctx context.Context, k keys, batch networks.Batch) ([]networks.Result, error) {
	r := batch.Refs[0]
	resp, err := n.call(ctx, k, batch.Op, 1, url.Values{"url": {pageURL + r.Name}})
	if err != nil {
		return nil, err
	}
	var found struct {
		Type string `json:"type"`
		ID   text   `json:"objectId"`
		Text text   `json:"objectIdStr"`
	}
	if err := n.rest.Decode(resp, &found); err != nil {
		return nil, err
	}
	if found.Text != "" {
		found.ID = found.Text
	}
	switch {
	case found.Type == "GROUP" && number.MatchString(string(found.ID)):
		return []networks.Result{{Next: &networks.Ref{ID: string(found.ID), Name: r.Name}}}, nil
	case found.Type == "GROUP" || found.Type == "":
		return nil, n.rest.Error(batch.Op, networks.Malformed, "", "the answer names no object", nil)
	}
	e := n.rest.Error(batch.Op, networks.NotFound, "", "there is no group at this address", nil)
	if found.Type == "PROFILE" || found.Type == "USER" {
		e.Hint = "it is a person's address, and Odnoklassniki shows counts of groups alone"
	}
	return []networks.Result{{Err: e}}, nil
}

// text is a string that may come as a number: OK's ids do either.
type text string

// UnmarshalJSON never fails: what is neither is "".
func (t *text) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) != nil && number.Match(b) {
		s = string(b)
	}
	*t = text(s)
	return nil
}

// group is a group as OK writes it
// (https://apiok.ru/dev/methods/rest/group/group.getInfo, read 2026-11-22).
type group struct {
	UID       text        `json:"uid"`
	Name      string      `json:"name"`
	Shortname string      `json:"shortname"`
	Members   rest.Number `json:"members_count"`

	odd bool // a field is of another type than OK documents
}

// UnmarshalJSON fails for nothing that is JSON: a group with a field of the wrong
// type is odd, and its neighbours are not.
func (g *group) UnmarshalJSON(b []byte) error {
	type plain group
	return rest.DecodeOne(b, (*plain)(g), &g.odd)
}

// groups reads an answer: a list or, as the documentation prints it, an object with
// the list in its field groups.
func (n *network) groups(resp *rest.Response) ([]group, error) {
	var list []group
	if b := bytes.TrimSpace(resp.Body); len(b) == 0 || b[0] != '{' {
		if err := n.rest.Decode(resp, &list); err != nil {
			return nil, err
		}
	} else {
		var answer struct {
			Groups []group `json:"groups"`
		}
		if err := n.rest.Decode(resp, &answer); err != nil {
			return nil, err
		}
		list = answer.Groups
	}
	if list == nil {
		return nil, n.rest.Error(resp.Op, networks.Malformed, "", "the answer holds no groups", nil)
	}
	return list, nil
}

// match finds for each ref its group, by id. OK leaves out those that are not there.
func (n *network) match(batch networks.Batch, groups []group) []networks.Result {
	found := make(map[string]group, len(groups))
	for _, g := range groups {
		found[string(g.UID)] = g
	}
	results := make([]networks.Result, len(batch.Refs))
	for i, r := range batch.Refs {
		if g, ok := found[r.ID]; ok {
			results[i] = n.result(batch.Op, r, g)
			continue
		}
		results[i].Err = n.rest.Error(batch.Op, networks.NotFound, "", "there is no group with this id", nil)
	}
	return results
}

func (n *network) result(op string, r networks.Ref, g group) networks.Result {
	trouble := ""
	_, counted := g.Members.Get()
	switch {
	case g.Members.Bad:
		trouble = "members_count is no whole number"
	case g.odd:
		trouble = "a field is of another type than Odnoklassniki documents"
	case !counted:
		trouble = "members_count is missing"
	}
	if trouble != "" {
		return networks.Result{Err: n.rest.Error(op, networks.Malformed, "", trouble, nil)}
	}
	return networks.Result{Profile: profile(g), Known: networks.Ref{ID: r.ID, Name: r.Name}}
}

// pageURL is where groups are.
const pageURL = "https://ok.ru/"

func profile(g group) *networks.Profile {
	id := string(g.UID)
	nickname, path := g.Shortname, g.Shortname
	if nickname == "" {
		nickname, path = "group"+id, "group/"+id
	}
	return &networks.Profile{
		ID: id, Type: networks.Group, Name: g.Name, Nickname: nickname, Link: pageURL + path,
		Followers: g.Members.Count,
	}
}
