package vk

import (
	"bytes"
	"context"
	"encoding/json"
	"net/url"
	"strconv"
	"strings"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/internal/rest"
)

const (
	userFields  = "screen_name,domain,followers_count,verified"
	groupFields = "screen_name,members_count,verified"
)

// Profiles makes one request, users.get or groups.getById.
func (n *network) Profiles(ctx context.Context, token keychain.Token, b networks.Batch) ([]networks.Result, error) {
	list, refused := n.ask(ctx, token, b)
	if refused != nil {
		return n.whole(b, refused)
	}
	return n.match(b, list), nil
}

// ask makes the request and reads the answer.
func (n *network) ask(ctx context.Context, token keychain.Token, b networks.Batch) ([]object, *networks.Error) {
	secret := bearer(token)
	if secret == "" {
		e := n.rest.Error(b.Op, networks.Unauthorized, "", "there is no token", nil)
		e.Hint = "assign a token to the slot vk"
		return nil, e
	}
	ids, fields := "user_ids", userFields
	if b.Op == opGroups {
		ids, fields = "group_ids", groupFields
	}
	resp, err := n.rest.Do(ctx, rest.Request{
		Op:  b.Op,
		URL: n.base + "/method/" + b.Op,
		// A fixed language: otherwise names vary with the token's owner and our address.
		Form:   url.Values{ids: {join(b.Refs)}, "fields": {fields}, "lang": {"en"}, "v": {n.version}},
		Bearer: secret,
	})
	if err != nil {
		return nil, n.asError(b.Op, err)
	}
	return n.read(token, resp)
}

// read finds VK's error or its objects in an answer. VK answers 200 to everything
// it understands, but what stands before it does not.
func (n *network) read(token keychain.Token, resp *rest.Response) ([]object, *networks.Error) {
	if e := n.challenged(resp.Op, resp.Header); e != nil {
		return nil, e
	}
	var v envelope
	body, isJSON := bytes.TrimSpace(resp.Body), json.Valid(resp.Body)
	if isJSON {
		v = open(body)
	}
	if isSet(v.error) && (v.error[0] == '{' || resp.Status/100 == 2) {
		return nil, n.refuse(resp.Op, token, v.error)
	}
	if e := n.rest.Refuse(resp); e != nil {
		if e.Kind == networks.NotFound { // no path of VK's: not one account is missing
			e.Kind, e.Hint = networks.Malformed, hintConfig
		}
		return nil, e
	}
	if !isJSON {
		var v any
		return nil, n.asError(resp.Op, n.rest.Decode(resp, &v)) // which says what it is
	}
	if isSet(v.response) {
		if list, ok := objects(v.response); ok {
			return list, nil
		}
	}
	return nil, n.rest.Error(resp.Op, networks.Malformed, "", "the answer holds no list of accounts", nil)
}

func (n *network) asError(op string, err error) *networks.Error {
	if e, ok := err.(*networks.Error); ok { //nolint:errorlint // rest returns it bare
		return e
	}
	return n.rest.Error(op, networks.Temporary, "", "", err)
}

func join(refs []networks.Ref) string {
	var b strings.Builder
	for i, r := range refs {
		if i > 0 {
			b.WriteByte(',')
		}
		if r.ID != "" {
			b.WriteString(r.ID)
		} else {
			b.WriteString(r.Name)
		}
	}
	return b.String()
}

// whole decides what a refusal of the whole request means for its refs. A code
// that speaks of an account does not say of which.
func (n *network) whole(b networks.Batch, e *networks.Error) ([]networks.Result, error) {
	if !e.Kind.OfAccount() {
		if e.Kind == networks.BadBatch && !several(b.Refs) {
			e.Kind = networks.Malformed
		}
		return nil, e
	}
	if e.Kind == networks.NotFound && b.Op == opUsers && hasUnknown(b.Refs) {
		return afterUsers(b.Refs), nil
	}
	if several(b.Refs) {
		e.Kind = networks.BadBatch
		return nil, e
	}
	results := make([]networks.Result, len(b.Refs))
	for i, r := range b.Refs {
		if e.Kind == networks.NotFound {
			results[i] = n.missing(r, b.Op, e)
		} else {
			results[i].Err = e
		}
	}
	return results, nil
}

