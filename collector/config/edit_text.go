package config

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// sheet is a file as text with the places of its YAML nodes. Edits are made at these
// places, in the text: to encode the nodes anew would lose blank lines, the style of
// quotes and the widths of indentation.
type sheet struct {
	src    []byte // without a byte order mark
	starts []int  // offsets of the lines
	root   *yaml.Node
	eol    string
	step   int // columns of one more level of indentation
}

func newSheet(src []byte) (*sheet, error) {
	root, err := rootOf(src)
	if err != nil {
		return nil, err
	}
	s := &sheet{src: src, starts: lineStarts(src), root: root, eol: "\n", step: 2}
	if i := bytes.IndexByte(src, '\n'); i > 0 && src[i-1] == '\r' {
		s.eol = "\r\n"
	}
	for i := 1; i < len(root.Content); i += 2 {
		below := root.Content[i]
		if below.Kind == yaml.MappingNode && below.Style&yaml.FlowStyle == 0 && below.Column > root.Column {
			s.step = below.Column - root.Column
		}
	}
	return s, nil
}

// lineStarts are the offsets at which lines begin, as YAML counts them: there are line
// ends beside that of Unix.
func lineStarts(src []byte) []int {
	starts := []int{0}
	for i := 0; i < len(src); i++ {
		switch {
		case src[i] == '\r' && i+1 < len(src) && src[i+1] == '\n':
			i++
		case src[i] == '\n', src[i] == '\r':
		case bytes.HasPrefix(src[i:], []byte("\u0085")):
			i++
		case bytes.HasPrefix(src[i:], []byte("\u2028")), bytes.HasPrefix(src[i:], []byte("\u2029")):
			i += 2
		default:
			continue
		}
		starts = append(starts, i+1)
	}
	return starts
}

// line is the text of a line without its end.
func (s *sheet) line(n int) string {
	return strings.TrimRight(string(s.src[s.starts[n-1]:s.after(n)]), "\r\n\u0085\u2028\u2029")
}

// after is the offset behind a line and its end.
func (s *sheet) after(n int) int {
	if n < len(s.starts) {
		return s.starts[n]
	}
	return len(s.src)
}

// offset is where a node begins.
func (s *sheet) offset(n *yaml.Node) int {
	at := s.starts[n.Line-1]
	for range n.Column - 1 {
		_, size := utf8.DecodeRune(s.src[at:])
		at += size
	}
	return min(at, len(s.src))
}

// end is the last line with something on it before another line.
func (s *sheet) end(before int) int {
	for n := before - 1; n > 1; n-- {
		if text := strings.TrimSpace(s.line(n)); text != "" && text[0] != '#' {
			return n
		}
	}
	return 1
}

// endOfDocument is the line behind the last one of the document.
func (s *sheet) endOfDocument() int {
	for n := s.root.Line + 1; n <= len(s.starts); n++ {
		if s.line(n) == "..." {
			return n
		}
	}
	return len(s.starts) + 1
}

// spot is a node of the file, and what is needed to write something into it.
type spot struct {
	node, key *yaml.Node // key is nil for the root
	next      int        // the line of what follows the node
	flow      bool       // the node is inside of [] or {}
}

// find follows keys from the root as far as the file has them; missing are the others.
func (s *sheet) find(keys ...string) (at spot, missing []string, err error) {
	at = spot{node: s.root, next: s.endOfDocument()}
	for i, k := range keys {
		if at.node.Kind != yaml.MappingNode {
			return at, keys[i:], nil
		}
		j := keyIndex(at.node, k)
		if j < 0 {
			return at, keys[i:], nil
		}
		inner := spot{key: at.node.Content[j], node: at.node.Content[j+1], next: at.next, flow: at.flow || isFlow(at.node)}
		if j+2 < len(at.node.Content) {
			inner.next = at.node.Content[j+2].Line
		}
		at = inner
		if at.node.Kind == yaml.AliasNode {
			return at, nil, refuse("line %d: *%s stands for what is written elsewhere: %w", at.node.Line, at.node.Value, ErrByHand)
		}
	}
	return at, nil, nil
}

func isFlow(n *yaml.Node) bool { return n.Style&yaml.FlowStyle != 0 }

// keyIndex is where a mapping has a key, -1 where it has not.
func keyIndex(mapping *yaml.Node, key string) int {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if k := mapping.Content[i]; k.Kind == yaml.ScalarNode && k.Value == key {
			return i
		}
	}
	return -1
}

// splice is a text that is to stand in the place of src[from:to].
type splice struct {
	from, to int
	text     string
}

// apply makes edits, which do not overlap.
func (s *sheet) apply(edits ...splice) []byte {
	slices.SortFunc(edits, func(a, b splice) int { return a.from - b.from })
	var out []byte
	at := 0
	for _, e := range edits {
		out = append(append(out, s.src[at:e.from]...), e.text...)
		at = e.to
	}
	return append(out, s.src[at:]...)
}

