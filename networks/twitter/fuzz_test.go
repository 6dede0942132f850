package twitter_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

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

// FuzzGrant: whatever the token service answers, a login is renewed whole, or there is an
// error that tells no secret.
func FuzzGrant(f *testing.F) {
	f.Add(200, `{"token_type":"bearer","access_token":"a","refresh_token":"b","expires_in":7200}`)
	f.Add(200, `{"access_token":"a","expires_in":"1e300"}`)
	f.Add(400, `{"error":"invalid_request","error_description":"Value passed for the token was invalid. `+secret+`"}`)
	f.Add(401, `{"error":"unauthorized_client","error_description":"Missing valid authorization header"}`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		s := &server{status: status, body: body}
		fresh, err := refresher(s.network()).Refresh(t.Context(), userSlot("old-"+secret, "once-"+secret))
		if err != nil {
			if text := fmt.Sprintf("%v %+v", err, err); strings.Contains(text, secret) || strings.Contains(text, clientID) {
				t.Fatalf("a secret in %s", text)
			}
			return
		}
		if fresh.Value.Get("access_token") == "" || fresh.Value.Get("refresh_token") == "" || fresh.Value.Get("client_id") != clientID {
			t.Fatalf("the slot holds %v", fresh.Value.Names())
		}
		if fresh.Expires.Before(time.Now().Add(-time.Minute)) || fresh.Expires.Year() > time.Now().Year()+11 {
			t.Fatalf("it ends at %v", fresh.Expires)
		}
	})
}