// several reports whether refs name more than one account.
func several(refs []networks.Ref) bool {
	for _, r := range refs {
		if r != refs[0] {
			return true
		}
	}
	return false
}

func hasUnknown(refs []networks.Ref) bool {
	for _, r := range refs {
		if isUnknown(r) {
			return true
		}
	}
	return false
}

func isUnknown(r networks.Ref) bool { return r.Kind == "" || r.Kind == userAlone }

// afterUsers says where to go on after error 113. Recorded answers show it where
// none of the ids exists; that one unknown id of many has the same effect was
// never ruled out. So names may be communities or users in bad company, and users
// may exist all the same.
func afterUsers(refs []networks.Ref) []networks.Result {
	results := make([]networks.Result, len(refs))
	alone := !several(refs)
	for i, r := range refs {
		switch {
		case !isUnknown(r):
			r.Kind = userAgain
		case alone:
			r.Kind = group
		default:
			r.Kind = groupElseUser
		}
		results[i].Next = &r
	}
	return results
}

// missing is the result for a ref that VK does not know, by that method: another
// try, or e, which may be nil.
func (n *network) missing(r networks.Ref, op string, e *networks.Error) networks.Result {
	switch r.Kind {
	case "", userAlone:
		r.Kind = group
		return networks.Result{Next: &r}
	case groupElseUser, groupAlone:
		r.Kind = userAgain
		return networks.Result{Next: &r}
	}
	if e == nil {
		e = n.rest.Error(op, networks.NotFound, "", "VK does not know the account", nil)
	}
	return networks.Result{Err: e}
}

// match finds the object of every ref: by id where the ref has one, else by name.
func (n *network) match(b networks.Batch, list []object) []networks.Result {
	m := index(b, list)
	m.profiles = make([]networks.Profile, len(b.Refs))
	results := make([]networks.Result, len(b.Refs))
	var unmatched []int
	claimed := make([]bool, len(list))
	for i, r := range b.Refs {
		at, ok := m.find(r)
		if !ok {
			unmatched = append(unmatched, i)
			continue
		}
		claimed[at] = true
		results[i] = n.result(b.Op, r, &list[at], &m.profiles[i])
	}
	if len(unmatched) == 0 {
		return results
	}
	odd := strangersIn(list, claimed)
	odd.unmatched = len(unmatched)
	for _, i := range unmatched {
		if b.Refs[i].ID == "" {
			odd.names++
		}
	}
	for _, i := range unmatched {
		r := b.Refs[i]
		if odd.count == 1 && !odd.unreadable && len(list) == 1 && r.ID == "" && !several(b.Refs) {
			// Asked alone by name, VK may answer with the name of today.
			results[i] = n.result(b.Op, r, &list[0], &m.profiles[i])
		} else {
			results[i] = n.unanswered(r, b.Op, odd)
		}
	}
	return results
}

// strangers are the objects of an answer that nobody asked for, beside the refs
// without an answer.
type strangers struct {
	count      int
	unmatched  int  // refs without an answer
	names      int  // of these, such without an id
	unreadable bool // one of the strangers has no id
}

func strangersIn(list []object, claimed []bool) (s strangers) {
	for i := range list {
		if !claimed[i] {
			s.count++
			s.unreadable = s.unreadable || list[i].id() == 0
		}
	}
	return s
}

// unanswered is the result for a ref without an answer. An id never gets what came
// under another one. A name is asked for alone where a stranger may be its own
// (VK leaves the name out of an account that it banned), unless that would be more
// than a few requests for each stranger.
func (n *network) unanswered(r networks.Ref, op string, s strangers) networks.Result {
	const few = 10
	switch {
	case s.count == 0:
		return n.missing(r, op, nil)
	case s.unreadable, r.ID != "" && s.count > s.names:
		return networks.Result{Err: n.rest.Error(op, networks.Malformed, "", "the answer is about another account", nil)}
	case r.ID != "":
		return n.missing(r, op, nil)
	case s.unmatched <= few*s.count:
		switch r.Kind {
		case "":
			r.Kind = userAlone
		case group, groupElseUser:
			r.Kind = groupAlone
		case userAgain:
			r.Kind = userLast
		default:
			return n.missing(r, op, nil)
		}
		return networks.Result{Next: &r}
	case r.Kind == "":
		r.Kind = groupElseUser // and then, among fewer, once more
		return networks.Result{Next: &r}
	}
	return n.missing(r, op, nil)
}

