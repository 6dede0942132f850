package refs

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"collectord/networks"
)

func TestCut(t *testing.T) {
	for in, want := range map[string]Address{
		"https://t.me/durov":           {Host: "t.me", Path: "durov", Scheme: true, Slash: true},
		"HTTP://WWW.T.me/a/B/?x=/y#/z": {Host: "www.t.me", Path: "a/B/", Scheme: true, Slash: true},
		"t.me/durov#a?b":               {Host: "t.me", Path: "durov", Slash: true},
		"t.me/":                        {Host: "t.me", Slash: true},
		"https://t.me":                 {Host: "t.me", Scheme: true},
		"Name.With.Dots":               {Host: "name.with.dots"},
		"ftp://t.me/durov":             {Scheme: true},
		"://t.me/durov":                {Scheme: true},
		"javascript://t.me/durov":      {Scheme: true},
		"":                             {},
	} {
		if got := Cut(in); got != want {
			t.Errorf("Cut(%q) = %+v, want %+v", in, got, want)
		}
	}
}

// TestPlan: every reference is in one batch, in its order, with its like alone, and no
// batch could have taken one of a later one.
func TestPlan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kinds := rapid.SliceOf(rapid.SampledFrom([]string{"a", "b", "alone"})).Draw(t, "kinds")
		var all []networks.Ref
		for i, k := range kinds {
			all = append(all, networks.Ref{Kind: k, ID: fmt.Sprint(i)})
		}
		most := map[string]int{"a": 3, "b": 2, "alone": 1}
		batches := Plan(all, func(r networks.Ref) Sharing {
			return Sharing{Op: r.Kind, Limiter: "at " + r.Kind, Most: most[r.Kind]}
		})
		planned := make(map[string][]networks.Ref)
		for i, b := range batches {
			if len(b.Refs) == 0 || len(b.Refs) > most[b.Op] || b.Limiter != "at "+b.Op {
				t.Fatalf("%+v", b)
			}
			later := slices.ContainsFunc(batches[i+1:], func(next networks.Batch) bool { return next.Op == b.Op })
			if later && len(b.Refs) < most[b.Op] {
				t.Fatalf("%+v has room, and there is another", b)
			}
			planned[b.Op] = append(planned[b.Op], b.Refs...)
		}
		for kind := range most {
			want := slices.DeleteFunc(slices.Clone(all), func(r networks.Ref) bool { return r.Kind != kind })
			if !slices.Equal(planned[kind], want) {
				t.Fatalf("%s: %v, want %v", kind, planned[kind], want)
			}
		}
	})
}

func TestOnce(t *testing.T) {
	all := []networks.Ref{{ID: "2", Name: "B"}, {ID: "1"}, {ID: "2"}, {Name: "b"}, {ID: "1"}}
	if got := Once(all, ID); !slices.Equal(got, []string{"2", "1", ""}) {
		t.Errorf("by id: %q", got)
	}
	if got := Once(all[:1], func(r networks.Ref) string { return strings.ToLower(r.Name) }); !slices.Equal(got, []string{"b"}) {
		t.Errorf("by name: %q", got)
	}
}
