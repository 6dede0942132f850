package networks_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"collectord/keychain"
	"collectord/networks"
)

// fake is a network whose accounts are what their names say: "ok5" has 5
// followers, "gone" does not exist, "hop" is asked for under other names, "poison"
// spoils every request it shares, "broken" breaks it.
type fake struct{ requests, limit int }

func (f *fake) Parse(s string) (networks.Ref, error) {
	if s == "" {
		return networks.Ref{}, errors.New("a name is expected")
	}
	return networks.Ref{Name: s}, nil
}

func (f *fake) Plan(refs []networks.Ref) (batches []networks.Batch) {
	for len(refs) > 0 {
		n := min(f.limit, len(refs))
		batches, refs = append(batches, networks.Batch{Refs: refs[:n], Op: "get"}), refs[n:]
	}
	return batches
}

func (f *fake) Profiles(_ context.Context, _ keychain.Token, b networks.Batch) ([]networks.Result, error) {
	f.requests++
	results := make([]networks.Result, len(b.Refs))
	for i, r := range b.Refs {
		switch {
		case r.Name == "broken":
			return nil, &networks.Error{Op: "fake: get", Kind: networks.Temporary}
		case r.Name == "poison" && len(b.Refs) > 1:
			return nil, &networks.Error{Op: "fake: get", Kind: networks.BadBatch}
		case r.Name == "gone", r.Name == "poison":
			results[i].Err = &networks.Error{Op: "fake: get", Kind: networks.NotFound}
		case r.Name == "round":
			results[i].Next = &networks.Ref{Name: "round", Kind: r.Kind + "x"}
		case strings.HasPrefix(r.Name, "hop"):
			results[i].Next = &networks.Ref{Name: strings.TrimPrefix(r.Name, "hop")}
		default:
			var n int64
			_, _ = fmt.Sscanf(r.Name, "ok%d", &n)
			results[i].Profile = &networks.Profile{ID: r.Name, Followers: networks.Known(n)}
		}
	}
	return results, nil
}

func TestFetch(t *testing.T) {
	f := &fake{limit: 4}
	got, err := networks.Fetch(t.Context(), f, keychain.Token{}, map[string]string{
		"a": "ok1", "b": "hophopok2", "c": "gone", "d": "poison", "e": "", "f": "ok1", "g": "ok3",
	})
	for label, want := range map[string]int64{"a": 1, "b": 2, "f": 1, "g": 3} {
		if got[label].Followers != networks.Known(want) {
			t.Errorf("%s: %+v, want %d", label, got[label], want)
		}
	}
	if len(got) != 4 {
		t.Errorf("%d profiles, want 4", len(got))
	}
	const want = "e: a name is expected\nc: fake: get: not found\nd: fake: get: not found"
	if err == nil || err.Error() != want {
		t.Errorf("the error is\n%v\nwant\n%s", err, want)
	}
	var e *networks.Error
	if !errors.As(err, &e) {
		t.Errorf("no *networks.Error in %v", err)
	}
}

func TestFetchBrokenRequest(t *testing.T) {
	got, err := networks.Fetch(t.Context(), &fake{limit: 1}, keychain.Token{}, map[string]string{"a": "ok1", "b": "broken", "c": "ok2"})
	if len(got) != 2 || err == nil || err.Error() != "b: fake: get: temporary" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestAskEnds(t *testing.T) {
	f := &fake{limit: 10}
	results := networks.Ask(t.Context(), f, keychain.Token{}, []networks.Ref{{Name: "round"}, {Name: "ok1"}})
	if results[0].Err == nil || results[0].Next != nil || results[1].Profile == nil {
		t.Errorf("%+v", results)
	}
	if f.requests > 10 {
		t.Errorf("%d requests", f.requests)
	}
}

func TestAskMakesTheFewestRequests(t *testing.T) {
	f := &fake{limit: 2}
	refs := []networks.Ref{{Name: "ok1"}, {Name: "ok1"}, {Name: "ok2"}, {Name: "ok1"}}
	for i, r := range networks.Ask(t.Context(), f, keychain.Token{}, refs) {
		if r.Profile == nil || r.Profile.ID != refs[i].Name {
			t.Errorf("%d: %+v", i, r)
		}
	}
	if f.requests != 1 {
		t.Errorf("%d requests for two accounts of which one is asked for thrice, want 1", f.requests)
	}
}

// TestBrokenBatchIsNotHalved: what is wrong with a request as a whole is not looked for
// among its accounts.
func TestBrokenBatchIsNotHalved(t *testing.T) {
	f := &fake{limit: 4}
	for i, r := range networks.Ask(t.Context(), f, keychain.Token{}, []networks.Ref{{Name: "ok1"}, {Name: "broken"}, {Name: "ok2"}}) {
		if r.Err == nil || r.Err.Kind != networks.Temporary {
			t.Errorf("%d: %+v", i, r)
		}
	}
	if f.requests != 1 {
		t.Errorf("%d requests, want 1", f.requests)
	}
}

// spoilt is a network that calls every batch a bad one.
type spoilt struct{ fake }

func (s *spoilt) Profiles(context.Context, keychain.Token, networks.Batch) ([]networks.Result, error) {
	s.requests++
	return nil, &networks.Error{Op: "fake: get", Kind: networks.BadBatch}
}

// TestBatchOfOneIsNotHalved: there is nothing left to halve.
func TestBatchOfOneIsNotHalved(t *testing.T) {
	s := &spoilt{fake{limit: 4}}
	for i, r := range networks.Ask(t.Context(), s, keychain.Token{}, []networks.Ref{{Name: "a"}, {Name: "b"}}) {
		if r.Err == nil || r.Err.Kind != networks.BadBatch {
			t.Errorf("%d: %+v", i, r)
		}
	}
	if s.requests != 3 {
		t.Errorf("%d requests, want one and the two halves", s.requests)
	}
}
