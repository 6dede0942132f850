package bluesky

import (
	"net/http"
	"strings"
	"testing"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/internal/rest"
)

// FuzzParse: what Parse takes, Bluesky takes as well, and asking for it again by
// its own text gives the same.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"bsky.app", "@a.b", "did:plc:abc", "https://bsky.app/profile/a.b", "at://x.y", "a..b", "://", "имя.рф", "handle.invalid"} {
		f.Add(seed)
	}
	n := New(networks.Options{})
	f.Fuzz(func(t *testing.T, in string) {
		ref, err := n.Parse(in)
		if err != nil {
			if ref != (networks.Ref{}) || strings.Contains(err.Error(), "\n") {
				t.Errorf("Parse(%q) = %+v, %q", in, ref, err)
			}
			return
		}
		if (ref.ID == "") == (ref.Name == "") || ref.Name != strings.ToLower(ref.Name) || ref.Kind != "" || ref.Host != "" {
			t.Errorf("Parse(%q) = %+v", in, ref)
		}
		if again, err := n.Parse(ref.ID + ref.Name); err != nil || again != ref {
			t.Errorf("Parse(%q) = %+v, and of that %+v, %v", in, ref, again, err)
		}
	})
}

// FuzzDecode: whatever the server says, there is a result for every ref or an
// error, and never an account that was not asked for.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		`{"profiles":[{"did":"did:plc:a","handle":"a.example.com","followersCount":1}]}`, `{"profiles":[null,5]}`, `{"profiles":{}}`,
		`{"did":"did:plc:a","handle":"handle.invalid","followersCount":1}`, `{"error":"InvalidRequest","message":"Profile not found"}`, `[]`, `null`, ``, `<html>`,
	} {
		f.Add(s, 200)
		f.Add(s, 400)
	}
	n := New(networks.Options{}).(*network)
	f.Fuzz(func(t *testing.T, body string, status int) {
		resp := &rest.Response{Op: getProfiles, Status: status, Header: http.Header{}, Body: []byte(body)}
		b := batch("a.example.com", "b.example.com", "a.example.com")
		if e := n.refuse(resp, keychain.Token{}, len(b.Refs)); e != nil {
			if e.Kind.OfAccount() || e.Kind == 0 || !strings.HasPrefix(e.Op, name+": ") {
				t.Errorf("%d %q: %v about three accounts", status, body, e)
			}
			return
		}
		var answer struct {
			Profiles []actor `json:"profiles"`
		}
		if n.rest.Decode(resp, &answer) != nil {
			return
		}
		results := n.match(b, answer.Profiles)
		if len(results) != len(b.Refs) {
			t.Fatalf("%d results for %d refs", len(results), len(b.Refs))
		}
		for i, r := range results {
			if r.Profile == nil && r.Err == nil && r.Next == nil {
				t.Errorf("%q: an empty result", body)
			}
			if r.Profile != nil && !strings.EqualFold(r.Profile.Nickname, b.Refs[i].Name) {
				t.Errorf("%q: asked for %s, got %+v", body, b.Refs[i].Name, r.Profile)
			}
		}
	})
}
