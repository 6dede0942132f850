package github

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/internal/rest"
)

// Profiles makes one request: a query for up to 100 accounts by name, or one of REST
// for an account.
func (n *network) Profiles(ctx context.Context, token keychain.Token, batch networks.Batch) ([]networks.Result, error) {
	switch batch.Op {
	case opUsers:
		return n.one(ctx, token, batch, "/users/"+url.PathEscape(batch.Refs[0].Name))
	case opUser:
		return n.one(ctx, token, batch, "/user/"+url.PathEscape(batch.Refs[0].ID))
	}
	names, alias := aliases(batch.Refs)
	var data map[string]*owner
	faults, err := n.query(ctx, token, queryFor(names), len(batch.Refs), &data)
	if err != nil {
		return nil, err
	}
	results := make([]networks.Result, len(batch.Refs))
	for i, r := range batch.Refs {
		at := alias[strings.ToLower(r.Name)]
		o, told := data[at]
		if !told && faults[at] == nil {
			results[i].Err = n.rest.Error(opGraphQL, networks.Malformed, "", "GitHub said nothing about this account", nil)
			continue
		}
		results[i] = n.result(r, o, faults[at], token)
	}
	return results, nil
}

// aliases are the names to ask for, each once, and under which alias each will be
// answered, by the name in lower case.
func aliases(refs []networks.Ref) (names []string, alias map[string]string) {
	alias = make(map[string]string, len(refs))
	for _, r := range refs {
		key := strings.ToLower(r.Name)
		if _, ok := alias[key]; !ok {
			alias[key] = fmt.Sprintf("u%d", len(names))
			names = append(names, r.Name)
		}
	}
	return names, alias
}

// queryFor is the query for names, which Parse has let through and which so need no
// escape. A connection must say how many nodes it wants, even for their number alone.
func queryFor(names []string) string {
	var b strings.Builder
	b.WriteString("query{")
	for i, s := range names {
		fmt.Fprintf(&b, `u%d:repositoryOwner(login:"%s"){...owner} `, i, s)
	}
	b.WriteString("}fragment owner on RepositoryOwner{__typename login " +
		"... on User{databaseId name followers(first:1){totalCount} following(first:1){totalCount}} " +
		"... on Organization{databaseId}}")
	return b.String()
}

// query makes a request of GraphQL and reads its data. The faults are those that are
// about one alias each.
func (n *network) query(ctx context.Context, token keychain.Token, query string, accounts int, data any) (map[string]*fault, error) {
	bearer, e := n.bearer(opGraphQL, token)
	if e != nil {
		return nil, e
	}
	resp, err := n.rest.Do(ctx, rest.Request{
		Op: opGraphQL, URL: n.base + "/graphql", Bearer: bearer, JSON: map[string]string{"query": query},
	})
	if err != nil {
		return nil, err
	}
	if e := n.refuse(resp, token); e != nil {
		return nil, e
	}
	var answer struct {
		Data   json.RawMessage `json:"data"`
		Errors []fault         `json:"errors"`
	}
	if err := n.rest.Decode(resp, &answer); err != nil {
		return nil, err
	}
	none := len(answer.Data) == 0 || string(answer.Data) == "null"
	if none && len(answer.Errors) > 0 {
		return nil, n.refusedQuery(resp, answer.Errors[0], token, accounts)
	}
	if none || json.Unmarshal(answer.Data, data) != nil {
		return nil, n.rest.Error(opGraphQL, networks.Malformed, "", "the answer holds no data as they were asked for", nil)
	}
	faults := make(map[string]*fault, len(answer.Errors))
	for i := range answer.Errors {
		f := &answer.Errors[i]
		if a := f.alias(); a != "" && faults[a] == nil {
			faults[a] = f
		}
	}
	return faults, nil
}

// owner is an account as GraphQL writes it.
type owner struct {
	Type      string      `json:"__typename"`
	Login     string      `json:"login"`
	ID        json.Number `json:"databaseId"`
	Name      *string     `json:"name"`
	Followers connection  `json:"followers"`
	Following connection  `json:"following"`

	odd bool // a field is of another type than GitHub documents
}

type connection struct {
	Total rest.Number `json:"totalCount"`
}

// UnmarshalJSON never fails: an account with a field of the wrong type is odd, and its
// neighbours are not.
func (o *owner) UnmarshalJSON(b []byte) error {
	type plain owner
	o.odd = json.Unmarshal(b, (*plain)(o)) != nil
	return nil
}

