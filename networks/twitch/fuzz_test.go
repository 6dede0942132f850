package twitch_test

import (
	"strings"
	"testing"

	"collectord/networks"
	"collectord/networks/twitch"
)

func FuzzParse(f *testing.F) {
	for _, s := range []string{"shroud", "@Shroud", "https://www.twitch.tv/shroud", "twitch.tv/popout/a", "id:12", "://", "twitch.tv/", "İ"} {
		f.Add(s)
	}
	n := twitch.New(networks.Options{})
	f.Fuzz(func(t *testing.T, account string) {
		ref, err := n.Parse(account)
		if err != nil {
			return
		}
		if (ref.Name == "") == (ref.ID == "") || strings.ContainsAny(ref.Name+ref.ID, " ,&%/\t\n") || len(ref.Name) > 25 {
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

// FuzzAnswer follows an answer through both steps: what users says comes back out of
// the reference that it went into.
func FuzzAnswer(f *testing.F) {
	f.Add(200, `{"data":[{"id":"1","login":"a","display_name":"A\tb","broadcaster_type":"partner"}],"total":5}`)
	f.Add(200, `{"data":[null]}`)
	f.Add(400, `{"message":"Bad Identifiers."}`)
	f.Add(401, `{"message":"Invalid OAuth token"}`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		s := &server{status: status, body: body}
		results, err := ask(t, s, networks.Ref{Name: "a"}, networks.Ref{ID: "1", Name: "b"})
		if err != nil {
			return
		}
		for _, r := range results {
			if r.Next == nil {
				if r.Err == nil {
					t.Fatal("an empty result")
				}
				continue
			}
			counted, err := ask(t, s, *r.Next)
			if err != nil {
				return
			}
			if c := counted[0]; c.Err == nil {
				if n, known := c.Profile.Followers.Get(); !known || n < 0 || c.Profile.ID != r.Next.ID || c.Profile.Nickname == "" {
					t.Fatalf("%+v of %+v", c.Profile, r.Next)
				}
			}
		}
	})
}
