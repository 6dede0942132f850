package sim

import (
	"fmt"
	"regexp"
	"strings"
)

// gqlField is one field of a GraphQL query, or a fragment in place of one: on is the
// type that it is for then.
type gqlField struct {
	alias, name string
	args        map[string]string
	fragment    bool
	on          string
	selection   []gqlField
}

// key is the name under which the field is answered.
func (f gqlField) key() string {
	if f.alias != "" {
		return f.alias
	}
	return f.name
}

type gqlError string

func (e gqlError) Error() string { return string(e) }

// gqlToken is a token of the part of GraphQL (https://spec.graphql.org/October2021/,
// section 2) that a simulator takes: no variables, directives or comments.
var gqlToken = regexp.MustCompile(`^(?:\.\.\.|[A-Za-z_][A-Za-z0-9_]*|"[^"\\\n]*"|[0-9]+|[{}():])`)

type gqlParser struct {
	tokens    []string
	fragments map[string]gqlField
	bad       error
}

// parseGraphQL returns the fields that a query asks for, with its fragments put in
// their places.
func parseGraphQL(query string) ([]gqlField, error) {
	p := &gqlParser{fragments: make(map[string]gqlField)}
	for rest := strings.TrimLeft(query, " \t\r\n,"); rest != ""; rest = strings.TrimLeft(rest, " \t\r\n,") {
		t := gqlToken.FindString(rest)
		if t == "" {
			return nil, gqlError(fmt.Sprintf("Expected one of SCHEMA, SCALAR, TYPE, ... actual: UNKNOWN_CHAR (%q)", rest[:1]))
		}
		p.tokens, rest = append(p.tokens, t), rest[len(t):]
	}
	var roots []gqlField
	for len(p.tokens) > 0 && p.bad == nil {
		switch p.next() {
		case "query":
			roots = append(roots, p.selection()...)
		case "fragment":
			name := p.next()
			p.want("on")
			p.fragments[name] = gqlField{fragment: true, on: p.next(), selection: p.selection()}
		default:
			p.bad = gqlError("a query or a fragment was expected")
		}
	}
	if p.bad != nil {
		return nil, p.bad
	}
	return p.spread(roots, 0)
}

// next takes a token, "" after the last one.
func (p *gqlParser) next() string {
	if len(p.tokens) == 0 {
		p.bad = gqlError("Unexpected end of document")
		return ""
	}
	t := p.tokens[0]
	p.tokens = p.tokens[1:]
	return t
}

func (p *gqlParser) peek() string {
	if len(p.tokens) == 0 {
		return ""
	}
	return p.tokens[0]
}

func (p *gqlParser) want(token string) {
	if got := p.next(); got != token && p.bad == nil {
		p.bad = gqlError(fmt.Sprintf("Expected %q, actual: %q", token, got))
	}
}

// selection is what stands in braces.
func (p *gqlParser) selection() []gqlField {
	var fields []gqlField
	p.want("{")
	for p.bad == nil && p.peek() != "}" {
		fields = append(fields, p.field())
	}
	p.want("}")
	return fields
}

func (p *gqlParser) field() gqlField {
	f := gqlField{name: p.next()}
	if f.name == "..." {
		if f.name = p.next(); f.name != "on" {
			return gqlField{fragment: true, name: f.name} // to be found among the fragments
		}
		return gqlField{fragment: true, on: p.next(), selection: p.selection()}
	}
	if p.peek() == ":" {
		p.next()
		f.alias, f.name = f.name, p.next()
	}
	if p.peek() == "(" {
		p.next()
		f.args = make(map[string]string)
		for p.bad == nil && p.peek() != ")" {
			name := p.next()
			p.want(":")
			f.args[name] = strings.Trim(p.next(), `"`)
		}
		p.want(")")
	}
	if p.peek() == "{" {
		f.selection = p.selection()
	}
	return f
}

// spread puts fragments in their places.
func (p *gqlParser) spread(fields []gqlField, depth int) ([]gqlField, error) {
	if depth > 10 {
		return nil, gqlError("Fragments are nested too deep")
	}
	spread := make([]gqlField, len(fields))
	for i, f := range fields {
		if f.fragment && f.name != "" {
			known, ok := p.fragments[f.name]
			if !ok {
				return nil, gqlError("Fragment " + f.name + " was used, but not defined")
			}
			f = known
		}
		var err error
		if f.selection, err = p.spread(f.selection, depth+1); err != nil {
			return nil, err
		}
		spread[i] = f
	}
	return spread, nil
}

// gqlConnection is a list of which only the length is told.
type gqlConnection struct{ total int64 }

// gqlSelect answers a selection on an object, whose __typename says what it is.
func gqlSelect(selection []gqlField, object map[string]any) (map[string]any, error) {
	if len(selection) == 0 {
		return nil, gqlError("Field must have selections")
	}
	chosen := make(map[string]any)
	for _, f := range selection {
		if f.fragment {
			if f.on != object["__typename"] && f.on != "RepositoryOwner" {
				continue
			}
			inner, err := gqlSelect(f.selection, object)
			if err != nil {
				return nil, err
			}
			for k, v := range inner {
				chosen[k] = v
			}
			continue
		}
		v, ok := object[f.name]
		if !ok {
			return nil, gqlError(fmt.Sprintf("Field '%s' doesn't exist on type '%v'", f.name, object["__typename"]))
		}
		if c, ok := v.(gqlConnection); ok {
			if f.args["first"] == "" && f.args["last"] == "" {
				return nil, gqlError("You must provide a `first` or `last` value to properly paginate the `" + f.name + "` connection.")
			}
			inner, err := gqlSelect(f.selection, map[string]any{"__typename": "Connection", "totalCount": c.total})
			if err != nil {
				return nil, err
			}
			v = inner
		}
		chosen[f.key()] = v
	}
	return chosen, nil
}