// behind is the edit that writes whole lines behind a line.
func (s *sheet) behind(line int, lines []string) splice {
	at := s.after(line)
	text := strings.Join(lines, s.eol)
	if at > 0 && strings.ContainsAny(string(s.src[at-1:at]), "\r\n") {
		return splice{at, at, text + s.eol}
	}
	return splice{at, at, s.eol + text} // the last line of the file has no end
}

// addition is src with one more account.
func addition(src []byte, add Addition) ([]byte, error) {
	body := bytes.TrimPrefix(src, byteOrderMark)
	s, err := newSheet(body)
	if err != nil {
		return nil, err
	}
	at, missing, err := s.find(sectionNetworks, add.Network, "accounts")
	if err != nil {
		return nil, err
	}
	edits, err := s.write(at, treeOf(missing, add))
	if err != nil {
		return nil, err
	}
	return slices.Concat(src[:len(src)-len(body)], s.apply(edits...)), nil
}

// tree is what is written: a key with a text, or with further keys.
type tree struct {
	key, text string
	below     []tree
}

// treeOf is an account below the keys that the file has not.
func treeOf(missing []string, add Addition) tree {
	t := tree{key: add.Label, text: add.Handle}
	for i, key := range slices.Backward(missing) {
		below := []tree{t}
		if i == len(missing)-2 { // the network's section is made anew
			below = []tree{{key: "schedule", text: add.Schedule}, t}
		}
		t = tree{key: key, below: below}
	}
	return t
}

// write makes the edits that put t into a node.
func (s *sheet) write(at spot, t tree) ([]splice, error) {
	list := at.node.Kind == yaml.SequenceNode
	switch n := at.node; {
	case n.Kind == yaml.ScalarNode && n.Value != "": // null or ~
		from := s.offset(n)
		return []splice{{from, from + len(n.Value), "{" + t.flow() + "}"}}, nil
	case n.Kind == yaml.ScalarNode && at.flow:
		return nil, refuse("line %d: %s has nothing in it: %w", at.key.Line, quote(at.key.Value), ErrByHand)
	case n.Kind == yaml.ScalarNode:
		return []splice{s.behind(at.key.Line, t.block(at.key.Column-1+s.step, s.step))}, nil
	case s.isOpen(at):
		from := s.offset(n)
		return []splice{{from - 1, from + len("{}"), ""}, s.behind(n.Line, t.block(at.key.Column-1+s.step, s.step))}, nil
	case isFlow(n) && list:
		return s.writeFlow(n, t.item(true))
	case isFlow(n):
		return s.writeFlow(n, t.flow())
	case list:
		indent, rest, ok := strings.Cut(s.line(n.Line), "-")
		if !ok || strings.TrimSpace(indent) != "" {
			return nil, refuse("line %d: a list of another form than known here: %w", n.Line, ErrByHand)
		}
		gap := rest[:len(rest)-len(strings.TrimLeft(rest, " "))]
		if gap == "" || gap == rest {
			gap = " "
		}
		return []splice{s.behind(s.end(at.next), []string{indent + "-" + gap + t.item(false)})}, nil
	default:
		return []splice{s.behind(s.end(at.next), t.block(n.Content[0].Column-1, s.step))}, nil
	}
}

// isOpen reports whether a node is the {} of a key that stands on lines of its own, and
// nothing but a comment follows: what is written into it goes on lines as well, since
// accounts that are added one by one would make one endless line.
func (s *sheet) isOpen(at spot) bool {
	if at.flow || at.key == nil || at.key.Line != at.node.Line || at.node.Kind != yaml.MappingNode {
		return false
	}
	line, from := s.line(at.node.Line), s.offset(at.node)-s.starts[at.node.Line-1]
	before, rest := line[:min(from, len(line))], line[min(from, len(line)):]
	rest, isEmpty := strings.CutPrefix(rest, "{}")
	return isEmpty && strings.HasSuffix(before, ": ") && (rest == "" || rest[0] == ' ')
}

// block writes a tree as lines.
func (t tree) block(indent, step int) []string {
	line := strings.Repeat(" ", indent) + scalarText(t.key) + ":"
	if t.below == nil {
		return []string{line + " " + valueText(t.text)}
	}
	lines := []string{line}
	for _, b := range t.below {
		lines = append(lines, b.block(indent+step, step)...)
	}
	return lines
}

// flow writes a tree for between { and }.
func (t tree) flow() string {
	if t.below == nil {
		return scalarText(t.key) + ": " + valueText(t.text)
	}
	parts := make([]string, len(t.below))
	for i, b := range t.below {
		parts[i] = b.flow()
	}
	return scalarText(t.key) + ": {" + strings.Join(parts, ", ") + "}"
}

// item writes an account as an item of a list.
func (t tree) item(flow bool) string {
	switch {
	case t.key == t.text:
		return valueText(t.text)
	case slices.Contains(accountKeys(), t.key): // as a pair, it would be taken for that key
		return "{label: " + valueText(t.key) + ", handle: " + valueText(t.text) + "}"
	case flow:
		return "{" + t.flow() + "}"
	}
	return t.flow()
}
