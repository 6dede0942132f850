package github_test

import (
	"strings"
	"testing"

	"collectord/networks"
	"collectord/networks/github"
)

func FuzzParse(f *testing.F) {
	for _, s := range []string{"torvalds", "@torvalds", "https://github.com/torvalds", "github.com/orgs/golang", "id:12", "://", "github.com/", "İ", `a"){x}`} {
		f.Add(s)
	}
	n := github.New(networks.Options{})
	f.Fuzz(func(t *testing.T, account string) {
		ref, err := n.Parse(account)
		if err != nil {
			return
		}
		if (ref.Name == "") == (ref.ID == "") || strings.ContainsAny(ref.Name+ref.ID, " \"\\(){}/%\n") || len(ref.Name) > 39 {
			t.Fatalf("Parse(%q) = %+v", account, ref)
		}
		back := ref.Name
		if ref.ID != "" {
			back = "id:" + ref.ID
		}
		if again, err := n.Parse(back); err != nil || again != ref {
			t.Fatalf("Parse(%q) = %+v, and of %q %+v, %v", account, ref, back, again, err)
		}
	})
}

func FuzzAnswer(f *testing.F) {
	f.Add(200, `{"data":{"u0":{"__typename":"User","login":"a","databaseId":1,`+counted+`},"u1":null}`+fault("NOT_FOUND", "u1")+`}`)
	f.Add(200, `{"data":null,"errors":[{"type":"RATE_LIMITED"}]}`)
	f.Add(200, `{"id":7,"login":"a","type":"Organization","followers":5}`)
	f.Add(403, `{"message":"You have exceeded a secondary rate limit."}`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		for _, refs := range [][]networks.Ref{named("a", "b", "A"), {{Kind: "org", ID: "7", Name: "a"}}, {{ID: "7"}}} {
			results, err := ask(t, &server{status: status, body: body}, refs...)
			if err != nil {
				if results != nil {
					t.Fatal("results beside an error")
				}
				continue
			}
			for _, r := range results {
				if r.Err == nil && r.Next == nil {
					if n, known := r.Profile.Followers.Get(); !known || n < 0 {
						t.Fatalf("a profile without a count and without an error: %+v", r.Profile)
					}
				}
			}
		}
	})
}
