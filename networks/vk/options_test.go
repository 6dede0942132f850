package vk_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"collectord/networks"
	"collectord/networks/vk"
)

// TestAddresses: a slash at the end of an address is not doubled.
func TestAddresses(t *testing.T) {
	var path string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path = r.URL.Path
		_, _ = io.WriteString(w, `{"response":[]}`)
	}))
	defer server.Close()
	n := vk.New(networks.Options{BaseURL: server.URL + "/", OAuthURL: server.URL + "/older/"})
	one(t, n, users("ria"))
	if path != "/method/users.get" {
		t.Errorf("asked for %s", path)
	}
	session := begin(t, n, "implicit", map[string]string{"client_id": "7"}, back)
	if page := session.URL(); !strings.HasPrefix(page, server.URL+"/older/authorize?") {
		t.Errorf("the login's page is %s", page)
	}
}

// TestNoIDIsLookedForByName: an id that is no number is nobody's.
func TestNoIDIsLookedForByName(t *testing.T) {
	n := say(t, `{"response":[{"id":1,"screen_name":"durov","domain":"durov","first_name":"P","last_name":"D","followers_count":7}]}`)
	results, err := n.Profiles(t.Context(), token(), networks.Batch{Refs: []networks.Ref{{Kind: "user", ID: "durov"}}, Op: "users.get"})
	if err == nil && results[0].Profile != nil {
		t.Errorf("%+v", results[0].Profile)
	}
}
