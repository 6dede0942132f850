package tiktok_test

import (
	"strings"
	"testing"

	"collectord/networks"
	"collectord/networks/tiktok"
)

func FuzzParse(f *testing.F) {
	for _, s := range []string{"me", "@a.b_c", "https://www.tiktok.com/@tiktok/video/1", "id:-0a", "tiktok.com/x?y#z", "://", "İ"} {
		f.Add(s)
	}
	n := tiktok.New(networks.Options{})
	f.Fuzz(func(t *testing.T, account string) {
		ref, err := n.Parse(account)
		switch {
		case err != nil:
		case ref.Kind == "me":
			if ref != (networks.Ref{Kind: "me"}) {
				t.Fatalf("Parse(%q) = %+v", account, ref)
			}
		case ref.ID != "":
			if again, err := n.Parse("id:" + ref.ID); err != nil || again != ref || ref.Name != "" {
				t.Fatalf("Parse(%q) = %+v, and of its id %+v, %v", account, ref, again, err)
			}
		default:
			again, err := n.Parse("@" + ref.Name)
			if err != nil || again != ref || len(ref.Name) > 24 || strings.Trim(ref.Name, "abcdefghijklmnopqrstuvwxyz0123456789._") != "" {
				t.Fatalf("Parse(%q) = %+v, and of its name %+v, %v", account, ref, again, err)
			}
		}
	})
}

func FuzzAnswer(f *testing.F) {
	f.Add(200, answer(`{"open_id":"-0a","username":"brand","follower_count":5}`))
	f.Add(401, `{"data":{},"error":{"code":"access_token_invalid","message":"x"}}`)
	f.Add(200, `{"error":"invalid_grant","error_description":"x"}`)
	f.Add(200, `{"access_token":"a","refresh_token":"b","expires_in":1e9}`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		s := &server{status: status, body: body}
		results, err := ask(t, s, token, networks.Ref{Kind: "me"}, networks.Ref{Name: "brand"})
		if err != nil && results != nil {
			t.Fatal("results beside an error")
		}
		for _, r := range results {
			if r.Err == nil {
				if n, known := r.Profile.Followers.Get(); !known || n < 0 {
					t.Fatalf("a profile without a count and without an error: %+v", r.Profile)
				}
			}
		}
		if fresh, err := refresher(s.network()).Refresh(t.Context(), token); err == nil && (fresh.Value.Get("access_token") == "" || fresh.Value.Get("refresh_token") == "") {
			t.Fatalf("a renewal lost a token: %v", fresh.Value.Names())
		}
	})
}
