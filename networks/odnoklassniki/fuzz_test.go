package odnoklassniki_test

import (
	"strings"
	"testing"
	"time"

	"collectord/networks"
	"collectord/networks/odnoklassniki"
)

func FuzzParse(f *testing.F) {
	for _, s := range []string{"apiok", "@a.b-c", "https://ok.ru/group/1", "group12", "id:5", "ok.ru/x?y#z", "://", "İ", "profile/1"} {
		f.Add(s)
	}
	n := odnoklassniki.New(networks.Options{})
	f.Fuzz(func(t *testing.T, account string) {
		ref, err := n.Parse(account)
		if err != nil {
			return
		}
		if (ref.Name == "") == (ref.ID == "") || strings.ContainsAny(ref.Name+ref.ID, " ,&%/\n") || len(ref.Name) > 64 {
			t.Fatalf("Parse(%q) = %+v", account, ref)
		}
		if again, err := n.Parse(ref.Name + ref.ID); err != nil || again != ref {
			t.Fatalf("Parse(%q) = %+v, and of that %+v, %v", account, ref, again, err)
		}
	})
}

func FuzzAnswer(f *testing.F) {
	f.Add(200, `[{"uid":"1","name":"A","members_count":5},{"uid":2,"members_count":7}]`)
	f.Add(200, `{"groups":[{"uid":"1"}]}`)
	f.Add(200, `{"error_code":102,"error_msg":"x"}`)
	f.Add(200, `{"objectId":1,"type":"GROUP"}`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		for _, accounts := range [][]string{{"1", "2"}, {"apiok"}} {
			results, err := ask(t, &server{status: status, body: body}, token, accounts...)
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

// FuzzGrant: whatever the token service answers, there is a token whose end can be believed,
// or an error that tells no secret.
func FuzzGrant(f *testing.F) {
	f.Add(200, `{"access_token":"new","refresh_token":"next","expires_in":"1800"}`)
	f.Add(200, `{"access_token":"new","expires_in":1e300}`)
	f.Add(400, `{"error":"invalid_grant","error_description":"the-refresh"}`)
	f.Add(200, `{"error_code":102,"error_msg":"PARAM_SESSION_EXPIRED : app-secret"}`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		n, ok := (&server{status: status, body: body}).network().(networks.Renewer)
		if !ok {
			t.Fatal("it renews nothing")
		}
		began := time.Now()
		fresh, err := n.Makers()["raw_ok"].Make(t.Context(), raw)
		if err != nil {
			noSecrets(t, err)
			return
		}
		if fresh.Value.Get("access_token") == "" || fresh.Value.Get("app_secret") != "app-secret" {
			t.Fatalf("the slot holds %v", fresh.Value.Names())
		}
		if text := fresh.Value.Get("expires_at"); text != "" {
			if end, err := time.Parse(time.RFC3339, text); err != nil || end.Before(began.Add(-time.Second)) || end.Year() > began.Year()+11 {
				t.Fatalf("expires_at is %q", text)
			}
		}
	})
}
