package vk

import (
	"bytes"
	"context"
	"encoding/json"
	"net/url"
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
	if bearer(token) == "" {
		e := n.rest.Error(b.Op, networks.Unauthorized, "", "there is no token", nil)
		e.Hint = "assign a token to the slot vk"
		return nil, e
	}
	ids, fields := "user_ids", userFields
	if b.Op == opGroups {
		ids, fields = "group_ids", groupFields
	}
	resp, e := n.call(ctx, token, b.Op, url.Values{ids: {join(b.Refs)}, "fields": {fields}})
	if e != nil {
		return nil, e
	}
	return n.read(token, resp)
}

// call asks a method, with what a person answered to a captcha if there is that.
func (n *network) call(ctx context.Context, token keychain.Token, method string, form url.Values) (*rest.Response, *networks.Error) {
	form.Set("lang", "en") // fixed: otherwise names vary with the token's owner and our address
	form.Set("v", n.version)
	for _, name := range []string{"success_token", "remixstlid"} {
		if s := token.Answer.Get(name); s != "" {
			form.Set(name, s)
		}
	}
	resp, err := n.rest.Do(ctx, rest.Request{Op: method, URL: n.base + "/method/" + method, Form: form, Bearer: bearer(token)})
	if err != nil {
		return nil, n.asError(method, err)
	}
	return resp, nil
}

// read finds VK's error or its objects in an answer.
func (n *network) read(token keychain.Token, resp *rest.Response) ([]object, *networks.Error) {
	response, e := n.response(token, resp)
	if e != nil {
		return nil, e
	}
	if isSet(response) {
		if list, ok := objects(response); ok {
			return list, nil
		}
	}
	return nil, n.rest.Error(resp.Op, networks.Malformed, "", "the answer holds no list of accounts", nil)
}

// response finds VK's error or its response in an answer. VK answers 200 to
// everything it understands, but what stands before it does not.
func (n *network) response(token keychain.Token, resp *rest.Response) (json.RawMessage, *networks.Error) {
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
	return v.response, nil
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
