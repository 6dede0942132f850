package config

import (
	"fmt"
	"hash/maphash"
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
	path    string          // "networks.vk.accounts"
	labels  index           // accounts by label
	same    index           // and by what they are
	files   map[string]bool // accounts files read
	shared  map[string]*Settings
	key     []byte // of the last look into shared

	fields []field // of an object; they read into d
	d      *draft
}

func newAccountReader(l *loader, n *Network, path string) *accountReader {
	r := &accountReader{
		l: l, n: n, path: path, network: n.Descriptor.New(networks.Options{}),
		files: map[string]bool{}, shared: map[string]*Settings{},
	}
	r.fields = []field{
		{"handle", func(v value) { r.d.handle, r.d.handled = v.written("a handle, an id or a profile URL") }},
		{"schedule", func(v value) { v.schedule(&r.d.own.Schedule) }},
		{"tags", func(v value) { r.d.own.Tags = v.tags() }},
		{"token", func(v value) { v.tokens(n.Descriptor, &r.d.own.Tokens) }},
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
	own               Settings
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
		r.labels, r.same = make(index, n), make(index, n)
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
	place := d.label.at
	if !d.labelled {
		place = d.handle.at
	}
	a := Account{Label: d.label.s, Handle: d.handle.s, Settings: r.share(d.own, place.file), line: int32(place.line), col: int32(place.col)} // no file is that large
	r.n.Accounts = append(r.n.Accounts, a)
	if d.labelled && (d.label.s != "" || !d.handled || d.handle.s != "") {
		r.checkLabel(d.label)
	}
	if !d.handled {
		return
	}
	ref, err := parseHandle(r.network, a.Handle)
	if err != nil {
		d.handle.because(err)
		return
	}
	r.last().SetRef(ref)
	r.checkSame(d)
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

// last is the account that was taken in last.
func (r *accountReader) last() *Account { return &r.n.Accounts[len(r.n.Accounts)-1] }

// share returns the one Settings of all accounts that have the same.
func (r *accountReader) share(own Settings, file string) *Settings {
	if own.Schedule.String() == "" {
		own.Schedule = r.n.Schedule
	}
	own.File = file
	k := append(r.key[:0], own.Schedule.String()...)
	for _, t := range own.Tokens {
		k = append(append(k, 1), t...)
	}
	for _, t := range own.Tags {
		k = append(append(append(append(k, 2), t.Key...), 0), t.Value...)
	}
	k = append(append(k, 0xff), file...) // no text has that byte, and a path may have any before it
	r.key = k
	if s := r.shared[string(k)]; s != nil {
		return s
	}
	r.shared[string(k)] = &own
	return &own
}

// checkLabel sees to it that the label of the last account can be a tag of a point, and is
// the only one of its kind.
func (r *accountReader) checkLabel(t text) {
	if wrong := badTagText(t.s); wrong != "" {
		t.refuse("a label " + wrong)
		return
	}
	all := r.n.Accounts
	if first := r.labels.put(maphash.String(r.l.seed, t.s), len(all)-1, func(i int) bool { return all[i].Label == t.s }); first >= 0 {
		t.mistake("%s: the label is there twice; first at %s", quote(t.raw), all[first].Pos())
	}
}

// checkSame warns of two labels for one account. The tokens belong to it: some tokens are
// the account.
func (r *accountReader) checkSame(d *draft) {
	all, a := r.n.Accounts, r.last()
	ref := a.Ref()
	first := r.same.put(maphash.Comparable(r.l.seed, ref), len(all)-1, func(i int) bool {
		return all[i].Ref() == ref && slices.Equal(all[i].Tokens, a.Tokens)
	})
	if first >= 0 {
		d.handle.at.warn("%s is the account of the label at %s, too", quote(d.handle.raw), all[first].Pos())
	}
}

// index finds accounts by something that they have: their places in a list, by its hash. A
// map of the texts themselves takes four times as much, at the moment when memory is
// scarcest. Where two hashes are one, the later is found behind the earlier.
type index map[uint64]int32

// put takes the i-th account in, unless there is one that is the same; that one is
// returned, else -1.
func (x index) put(hash uint64, i int, same func(i int) bool) (first int) {
	for ; ; hash++ {
		other, there := x[hash]
		if !there {
			x[hash] = int32(i) // no file has so many
			return -1
		}
		if same(int(other)) {
			return int(other)
		}
	}
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
