package facebook_test

import (
	"strings"
	"testing"

	"collectord/networks"
	"collectord/networks/facebook"
)

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"NASA", "@a.b-c", "54971236771", "id:5", "https://www.facebook.com/profile.php?id=5", "fb.com/p/a-12345678", "://", "İ", "a)b",
		"facebook.com/pages/x/5", "https://facebook.com/%",
	} {
		f.Add(s)
	}
	n := facebook.New(networks.Options{})
	f.Fuzz(func(t *testing.T, account string) {
		ref, err := n.Parse(account)
		if err != nil {
			return
		}
		if (ref.Name == "") == (ref.ID == "") || ref.Kind != "" || ref.Host != "" {
			t.Fatalf("Parse(%q) = %+v, want a name or an id", account, ref)
		}
		if strings.Trim(ref.ID, "0123456789") != "" || strings.ContainsAny(ref.Name, "/?#&%:@ \n") || strings.Contains(ref.Name, "..") {
			t.Fatalf("Parse(%q) = %+v, which is not for an address", account, ref)
		}
		if again, err := n.Parse("https://www.facebook.com/" + ref.Name + ref.ID); ref.ID != "" && (err != nil || again != ref) {
			t.Fatalf("Parse(%q) = %+v, and of its address %+v, %v", account, ref, again, err)
		}
	})
}

func FuzzAnswer(f *testing.F) {
	f.Add(200, batchOf(pageOf("1", "a", "5"), "null"))
	f.Add(200, batchOf(pageOf("1", "a", "5"), item(400, fault(803, 0))))
	f.Add(400, fault(190, 460))
	f.Add(200, `[{"code":200,"body":"{\"id\":5,\"link\":7}"},[]]`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		results, err := ask(t, says(status, body), withApp, "a", "5")
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
				if r.Profile.Nickname == "" || !strings.HasPrefix(r.Profile.Link, "https://") {
					t.Fatalf("an incomplete profile: %+v", r.Profile)
				}
			}
		}
	})
}
