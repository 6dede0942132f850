// Package point is a measurement at one time and its line protocol, the text in
// which InfluxDB takes it.
//
// A line has three parts, and this package encodes them apart, because they are
// kept apart: the series is the same at every poll and is stored once, the
// fields are what is new, the time is shared by all accounts of a poll.
//
//	profile,account=RIA\ Novosti,id=1,network=vk followers=42i,posts=7i 1792224000
//	└────────────── Series ────────────────────┘ └─── FieldSet ───────┘ └─ Time ─┘
//
// The promise: what Series and FieldSet accept, InfluxDB 1.8, 2 and 3 take and
// give back as it was, and [Parse] reads back equal. What they could not take is
// an error here, before anything is stored: control characters, a backslash at
// the end of a tag's value (it would escape the comma behind it), an empty
// measurement, a point without fields, keys that InfluxDB reserves.
//
// The text is written by github.com/influxdata/line-protocol/v2 and read back by
// its decoder.
package point

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// The measurements that the program writes.
const (
	Profile      = "profile"       // counts of an account, every poll
	ProfileInfo  = "profile_info"  // names of an account, at first sight and on change
	AccountState = "account_state" // how an account is, at first sight and on change
	Poll         = "poll"          // one poll of one network
)

// Point is a measurement at one time.
type Point struct {
	Measurement string
	// Tags need not be sorted; a tag with an empty value is as good as none.
	Tags   []Tag
	Fields []Field
	// Time counts in whole seconds, UTC or not; what is below is cut off.
	Time time.Time
}

// Tag is a key and a value by which points are told apart and found.
type Tag struct{ Key, Value string }

// Tag returns the value of the tag with that key, "" where there is none.
func (p Point) Tag(key string) string {
	for _, t := range p.Tags {
		if t.Key == key {
			return t.Value
		}
	}
	return ""
}

// Field returns the field with that key and whether there is one.
func (p Point) Field(key string) (Field, bool) {
	for _, f := range p.Fields {
		if f.key == key {
			return f, true
		}
	}
	return Field{}, false
}

// Kind is the type of a field's value.
type Kind uint8

// The kinds of a field. The zero Field has none and is refused.
const (
	KindInt Kind = iota + 1
	KindString
	KindBool
)

// Field is a key and a value of one of three types. Fields are comparable.
type Field struct {
	key  string
	kind Kind
	n    int64 // the number; 1 for true
	s    string
}

// Int is a field that holds a whole number.
func Int(key string, n int64) Field { return Field{key: key, kind: KindInt, n: n} }

// Bool is a field that holds true or false.
func Bool(key string, b bool) Field {
	f := Field{key: key, kind: KindBool}
	if b {
		f.n = 1
	}
	return f
}

// String is a field that holds a text on one line: every control character in s
// (a newline or a tab too) becomes a space, and bytes that are not UTF-8 become
// U+FFFD. A newline could be written two ways, and both are bad: escaped, InfluxDB
// 1.8 and 2 store a backslash and an n; as it is, one point fills two lines of an
// export.
func String(key, s string) Field { return Field{key: key, kind: KindString, s: clean(s)} }

// Key returns the key.
func (f Field) Key() string { return f.key }

// Kind returns the type of the value.
func (f Field) Kind() Kind { return f.kind }

// Int returns the number and whether the field holds one.
func (f Field) Int() (n int64, ok bool) {
	if f.kind != KindInt {
		return 0, false
	}
	return f.n, true
}

// Text returns the text and whether the field holds one.
func (f Field) Text() (s string, ok bool) { return f.s, f.kind == KindString }

// Bool returns the truth value and whether the field holds one.
func (f Field) Bool() (b, ok bool) { return f.kind == KindBool && f.n != 0, f.kind == KindBool }

// Value returns the value as an int64, a string or a bool; nil for the zero
// Field.
func (f Field) Value() any {
	switch f.kind {
	case KindInt:
		return f.n
	case KindString:
		return f.s
	case KindBool:
		return f.n != 0
	}
	return nil
}

// clean makes s fit to be a text on one line.
func clean(s string) string {
	if utf8.ValidString(s) && strings.IndexFunc(s, unicode.IsControl) < 0 {
		return s
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
}
