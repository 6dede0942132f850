package facebook

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

// pageFields are the fields of a Page that Meta shows to an app with Page Public
// Metadata Access (https://developers.facebook.com/docs/graph-api/reference/page,
// read 2026-09).
const pageFields = "id,name,username,link,followers_count,fan_count,verification_status"

// page is a Page as Graph writes it. One without a name of its own has no username.
type page struct {
	ID        meta.Text   `json:"id"`
	Name      meta.Text   `json:"name"`
	Username  meta.Text   `json:"username"`
	Link      meta.Text   `json:"link"`
	Followers rest.Number `json:"followers_count"`
	Fans      rest.Number `json:"fan_count"`
	Verified  meta.Text   `json:"verification_status"` // blue_verified, gray_verified, not_verified
}

// Profiles makes one request, a batch with an item for each Page however many refs
// name it.
func (n *network) Profiles(ctx context.Context, token keychain.Token, batch networks.Batch) ([]networks.Result, error) {
	a, e := access(batch.Op, token)
	if e != nil {
		return nil, e
	}
	item := make(map[string]int, len(batch.Refs)) // by path
	var paths []string
	for _, r := range batch.Refs {
		p := path(r)
		if _, ok := item[p]; !ok {
			item[p] = len(paths)
			paths = append(paths, p)
		}
	}
	answers, err := n.graph.Batch(ctx, a, byBatch, paths)
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
		at := item[path(r)]
		if errs[at] != nil {
			results[i].Err = errs[at]
			continue
		}
		results[i] = found(r, answers[at].Body, token)
	}
	return results, nil
}

// path is what to ask for one Page: its id or, while that is unknown, its name.
func path(r networks.Ref) string {
	which := r.ID
	if which == "" {
		which = url.PathEscape(strings.ToLower(r.Name))
	}
	return which + "?fields=" + pageFields
}

// found reads the good answer about one Page. Graph keeps the order of a batch, and
// still an answer about another Page is not believed.
func found(r networks.Ref, body []byte, token keychain.Token) networks.Result {
	malformed := func(msg string) networks.Result {
		return networks.Result{Err: refused(byBatch, networks.Malformed, msg)}
	}
	var p page
	if err := json.Unmarshal(body, &p); err != nil {
		return malformed("the Page is not the JSON that was expected")
	}
	_, known := p.Followers.Get()
	switch {
	case p.ID == "":
		return malformed("id is missing")
	case r.ID != "" && string(p.ID) != r.ID:
		return malformed("the answer is about another Page")
	case r.ID == "" && p.Username != "" && plain(string(p.Username)) != plain(r.Name):
		res := malformed("the answer is about another Page")
		res.Err.Hint = "the name belongs to the Page " + rest.Words(token, string(p.Username)) +
			" (id " + rest.Words(token, string(p.ID)) + "): if it was renamed, put the new name into the config"
		return res
	case p.Followers.Bad:
		return malformed("followers_count is no whole number")
	case !known:
		return malformed("followers_count is missing")
	}
	asked := r
	asked.ID = string(p.ID)
	return networks.Result{Known: asked, Profile: p.profile(r)}
}

func (p page) profile(r networks.Ref) *networks.Profile {
	nickname := string(p.Username)
	switch {
	case nickname == "" && r.ID == "":
		nickname = r.Name // it answers to this name
	case nickname == "":
		nickname = string(p.ID)
	case !strings.EqualFold(nickname, r.Name) && plain(nickname) == plain(r.Name):
		nickname = r.Name // the dots are the config's own
	}
	link := string(p.Link)
	if p.Username != "" || !strings.HasPrefix(link, dialogURL+"/") {
		link = dialogURL + "/" + nickname
	}
	verified := networks.Unknown
	switch p.Verified {
	case "blue_verified", "gray_verified":
		verified = networks.Yes
	case "not_verified":
		verified = networks.No
	}
	return &networks.Profile{
		ID: string(p.ID), Type: networks.Page, Name: string(p.Name), Nickname: nickname, Link: link,
		Verified: verified, Followers: p.Followers.Count, Likes: p.Fans.Count,
	}
}
