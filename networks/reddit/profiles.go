package reddit

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

// Profiles makes one request for up to 100 communities.
func (n *network) Profiles(ctx context.Context, token keychain.Token, batch networks.Batch) ([]networks.Result, error) {
	parameter := "sr_name"
	if batch.Op == byID {
		parameter = "id"
	}
	list, err := n.info(ctx, token, batch.Op, parameter, refs.Once(batch.Refs, key))
	if err != nil {
		return nil, err
	}
	return n.match(batch, list), nil
}

// info makes the request and reads the communities that it answers with.
func (n *network) info(ctx context.Context, token keychain.Token, op, parameter string, values []string) ([]thing, error) {
	_, bearer, e := n.app.Bearer(op, token)
	if e != nil {
		return nil, e
	}
	resp, err := n.rest.Do(ctx, rest.Request{
		Op: op, URL: n.base + "/api/info", Bearer: bearer,
		Query: url.Values{parameter: {strings.Join(values, ",")}, "raw_json": {"1"}},
	})
	if err != nil {
		return nil, err
	}
	if e := n.refuse(resp, token); e != nil {
		return nil, e
	}
	var answer struct {
		Kind string `json:"kind"`
		Data struct {
			Children *[]thing `json:"children"`
		} `json:"data"`
	}
	if err := n.rest.Decode(resp, &answer); err != nil {
		return nil, err
	}
	if answer.Kind != "Listing" || answer.Data.Children == nil {
		return nil, n.rest.Error(op, networks.Malformed, "", "the answer is no Listing", nil)
	}
	return *answer.Data.Children, nil
}

// key is what a community is asked by and found by: its id or, while that is unknown,
// its name.
func key(r networks.Ref) string {
	if r.ID != "" {
		return r.ID
	}
	return strings.ToLower(r.Name)
}

// thing is a community as Reddit writes it, inside an envelope.
type thing struct {
	Kind string    `json:"kind"` // t5
	Data subreddit `json:"data"`

	odd bool // a field is of another type than Reddit documents
}

// subreddit is a community. Name is its fullname, t5_ and its id.
type subreddit struct {
	Name        string      `json:"name"`
	DisplayName string      `json:"display_name"`
	Title       string      `json:"title"`
	Type        string      `json:"subreddit_type"`
	Subscribers rest.Number `json:"subscribers"`
}

// UnmarshalJSON never fails: a community with a field of the wrong type is odd, and
// its neighbours are not.
func (t *thing) UnmarshalJSON(b []byte) error {
	type plain thing
	t.odd = json.Unmarshal(b, (*plain)(t)) != nil
	return nil
}

// match finds for each ref its community, by id or by name.
func (n *network) match(batch networks.Batch, list []thing) []networks.Result {
	found := make(map[string]thing, len(list))
	missing := n.rest.Error(batch.Op, networks.NotFound, "", "Reddit shows no such community", nil)
	missing.Hint = "it is misspelt, banned, or private: Reddit leaves these out alike"
	for _, t := range list {
		k := t.Data.Name
		if batch.Op == byName {
			k = strings.ToLower(t.Data.DisplayName)
		}
		found[k] = t
		if k == "" { // it may be any of those that are missing
			missing = n.rest.Error(batch.Op, networks.Malformed, "", "a community came without its name", nil)
		}
	}
	results := make([]networks.Result, len(batch.Refs))
	for i, r := range batch.Refs {
		if t, ok := found[key(r)]; ok {
			results[i] = n.result(batch.Op, r, t)
		} else {
			results[i].Err = missing
		}
	}
	return results
}

func (n *network) result(op string, r networks.Ref, t thing) networks.Result {
	malformed := func(msg string) networks.Result {
		return networks.Result{Err: n.rest.Error(op, networks.Malformed, "", msg, nil)}
	}
	s := t.Data
	switch {
	case t.odd || t.Kind != "t5":
		return malformed("this is no community, or a field is of another type than Reddit documents")
	case !fullname.MatchString(s.Name) || s.DisplayName == "":
		return malformed("name or display_name is missing")
	case s.Subscribers.Bad:
		return malformed("subscribers is no whole number")
	}
	p := &networks.Profile{
		ID: s.Name, Type: networks.Group, Name: s.Title, Nickname: s.DisplayName,
		Link:      "https://www.reddit.com/r/" + url.PathEscape(s.DisplayName) + "/",
		Followers: s.Subscribers.Count,
	}
	if p.Name == "" {
		p.Name = s.DisplayName
	}
	res := networks.Result{Profile: p, Known: networks.Ref{ID: s.Name, Name: r.Name}}
	if _, counted := s.Subscribers.Get(); counted {
		return res
	}
	if s.Type != "private" {
		return malformed("subscribers is missing")
	}
	res.Err = n.rest.Error(op, networks.Private, "", "the community is private and came without its number", nil)
	return res
}
