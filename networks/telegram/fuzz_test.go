package telegram_test

import (
	"strings"
	"testing"

	"collectord/networks"
	"collectord/networks/telegram"
)

func FuzzParse(f *testing.F) {
	for _, s := range []string{"durov", "@a_b", "https://t.me/s/x/1", "-1001", "t.me/c/5/1", "x.t.me", "tg://resolve?domain=abc", "://", "İ"} {
		f.Add(s)
	}
	n := telegram.New(networks.Options{})
	f.Fuzz(func(t *testing.T, account string) {
		ref, err := n.Parse(account)
		if err != nil {
			return
		}
		if (ref.Name == "") == (ref.ID == "") || strings.ContainsAny(ref.Name+ref.ID, " ,&%/@\n") || len(ref.Name) > 32 {
			t.Fatalf("Parse(%q) = %+v", account, ref)
		}
		if again, err := n.Parse(ref.Name + ref.ID); err != nil || again != ref {
			t.Fatalf("Parse(%q) = %+v, and of that %+v, %v", account, ref, again, err)
		}
	})
}

// FuzzAnswer gives one answer to whatever is asked, until nothing more is asked.
func FuzzAnswer(f *testing.F) {
	f.Add(200, `{"ok":true,"result":{"id":-1001,"type":"channel","title":"T","username":"durov"}}`, "")
	f.Add(200, `{"ok":true,"result":5}`, `{"at":946684800,"type":"channel"}`)
	f.Add(400, `{"ok":false,"error_code":400,"description":"chat not found"}`, `{"at":946684800,"type":"channel","username":"a","by_name":true}`)
	f.Add(400, `{"ok":false,"error_code":400,"parameters":{"migrate_to_chat_id":-1005}}`, "by id")
	f.Fuzz(func(t *testing.T, status int, body, kind string) {
		s := &server{status: status, body: body}
		for _, r := range networks.Ask(t.Context(), s.network(), token, []networks.Ref{{Kind: kind, ID: "-1001", Name: "durov"}}) {
			switch {
			case r.Next != nil:
				t.Fatalf("a result that is none: %+v", r)
			case r.Err == nil:
				if n, known := r.Profile.Followers.Get(); !known || n < 0 || r.Profile.Type == "" {
					t.Fatalf("a profile without a count and without an error: %+v", r.Profile)
				}
			}
		}
	})
}
