package reddit_test

import (
	"strings"
	"testing"

	"collectord/networks"
	"collectord/networks/reddit"
)

func FuzzParse(f *testing.F) {
	for _, s := range []string{"golang", "r/golang", "/r/golang/", "t5_2rc7j", "https://www.reddit.com/r/golang/", "u/spez", "://", "reddit.com/", "İ"} {
		f.Add(s)
	}
	n := reddit.New(networks.Options{})
	f.Fuzz(func(t *testing.T, account string) {
		ref, err := n.Parse(account)
		if err != nil {
			return
		}
		if (ref.Name == "") == (ref.ID == "") || strings.ContainsAny(ref.Name+ref.ID, " ,&%/\n") || len(ref.Name) > 21 {
			t.Fatalf("Parse(%q) = %+v", account, ref)
		}
		back := ref.ID
		if ref.Name != "" {
			back = "r/" + ref.Name
		}
		if again, err := n.Parse(back); err != nil || again != ref {
			t.Fatalf("Parse(%q) = %+v, and of %q %+v, %v", account, ref, back, again, err)
		}
	})
}

func FuzzAnswer(f *testing.F) {
	f.Add(200, listing(t5(`"name":"t5_1","display_name":"a","subscribers":5`), "null"))
	f.Add(200, listing(t5(`"name":"t5_1","display_name":"b","subscribers":null,"subreddit_type":"private"`)))
	f.Add(401, `{"message":"Unauthorized","error":401}`)
	f.Add(200, `{"error":404}`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		for _, refs := range [][]networks.Ref{{{Name: "a"}, {Name: "b"}}, {{ID: "t5_1", Name: "x"}, {ID: "t5_2"}}} {
			results, err := ask(t, &server{status: status, body: body}, refs...)
			if err != nil {
				if results != nil {
					t.Fatal("results beside an error")
				}
				continue
			}
			for i, r := range results {
				if r.Err != nil {
					continue
				}
				if n, known := r.Profile.Followers.Get(); !known || n < 0 {
					t.Fatalf("a profile without a count and without an error: %+v", r.Profile)
				}
				if id := refs[i].ID; id != "" && r.Profile.ID != id {
					t.Fatalf("asked for %s, got %+v", id, r.Profile)
				}
			}
		}
	})
}
