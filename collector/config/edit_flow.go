package config

import (
	"bytes"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// brackets is what stands between [ and ], or { and }.
type brackets struct {
	items  [][2]int // from the first to behind the last character of each item
	commas []int
	close  int // where the closing one is
}

// bracketsAt reads from an opening bracket to its closing one. It is false where there
// is none, which does not happen in a file that was parsed.
func bracketsAt(src []byte, open int) (b brackets, ok bool) {
	r := bracketReader{src: src, at: open + 1, fresh: true, from: -1}
	for r.at < len(src) {
		switch c := src[r.at]; {
		case isSpace(c):
			r.at++
		case c == '#' && isSpace(src[r.at-1]):
			r.skip(func(c byte) bool { return c != '\n' && c != '\r' })
		case r.depth == 0 && bytes.IndexByte([]byte(",]}"), c) >= 0:
			if r.separator(c) {
				return r.brackets, true
			}
		default:
			r.token(c)
		}
	}
	return b, false
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// isSign reports whether a character ends a scalar that is written without quotes
// between brackets.
func isSign(c byte) bool { return isSpace(c) || bytes.IndexByte([]byte(",[]{}"), c) >= 0 }

// bracketReader reads what is between brackets.
type bracketReader struct {
	brackets
	src      []byte
	at       int
	depth    int  // brackets within the brackets
	fresh    bool // a scalar may begin here, so that a quote is a quote
	from, to int  // of the item that is being read; from is -1 before it begins
}

// skip goes on for as long as characters are like that.
func (r *bracketReader) skip(like func(byte) bool) {
	for r.at < len(r.src) && like(r.src[r.at]) {
		r.at++
	}
}

// separator ends an item. It reports whether it ends the last one.
func (r *bracketReader) separator(c byte) (last bool) {
	if r.from >= 0 {
		r.items = append(r.items, [2]int{r.from, r.to})
	}
	r.from, r.fresh = -1, true
	if c != ',' {
		r.close = r.at
		return true
	}
	r.commas = append(r.commas, r.at)
	r.at++
	return false
}

// token reads a quoted text, an anchor, a tag, or a character of something else.
func (r *bracketReader) token(c byte) {
	if r.from < 0 {
		r.from = r.at
	}
	switch {
	case r.fresh && (c == '\'' || c == '"'):
		r.at = quoteEnd(r.src, r.at) + 1
		r.fresh = r.next() == ':' // "a":"b"
	case r.fresh && (c == '&' || c == '!'): // what it is of follows
		r.skip(func(c byte) bool { return !isSign(c) })
	default:
		r.at++
		r.character(c)
	}
	r.to = r.at
}

// character notes what a character means that was read.
func (r *bracketReader) character(c byte) {
	switch c {
	case '[', '{':
		r.depth++
		r.fresh = true
	case ']', '}':
		r.depth--
		r.fresh = false
	case ',':
		r.fresh = true
	case ':', '?':
		r.fresh = c == ':' && r.fresh || isSign(r.next())
	default:
		r.fresh = false
	}
}

// next is the character that is read next; a space at the end.
func (r *bracketReader) next() byte {
	if r.at < len(r.src) {
		return r.src[r.at]
	}
	return ' '
}

// quoteEnd is where the quoted text ends that begins at i.
func quoteEnd(src []byte, i int) int {
	quote := src[i]
	for i++; i < len(src); i++ {
		switch {
		case src[i] == '\\' && quote == '"':
			i++
		case src[i] == quote && quote == '\'' && i+1 < len(src) && src[i+1] == '\'':
			i++
		case src[i] == quote:
			return i
		}
	}
	return len(src) - 1
}

// writeFlow puts one more item between brackets: on a line of its own where the last
// one has its own, else behind it.
func (s *sheet) writeFlow(n *yaml.Node, text string) ([]splice, error) {
	b, ok := s.brackets(n)
	if !ok {
		return nil, refuse("line %d: brackets of another form than known here: %w", n.Line, ErrByHand)
	}
	if len(b.items) == 0 {
		return []splice{{b.close, b.close, text}}, nil
	}
	last := b.items[len(b.items)-1]
	trailing := len(b.commas) == len(b.items)
	indent, own := s.ownLine(last[0])
	lineEnd := s.lineEnd(last[1])
	if !own || b.close < lineEnd {
		return []splice{{last[1], last[1], ", " + text}}, nil
	}
	line := s.eol + indent + text
	if trailing {
		return []splice{{lineEnd, lineEnd, line + ","}}, nil
	}
	if lineEnd == last[1] {
		return []splice{{lineEnd, lineEnd, "," + line}}, nil
	}
	return []splice{{last[1], last[1], ","}, {lineEnd, lineEnd, line}}, nil // a comment in between
}

// brackets reads a list or a mapping in brackets; an anchor or a tag may be before it.
func (s *sheet) brackets(n *yaml.Node) (brackets, bool) {
	at := s.offset(n)
	i := bytes.IndexAny(s.src[at:], "[{")
	if i < 0 || bytes.ContainsAny(s.src[at:at+i], "\"'#\n") {
		return brackets{}, false
	}
	return bracketsAt(s.src, at+i)
}

// ownLine returns what is before an offset on its line, and whether that is
// indentation alone.
func (s *sheet) ownLine(at int) (before string, own bool) {
	before = string(s.src[1+bytes.LastIndexByte(s.src[:at], '\n') : at])
	return before, strings.Trim(before, " \t") == ""
}

// lineEnd is where the line of an offset ends.
func (s *sheet) lineEnd(at int) int {
	if i := bytes.IndexAny(s.src[at:], "\r\n"); i >= 0 {
		return at + i
	}
	return len(s.src)
}

// removal is src without an account that is written in it.
func removal(src []byte, file, network string, a Account) ([]byte, error) {
	body := bytes.TrimPrefix(src, byteOrderMark)
	s, err := newSheet(body)
	if err != nil {
		return nil, err
	}
	at, missing, err := s.find(sectionNetworks, network, "accounts")
	if err != nil {
		return nil, err
	}
	i := -1
	if len(missing) == 0 {
		i = itemOf(at.node, file, a.Pos())
	}
	if i < 0 {
		return nil, refuse("the account is written at %s: %w", a.Pos(), ErrByHand)
	}
	var cut splice
	if isFlow(at.node) {
		cut, err = s.cutFlow(at.node, i)
	} else {
		cut, err = s.cutLines(at, i)
	}
	if err != nil {
		return nil, err
	}
	return append(src[:len(src)-len(body):len(src)-len(body)], s.apply(cut)...), nil
}

// itemOf is the number of the item, or the pair, that an account is written in; -1 where
// it is elsewhere.
func itemOf(accounts *yaml.Node, file, pos string) int {
	each := 1
	if accounts.Kind == yaml.MappingNode {
		each = 2
	}
	for i := 0; i+each <= len(accounts.Content); i += each {
		item := accounts.Content[i]
		for _, n := range append([]*yaml.Node{item}, item.Content...) {
			if position(file, n.Line, n.Column) == pos {
				return i / each
			}
		}
	}
	return -1
}

// cutLines takes the lines of an item of a block away.
func (s *sheet) cutLines(at spot, i int) (splice, error) {
	each := 1
	if at.node.Kind == yaml.MappingNode {
		each = 2
	}
	item := at.node.Content[i*each]
	next := at.next
	if (i+1)*each < len(at.node.Content) {
		next = at.node.Content[(i+1)*each].Line
	}
	begins := strings.TrimLeft(s.line(item.Line), " ")
	_, own := s.ownLine(s.offset(item))
	if each == 1 && !strings.HasPrefix(begins, "-") || each == 2 && !own {
		return splice{}, refuse("line %d: something else is written before it: %w", item.Line, ErrByHand)
	}
	return splice{from: s.starts[item.Line-1], to: s.after(s.end(next))}, nil
}

// cutFlow takes an item out of brackets, with its comma, and its line where it has one.
func (s *sheet) cutFlow(n *yaml.Node, i int) (splice, error) {
	b, ok := s.brackets(n)
	if !ok || i >= len(b.items) {
		return splice{}, refuse("line %d: brackets of another form than known here: %w", n.Line, ErrByHand)
	}
	cut := splice{from: b.items[i][0], to: b.items[i][1]}
	indent, own := s.ownLine(cut.from)
	end := s.lineEnd(cut.to)
	alone := own && b.close >= end && (i+1 >= len(b.items) || b.items[i+1][0] > end)
	switch {
	case alone:
		line, _ := slices.BinarySearch(s.starts, cut.to) // the number of its last line
		return splice{from: cut.from - len(indent), to: s.after(line)}, nil
	case i+1 < len(b.items):
		cut.to = b.items[i+1][0]
	case i > 0:
		cut.from = b.items[i-1][1]
	}
	return cut, nil
}
