package keychain

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// ParseValue reads a value as people write it: a YAML or JSON mapping of names to
// single values, taken as written (007 stays 007), or else a bare string, which may
// stand in quotation marks as YAML and JSON have them. Space around either is left
// out, but for that in a password. It does not know what a slot takes: Format.Check
// does. The error is an ErrFormat and never repeats the text.
func ParseValue(text []byte) (Value, error) {
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	trimmed := strings.TrimSpace(string(text))
	switch {
	case trimmed == "":
		return Value{}, mistakef(ErrFormat, "the value is empty")
	case len(trimmed) > maxValue:
		return Value{}, mistakef(ErrFormat, "the value has %d bytes; at most %d will do", len(trimmed), maxValue)
	case !utf8.ValidString(trimmed) || strings.ContainsRune(trimmed, 0):
		return Value{}, mistakef(ErrFormat, "the value is not text (UTF-8)")
	}
	dec := yaml.NewDecoder(strings.NewReader(trimmed))
	var doc yaml.Node
	if err := dec.Decode(&doc); err != nil {
		return notYAML(trimmed, err)
	}
	if len(doc.Content) != 1 || doc.Content[0].Kind != yaml.MappingNode {
		return notMapping(trimmed, &doc)
	}
	if !errors.Is(dec.Decode(&yaml.Node{}), io.EOF) {
		return Value{}, mistakef(ErrFormat, "the value has more after the mapping")
	}
	return parseMapping(doc.Content[0])
}

// notYAML takes text that is no YAML for a bare string where it can be one.
func notYAML(trimmed string, err error) (Value, error) {
	if !strings.ContainsAny(trimmed, "\n{") {
		return Bare(trimmed), nil
	}
	where := ""
	// Only the number of the line: the rest of the message may repeat the text.
	if m := regexp.MustCompile(`line (\d+)`).FindStringSubmatch(err.Error()); m != nil {
		where = " (line " + m[1] + ")"
	}
	return Value{}, mistakef(ErrFormat, "the value is neither one line nor a YAML or JSON mapping%s", where)
}

func notMapping(trimmed string, doc *yaml.Node) (Value, error) {
	if len(doc.Content) == 1 && doc.Content[0].Kind == yaml.SequenceNode {
		return Value{}, mistakef(ErrFormat, "the value is a list; a string or a mapping was expected")
	}
	if len(doc.Content) == 1 {
		if v, ok := unquoted(trimmed, doc.Content[0]); ok {
			return v, nil
		}
	}
	return Bare(trimmed), nil
}

// unquoted is the bare string between quotation marks, where it would be the same one
// without them. Anything else keeps its marks, by which Format.Check refuses it.
func unquoted(trimmed string, node *yaml.Node) (Value, bool) {
	quoted := node.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0
	if !quoted || strings.Contains(trimmed, "\n") {
		return Value{}, false
	}
	inside := Bare(strings.TrimSpace(node.Value))
	v, err := ParseValue([]byte(node.Value))
	return inside, err == nil && v.IsBare() && v.Equal(inside)
}

func parseMapping(node *yaml.Node) (Value, error) {
	fields := make(map[string]string, len(node.Content)/2)
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, val := node.Content[i], node.Content[i+1]
		if key.Kind != yaml.ScalarNode || key.Tag == "!!merge" || key.Value == bare || val.Kind != yaml.ScalarNode {
			return Value{}, mistakef(ErrFormat, "line %d of the value: a name and one string or number were expected, nothing nested", val.Line)
		}
		if _, twice := fields[key.Value]; twice {
			return Value{}, mistakef(ErrFormat, "line %d of the value: a field is there twice", key.Line)
		}
		text := trimmedField(key.Value, val.Value)
		if val.Tag == "!!null" || strings.HasPrefix(val.Tag, "!") && !strings.HasPrefix(val.Tag, "!!") || val.Tag == "!!binary" {
			text = "" // Check calls it missing, or unknown
		}
		fields[key.Value] = text
	}
	v := Mapping(fields)
	if v.IsZero() {
		return Value{}, mistakef(ErrFormat, "the mapping is empty")
	}
	return v, nil
}

// trimmedField is a field without the space around it, which may be a part of a
// password.
func trimmedField(name, text string) string {
	if name == "password" {
		return strings.Trim(text, "\r\n")
	}
	return strings.TrimSpace(text)
}

// Reveal returns the value in the form that ParseValue takes back: a bare string
// as it is, a mapping as YAML, either with a newline at the end. Every call is a
// place to review.
func (v Value) Reveal() ([]byte, error) {
	if v.IsBare() {
		return []byte(v.Bare() + "\n"), nil
	}
	fields := make(map[string]string)
	for _, name := range v.Names() {
		fields[name] = v.Get(name)
	}
	return yaml.Marshal(fields)
}