// matcher finds objects of an answer.
type matcher struct {
	ids      map[int64]int
	names    map[string]int
	profiles []networks.Profile
}

func index(b networks.Batch, list []object) matcher {
	m := matcher{ids: make(map[int64]int, len(list))}
	byName := false
	for _, r := range b.Refs {
		byName = byName || r.ID == ""
	}
	if byName {
		m.names = make(map[string]int, 2*len(list))
	}
	for i := range list {
		o := &list[i]
		id := o.id()
		if id == 0 {
			continue // a stub, or not an object
		}
		m.ids[id] = i
		if byName {
			m.names[strings.ToLower(o.Domain)] = i
			m.names[strings.ToLower(o.ScreenName)] = i
		}
	}
	delete(m.names, "")
	return m
}

func (m matcher) find(r networks.Ref) (int, bool) {
	if r.ID != "" {
		id, err := strconv.ParseInt(r.ID, 10, 64)
		if err != nil {
			return 0, false
		}
		at, ok := m.ids[id]
		return at, ok
	}
	at, ok := m.names[strings.ToLower(r.Name)]
	return at, ok
}

// result turns an object into the result of the ref it answers. P is where the
// profile goes: the profiles of a batch share one allocation.
func (n *network) result(op string, r networks.Ref, o *object, p *networks.Profile) networks.Result {
	if e := n.gone(op, o); e != nil {
		return networks.Result{Err: e}
	}
	kind, count := user, o.Followers
	if op == opGroups {
		kind, count = group, o.Members
	}
	if count.Bad || o.unreadable {
		return networks.Result{Err: n.rest.Error(op, networks.Malformed, "", "the account is not as VK documents it", nil)}
	}
	*p = profile(kind, o)
	p.Followers = count.Count
	res := networks.Result{Profile: p, Known: networks.Ref{Kind: kind, ID: p.ID, Name: r.Name, Host: r.Host}}
	if _, known := count.Get(); known {
		return res
	}
	if res.Err = n.withheld(op, kind, o); res.Err.Kind == networks.Malformed {
		return networks.Result{Err: res.Err}
	}
	return res
}

// gone returns the error for an account that is there in name only. VK may send
// other fields with it; they do not count.
func (n *network) gone(op string, o *object) *networks.Error {
	switch _, counted := o.Members.Get(); {
	case o.Deactivated == "banned":
		return n.rest.Error(op, networks.Suspended, "", "VK banned the account", nil)
	case o.Deactivated != "":
		return n.rest.Error(op, networks.NotFound, "", "the account was deleted", nil)
	case op == opGroups && o.Name == "DELETED" && !counted:
		// VK sends such a stub for numbers that no community ever had.
		return n.rest.Error(op, networks.NotFound, "", "VK does not know the account", nil)
	}
	return nil
}

// withheld is why there is no count.
func (n *network) withheld(op, kind string, o *object) *networks.Error {
	switch {
	case is(o.IsClosed) && (kind == group || !is(o.CanAccess)):
		return n.rest.Error(op, networks.Private, "", "the account is closed", nil)
	case is(o.Hidden):
		return n.rest.Error(op, networks.Hidden, "", "the account hides from guests", nil)
	}
	field := "followers_count"
	if kind == group {
		field = "members_count"
	}
	e := n.rest.Error(op, networks.Malformed, "", field+" is missing", nil)
	e.Hint = "VK may keep it from this kind of token: collectord keychain check says which counts come"
	return e
}

func profile(kind string, o *object) networks.Profile {
	p := networks.Profile{
		ID:       o.idString(),
		Nickname: o.ScreenName,
		Verified: flag(o.Verified),
	}
	if kind == group {
		p.Type, p.Name = groupType(o.Type), o.Name
		if p.Nickname == "" {
			p.Nickname = "club" + p.ID
		}
	} else {
		p.Type, p.Name = networks.Person, strings.TrimSpace(o.FirstName+" "+o.LastName)
		if p.Nickname == "" {
			p.Nickname = o.Domain
		}
		if p.Nickname == "" {
			p.Nickname = "id" + p.ID
		}
	}
	p.Link = "https://vk.com/" + p.Nickname
	return p
}

func groupType(t string) string {
	switch t {
	case networks.Page, networks.Event:
		return t
	}
	return networks.Group
}
