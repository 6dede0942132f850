package twitter

import (
	"context"
	"net/url"
	"strings"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/internal/refs"
	"collectord/networks/internal/rest"
)

// fields cost nothing more than the User itself.
const fields = "public_metrics,protected,verified,verified_type"

// Profiles makes one request for at most 100 accounts.
func (n *network) Profiles(ctx context.Context, token keychain.Token, batch networks.Batch) ([]networks.Result, error) {
	k, e := n.keysOf(batch.Op, token)
	if e != nil {
		return nil, e
	}
	q := question(batch)
	c := n.client(k)
	resp, err := c.Do(ctx, rest.Request{
		Op: batch.Op, URL: n.base + q.path, Bearer: k.bearer,
		Query: url.Values{q.parameter: {strings.Join(refs.Once(batch.Refs, q.ref), ",")}, "user.fields": {fields}},
	})
	if err != nil {
		return nil, err
	}
	if e := refuse(c, resp, token, len(batch.Refs)); e != nil {
		return nil, e
	}
	var a answer
	if err := c.Decode(resp, &a); err != nil {
		return nil, err
	}
	if a.Data == nil && a.Errors == nil {
		return nil, c.Error(batch.Op, networks.Malformed, "", "the answer holds neither data nor errors", nil)
	}
	return q.results(batch, a, token), nil
}

// call is how one of the two calls names its accounts.
type call struct {
	path, parameter string
	ref             func(networks.Ref) string
	user            func(user) string
}

func question(b networks.Batch) call {
	if b.Op == byID {
		return call{"/2/users", "ids",
			func(r networks.Ref) string { return r.ID }, func(u user) string { return u.ID }}
	}
	return call{"/2/users/by", "usernames",
		func(r networks.Ref) string { return strings.ToLower(r.Name) }, func(u user) string { return strings.ToLower(u.Username) }}
}

// answer is a good answer: data is absent if nobody was found, errors if everybody
// was.
type answer struct {
	Data   []user    `json:"data"`
	Errors []problem `json:"errors"`
}

// user is an account as X writes it.
type user struct {
	ID           string  `json:"id"`
	Name         string  `json:"name"`
	Username     string  `json:"username"`
	Protected    bool    `json:"protected"`
	Verified     *bool   `json:"verified"`
	VerifiedType string  `json:"verified_type"`
	Metrics      metrics `json:"public_metrics"`

	odd bool // a field is of another type than X documents
}

// metrics are the counts. X renamed tweet_count to post_count in August 2026 and
// its samples print either.
type metrics struct {
	Followers rest.Number `json:"followers_count"`
	Following rest.Number `json:"following_count"`
	Tweets    rest.Number `json:"tweet_count"`
	Posts     rest.Number `json:"post_count"`
}

// UnmarshalJSON never fails: a user with a field of the wrong type is odd, and its
// neighbours are not.
func (u *user) UnmarshalJSON(b []byte) error {
	type plain user
	return rest.DecodeOne(b, (*plain)(u), &u.odd)
}

// results finds for each ref its user or its problem, by id or by name.
func (q call) results(batch networks.Batch, a answer, token keychain.Token) []networks.Result {
	users := make(map[string]user, len(a.Data))
	for _, u := range a.Data {
		users[q.user(u)] = u
	}
	p := sortProblems(a.Errors)
	results := make([]networks.Result, len(batch.Refs))
	for i, r := range batch.Refs {
		key := q.ref(r)
		u, found := users[key]
		pr, told := p.of[key]
		switch {
		case found:
			results[i] = result(batch.Op, r, u, p.about(u), token)
		case told:
			results[i].Err = pr.error(batch.Op, token)
		default:
			results[i].Err = refused(batch.Op, networks.Malformed, "", "X said nothing about this account")
		}
	}
	return results
}

func result(op string, r networks.Ref, u user, pr *problem, token keychain.Token) networks.Result {
	m := u.Metrics
	malformed := func(msg string) networks.Result {
		return networks.Result{Err: refused(op, networks.Malformed, "", msg)}
	}
	switch {
	case u.ID == "" || u.Username == "":
		return malformed("id or username is missing")
	case u.odd:
		return malformed("a field is of another type than X documents")
	case m.Followers.Bad:
		return malformed("followers_count is no whole number")
	}
	known := r
	known.ID = u.ID
	res := networks.Result{Profile: profile(u), Known: known}
	if _, ok := m.Followers.Get(); ok {
		return res
	}
	switch {
	case pr != nil:
		res.Err = pr.error(op, token)
	case u.Protected:
		res.Err = refused(op, networks.Private, "", "the account is protected and came without counts")
	default:
		return malformed("followers_count is missing")
	}
	if k := res.Err.Kind; k != networks.Private && k != networks.Hidden {
		return networks.Result{Err: res.Err}
	}
	return res
}

func profile(u user) *networks.Profile {
	posts := u.Metrics.Posts
	if _, ok := posts.Get(); !ok {
		posts = u.Metrics.Tweets
	}
	return &networks.Profile{
		ID: u.ID, Type: networks.Person, Name: u.Name, Nickname: u.Username,
		Link:      "https://x.com/" + u.Username,
		Verified:  verified(u),
		Followers: u.Metrics.Followers.Count,
		Following: u.Metrics.Following.Count,
		Posts:     posts.Count,
	}
}

// verified believes either of the two fields that say so: verified, and the kind
// of the badge, which is "none" for an account without one.
func verified(u user) networks.Flag {
	badge := u.VerifiedType != "" && u.VerifiedType != "none"
	if u.Verified == nil && u.VerifiedType == "" {
		return networks.Unknown
	}
	return networks.FlagOf(badge || u.Verified != nil && *u.Verified)
}
