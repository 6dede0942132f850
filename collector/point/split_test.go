package point

import (
	"slices"
	"testing"
)

// FuzzSplitSeries holds the quick way to read a series to the library's.
func FuzzSplitSeries(f *testing.F) {
	for _, s := range []string{
		"poll,network=vk", "profile,account=РИА,id=1,type=group", `profile,account=RIA\ Novosti\,\ RU,id=a\=b`, "m", "",
		"#m", "m,", "m,a", "m,a=", "m,=b", "m,a=b=c", `m,a=b\`, `m,a=b\c`, `m\,x,a=b`, "m,a=b c=1", "m,a=\x7f", "m,a=\u0085", "m,a=\xff", "m,a=\uFFFD",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		measurement, tags, ok := splitSeries(s)
		if !ok {
			return
		}
		m, want, err := parseSeries(s)
		if err != nil || m != measurement || !slices.Equal(tags, want) {
			t.Errorf("%q: %q %q, the library has %q %q, %v", s, measurement, tags, m, want, err)
		}
	})
}

// TestSplitSeries makes sure that the quick way is the usual one.
func TestSplitSeries(t *testing.T) {
	for s, want := range map[string][]Tag{
		"poll,network=vk": {{"network", "vk"}},
		`profile,account=РИА\ Новости\,\ a\=b,id=1,network=vk,type=group`: {{"account", "РИА Новости, a=b"}, {"id", "1"}, {"network", "vk"}, {"type", "group"}},
	} {
		if _, tags, ok := splitSeries(s); !ok || !slices.Equal(tags, want) {
			t.Errorf("%s: %q, %v", s, tags, ok)
		}
	}
}
