package youtube_test

import (
	"strings"
	"testing"

	"collectord/networks"
	"collectord/networks/youtube"
)

func FuzzParse(f *testing.F) {
	for _, s := range []string{"@GoogleDevelopers", developers, "https://www.youtube.com/@a.b.c", "youtube.com/user/abc", "https://www.youtube.com/channel/" + developers, "://", "youtube.com/", "İmya", "https://youtube.com/@%D0%B8"} {
		f.Add(s)
	}
	n := youtube.New(networks.Options{})
	f.Fuzz(func(t *testing.T, account string) {
		ref, err := n.Parse(account)
		if err != nil {
			return
		}
		var back string
		switch {
		case ref.ID != "":
			back = ref.ID
		case ref.Name != "":
			back = "@" + ref.Name
		default:
			back = "youtube.com/" + strings.Replace(ref.Kind, "user ", "user/", 1)
		}
		if strings.ContainsAny(ref.Name+ref.ID, " ,&%/\n") || len([]rune(ref.Name)) > 30 {
			t.Fatalf("Parse(%q) = %+v", account, ref)
		}
		if again, err := n.Parse(back); err != nil || again != ref {
			t.Fatalf("Parse(%q) = %+v, and of %q %+v, %v", account, ref, back, again, err)
		}
	})
}

func FuzzAnswer(f *testing.F) {
	f.Add(200, `{"items":[{"id":"`+id(1)+`","snippet":{"customUrl":"@abc"},"statistics":{"subscriberCount":"5"}}]}`)
	f.Add(200, `{"kind":"youtube#channelListResponse"}`)
	f.Add(403, body("quotaExceeded", "", "x", ""))
	f.Add(400, body("badRequest", "API_KEY_INVALID", "x", `"a":"b"`))
	f.Fuzz(func(t *testing.T, status int, body string) {
		for _, accounts := range [][]string{{id(1), id(2)}, {"@abc"}} {
			results, err := ask(t, &server{status: status, body: body}, accounts...)
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
