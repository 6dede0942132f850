package config

import (
	"bytes"
	"encoding/json"
	"maps"
	"regexp"
	"strconv"
	"strings"

	"collectord/networks"
)

// schema is a JSON Schema of draft 7, as far as it is used here.
type schema struct {
	Schema      string `json:"$schema,omitempty"`
	Ref         string `json:"$ref,omitempty"` // to one of Definitions; then nothing stands beside it
	Title       string `json:"title,omitempty"`
	Description string `json:"description,omitempty"`
	// Type is a name or a list of names.
	Type                 any                `json:"type,omitempty"`
	Enum                 []string           `json:"enum,omitempty"`
	Pattern              string             `json:"pattern,omitempty"`
	ExclusiveMinimum     *int               `json:"exclusiveMinimum,omitempty"`
	MinLength            int                `json:"minLength,omitempty"`
	Items                *schema            `json:"items,omitempty"`
	MinItems             int                `json:"minItems,omitempty"`
	MaxItems             int                `json:"maxItems,omitempty"`
	UniqueItems          bool               `json:"uniqueItems,omitempty"`
	Properties           map[string]*schema `json:"properties,omitempty"`
	Required             []string           `json:"required,omitempty"`
	MinProperties        int                `json:"minProperties,omitempty"`
	MaxProperties        int                `json:"maxProperties,omitempty"`
	PropertyNames        *schema            `json:"propertyNames,omitempty"`
	AdditionalProperties any                `json:"additionalProperties,omitempty"` // false, or a *schema
	AnyOf                []*schema          `json:"anyOf,omitempty"`
	Not                  *schema            `json:"not,omitempty"`
	Default              any                `json:"default,omitempty"`
	Examples             []string           `json:"examples,omitempty"`
	Definitions          map[string]*schema `json:"definitions,omitempty"`
}

// Schema returns the JSON Schema (draft 7, as editors have it) of the config file, with
// the keys and the slots of each network. It knows the form alone: what it takes, Load
// may refuse; what it refuses, Load refuses.
func Schema(list []networks.Descriptor) ([]byte, error) {
	root := section(keyDoc{doc: "The configuration of collectord.", keys: rootKeys()})
	root.Schema, root.Title = "http://json-schema.org/draft-07/schema#", "collectord"
	root.Type, root.Definitions = "object", shared()
	below := make(map[string]*schema, len(list))
	for _, d := range list {
		below[d.Name] = networkSchema(d)
		define(root.Definitions, d)
	}
	n := root.Properties[sectionNetworks]
	n.Properties, n.AdditionalProperties = below, false
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(root)
	return b.Bytes(), err
}

// section is a mapping of known keys, or nothing. A merge key is for the reader of YAML.
func section(k keyDoc) *schema {
	s := &schema{Description: k.doc, Type: []string{"object", "null"}, AdditionalProperties: false, Properties: map[string]*schema{}}
	for _, inner := range k.keys {
		s.Properties[inner.name] = inner.schema()
		if inner.required {
			s.Required = append(s.Required, inner.name)
		}
	}
	if s.Properties["token"] != nil && s.Properties["token_file"] != nil {
		s.Not = &schema{Type: "object", Required: []string{"token", "token_file"}}
	}
	return s
}

func networkSchema(d networks.Descriptor) *schema {
	s := section(keyDoc{doc: d.Title, keys: networkKeys(d)})
	s.Properties["accounts"] = accountsSchema(d, s.Properties["accounts"].Description)
	if token := s.Properties["token"]; token != nil {
		token.AnyOf = []*schema{ref(d.Name + ".token")}
	}
	return s
}

// variable is a text with a ${VARIABLE} in it, which may stand for anything.
func variable() *schema { return &schema{Type: "string", Pattern: `\$\{`} }

// scalar is whatever stands on a line, since handles, labels and tags are taken as they
// are written.
func scalar() []string { return []string{"string", "number", "boolean", "null"} }

// schema is that of the key's value.
func (k keyDoc) schema() *schema {
	s := k.shape()
	s.Description = k.doc
	if k.standard != "" {
		s.Default = defaultValue(k)
	}
	if k.example != "" && !strings.HasPrefix(k.example, "[") {
		s.Examples = []string{k.example}
	}
	return s
}

