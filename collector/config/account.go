package config

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"collectord/networks"
)

// accountReader reads the accounts of one network, from however many files.
type accountReader struct {
	l       *loader
	n       *Network
	network networks.Network
	path    string            // "networks.vk.accounts"
	labels  map[string]string // label -> where it is written
	same    map[identity]string
	files   map[string]bool // accounts files read

	fields []field // of an object; they read into d
	d      *draft
}

// identity is what two labels have in common when they mean one account. A
// token belongs to it: some tokens are the account.
type identity struct {
	ref    networks.Ref
	tokens string
}

func newAccountReader(l *loader, n *Network, path string) *accountReader {
	r := &accountReader{
		l: l, n: n, path: path, network: n.Descriptor.New(networks.Options{}),
		files: map[string]bool{},
	}
	r.fields = []field{
		{"handle", func(v value) { r.d.handle, r.d.handled = v.written("a handle, an id or a profile URL") }},
		{"schedule", func(v value) { v.schedule(&r.d.account.Schedule) }},
		{"tags", func(v value) { r.d.account.Tags = v.tags() }},
		{"token", func(v value) { v.tokens(n.Descriptor, &r.d.account.Tokens) }},
		{"label", func(v value) {
			r.d.label = text{at: v.at}
			if t, ok := v.written("a label"); ok {
				r.d.label, r.d.labelled = t, true
			}
		}},
	}
	r.expect(0)
	return r
}

// accountKeys are the keys of an account that is a mapping.
func accountKeys() []string { return []string{"handle", "schedule", "tags", "token", "label"} }

// draft is an account of which not everything may be right.
type draft struct {
	label, handle     text
	labelled, handled bool // label, handle are there and readable
	account           Account
}

// read reads accounts in the form of a mapping from label to handle or object,
// or of a list of handles, objects and single pairs.
func (r *accountReader) read(v value) {
	v.base, v.last = r.path, part{}
	switch {
	case v.node.Kind == yaml.SequenceNode:
		items, _ := v.items("", false)
		r.expect(len(items))
		for _, item := range items {
			r.item(item)
		}
	case v.node.Kind == yaml.MappingNode || isNull(v.node):
		pairs, _ := v.pairs("")
		r.expect(len(pairs))
		for _, p := range pairs {
			r.pair(v, p)
		}
	default:
		v.wrongType("a mapping from label to handle, or a list of handles,")
	}
}

// expect makes room for n more accounts.
func (r *accountReader) expect(n int) {
	r.n.Accounts = slices.Grow(r.n.Accounts, n)
	if len(r.labels) == 0 {
		r.labels, r.same = make(map[string]string, n), make(map[identity]string, n)
	}
}

// pair reads "label: handle" or "label: {handle: ...}".
func (r *accountReader) pair(v value, p pair) {
	c := v.child(p.node, r.path, key(p.key))
	d := draft{label: text{at: v.child(p.place, r.path, c.last).at, s: p.key, raw: p.key}, labelled: true}
	switch c.node.Kind {
	case yaml.MappingNode:
		pairs, _ := c.pairs("")
		r.object(c, pairs, &d)
	case yaml.ScalarNode:
		d.handle, d.handled = c.written("a handle, an id or a profile URL")
	default:
		c.wrongType("a handle, or a mapping with one,")
	}
	r.add(&d)
}

// item reads an item of a list: a handle that is the label too, an object, or a
// single pair.
func (r *accountReader) item(v value) {
	if v.node.Kind == yaml.MappingNode {
		pairs, _ := v.pairs("")
		if len(pairs) == 1 && !slices.ContainsFunc(r.fields, func(f field) bool { return f.key == pairs[0].key }) {
			v.base, v.last = r.path, part{}
			r.pair(v, pairs[0])
			return
		}
		var d draft
		r.object(v, pairs, &d)
		if !d.labelled && d.label.l == nil {
			d.label, d.labelled = d.handle, d.handled
		}
		r.add(&d)
		return
	}
	handle, ok := v.written("a handle, or a mapping with one,")
	r.add(&draft{label: handle, handle: handle, labelled: ok, handled: ok})
}

// object reads {handle, schedule, tags, token}, and label where the object is an
// item of a list.
func (r *accountReader) object(v value, pairs []pair, d *draft) {
	r.d = d
	known := r.fields
	if d.labelled {
		known = known[:len(known)-1]
	}
	present := v.sectionOf(pairs, known)
	if !slices.Contains(present, "handle") {
		v.mistake("handle is missing: the account's handle, id or profile URL")
	}
}

// add checks an account and takes it in. Accounts with mistakes are taken in as
// far as they go, so that later mistakes are found as well.
func (r *accountReader) add(d *draft) {
	a := &d.account
	if a.Schedule.String() == "" {
		a.Schedule = r.n.Schedule
	}
	if d.labelled {
		a.Label, a.Pos = d.label.s, d.label.pos()
		if d.label.s != "" || !d.handled || d.handle.s != "" {
			r.checkLabel(d.label, a.Pos)
		}
	}
	if !d.handled {
		return
	}
	a.Handle = d.handle.s
	ref, err := parseHandle(r.network, a.Handle)
	if err != nil {
		d.handle.because(err)
		return
	}
	a.Ref = ref
	r.checkSame(d)
	r.n.Accounts = append(r.n.Accounts, *a)
}

// parseHandle has the network read a handle. A panic of its code is a mistake of that
// account: the file is read anew at every edit, and no edit may end the daemon.
func parseHandle(n networks.Network, handle string) (ref networks.Ref, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("BUG: panic: %v", v)
		}
	}()
	return n.Parse(handle)
}

// checkLabel sees to it that the label can be a tag of a point, and is the only
// one of its kind.
func (r *accountReader) checkLabel(t text, pos string) {
	if wrong := badTagText(t.s); wrong != "" {
		t.refuse("a label " + wrong)
		return
	}
	if first, ok := r.labels[t.s]; ok {
		t.mistake("%s: the label is there twice; first at %s", quote(t.raw), first)
		return
	}
	r.labels[t.s] = pos
}

// checkSame warns of two labels for one account.
func (r *accountReader) checkSame(d *draft) {
	id := identity{d.account.Ref, strings.Join(d.account.Tokens, " ")}
	if first, ok := r.same[id]; ok {
		d.handle.at.warn("%s is the account of the label at %s, too", quote(d.handle.raw), first)
		return
	}
	r.same[id] = d.account.Pos
}

// badTagText says why a text cannot be a tag of a point; "" if it can.
func badTagText(s string) string {
	switch {
	case strings.TrimSpace(s) == "":
		return "must not be empty"
	case strings.HasSuffix(s, `\`):
		return "must not end in a backslash: InfluxDB's line protocol cannot write it"
	case strings.IndexFunc(s, unicode.IsControl) >= 0:
		return "must not have control characters"
	case !utf8.ValidString(s): // as an environment variable may be
		return "must be UTF-8"
	}
	return ""
}