// result is what a query said about one name.
func (n *network) result(r networks.Ref, o *owner, f *fault, token keychain.Token) networks.Result {
	malformed := func(msg string) networks.Result {
		return networks.Result{Err: n.rest.Error(opGraphQL, networks.Malformed, "", msg, nil)}
	}
	if o == nil {
		switch {
		case f == nil:
			return malformed("GitHub left the account empty without a reason")
		case f.Type == "NOT_FOUND" && r.ID != "":
			return networks.Result{Next: &networks.Ref{Kind: byID, ID: r.ID, Name: r.Name}}
		}
		return networks.Result{Err: n.ofAccount(f, token)}
	}
	id := o.ID.String()
	_, counted := o.Followers.Total.Get()
	switch {
	case o.odd:
		return malformed("a field is of another type than GitHub documents")
	case !number.MatchString(id) || !strings.EqualFold(o.Login, r.Name):
		return malformed("login or databaseId is missing, or another account's")
	case r.ID != "" && id != r.ID: // the name was given up, and another account took it
		return networks.Result{Next: &networks.Ref{Kind: byID, ID: r.ID, Name: r.Name}}
	case o.Type == "Organization":
		return networks.Result{Next: &networks.Ref{Kind: organisation, ID: id, Name: r.Name}}
	case o.Followers.Total.Bad:
		return malformed("followers is no whole number")
	case !counted && f != nil:
		return networks.Result{Err: n.ofAccount(f, token)}
	case !counted:
		return malformed("followers is missing")
	}
	p := profile(id, o.Login, o.Name)
	p.Followers, p.Following = o.Followers.Total.Count, o.Following.Total.Count
	return networks.Result{Profile: p, Known: networks.Ref{ID: id, Name: r.Name}}
}

// profile is one without counts. Those who set no display name are shown by their
// login.
func profile(id, login string, display *string) *networks.Profile {
	p := &networks.Profile{ID: id, Type: networks.Person, Name: login, Nickname: login, Link: "https://github.com/" + login}
	if display != nil && *display != "" {
		p.Name = *display
	}
	return p
}

// one asks REST for an account (https://docs.github.com/rest/users/users, read
// 2026-09).
func (n *network) one(ctx context.Context, token keychain.Token, batch networks.Batch, path string) ([]networks.Result, error) {
	bearer, e := n.bearer(batch.Op, token)
	if e != nil {
		return nil, e
	}
	resp, err := n.rest.Do(ctx, rest.Request{Op: batch.Op, URL: n.base + path, Bearer: bearer})
	if err != nil {
		return nil, err
	}
	r := batch.Refs[0]
	if e := n.refuse(resp, token); e != nil {
		switch {
		case e.Kind == networks.NotFound && batch.Op == opUsers && r.ID != "":
			return []networks.Result{{Next: &networks.Ref{Kind: byID, ID: r.ID, Name: r.Name}}}, nil
		case e.Kind.OfAccount():
			return []networks.Result{{Err: e}}, nil
		}
		return nil, e
	}
	var a account
	if err := n.rest.Decode(resp, &a); err != nil {
		return nil, err
	}
	return []networks.Result{n.found(batch.Op, r, a)}, nil
}

// account is an account as REST writes it.
type account struct {
	ID        json.Number `json:"id"`
	Login     string      `json:"login"`
	Type      string      `json:"type"`
	Name      *string     `json:"name"`
	Followers rest.Number `json:"followers"`
	Following rest.Number `json:"following"`
}

func (n *network) found(op string, r networks.Ref, a account) networks.Result {
	malformed := func(msg string) networks.Result {
		return networks.Result{Err: n.rest.Error(op, networks.Malformed, "", msg, nil)}
	}
	id := a.ID.String()
	_, counted := a.Followers.Get()
	switch {
	case !number.MatchString(id) || a.Login == "":
		return malformed("id or login is missing")
	case op == opUsers && !strings.EqualFold(a.Login, r.Name), op == opUser && id != r.ID:
		return malformed("the answer is about another account")
	case r.ID != "" && id != r.ID:
		return networks.Result{Next: &networks.Ref{Kind: byID, ID: r.ID, Name: r.Name}}
	case a.Followers.Bad:
		return malformed("followers is no whole number")
	case !counted:
		return malformed("followers is missing")
	}
	p := profile(id, a.Login, a.Name)
	p.Followers, p.Following = a.Followers.Count, a.Following.Count
	known := networks.Ref{ID: id, Name: r.Name}
	if a.Type == "Organization" {
		known.Kind = organisation
	}
	return networks.Result{Profile: p, Known: known}
}
