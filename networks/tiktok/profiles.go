package tiktok

import (
	"context"
	"net/url"
	"strings"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/internal/rest"
)

// fields are those of the account that are asked for; they need the scopes
// user.info.basic, user.info.profile and user.info.stats.
const fields = "open_id,username,display_name,is_verified,follower_count,following_count,likes_count,video_count"

// Profiles makes one request, for the token's own account, which answers for all refs
// of the batch.
func (n *network) Profiles(ctx context.Context, token keychain.Token, batch networks.Batch) ([]networks.Result, error) {
	u, err := n.own(ctx, token)
	if err != nil {
		return nil, err
	}
	results := make([]networks.Result, len(batch.Refs))
	for i, r := range batch.Refs {
		results[i] = n.result(r, u, token)
	}
	return results, nil
}

// user is an account as TikTok writes it
// (https://developers.tiktok.com/doc/tiktok-api-v2-get-user-info, read 2026-11-22).
type user struct {
	OpenID      string      `json:"open_id"`
	Username    string      `json:"username"`
	DisplayName string      `json:"display_name"`
	Verified    *bool       `json:"is_verified"`
	Followers   rest.Number `json:"follower_count"`
	Following   rest.Number `json:"following_count"`
	Likes       rest.Number `json:"likes_count"`
	Videos      rest.Number `json:"video_count"`
}

// own asks for the token's account.
func (n *network) own(ctx context.Context, token keychain.Token) (*user, error) {
	access, e := n.access(userInfo, token)
	if e != nil {
		return nil, e
	}
	resp, err := n.rest.Do(ctx, rest.Request{
		Op: userInfo, URL: n.base + "/v2/user/info/", Query: url.Values{"fields": {fields}}, Bearer: access,
	})
	if err != nil {
		return nil, err
	}
	if e := n.refuse(resp, token); e != nil {
		return nil, e
	}
	var answer struct {
		Data struct {
			User *user `json:"user"`
		} `json:"data"`
	}
	// A field of the wrong type is no better than one that is missing: the answer is
	// about one account.
	if err := n.rest.Decode(resp, &answer); err != nil {
		return nil, err
	}
	u := answer.Data.User
	if u == nil || !openID.MatchString(u.OpenID) || u.Username == "" {
		return nil, n.rest.Error(userInfo, networks.Malformed, "", "the answer names no account", nil)
	}
	return u, nil
}

// result answers for a ref with the token's own account. A ref is about it that says
// "me", has its name or, after a rename, its id.
func (n *network) result(r networks.Ref, u *user, token keychain.Token) networks.Result {
	switch {
	case r.ID != "" && r.ID == u.OpenID:
	case r.Kind == me:
		// Somebody else logged in to this slot: the caller sees the other id.
	case r.ID == "" && strings.EqualFold(r.Name, u.Username):
	default:
		e := n.rest.Error(userInfo, networks.NotFound, "", "the token belongs to another account", nil)
		e.Hint = "the token belongs to @" + rest.Words(token, u.Username) +
			", and TikTok shows this account alone: give the other one its own slot (token: tt:NAME)"
		return networks.Result{Err: e}
	}
	_, counted := u.Followers.Get()
	switch {
	case u.Followers.Bad:
		return networks.Result{Err: n.rest.Error(userInfo, networks.Malformed, "", "follower_count is no whole number", nil)}
	case !counted:
		return networks.Result{Err: n.rest.Error(userInfo, networks.Malformed, "", "follower_count is missing", nil)}
	}
	r.ID = u.OpenID
	return networks.Result{Profile: u.profile(), Known: r}
}

func (u *user) profile() *networks.Profile {
	p := &networks.Profile{
		ID: u.OpenID, Type: networks.Person, Name: u.DisplayName, Nickname: u.Username, Link: "https://www.tiktok.com/@" + u.Username,
		Followers: u.Followers.Count, Following: u.Following.Count, Posts: u.Videos.Count, Likes: u.Likes.Count,
	}
	if u.Verified != nil {
		p.Verified = networks.FlagOf(*u.Verified)
	}
	return p
}