// shape is what the key's value looks like. That of slots and accounts is the network's.
func (k keyDoc) shape() *schema {
	zero, least := 0, 0
	if k.required {
		least = 1
	}
	number, text := &schema{Type: "number"}, "string"
	nats := &schema{Type: text, Pattern: `^(nats|tls)://[^@/ ,]+$|\$\{`}
	shapes := map[kind]*schema{
		aWord:          {AnyOf: []*schema{{Enum: k.words}, variable()}},
		aText:          {Type: text, MinLength: least},
		aPath:          {Type: text, MinLength: 1},
		aSecret:        {Type: []string{text, "number", "boolean"}, Pattern: `^\S+$`},
		anAddress:      {Type: text, Pattern: `^https?://|\$\{`},
		aListenAddress: {Type: text, Pattern: `^$|:[0-9]+$|\$\{`},
		aContact:       {Type: text, Pattern: `^[!-'*-~]+$`},
		aSchedule:      {Type: text, MinLength: 1},
		aDuration:      {AnyOf: []*schema{{Type: text, Pattern: `^(0|([0-9.]+(ns|us|µs|μs|ms|s|m|h|d|w))+)$`}, number, variable()}},
		aSize:          {AnyOf: []*schema{{Type: text, Pattern: `^[0-9]+(\.[0-9]+)? ?([kKmMgGtT][iI]?)?[bB]?$`}, number, variable()}},
		aRate:          {AnyOf: []*schema{{Type: "number", ExclusiveMinimum: &zero}, variable()}},
		aVersion:       {Type: []string{text, "number"}},
		aCount:         {Type: []string{text, "number"}, Pattern: "^[135]$"},
		natsServers:    {AnyOf: []*schema{nats, {Type: "array", Items: nats, MinItems: 1}}},
		patterns:       {Type: "array", Items: &schema{Type: text, MinLength: 1}},
	}
	if s := shapes[k.kind]; s != nil {
		return s
	}
	if k.kind == aSection {
		return section(k)
	}
	return &schema{}
}

// defaultValue is a default as JSON has it.
func defaultValue(k keyDoc) any {
	if k.kind == aRate {
		if f, err := strconv.ParseFloat(k.standard, 64); err == nil {
			return f
		}
	}
	return k.standard
}

// slotsSchema is one slot of a network, or a list of them.
func slotsSchema(d networks.Descriptor) *schema {
	var kinds []string
	for _, k := range slotKinds(d) {
		kinds = append(kinds, regexp.QuoteMeta(k))
	}
	slot := &schema{Type: "string", Pattern: "^(" + strings.Join(kinds, "|") + ")(:[A-Za-z0-9_.-]{1," + strconv.Itoa(maxSlotName) + `})?$|\$\{`}
	bound := &schema{Type: "object", Properties: map[string]*schema{"slot": slot, "node": {Type: "string", MinLength: 1}},
		Required: []string{"slot", "node"}, AdditionalProperties: false}
	one := &schema{AnyOf: []*schema{slot, bound}}
	return &schema{AnyOf: []*schema{slot, bound, {Type: "array", Items: one, MinItems: 1, MaxItems: maxPool, UniqueItems: true}}}
}

// ref stands for a definition.
func ref(name string) *schema { return &schema{Ref: "#/definitions/" + name} }

// shared are the definitions that the accounts of every network use: a handle, an
// account's own tags, and what keys a single pair of a list has not.
func shared() map[string]*schema {
	return map[string]*schema{
		"handle": {Type: scalar()},
		"tags": {
			Type: []string{"object", "null"}, MaxProperties: maxTags,
			PropertyNames:        &schema{Not: &schema{Enum: []string{"network", "account", "id", "type", "time"}}},
			AdditionalProperties: &schema{Type: []string{"string", "number", "boolean"}},
		},
		"label": {Not: &schema{Enum: accountKeys()}},
	}
}

// define adds to the definitions what a network's accounts are made of: one as a mapping
// beside its label, and one as an item of a list.
func define(definitions map[string]*schema, d networks.Descriptor) {
	item := section(keyDoc{keys: accountDocs(d)})
	item.Type, item.Description = "object", ""
	for _, name := range []string{"handle", "label"} {
		item.Properties[name].Type, item.Properties[name].MinLength = scalar(), 0
	}
	tags := item.Properties["tags"]
	*tags = schema{Description: tags.Description, AnyOf: []*schema{ref("tags")}}
	if token := item.Properties["token"]; token != nil {
		token.AnyOf = []*schema{ref(d.Name + ".token")}
		definitions[d.Name+".token"] = slotsSchema(d)
	}
	account := *item
	account.Properties = maps.Clone(item.Properties)
	delete(account.Properties, "label")
	definitions[d.Name+".account"] = &schema{AnyOf: []*schema{ref("handle"), &account}}
	definitions[d.Name+".item"] = item
}

// accountsSchema is a mapping from label to handle or object, or a list of handles,
// objects and single pairs.
func accountsSchema(d networks.Descriptor, doc string) *schema {
	one := ref(d.Name + ".account")
	byLabel := &schema{Type: []string{"object", "null"}, AdditionalProperties: one}
	pair := &schema{Type: "object", MinProperties: 1, MaxProperties: 1, PropertyNames: ref("label"), AdditionalProperties: one}
	list := &schema{Type: "array", Items: &schema{AnyOf: []*schema{ref("handle"), ref(d.Name + ".item"), pair}}}
	return &schema{Description: doc, AnyOf: []*schema{byLabel, list}}
}
