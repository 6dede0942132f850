package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// at is a place in a file, and the path of the field that is written there. The
// path's last part stands apart: most paths are never shown, and to join 100,000
// of them takes longer than to read what they name.
type at struct {
	l         *loader
	file      string
	line, col int
	base      string
	last      part
}

// part is the last part of a path: a key, the number of an item, or nothing.
type part struct {
	key  string
	item int // from 1
}

func key(k string) part { return part{key: k, item: -1} }

func item(i int) part { return part{item: i + 1} }

// path returns the path of the field: "networks.vk", "accounts[3]", or
// `accounts["RIA Novosti"]` for a key that is not a plain word.
func (a at) path() string {
	switch {
	case a.last.item < 0:
		return join(a.base, a.last.key)
	case a.last.item > 0:
		return a.base + "[" + strconv.Itoa(a.last.item-1) + "]"
	}
	return a.base
}

func (a at) pos() string { return position(a.file, a.line, a.col) }

func (a at) mistake(format string, args ...any) {
	if a.l.full() {
		a.l.unlisted++
		return
	}
	a.l.add(Mistake{File: a.file, Line: a.line, Col: a.col, Path: a.path(), Msg: fmt.Sprintf(format, args...)})
}

func (a at) warn(format string, args ...any) {
	if len(a.l.warnings) < maxMistakes {
		a.l.warnings = append(a.l.warnings,
			Mistake{File: a.file, Line: a.line, Col: a.col, Path: a.path(), Msg: fmt.Sprintf(format, args...)})
	}
}

// text is a scalar as the program uses it.
type text struct {
	at
	s   string // with variables put in
	raw string // as written
	// used are the contents of the variables in it, by name.
	used map[string]string
	// secret is true where not even what is written may be shown.
	secret bool
}

// mistake says what is wrong, without the content of any variable.
func (t text) mistake(format string, args ...any) {
	if t.l.full() {
		t.l.unlisted++
		return
	}
	t.at.mistake("%s", t.redact(fmt.Sprintf(format, args...)))
}

// refuse says that the value is not what is expected.
func (t text) refuse(expected string) {
	if t.secret {
		t.mistake("%s", expected)
		return
	}
	t.mistake("%s: %s", quote(t.raw), expected)
}

// redact puts what is written in the place of the contents of variables. Pieces
// of fewer than 4 bytes are replaced where they are quoted alone.
func (t text) redact(msg string) string {
	if len(t.used) == 0 {
		return msg
	}
	const telling = 4
	msg = strings.ReplaceAll(msg, quote(t.s), quote(t.raw))
	if len(t.s) >= telling {
		msg = strings.ReplaceAll(msg, t.s, t.raw)
	}
	for name, content := range t.used {
		if len(content) >= telling {
			msg = strings.ReplaceAll(msg, content, "${"+name+"}")
		}
	}
	return msg
}

// quote shows a value: quoted, on one line, with everything but visible
// characters escaped, and cut where it is long.
func quote(s string) string {
	const longest = 80 // characters
	if utf8.RuneCountInString(s) > longest {
		s = string([]rune(s)[:longest]) + "…"
	}
	return strconv.Quote(s)
}

// value is a YAML node that is to be read as something. Aliases are resolved:
// node is what the alias stands for, the place is where the alias is written.
type value struct {
	at
	node *yaml.Node
}

// child is a value inside the one whose path is base.
func (v value) child(node *yaml.Node, base string, last part) value {
	c := value{at: at{l: v.l, file: v.file, line: node.Line, col: node.Column, base: base, last: last}, node: node}
	if node.Kind == yaml.AliasNode {
		c.node = node.Alias
	}
	return c
}

