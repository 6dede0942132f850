package config

import (
	"slices"

	"gopkg.in/yaml.v3"
)

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

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

// kind names what is written, for messages about a wrong type.
func (v value) kind() string {
	if v.node.Kind == yaml.MappingNode {
		return "a mapping"
	}
	if v.node.Kind == yaml.SequenceNode {
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
