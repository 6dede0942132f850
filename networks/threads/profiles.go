package threads

import (
	"context"
	"net/url"
	"strings"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/internal/meta"
	"collectord/networks/internal/rest"
)

// userFields are the fields of an account that a profile needs
// (https://developers.facebook.com/documentation/threads/threads-profiles, read
// 2026-11-22).
const userFields = "id,username,name,is_verified"

// user is an account as Threads writes it.
type user struct {
	ID       meta.Text `json:"id"`
	Username meta.Text `json:"username"`
	Name     meta.Text `json:"name"`
	Verified any       `json:"is_verified"` // a bool; what is none leaves it unknown
}

// Profiles makes one request, whose answer is that to all refs of the batch.
func (n *network) Profiles(ctx context.Context, token keychain.Token, batch networks.Batch) ([]networks.Result, error) {
	a, e := access(batch.Op, token)
	if e != nil {
		return nil, e
	}
	if batch.Op == own {
		return n.named(ctx, a, batch.Refs)
	}
	return n.counts(ctx, a, batch.Refs)
}

// metric is one entry of the insights. Meta documents total_value for a metric that is
// one number, and values for one that is a series.
type metric struct {
	Name  string `json:"name"`
	Total struct {
		Value rest.Number `json:"value"`
	} `json:"total_value"`
}

// counts asks for the followers. Each ref is to be asked for again, with them.
func (n *network) counts(ctx context.Context, a meta.Access, refs []networks.Ref) ([]networks.Result, error) {
	var body struct {
		Data []metric `json:"data"`
	}
	if err := n.graph.Query(ctx, a, insights, insights, url.Values{"metric": {"followers_count"}}, &body); err != nil {
		return nil, mend(err)
	}
	followers, e := total(body.Data)
	results := make([]networks.Result, len(refs))
	for i, r := range refs {
		if e != nil {
			results[i].Err = e
			continue
		}
		next := count(r, followers)
		results[i].Next = &next
	}
	return results, nil
}

// total finds the count among the metrics.
func total(metrics []metric) (int64, *networks.Error) {
	for _, m := range metrics {
		if m.Name != "followers_count" {
			continue
		}
		n, known := m.Total.Value.Get()
		switch {
		case m.Total.Value.Bad:
			return 0, refused(insights, networks.Malformed, "followers_count is no whole number")
		case known:
			return n, nil
		}
	}
	return 0, refused(insights, networks.Malformed, "followers_count is missing")
}

// named asks who the token's account is, and makes profiles with the counts that the
// refs carry.
func (n *network) named(ctx context.Context, a meta.Access, refs []networks.Ref) ([]networks.Result, error) {
	var u user
	if err := n.graph.Get(ctx, a, own, own, userFields, &u); err != nil {
		return nil, mend(err)
	}
	if u.ID == "" || u.Username == "" {
		return nil, refused(own, networks.Malformed, "id or username is missing")
	}
	results := make([]networks.Result, len(refs))
	for i, r := range refs {
		results[i] = result(r, u, a.Slot)
	}
	return results, nil
}

// result is the token's account as the answer to one ref. The ref is about it that has
// its id, its name while no id is known, or says "me".
func result(r networks.Ref, u user, token keychain.Token) networks.Result {
	followers, ok := counted(r)
	r = uncounted(r)
	switch {
	case !ok:
		return networks.Result{Err: refused(own, networks.Malformed, "the count was not asked for first")}
	case r.Kind == me, r.ID == string(u.ID), r.ID == "" && strings.EqualFold(r.Name, string(u.Username)):
	default:
		e := refused(own, networks.NotFound, "the token belongs to another account")
		e.Hint = "the token belongs to @" + rest.Words(token, string(u.Username)) +
			", and Threads shows this account alone: give the other one its own slot (token: th:NAME)"
		return networks.Result{Err: e}
	}
	r.ID = string(u.ID)
	verified := networks.Unknown
	if yes, ok := u.Verified.(bool); ok {
		verified = networks.FlagOf(yes)
	}
	return networks.Result{Known: r, Profile: &networks.Profile{
		ID: r.ID, Type: networks.Person, Name: string(u.Name), Nickname: string(u.Username),
		Link: "https://www.threads.com/@" + string(u.Username), Verified: verified, Followers: networks.Known(followers),
	}}
}
