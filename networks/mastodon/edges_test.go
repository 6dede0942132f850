package mastodon

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"collectord/keychain"
	"collectord/networks"
)

// TestLongestServer: a name of 253 characters is DNS's longest.
func TestLongestServer(t *testing.T) {
	long := strings.Repeat(strings.Repeat("a", 61)+".", 4) // 248 characters
	for last, want := range map[string]bool{"bbbbb": true, "bbbbbb": false} {
		if got, ok := server(long + last); ok != want || want && got != long+last {
			t.Errorf("%d characters: %v", len(long+last), ok)
		}
	}
}

// TestListsThatAreNone fail the request: what is right in them is not believed either.
func TestListsThatAreNone(t *testing.T) {
	const good = `{"id":"7","username":"a","acct":"a","followers_count":5,"url":"https://a.example/@a"}`
	for _, body := range []string{"", "<html>", "[" + good, good, "null"} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }))
		n := New(networks.Options{BaseURL: s.URL, HTTP: s.Client()})
		b := n.Plan([]networks.Ref{{ID: "7", Host: "a.example"}})[0]
		results, err := n.Profiles(t.Context(), keychain.Token{}, b)
		var e *networks.Error
		if !errors.As(err, &e) || e.Kind.OfAccount() || results != nil {
			t.Errorf("%q: %+v, %v", body, results, err)
		}
		s.Close()
	}
}

// TestHostOfAnAccount: an account of another server says which, one of its own does not.
func TestHostOfAnAccount(t *testing.T) {
	for acct, want := range map[string]string{"a": "a.example", "a@B.Example": "b.example", "a@": "a.example"} {
		p := account{ID: "7", Username: "a", Acct: acct}.profile(networks.Ref{ID: "7", Host: "a.example"})
		if p.Link != "https://"+want+"/@a" || p.Nickname != "a@"+want {
			t.Errorf("%s: %s, %s", acct, p.Link, p.Nickname)
		}
	}
}
