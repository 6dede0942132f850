package keychain

import (
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
)

const redacted = "[redacted]"

// Secret is a string that does not print: every way of formatting or encoding
// it gives "[redacted]". Reveal returns it. One gap is fmt's: it cannot call the
// methods of what is in an unexported field, so a struct that keeps a Secret there
// must not be printed whole; a Value has no such gap.
type Secret string

// Reveal returns the secret itself. Every call is a place to review.
func (s Secret) Reveal() string { return string(s) }

// String returns "[redacted]", or "" for the empty secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return redacted
}

// GoString is String, for %#v.
func (s Secret) GoString() string { return s.String() }

// Format is String for every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(s.String())) }

// MarshalText is String, for encoding/json, yaml and zap.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue is String, for log/slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// Value is what a slot holds: a bare string, or a mapping of named strings. The
// zero Value holds nothing. Values do not change; Equal compares them.
type Value struct {
	_ [0]func() // == would compare addresses, so it does not compile
	// fields is behind two pointers because fmt, asked to print a struct that keeps
	// a Value in an unexported field, cannot call Format. It prints an address then;
	// behind one pointer, %s would print the map.
	fields **map[string]Secret
}

// get returns the named string; bare is the name of a bare one.
func (v Value) get(name string) (Secret, bool) {
	if v.fields == nil {
		return "", false
	}
	s, ok := (**v.fields)[name]
	return s, ok
}

// all is the map, which nobody changes; nil for the zero Value.
func (v Value) all() map[string]Secret {
	if v.fields == nil {
		return nil
	}
	return **v.fields
}

// Format prints the names of the fields and never what is in them.
func (v Value) Format(f fmt.State, _ rune) {
	switch {
	case v.IsZero():
	case v.IsBare():
		_, _ = f.Write([]byte(redacted))
	default:
		_, _ = fmt.Fprintf(f, "{%s: %s}", strings.Join(v.Names(), ", "), redacted)
	}
}

// LogValue is Format, for log/slog.
func (v Value) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(v)) }

// bare is the name under which a Value keeps a bare string.
const bare = ""

// Bare is a Value that is one string. The empty string gives the zero Value.
func Bare(s string) Value {
	if s == "" {
		return Value{}
	}
	return valueOf(map[string]Secret{bare: Secret(s)})
}

// Mapping is a Value of named strings. Empty strings are left out.
func Mapping(m map[string]string) Value {
	fields := make(map[string]Secret, len(m))
	for k, s := range m {
		if s != "" && k != bare {
			fields[k] = Secret(s)
		}
	}
	return valueOf(fields)
}

// valueOf is the Value with these fields, which nobody changes any more.
func valueOf(fields map[string]Secret) Value {
	if len(fields) == 0 {
		return Value{}
	}
	p := &fields
	return Value{fields: &p}
}

// IsZero reports whether the value holds nothing.
func (v Value) IsZero() bool { return len(v.all()) == 0 }

// IsBare reports whether the value is one string.
func (v Value) IsBare() bool { _, ok := v.get(bare); return ok }

// Bare returns the bare string, "" for a mapping.
func (v Value) Bare() string { return v.Get(bare) }

// Get returns the string with that name, "" where there is none.
func (v Value) Get(field string) string { s, _ := v.get(field); return s.Reveal() }

// Names returns the names of a mapping's fields, sorted; none for a bare string.
func (v Value) Names() []string {
	names := slices.Sorted(maps.Keys(v.all()))
	return slices.DeleteFunc(names, func(n string) bool { return n == bare })
}

// Equal reports whether both hold the same.
func (v Value) Equal(w Value) bool { return maps.Equal(v.all(), w.all()) }

// With is the value with the fields of m put in place of its own, or added; an
// empty string takes a field out. It is how a refresher makes the new value of a
// mapping. A bare string does not become a mapping: it is left behind.
func (v Value) With(m map[string]string) Value {
	merged := make(map[string]string, len(m))
	for k, s := range v.all() {
		merged[k] = s.Reveal()
	}
	maps.Copy(merged, m)
	return Mapping(merged)
}

// Redact replaces every part of text that is one of the value's strings (of 4
// bytes or more) by "[redacted]", the longest first: one may be a part of another.
func (v Value) Redact(text string) string { return hiding(v).redact(text) }

// hider is what is taken out of texts: the forms of secrets, in the order in which
// they are looked for. It takes some time to make.
type hider []Secret

// hiding is the hider of the values' strings, the longest first.
func hiding(values ...Value) hider {
	var secrets []Secret
	for _, v := range values {
		secrets = slices.AppendSeq(secrets, maps.Values(v.all()))
	}
	slices.SortFunc(secrets, func(a, b Secret) int { return len(b) - len(a) })
	var h hider
	for _, s := range secrets {
		if len(s) < 4 {
			break
		}
		for _, form := range forms(string(s)) {
			h = append(h, Secret(form))
		}
	}
	return h
}

func (h hider) redact(text string) string {
	for _, form := range h {
		text = strings.ReplaceAll(text, string(form), redacted)
	}
	return text
}

// Token is the value of a slot as a network gets it. The zero Token stands for
// none.
type Token struct {
	Slot string // "vk", "vk:second"
	Value
	// Answer is what a person brought back from the page that the token was parked
	// for; zero almost always. It goes with one request, for which KeyChain.Spend
	// hands it out.
	Answer Value
}

// Redact is that of Value, for the answer as well.
func (t Token) Redact(text string) string { return t.Answer.Redact(t.Value.Redact(text)) }

// Format prints the slot's name and never what is in it.
func (t Token) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "%s: %v", t.Slot, t.Value)
}

// LogValue is Format, for log/slog.
func (t Token) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(t)) }

// Format says what the slots of one kind may hold.
type Format struct {
	Slot   string // two letters ("vk"), or what a token is made from ("raw_vk")
	Title  string // for people: "VK token"
	Shapes []Shape
}

// Shape is one form that a value may have.
type Shape struct {
	Kind string // for people: "VK ID", "bearer token"
	// Bare is true for a bare string; then there are no fields.
	Bare     bool
	Required []string
	Optional []string
}
