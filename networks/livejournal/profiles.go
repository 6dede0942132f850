package livejournal

import (
	"bytes"
	"context"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/internal/rest"
)

// Profiles makes one request for one account. It sends no token.
func (n *network) Profiles(ctx context.Context, _ keychain.Token, batch networks.Batch) ([]networks.Result, error) {
	r := batch.Refs[0]
	query := url.Values{"user": {strings.ToLower(r.Name)}}
	if r.Kind == community {
		query.Set("comm", "1")
	}
	resp, err := n.rest.Do(ctx, rest.Request{Op: batch.Op, URL: n.base + "/misc/fdata.bml", Query: query})
	if err != nil {
		return nil, err
	}
	l, e := n.read(resp)
	switch {
	case e != nil && e.asCommunity && r.Kind != community, e == nil && l.unlisted() && r.Kind != community:
		return []networks.Result{{Next: &networks.Ref{Kind: community, Name: r.Name}}}, nil
	case e != nil && e.Kind.OfAccount():
		return []networks.Result{{Err: e.Error}}, nil
	case e != nil:
		return nil, e.Error
	}
	return []networks.Result{result(r, l)}, nil
}

// lists are the lines of an answer, counted.
type lists struct {
	community bool // it says that it is one
	typed     bool // lines begin with P or C
	readers   int64
	reads     int64 // of a community: its members
}

// unlisted reports whether it is a community whose lists were not asked for.
func (l lists) unlisted() bool { return l.community && !l.typed }

var (
	// entry is a line of a list: the kind of the account that it names, the direction,
	// and the name.
	entry = regexp.MustCompile(`^([PC]?)([<>]) [A-Za-z0-9_-]{1,80}$`)
	// isCommunity is the note of a community.
	isCommunity = regexp.MustCompile(`^# Note: [A-Za-z0-9_-]+ is a community account`)
)

// read counts the lines of an answer.
func (n *network) read(resp *rest.Response) (lists, *refusal) {
	if e := n.refuse(resp); e != nil {
		return lists{}, e
	}
	var l lists
	// What a line holds may be anything, so that an error names its number alone.
	malformed := func(msg string) *refusal {
		return &refusal{Error: n.rest.Error(resp.Op, networks.Malformed, "", msg, nil)}
	}
	switch body := resp.Body; {
	case len(bytes.TrimSpace(body)) == 0:
		return l, malformed("the answer is empty")
	case body[0] != '#':
		return l, malformed("the answer is not a list of readers")
	case body[len(body)-1] != '\n':
		return l, malformed("the answer broke off in the middle of a line")
	}
	number := 0
	for text := range strings.Lines(string(resp.Body)) {
		number++
		line := strings.TrimRight(text, "\r\n")
		if line == "" || line[0] == '#' {
			l.community = l.community || isCommunity.MatchString(line)
			continue
		}
		m := entry.FindStringSubmatch(line)
		if m == nil {
			return l, malformed("line " + strconv.Itoa(number) + " is no line of a list")
		}
		l.count(m[1], m[2])
	}
	return l, nil
}

// count counts a line. What communities do in a list of people is not counted.
func (l *lists) count(kind, direction string) {
	l.typed = l.typed || kind != ""
	switch {
	case kind == "C":
	case direction == "<":
		l.readers++
	default:
		l.reads++
	}
}

func result(r networks.Ref, l lists) networks.Result {
	user := strings.ToLower(r.Name)
	p := &networks.Profile{
		ID: user, Type: networks.Person, Nickname: user, Link: link(user),
		Followers: networks.Known(l.readers), Following: networks.Known(l.reads),
	}
	known := networks.Ref{Kind: person, ID: user, Name: r.Name}
	if l.community {
		p.Type, p.Following, known.Kind = networks.Group, networks.Count{}, community
	}
	return networks.Result{Profile: p, Known: known}
}

// link is the address of a journal. A name that begins or ends with an underscore, which
// no host may, stands in the path.
func link(user string) string {
	if strings.Trim(user, "_") != user {
		return "https://users." + domain + "/" + user + "/"
	}
	return "https://" + strings.ReplaceAll(user, "_", "-") + "." + domain + "/"
}
