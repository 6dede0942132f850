package networktest

import (
	"encoding/json"
	"testing"

	"collectord/networks"
)

// bad is what takes the place of a field's value.
type bad struct {
	name  string
	value any
	gone  bool // the field itself
}

// spoilt is all that a field may hold and should not.
func spoilt() []bad {
	return []bad{
		{name: "missing", gone: true}, {name: "null"}, {name: "an empty string", value: ""}, {name: "words", value: "no such\nthing"},
		{name: "negative", value: json.Number("-7")}, {name: "a float", value: json.Number("7.5")}, {name: "too large", value: json.Number("1e300")},
		{name: "true", value: true}, {name: "false", value: false}, {name: "an array", value: []any{"x", nil}},
		{name: "an object", value: map[string]any{"x": nil}},
	}
}

// spoil changes a field wherever it stands; see rewrite.
func (b bad) spoil(key string) func(any) (any, bool) {
	return func(v any) (any, bool) {
		m, _ := v.(map[string]any)
		if _, has := m[key]; !has {
			return v, true
		}
		if m[key] = b.value; b.gone {
			delete(m, key)
		}
		return v, true
	}
}

// note adds the names of an object's fields.
func note(keys map[string]bool, v any) {
	m, _ := v.(map[string]any)
	for key := range m {
		keys[key] = true
	}
}

// testFields spoils every field of the answers about Good and Second, one after another:
// what comes is an error or a profile that is whole, and no count that the network never
// told.
func (s Suite) testFields(t *testing.T) {
	keys := make(map[string]bool)
	plain := s.rig(t, rewrite(func(v any) (any, bool) { note(keys, v); return v, true }))
	plain.ask(plain.refs(s.Good, s.Second)...)
	if len(keys) == 0 {
		t.Fatal("the answers have no fields")
	}
	for key := range keys {
		for _, bad := range spoilt() {
			t.Run(key+" "+bad.name, func(t *testing.T) {
				r := s.rig(t, rewrite(bad.spoil(key)))
				refs := r.refs(s.Good, s.Second)
				for i, res := range r.ask(refs...) { // which looks at each
					s.noOtherCount(t, res, r, refs[i])
				}
			})
		}
	}
}

// noOtherCount checks that the counts of a result are the account's, as far as there are
// any.
func (s Suite) noOtherCount(t *testing.T, res networks.Result, r *rig, ref networks.Ref) {
	t.Helper()
	if res.Profile == nil {
		return
	}
	p, a := res.Profile, r.account(ref)
	for _, c := range []struct {
		name string
		got  networks.Count
		want int64
	}{
		{"Followers", p.Followers, a.Followers}, {"Following", p.Following, a.Following}, {"Posts", p.Posts, a.Posts},
		{"Views", p.Views, a.Views}, {"Likes", p.Likes, a.Likes},
	} {
		if n, known := c.got.Get(); known && n != c.want {
			t.Errorf("%s: %s is %d, want %d or unknown", a.Handle, c.name, n, c.want)
		}
	}
}
