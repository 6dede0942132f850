package mastodon

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/internal/rest"
)

// FuzzParse: what Parse takes names a server and an account, and parsing that again
// gives the same.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"a@b.example", "@a@b.example", "https://b.example/@a", "https://b.example/users/a", "b.example/12", "https://b.example/@a@c.example",
		"acct:a@b.example", "a@ß.example", "://", "@@", "a@b.example/c", "https://b.example/ap/users/12",
	} {
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
		if (ref.ID == "") == (ref.Name == "") || ref.Kind != "" || !domain.MatchString(ref.Host) {
			t.Fatalf("Parse(%q) = %+v", in, ref)
		}
		text := ref.Name
		if text == "" {
			text = "https://" + ref.Host + "/accounts/" + ref.ID
		}
		if again, err := n.Parse(text); err != nil || again != ref {
			t.Errorf("Parse(%q) = %+v, and of that %+v, %v", in, ref, again, err)
		}
	})
}

// FuzzDecode: whatever a server says, there is a result for every ref or an error,
// and never an account that was not asked for.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		`[{"id":"1","username":"a","followers_count":1}]`, `[null,5,{"id":2,"suspended":true}]`, `{"id":"1","username":"a","followers_count":1}`,
		`{"error":"Record not found"}`, `[]`, `null`, ``, `<html>`,
	} {
		f.Add(s, 200, true)
		f.Add(s, 404, false)
	}
	n := New(networks.Options{}).(*network)
	f.Fuzz(func(t *testing.T, body string, status int, many bool) {
		b := networks.Batch{Op: opLookup, Refs: []networks.Ref{{Name: "a@a.example", Host: "a.example"}}}
		if many {
			b = networks.Batch{Op: opList, Refs: []networks.Ref{{ID: "1", Host: "a.example"}, {ID: "2", Host: "a.example"}}}
		}
		resp := &rest.Response{Op: b.Op, Status: status, Header: http.Header{}, Body: []byte(body)}
		results, err := []networks.Result(nil), error(nil)
		if e := n.refuse(resp, keychain.Token{}); e != nil {
			results, err = n.refused(b, resp, e)
		} else if many {
			results, err = n.list(resp, b)
		} else if a := (account{}); json.Unmarshal(resp.Body, &a) == nil {
			results = []networks.Result{n.only(b.Op, b.Refs[0], a)}
		} else {
			return
		}
		if err != nil {
			return
		}
		if len(results) != len(b.Refs) {
			t.Fatalf("%d results for %d refs", len(results), len(b.Refs))
		}
		for i, r := range results {
			if r.Profile == nil && r.Err == nil && r.Next == nil {
				t.Errorf("%q: an empty result", body)
			}
			if r.Profile != nil && many && r.Profile.ID != b.Refs[i].ID {
				t.Errorf("%q: asked for %s, got %+v", body, b.Refs[i].ID, r.Profile)
			}
		}
	})
}
