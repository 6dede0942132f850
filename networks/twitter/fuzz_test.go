package twitter_test

import (
	"strings"
	"testing"

	"collectord/networks"
	"collectord/networks/twitter"
)

func FuzzParse(f *testing.F) {
	for _, s := range []string{"durov", "@durov", "https://x.com/durov", "id:12", "https://x.com/i/user/1", "://", "x.com/", "İ"} {
		f.Add(s)
	}
	n := twitter.New(networks.Options{})
	f.Fuzz(func(t *testing.T, account string) {
		ref, err := n.Parse(account)
		if err != nil {
			return
		}
		if (ref.Name == "") == (ref.ID == "") || strings.ContainsAny(ref.Name+ref.ID, " ,&%\n") || len(ref.Name) > 15 {
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
	f.Add(200, `{"data":[{"id":"1","username":"a","public_metrics":{"followers_count":5}}],"errors":[{"value":"b","title":"Forbidden","type":"x/resource-not-found"}]}`)
	f.Add(429, `{"errors":[{"code":88,"message":"Rate limit exceeded"}]}`)
	f.Add(400, `{"errors":[{"parameters":{"usernames":["b"]}}],"type":"https://api.x.com/2/problems/invalid-request"}`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		results, err := ask(t, &server{status: status, body: body}, "a", "b")
		if err != nil {
			if results != nil {
				t.Fatal("results beside an error")
			}
			return
		}
		for _, r := range results {
			if r.Err == nil {
				if n, known := r.Profile.Followers.Get(); !known || n < 0 {
					t.Fatalf("a profile without a count and without an error: %+v", r.Profile)
				}
			}
		}
	})
}
