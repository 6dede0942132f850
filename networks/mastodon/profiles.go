package mastodon

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/internal/refs"
	"collectord/networks/internal/rest"
)

// Profiles makes one request to the server that batch is about. It sends no token.
func (n *network) Profiles(ctx context.Context, token keychain.Token, batch networks.Batch) ([]networks.Result, error) {
	resp, err := n.rest.Do(ctx, n.request(batch))
	if err != nil {
		return nil, err
	}
	if e := n.refuse(resp, token); e != nil {
		return n.refused(batch, resp, e)
	}
	if batch.Op == opList {
		return n.list(resp, batch)
	}
	var a account
	if err := n.rest.Decode(resp, &a); err != nil {
		return nil, err
	}
	return []networks.Result{n.only(batch.Op, batch.Refs[0], a)}, nil
}

func (n *network) request(batch networks.Batch) rest.Request {
	first := batch.Refs[0]
	root := n.base
	if root == "" {
		root = "https://" + first.Host
	}
	r := rest.Request{Op: batch.Op, URL: root + "/api/v1/accounts"}
	switch batch.Op {
	case opLookup:
		acct, _, _ := strings.Cut(first.Name, "@")
		if n.base != "" {
			acct += "@" + first.Host
		}
		r.URL += "/lookup"
		r.Query = url.Values{"acct": {acct}}
	case opOne:
		r.URL += "/" + url.PathEscape(first.ID)
	default:
		r.Query = url.Values{"id[]": refs.Once(batch.Refs, refs.ID)}
	}
	return r
}

// list finds for each ref its account, by id. One that is missing is asked alone:
// a list does not say why.
func (n *network) list(resp *rest.Response, batch networks.Batch) ([]networks.Result, error) {
	var accounts []account
	if err := n.rest.Decode(resp, &accounts); err != nil {
		return nil, err
	}
	if accounts == nil {
		return nil, n.rest.Error(batch.Op, networks.Malformed, "", "the answer is null where a list was expected", nil)
	}
	found := make(map[string]account, len(accounts))
	for _, a := range accounts {
		found[string(a.ID)] = a
	}
	results := make([]networks.Result, len(batch.Refs))
	for i, r := range batch.Refs {
		if a, ok := found[r.ID]; ok {
			results[i] = n.result(batch.Op, r, a)
		} else {
			results[i].Next = askAs(kindOne, r)
		}
	}
	return results, nil
}

func askAs(kind string, r networks.Ref) *networks.Ref {
	r.Kind = kind
	return &r
}

// only reads the answer about one account, which must be the one asked for.
func (n *network) only(op string, r networks.Ref, a account) networks.Result {
	user, _, _ := strings.Cut(r.Name, "@")
	if op == opOne && string(a.ID) != r.ID || op == opLookup && !strings.EqualFold(a.user(), user) {
		return n.malformed(op, "the answer is about another account")
	}
	return n.result(op, r, a)
}

func (n *network) malformed(op, msg string) networks.Result {
	return networks.Result{Err: n.rest.Error(op, networks.Malformed, "", msg, nil)}
}

// account is an account as Mastodon writes it
// (https://docs.joinmastodon.org/entities/Account/, read 2026-11-21).
type account struct {
	ID          id          `json:"id"`
	Username    string      `json:"username"`
	Acct        string      `json:"acct"` // name, with @host of one from elsewhere
	DisplayName string      `json:"display_name"`
	Suspended   bool        `json:"suspended"`
	Followers   rest.Number `json:"followers_count"`
	Following   rest.Number `json:"following_count"`
	Statuses    rest.Number `json:"statuses_count"`
	// Pleroma is what Pleroma and Akkoma add
	// (https://docs-develop.pleroma.social/backend/development/API/differences_in_mastoapi_responses/,
	// read 2026-11-21). A hidden count is sent as 0.
	Pleroma struct {
		HideFollowers bool `json:"hide_followers_count"`
		HideFollowing bool `json:"hide_follows_count"`
	} `json:"pleroma"`

	odd bool // a field is of another type than Mastodon documents
}

// UnmarshalJSON fails for nothing that is JSON: an account with a field of the
// wrong type is odd, and its neighbours are not.
func (a *account) UnmarshalJSON(b []byte) error {
	type plain account
	return rest.DecodeOne(b, (*plain)(a), &a.odd)
}

// id is the id of an account: a string, or a number where a server does not know
// better.
type id string

// UnmarshalJSON leaves out what is neither.
func (i *id) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) != nil && digits.Match(b) {
		s = string(b)
	}
	*i = id(s)
	return nil
}

// user is the name without a host.
func (a account) user() string {
	if a.Username != "" {
		return a.Username
	}
	user, _, _ := strings.Cut(a.Acct, "@")
	return user
}

func (n *network) result(op string, r networks.Ref, a account) networks.Result {
	switch {
	case a.ID == "" || a.user() == "":
		return n.malformed(op, "id or username is missing")
	case !accountID.MatchString(string(a.ID)): // it goes into the next request's path
		return n.malformed(op, "the id is none")
	case a.Suspended:
		return networks.Result{Err: n.rest.Error(op, networks.Suspended, "", "the server suspended the account", nil)}
	case a.Followers.Bad:
		return n.malformed(op, "followers_count is no whole number")
	case a.odd:
		return n.malformed(op, "a field is of another type than Mastodon documents")
	}
	res := networks.Result{Profile: a.profile(r), Known: networks.Ref{ID: string(a.ID), Name: r.Name, Host: r.Host}}
	if a.Pleroma.HideFollowers {
		res.Err = n.rest.Error(op, networks.Hidden, "", "the account hides how many followers it has", nil)
	} else if _, counted := a.Followers.Get(); !counted {
		return n.malformed(op, "followers_count is missing")
	}
	return res
}

func (a account) profile(r networks.Ref) *networks.Profile {
	host := r.Host
	if _, elsewhere, ok := strings.Cut(a.Acct, "@"); ok && elsewhere != "" {
		host = strings.ToLower(elsewhere)
	}
	p := &networks.Profile{
		ID: string(a.ID), Type: networks.Person, Name: a.DisplayName,
		Nickname:  a.user() + "@" + host,
		Link:      "https://" + host + "/@" + a.user(),
		Followers: a.Followers.Count,
		Following: a.Following.Count,
		Posts:     a.Statuses.Count,
	}
	if a.Pleroma.HideFollowers {
		p.Followers = networks.Count{}
	}
	if a.Pleroma.HideFollowing {
		p.Following = networks.Count{}
	}
	return p
}
