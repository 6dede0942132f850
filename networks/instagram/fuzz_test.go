package instagram_test

import (
	"strings"
	"testing"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/instagram"
)

func FuzzParse(f *testing.F) {
	for _, s := range []string{"natgeo", "@a.b_c", "me", "https://www.instagram.com/natgeo/", "instagram.com/x?y#z", "://", "İ", "a)b"} {
		f.Add(s)
	}
	n := instagram.New(networks.Options{})
	f.Fuzz(func(t *testing.T, account string) {
		ref, err := n.Parse(account)
		if err != nil {
			return
		}
		if ref.Kind == "me" {
			if ref != (networks.Ref{Kind: "me"}) {
				t.Fatalf("Parse(%q) = %+v", account, ref)
			}
			return
		}
		if ref.Name == "" || len(ref.Name) > 30 || strings.Trim(ref.Name, "abcdefghijklmnopqrstuvwxyz0123456789._") != "" {
			t.Fatalf("Parse(%q) = %+v", account, ref)
		}
		if again, err := n.Parse("@" + ref.Name); err != nil || again != ref {
			t.Fatalf("Parse(%q) = %+v, and of its name %+v, %v", account, ref, again, err)
		}
	})
}

func FuzzAnswer(f *testing.F) {
	f.Add(200, batchOf(account("a", "5"), "null"))
	f.Add(200, batchOf(account("a", "5"), item(400, fault(110, 2207013))))
	f.Add(400, fault(190, 460))
	f.Add(200, `{"user_id":1,"username":"a","followers_count":5}`)
	f.Add(200, `{"data":[{"user_id":"1","username":"b","followers_count":5}]}`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		for _, token := range []keychain.Token{discovery, login} {
			results, err := ask(t, &server{status: status, body: body}, token, "a", "b")
			if err != nil {
				if results != nil {
					t.Fatal("results beside an error")
				}
				continue
			}
			for _, r := range results {
				if r.Err == nil {
					if n, known := r.Profile.Followers.Get(); !known || n < 0 {
						t.Fatalf("a profile without a count and without an error: %+v", r.Profile)
					}
				}
			}
		}
	})
}
