package vk_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"collectord/networks"
	"collectord/networks/vk"
)

// FuzzParse: what Parse takes is one reference, and parsing that again gives the same.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"ria", "id1", "-1", "https://vk.com/club1?x#y", "@", "vk.com/", "1", "имя", "https://"} {
		f.Add(s)
	}
	n := vk.New(networks.Options{})
	f.Fuzz(func(t *testing.T, s string) {
		ref, err := n.Parse(s)
		if err != nil {
			if ref != (networks.Ref{}) {
				t.Fatalf("Parse(%q) = %+v with the error %v", s, ref, err)
			}
			return
		}
		if (ref.ID == "") == (ref.Name == "") || (ref.ID == "") != (ref.Kind == "") {
			t.Fatalf("Parse(%q) = %+v, want a Name, or a Kind and an ID", s, ref)
		}
		asked := ref.ID + ref.Name
		if strings.ContainsAny(asked, ", &=/@\n") {
			t.Fatalf("Parse(%q) = %+v, which would be more than one reference", s, ref)
		}
		again := map[string]string{"user": "id", "group": "club"}[ref.Kind] + asked
		if r, err := n.Parse(again); err != nil || r != ref {
			t.Fatalf("Parse(%q) = %+v, and %q of it is %+v, %v", s, ref, again, r, err)
		}
	})
}

// FuzzGrant: whatever a token service says, a record has what it is refreshed with, and
// no error holds a secret.
func FuzzGrant(f *testing.F) {
	for _, s := range []string{
		`{"access_token":"A","refresh_token":"R","expires_in":60}`, `{"error":"invalid_grant"}`, `{"error":{"error_code":5}}`,
		`{"groups":[{"group_id":1,"access_token":"A"}],"expires_in":0}`, `{"error":"need_captcha","captcha_sid":1}`, `[]`, ``, `null`, `{"error":7}`,
	} {
		f.Add(s)
	}
	var body string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }))
	f.Cleanup(server.Close)
	n := vk.New(networks.Options{AuthURL: server.URL})
	format := vk.Descriptor().Slots[0]
	f.Fuzz(func(t *testing.T, s string) {
		body = s
		fresh, err := refresherOf(n).Refresh(t.Context(), vkidToken())
		if err == nil && fresh.Value.Get("refresh_token") == "" {
			t.Fatalf("%q: a record without a refresh token", s)
		}
		if err == nil && json.Valid([]byte(s)) && !strings.ContainsAny(s, `\`) {
			_ = format.Check("vk", fresh.Value) // what is no token the keychain refuses; it must not panic
		}
		direct := begin(t, n, "direct", map[string]string{"app_id": "1", "app_secret": marker, "login": marker, "password": marker}, "")
		if _, err := direct.Finish(t.Context(), ""); err != nil && !strings.Contains(s, marker) && strings.Contains(fmt.Sprintf("%+v", err), marker) {
			t.Fatalf("%q: the error holds a secret: %v", s, err)
		}
	})
}
