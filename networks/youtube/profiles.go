package youtube

import (
	"context"
	"net/url"
	"strconv"
	"strings"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/internal/refs"
	"collectord/networks/internal/rest"
)

const (
	path = "/youtube/v3/channels"
	// parts are what a channel is asked for; their number costs nothing.
	parts = "snippet,statistics"
	// fields leaves out descriptions and pictures, nine tenths of the answer. The
	// kind is what tells an answer that found nobody from one that is none.
	fields = "kind,items(id,snippet(title,customUrl),statistics)"
	// listKind is the kind of every good answer.
	listKind = "youtube#channelListResponse"
)

// Profiles makes one request: for up to 50 channels by id, or for one by its handle
// or old username.
func (n *network) Profiles(ctx context.Context, token keychain.Token, batch networks.Batch) ([]networks.Result, error) {
	query := url.Values{"part": {parts}, "fields": {fields}, "maxResults": {strconv.Itoa(batchSize)}}
	switch batch.Op {
	case byHandle:
		query.Set("forHandle", "@"+batch.Refs[0].Name)
	case byUser:
		query.Set("forUsername", strings.TrimPrefix(batch.Refs[0].Kind, byUsername))
	default:
		query.Set("id", strings.Join(refs.Once(batch.Refs, refs.ID), ","))
	}
	list, err := n.list(ctx, token, batch.Op, query, len(batch.Refs))
	if err != nil {
		return nil, err
	}
	if batch.Op != byID {
		return []networks.Result{n.lookedUp(batch, list)}, nil
	}
	return n.match(batch, list), nil
}

// list makes a request and reads the channels that it answers with.
func (n *network) list(ctx context.Context, token keychain.Token, op string, query url.Values, accounts int) ([]channel, error) {
	header, e := n.authorise(op, token)
	if e != nil {
		return nil, e
	}
	resp, err := n.rest.Do(ctx, rest.Request{Op: op, URL: n.base + path, Query: query, Header: header})
	if err != nil {
		return nil, err
	}
	if e := n.refuse(resp, token, accounts); e != nil {
		return nil, e
	}
	var answer struct {
		Kind  string     `json:"kind"`
		Items *[]channel `json:"items"`
	}
	if err := n.rest.Decode(resp, &answer); err != nil {
		return nil, err
	}
	if answer.Items == nil {
		if answer.Kind != listKind {
			return nil, n.rest.Error(op, networks.Malformed, "", "the answer is no list of channels", nil)
		}
		return nil, nil // where nobody was found YouTube leaves the list out
	}
	return *answer.Items, nil
}

// match finds for each ref its channel, by id.
func (n *network) match(batch networks.Batch, list []channel) []networks.Result {
	found := make(map[string]channel, len(list))
	missing := n.missing(batch.Op)
	for _, c := range list {
		found[c.ID] = c
		if c.ID == "" { // it may be any of those that are missing
			missing = n.rest.Error(batch.Op, networks.Malformed, "", "a channel came without its id", nil)
		}
	}
	results := make([]networks.Result, len(batch.Refs))
	for i, r := range batch.Refs {
		if c, ok := found[r.ID]; ok {
			results[i] = n.result(batch.Op, r, c)
		} else {
			results[i].Err = missing
		}
	}
	return results
}

// lookedUp reads the answer about one handle or username. The name in it may be
// another one: a handle that was given up leads to its channel for two weeks.
func (n *network) lookedUp(batch networks.Batch, list []channel) networks.Result {
	switch len(list) {
	case 0:
		return networks.Result{Err: n.missing(batch.Op)}
	case 1:
		return n.result(batch.Op, batch.Refs[0], list[0])
	}
	return networks.Result{Err: n.rest.Error(batch.Op, networks.Malformed, "", "the answer holds more than one channel", nil)}
}

func (n *network) missing(op string) *networks.Error {
	e := n.rest.Error(op, networks.NotFound, "", "YouTube knows no such channel", nil)
	e.Hint = "the channel was deleted or terminated, or its handle is misspelt; the id stands in the channel's About, Share, Copy channel ID"
	return e
}

// channel is a channel as YouTube writes it
// (https://developers.google.com/youtube/v3/docs/channels, read 2026-09).
type channel struct {
	ID      string `json:"id"`
	Snippet struct {
		Title     string `json:"title"`
		CustomURL string `json:"customUrl"`
	} `json:"snippet"`
	Statistics *statistics `json:"statistics"`

	odd bool // a field is of another type than YouTube documents
}

type statistics struct {
	Subscribers rest.Lenient `json:"subscriberCount"`
	Hidden      bool         `json:"hiddenSubscriberCount"`
	Videos      rest.Lenient `json:"videoCount"`
	Views       rest.Lenient `json:"viewCount"`
}

// UnmarshalJSON fails for nothing that is JSON: a channel with a field of the wrong
// type is odd, and its neighbours are not.
func (c *channel) UnmarshalJSON(b []byte) error {
	type plain channel
	return rest.DecodeOne(b, (*plain)(c), &c.odd)
}

func (n *network) result(op string, r networks.Ref, c channel) networks.Result {
	malformed := func(msg string) networks.Result {
		return networks.Result{Err: n.rest.Error(op, networks.Malformed, "", msg, nil)}
	}
	switch {
	case !channelID.MatchString(c.ID):
		return malformed("the id is missing, or none of a channel")
	case c.odd:
		return malformed("a field is of another type than YouTube documents")
	case c.Statistics == nil:
		return malformed("statistics are missing")
	}
	known := r
	known.ID = c.ID
	res := networks.Result{Profile: c.profile(r), Known: known}
	_, counted := c.Statistics.Subscribers.Get()
	switch {
	case c.Statistics.Hidden: // the number beside it is absent or 0, and means nothing
		res.Profile.Followers = networks.Count{}
		res.Err = n.rest.Error(op, networks.Hidden, "", "the channel hides its number of subscribers", nil)
	case c.Statistics.Subscribers.Bad:
		return malformed("subscriberCount is no whole number")
	case !counted:
		return malformed("subscriberCount is missing")
	}
	return res
}

func (c channel) profile(r networks.Ref) *networks.Profile {
	p := &networks.Profile{
		ID: c.ID, Type: networks.Channel, Name: c.Snippet.Title, Nickname: c.nickname(r),
		Link:      "https://www.youtube.com/channel/" + c.ID,
		Followers: c.Statistics.Subscribers.Count,
		Posts:     c.Statistics.Videos.Count,
		Views:     c.Statistics.Views.Count,
	}
	if p.Nickname != c.ID {
		p.Link = "https://www.youtube.com/@" + url.PathEscape(p.Nickname)
	}
	return p
}

// nickname is the channel's handle without its @. Some channels still carry an
// address from before handles, which has no @; that is no handle, so the one that
// the config has stands, and the id where it has none.
func (c channel) nickname(r networks.Ref) string {
	if h, ok := strings.CutPrefix(c.Snippet.CustomURL, "@"); ok && h != "" {
		return h
	}
	if r.Name != "" {
		return r.Name
	}
	return c.ID
}
