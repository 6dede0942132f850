package bluesky

import (
	"context"
	"net/url"
	"strings"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/internal/refs"
	"collectord/networks/internal/rest"
)

// Profiles makes one request: for up to 25 accounts, or for the reason why one was
// left out. It sends no token.
func (n *network) Profiles(ctx context.Context, token keychain.Token, batch networks.Batch) ([]networks.Result, error) {
	parameter := "actors"
	if batch.Op == getProfile {
		parameter = "actor"
	}
	resp, err := n.rest.Do(ctx, rest.Request{
		Op: batch.Op, URL: n.base + batch.Op, Query: url.Values{parameter: refs.Once(batch.Refs, key)},
	})
	if err != nil {
		return nil, err
	}
	if e := n.refuse(resp, token, len(batch.Refs)); e != nil {
		return n.refused(batch, e)
	}
	if batch.Op == getProfile {
		return n.one(resp, batch)
	}
	var answer struct {
		Profiles []actor `json:"profiles"`
	}
	if err := n.rest.Decode(resp, &answer); err != nil {
		return nil, err
	}
	if answer.Profiles == nil {
		return nil, n.rest.Error(batch.Op, networks.Malformed, "", "the answer holds no profiles", nil)
	}
	return n.match(batch, answer.Profiles), nil
}

// refused turns a refusal into results where it speaks of the one account asked.
func (n *network) refused(batch networks.Batch, e *networks.Error) ([]networks.Result, error) {
	alone := len(batch.Refs) == 1
	switch {
	case alone && e.Kind.OfAccount():
		return []networks.Result{{Err: e}}, nil
	case alone && e.Kind == networks.BadBatch: // getProfile says more
		return []networks.Result{{Next: askWhy(batch.Refs[0])}}, nil
	}
	return nil, e
}

func askWhy(r networks.Ref) *networks.Ref {
	r.Kind = why
	return &r
}

// one reads an answer that is about the account asked and no other, so that a
// handle may be answered by an account that has another one by now.
func (n *network) one(resp *rest.Response, batch networks.Batch) ([]networks.Result, error) {
	var a actor
	if err := n.rest.Decode(resp, &a); err != nil {
		return nil, err
	}
	r := batch.Refs[0]
	if r.ID != "" && a.DID != r.ID {
		return []networks.Result{{Err: n.rest.Error(batch.Op, networks.Malformed, "", "the answer is about another DID", nil)}}, nil
	}
	return []networks.Result{n.result(batch.Op, r, a)}, nil
}

// key is what an account is asked by and found by: its DID or, while that is
// unknown, its handle.
func key(r networks.Ref) string {
	if r.ID != "" {
		return r.ID
	}
	return strings.ToLower(r.Name)
}

// match finds for each ref its profile, by DID or handle.
func (n *network) match(batch networks.Batch, profiles []actor) []networks.Result {
	found := make(map[string]actor, 2*len(profiles))
	for _, a := range profiles {
		found[a.DID] = a
		if h := strings.ToLower(a.Handle); h != noHandle {
			found[h] = a
		}
	}
	results := make([]networks.Result, len(batch.Refs))
	for i, r := range batch.Refs {
		if a, ok := found[key(r)]; ok && (r.ID == "" || a.DID == r.ID) {
			results[i] = n.result(batch.Op, r, a)
		} else {
			results[i].Next = askWhy(r)
		}
	}
	return results
}

// actor is an account as Bluesky writes it
// (https://github.com/bluesky-social/atproto, lexicons/app/bsky/actor/defs.json,
// profileViewDetailed, read 2026-11-21).
type actor struct {
	DID          string      `json:"did"`
	Handle       string      `json:"handle"`
	DisplayName  string      `json:"displayName"`
	Followers    rest.Number `json:"followersCount"`
	Follows      rest.Number `json:"followsCount"`
	Posts        rest.Number `json:"postsCount"`
	Verification struct {
		Verified string `json:"verifiedStatus"`
		Verifier string `json:"trustedVerifierStatus"`
	} `json:"verification"`

	odd bool // a field is of another type than Bluesky documents
}

// UnmarshalJSON fails for nothing that is JSON: an account with a field of the
// wrong type is odd, and its neighbours are not.
func (a *actor) UnmarshalJSON(b []byte) error {
	type plain actor
	return rest.DecodeOne(b, (*plain)(a), &a.odd)
}

func (n *network) result(op string, r networks.Ref, a actor) networks.Result {
	trouble := ""
	_, counted := a.Followers.Get()
	switch {
	case a.DID == "" || a.Handle == "":
		trouble = "did or handle is missing"
	case !did.MatchString(a.DID):
		trouble = "the did is none"
	case a.Followers.Bad:
		trouble = "followersCount is no whole number"
	case a.odd:
		trouble = "a field is of another type than Bluesky documents"
	case !counted:
		trouble = "followersCount is missing"
	}
	if trouble != "" {
		return networks.Result{Err: n.rest.Error(op, networks.Malformed, "", trouble, nil)}
	}
	return networks.Result{Profile: a.profile(r), Known: networks.Ref{ID: a.DID, Name: r.Name}}
}

func (a actor) profile(r networks.Ref) *networks.Profile {
	nickname, path := a.Handle, a.Handle
	if strings.EqualFold(nickname, noHandle) {
		nickname, path = r.Name, a.DID
		if nickname == "" {
			nickname = a.DID
		}
	}
	return &networks.Profile{
		ID: a.DID, Type: networks.Person, Name: a.DisplayName, Nickname: nickname,
		Link: "https://bsky.app/profile/" + path,
		// The AppView leaves verification out for accounts that nobody verified.
		Verified:  networks.FlagOf(a.Verification.Verified == "valid" || a.Verification.Verifier == "valid"),
		Followers: a.Followers.Count,
		Following: a.Follows.Count,
		Posts:     a.Posts.Count,
	}
}