func join(path, name string) string {
	plain := name != "" && strings.IndexFunc(name, func(r rune) bool {
		return r != '_' && r != '-' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}) < 0
	switch {
	case !plain:
		return path + "[" + quote(name) + "]"
	case path == "":
		return name
	}
	return path + "." + name
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

// kind names what is written, for messages about a wrong type.
func (v value) kind() string {
	switch v.node.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	switch v.node.ShortTag() {
	case "!!null":
		return "nothing"
	case "!!int", "!!float":
		return "a number"
	case "!!bool":
		return "true or false"
	}
	return "a text"
}

// wrongType says that something else is expected; a short scalar is shown.
func (v value) wrongType(expected string) {
	if v.node.Kind == yaml.ScalarNode && !isNull(v.node) {
		v.mistake("%s: %s expected, got %s", quote(v.node.Value), expected, v.kind())
		return
	}
	v.mistake("%s expected, got %s", expected, v.kind())
}

// tagged reports whether the node has no YAML tag of its own, or one of YAML's
// basic types; else it adds a mistake.
func (v value) tagged() bool {
	if v.node.Style&yaml.TaggedStyle == 0 {
		return true
	}
	switch v.node.ShortTag() {
	case "!!str", "!!int", "!!float", "!!bool", "!!null", "!!timestamp", "!!map", "!!seq":
		return true
	}
	v.mistake("the YAML tag %s is not known here; remove it", quote(v.node.Tag))
	return false
}

// written returns a scalar as the text that is written, whatever type YAML takes
// it for. It adds a mistake and returns false for everything else.
func (v value) written(expected string) (text, bool) {
	if v.node.Kind != yaml.ScalarNode || isNull(v.node) && v.node.Value == "" {
		v.wrongType(expected)
		return text{}, false
	}
	if !v.tagged() {
		return text{}, false
	}
	t := text{at: v.at, s: v.node.Value, raw: v.node.Value}
	e, problems := expand(t.raw, v.l.env.Getenv)
	t.s, t.used = e.text, e.used
	for _, p := range problems {
		v.mistake("%s", p)
	}
	return t, len(problems) == 0
}

// given is written for a value that must be there: ~ and null are nothing.
func (v value) given(expected string) (text, bool) {
	if isNull(v.node) {
		v.wrongType(expected)
		return text{}, false
	}
	return v.written(expected)
}

// text returns a scalar that YAML takes for a text, or that has a variable in it.
func (v value) text() (text, bool) {
	const expected = "a text"
	if v.node.Kind == yaml.ScalarNode {
		switch v.node.ShortTag() {
		case "!!int", "!!float", "!!bool":
			v.mistake("%s: a text expected, got %s; put quotes around it", quote(v.node.Value), v.kind())
			return text{}, false
		}
	}
	return v.given(expected)
}

// pair is one key of a mapping and its value.
type pair struct {
	key   string
	place *yaml.Node // where the key is written
	node  *yaml.Node
}

// pairs returns the pairs of a mapping, those of its merge keys after its own. A
// key that occurs twice is there twice. It is false, and a mistake is added,
// where v is no mapping; nothing at all is an empty mapping.
func (v value) pairs(expected string) ([]pair, bool) {
	if isNull(v.node) {
		return nil, true
	}
	if v.node.Kind != yaml.MappingNode {
		v.wrongType(expected)
		return nil, false
	}
	if !v.tagged() {
		return nil, false
	}
	list := make([]pair, 0, len(v.node.Content)/2)
	list, merges := v.ownPairs(v.node, list)
	if len(merges) == 0 {
		return list, true
	}
	m := merger{v: v, seen: map[*yaml.Node]bool{v.node: true}, have: map[string]bool{}, list: list}
	for _, p := range list {
		m.have[p.key] = true
	}
	for _, node := range merges {
		m.merge(node)
	}
	return m.list, true
}

// ownPairs appends the pairs of node to list and returns the values of its merge
// keys.
func (v value) ownPairs(node *yaml.Node, list []pair) (_ []pair, merges []*yaml.Node) {
	for i := 0; i+1 < len(node.Content); i += 2 {
		k := node.Content[i]
		if k.Kind == yaml.AliasNode {
			k = k.Alias
		}
		if k.Kind != yaml.ScalarNode {
			c := v.child(node.Content[i], v.base, v.last)
			c.mistake("a text is expected as key, got %s", c.kind())
			continue
		}
		if k.ShortTag() == "!!merge" {
			merges = append(merges, node.Content[i+1])
			continue
		}
		list = append(list, pair{k.Value, node.Content[i], node.Content[i+1]})
	}
	return list, merges
}

// maxMerged bounds how many pairs merge keys may take in while one configuration
// is read, so that a small file cannot take minutes.
const maxMerged = 2_000_000

// merger follows merge keys. Each mapping is taken in once, so that cycles end
// and nested merges cost no more than the mappings there are.
type merger struct {
	v    value
	seen map[*yaml.Node]bool
	have map[string]bool
	list []pair
}

// merge takes in the mapping, or the list of mappings, that a merge key names.
func (m *merger) merge(node *yaml.Node) {
	c := m.v.child(node, m.v.path(), key("<<"))
	switch {
	case m.seen[c.node]:
	case c.node.Kind == yaml.SequenceNode:
		m.seen[c.node] = true
		for _, item := range c.node.Content {
			m.merge(item)
		}
	case c.node.Kind == yaml.MappingNode:
		m.seen[c.node] = true
		m.take(c)
	default:
		c.wrongType("a mapping, or a list of mappings,")
	}
}

func (m *merger) take(c value) {
	if m.v.l.full() {
		return
	}
	own, merges := c.ownPairs(c.node, nil)
	for _, p := range own {
		if m.v.l.merged++; m.v.l.merged > maxMerged {
			if m.v.l.merged == maxMerged+1 {
				c.mistake("merge keys take in more than %d keys; write fewer of them", maxMerged)
			}
			return
		}
		if !m.have[p.key] {
			m.have[p.key] = true
			m.list = append(m.list, p)
		}
	}
	for _, node := range merges {
		m.merge(node)
	}
}

// field is a key that a section may have, and what reads its value.
type field struct {
	key  string
	read func(value)
}

// section reads a mapping of known keys, in the order of the file. It returns
// the keys that are there, followed by those that unknown ones probably mean.
func (v value) section(fields ...field) (present []string) {
	pairs, _ := v.pairs("a mapping")
	return v.sectionOf(pairs, fields)
}

func (v value) sectionOf(pairs []pair, fields []field) (present []string) {
	var meant []string
	base := v.path()
	places := make([]*yaml.Node, 0, len(fields))
	for _, p := range pairs {
		i := slices.IndexFunc(fields, func(f field) bool { return f.key == p.key })
		if i < 0 {
			meant = append(meant, v.child(p.place, base, key(p.key)).unknown("key", p.key, keysOf(fields)))
			continue
		}
		c := v.child(p.node, base, key(p.key))
		if first := slices.Index(present, p.key); first >= 0 {
			c.line, c.col = p.place.Line, p.place.Column
			c.mistake("the key is there twice; first at %s", position(v.file, places[first].Line, places[first].Column))
			continue
		}
		present, places = append(present, p.key), append(places, p.place)
		fields[i].read(c)
	}
	return append(present, meant...)
}

func keysOf(fields []field) []string {
	keys := make([]string, len(fields))
	for i, f := range fields {
		keys[i] = f.key
	}
	return keys
}

// unknown adds a mistake about a word that is not among the known ones. It
// returns the one that is most like it.
func (a at) unknown(what, word string, known []string) string {
	if a.l.full() {
		a.l.unlisted++
		return ""
	}
	a.mistake("unknown %s%s", what, suggestion(word, known))
	return nearest(word, known)
}

// items returns the values of a list, or v itself where it is a single scalar
// and single allows that.
func (v value) items(expected string, single bool) ([]value, bool) {
	if single && v.node.Kind == yaml.ScalarNode && !isNull(v.node) {
		return []value{v}, true
	}
	if v.node.Kind != yaml.SequenceNode {
		v.wrongType(expected)
		return nil, false
	}
	if !v.tagged() {
		return nil, false
	}
	list := make([]value, len(v.node.Content))
	base := v.path()
	for i, n := range v.node.Content {
		list[i] = v.child(n, base, item(i))
	}
	return list, true
}
