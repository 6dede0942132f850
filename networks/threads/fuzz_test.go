package threads_test

import (
	"strings"
	"testing"

	"collectord/networks"
	"collectord/networks/threads"
)

func FuzzParse(f *testing.F) {
	for _, s := range []string{"zuck", "@a.b_c", "me", "id:5", "https://www.threads.com/@zuck", "threads.net/@x?y#z", "://", "İ", "a)b", "me followers 5"} {
		f.Add(s)
	}
	n := threads.New(networks.Options{})
	f.Fuzz(func(t *testing.T, account string) {
		ref, err := n.Parse(account)
		if err != nil {
			return
		}
		if ref.Kind != "" && ref != (networks.Ref{Kind: "me"}) {
			t.Fatalf("Parse(%q) = %+v", account, ref)
		}
		if strings.Trim(ref.Name, "abcdefghijklmnopqrstuvwxyz0123456789._") != "" || len(ref.Name) > 30 || strings.Trim(ref.ID, "0123456789") != "" {
			t.Fatalf("Parse(%q) = %+v", account, ref)
		}
		if ref.Name == "" {
			return
		}
		if again, err := n.Parse("https://www.threads.com/@" + ref.Name); err != nil || again != ref {
			t.Fatalf("Parse(%q) = %+v, and of its address %+v, %v", account, ref, again, err)
		}
	})
}

func FuzzAnswer(f *testing.F) {
	f.Add(200, five, who)
	f.Add(200, `{"data":[{"name":"followers_count","total_value":{"value":9223372036854775807}}]}`, `{"id":7,"username":"a"}`)
	f.Add(400, fault(190, 460), "")
	f.Add(200, five, `{"id":"7","username":"a","is_verified":[]}`)
	f.Fuzz(func(t *testing.T, status int, counts, names string) {
		for _, r := range ask(t, says(status, counts, names), networks.Ref{Kind: "me"}, networks.Ref{Name: "brand"}) {
			if r.Err != nil {
				continue
			}
			if n, known := r.Profile.Followers.Get(); !known || n < 0 || r.Profile.ID == "" || r.Profile.Nickname == "" {
				t.Fatalf("an incomplete profile without an error: %+v", r.Profile)
			}
			if strings.Contains(r.Known.Kind, "followers") {
				t.Fatalf("the count stays in Known: %+v", r.Known)
			}
		}
	})
}
