package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"gopkg.in/yaml.v3"
)

// document parses src and returns the root of its one document. It returns nil
// after adding a mistake where src is not one YAML document.
func (l *loader) document(file string, src []byte) *yaml.Node {
	src, ok := l.unmarked(file, src)
	if !ok {
		return nil
	}
	dec := yaml.NewDecoder(bytes.NewReader(src))
	root, err := decode(dec)
	if errors.Is(err, io.EOF) || err == nil && isNull(root) {
		l.add(Mistake{File: file, Line: 1, Col: 1, Msg: "the file is empty; " + wantMapping})
		return nil
	}
	if err != nil {
		l.add(syntaxMistake(file, src, dec, err))
		return nil
	}
	switch second, err := decode(dec); {
	case err == nil:
		l.add(Mistake{File: file, Line: second.Line, Col: second.Column,
			Msg: `a second YAML document; one is expected, so remove the line "---" before it`})
		return nil
	case !errors.Is(err, io.EOF):
		l.add(syntaxMistake(file, src, dec, err))
		return nil
	}
	return root
}

const wantMapping = "a mapping with sections such as networks and influxdb is expected"

// decode returns the root of the decoder's next document. The library panics on
// a few broken inputs; that is an error like any other here.
func decode(dec *yaml.Decoder) (root *yaml.Node, err error) {
	defer func() {
		if r := recover(); r != nil {
			root, err = nil, fmt.Errorf("yaml: the parser gave up: %v", r)
		}
	}()
	var doc yaml.Node
	if err := dec.Decode(&doc); err != nil {
		return nil, err
	}
	if doc.Kind != yaml.DocumentNode || len(doc.Content) != 1 {
		return nil, errors.New("yaml: not a document")
	}
	return doc.Content[0], nil
}

// syntaxMistake turns an error of the YAML library into a Mistake with its place.
func syntaxMistake(file string, src []byte, dec *yaml.Decoder, err error) Mistake {
	line, col := 1, 1
	msg := strings.TrimPrefix(err.Error(), "yaml: ")
	if n := 0; scanLine(msg, &n) {
		line = n
		_, msg, _ = strings.Cut(msg, ": ")
	}
	p := progressOf(dec)
	switch {
	case p.problem == "" || !strings.HasSuffix(msg, p.problem):
		if p.event.line > 0 { // the parser is content and the library is not
			line, col = p.event.line, p.event.col
		}
	case p.offset > 0:
		msg = p.problem
		line, col = placeOf(src, min(p.offset, len(src)))
	default:
		msg, line, col = p.problem, p.at.line, p.at.col
		switch {
		case p.context == "" || p.begun == p.at:
		case beginsWrong(p):
			line, col = p.begun.line, p.begun.col
			msg += ", " + p.context
		default:
			msg += fmt.Sprintf(", %s that begins at %d:%d", p.context, p.begun.line, p.begun.col)
		}
	}
	return Mistake{File: file, Line: line, Col: col, Msg: "not YAML: " + msg + syntaxHint(runeAt(src, line, col)), Err: err}
}

// beginsWrong reports whether the mistake is where the thing begins that was
// being read, rather than where the parser noticed.
func beginsWrong(p progress) bool {
	return strings.HasSuffix(p.context, "alias") || strings.HasSuffix(p.context, "anchor") ||
		strings.HasSuffix(p.context, "quoted scalar") && strings.Contains(p.problem, "end of stream")
}

func scanLine(msg string, n *int) bool {
	_, err := fmt.Sscanf(msg, "line %d:", n)
	return err == nil
}

// syntaxHint explains the characters that people most often forget to quote.
func syntaxHint(r rune) string {
	switch r {
	case '@', '`', '*', '&', '%', '!':
		return fmt.Sprintf(` (a value that begins with %q needs quotes around it)`, r)
	case '\t':
		return " (a tab; YAML is indented by spaces)"
	}
	return ""
}

// runeAt returns the character at a place, 0 where there is none.
func runeAt(src []byte, line, col int) rune {
	for ; line > 1; line-- {
		i := bytes.IndexByte(src, '\n')
		if i < 0 {
			return 0
		}
		src = src[i+1:]
	}
	for _, r := range string(src[:min(len(src), 4*col)]) {
		if col--; col == 0 {
			return r
		}
	}
	return 0
}

// place is a line and a column that begin at 1; the zero place is unknown.
type place struct{ line, col int }

// progress is where the YAML parser stands.
type progress struct {
	problem string // what is wrong
	offset  int    // where it is, in bytes, if it is about characters
	at      place  // where it is otherwise
	context string // what was being read: "while parsing a block mapping"
	begun   place  // where that begins
	event   place  // the last event: a key, a value, an alias
}

// progressOf reads, and only reads, the private state of the decoder: the errors
// of yaml.v3 v3.0.1 have no column and, for half of them, a line that is one too
// small or is that of the enclosing block. The library is frozen; where its
// fields are others, nothing is known, and the error's own line is used.
func progressOf(dec *yaml.Decoder) progress {
	outer := reflect.ValueOf(dec).Elem().FieldByName("parser")
	if outer.Kind() != reflect.Pointer || outer.Elem().Kind() != reflect.Struct {
		return progress{}
	}
	parser := outer.Elem().FieldByName("parser")
	event := outer.Elem().FieldByName("event")
	return progress{
		problem: stringField(parser, "problem"), offset: intField(parser, "problem_offset"),
		at:      markField(parser, "problem_mark"),
		context: stringField(parser, "context"), begun: markField(parser, "context_mark"),
		event: markField(event, "start_mark"),
	}
}

func stringField(v reflect.Value, name string) string {
	if v.Kind() != reflect.Struct {
		return ""
	}
	if f := v.FieldByName(name); f.Kind() == reflect.String {
		return f.String()
	}
	return ""
}

func intField(v reflect.Value, name string) int {
	if v.Kind() != reflect.Struct {
		return 0
	}
	if f := v.FieldByName(name); f.Kind() == reflect.Int {
		return int(f.Int())
	}
	return 0
}

func markField(v reflect.Value, name string) place {
	if v.Kind() != reflect.Struct {
		return place{}
	}
	mark := v.FieldByName(name)
	if mark.Kind() != reflect.Struct {
		return place{}
	}
	return place{intField(mark, "line") + 1, intField(mark, "column") + 1}
}
