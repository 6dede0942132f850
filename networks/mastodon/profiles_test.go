package mastodon

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/networktest"
	"collectord/networks/sim"
)

// world is a network that asks a simulator, with three accounts on each of two
// servers.
func world(t *testing.T, simulate func(*sim.World) http.Handler) (networks.Network, *sim.World) {
	t.Helper()
	w := sim.NewWorld(1)
	for i := range 6 {
		host := []string{"a.example", "b.example"}[i%2]
		w.Add(sim.Account{Network: name, ID: fmt.Sprint(100 + i), Handle: fmt.Sprintf("user%d", i), Host: host, Name: "User", Followers: int64(1000 + i)})
	}
	server := httptest.NewServer(simulate(w))
	t.Cleanup(server.Close)
	return New(networks.Options{BaseURL: server.URL, HTTP: server.Client()}), w
}

func ask(t *testing.T, n networks.Network, accounts ...string) []networks.Result {
	t.Helper()
	return networks.Ask(t.Context(), n, keychain.Token{}, networktest.Refs(t, n, accounts...))
}

func again(t *testing.T, n networks.Network, results []networks.Result) []networks.Result {
	t.Helper()
	var refs []networks.Ref
	for _, r := range results {
		if r.Err != nil {
			t.Fatal(r.Err)
		}
		refs = append(refs, r.Known)
	}
	return networks.Ask(t.Context(), n, keychain.Token{}, refs)
}

// TestRequests counts them: a name each at first, a list for each server then, and
// one by one where a server has no lists.
func TestRequests(t *testing.T) {
	for _, c := range []struct {
		name     string
		simulate func(*sim.World) http.Handler
		second   map[string]int
	}{
		{"new", sim.Mastodon, map[string]int{opList: 2}},
		{"old", sim.MastodonOld, map[string]int{opList: 2, opOne: 4}},
	} {
		t.Run(c.name, func(t *testing.T) {
			n, w := world(t, c.simulate)
			first := ask(t, n, "user0@a.example", "user1@b.example", "user2@a.example", "user3@b.example")
			if ops := w.Ops(name); !maps.Equal(ops, map[string]int{opLookup: 4}) {
				t.Errorf("requests by name: %v", ops)
			}
			w.ResetLog(name)
			second := again(t, n, first)
			if ops := w.Ops(name); !maps.Equal(ops, c.second) {
				t.Errorf("requests by id: %v, want %v", ops, c.second)
			}
			for i, r := range second {
				if r.Profile == nil || *r.Profile != *first[i].Profile || r.Known != first[i].Known {
					t.Errorf("account %d: %+v, and then %+v", i, first[i], r)
				}
			}
		})
	}
}

// TestPlanByServer: every server has its own batches and its own limiter.
func TestPlanByServer(t *testing.T) {
	n := New(networks.Options{})
	var refs []networks.Ref
	for i := range 100 {
		refs = append(refs, networks.Ref{ID: fmt.Sprint(i), Host: []string{"a.example", "b.example"}[i%2]})
	}
	refs = append(refs, networks.Ref{Name: "x@a.example", Host: "a.example"},
		networks.Ref{Kind: kindOne, ID: "7", Host: "a.example"}, networks.Ref{Kind: kindName, ID: "7", Name: "y@b.example", Host: "b.example"})
	var got []string
	for _, b := range n.Plan(refs) {
		got = append(got, fmt.Sprint(b.Op, " ", len(b.Refs), " ", b.Limiter))
		for _, r := range b.Refs {
			if r.Host != b.Limiter {
				t.Errorf("%+v is asked at %s", r, b.Limiter)
			}
		}
	}
	want := []string{
		"accounts 40 a.example", "accounts 40 b.example", "accounts 10 a.example", "accounts 10 b.example",
		"accounts/lookup 1 a.example", "accounts/:id 1 a.example", "accounts/lookup 1 b.example",
	}
	if !slices.Equal(got, want) {
		t.Errorf("Plan made\n%v, want\n%v", got, want)
	}
}

// TestNewServer: a server that was set up anew has a new id for the old name.
func TestNewServer(t *testing.T) {
	n, w := world(t, sim.Mastodon)
	first := ask(t, n, "user0@a.example")
	w.Remove(name, "user0@a.example")
	w.Add(sim.Account{Network: name, ID: "1", Handle: "user0", Host: "a.example", Followers: 3})
	r := again(t, n, first)[0]
	if r.Profile == nil || r.Profile.ID != "1" || r.Known != (networks.Ref{ID: "1", Name: "user0@a.example", Host: "a.example"}) {
		t.Errorf("%+v, want the account that has the name now", r)
	}
	w.Remove(name, "user0@a.example")
	if r := again(t, n, []networks.Result{r})[0]; r.Err == nil || r.Err.Kind != networks.NotFound {
		t.Errorf("%+v, want not found", r)
	}
}

// TestHomeServers: without base_url each account is asked at its own server, by
// https, with its bare name.
func TestHomeServers(t *testing.T) {
	var asked []string
	transport := roundTripper(func(r *http.Request) (*http.Response, error) {
		query, _ := url.QueryUnescape(r.URL.RawQuery)
		asked = append(asked, r.URL.Scheme+"://"+r.Host+r.URL.Path+"?"+query)
		return &http.Response{StatusCode: http.StatusNotFound, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(`{"error":"Record not found"}`)), Request: r}, nil
	})
	n := New(networks.Options{HTTP: &http.Client{Transport: transport}})
	ask(t, n, "user@a.example")
	ask(t, n, "b.example/17")
	want := []string{
		"https://a.example/api/v1/accounts/lookup?acct=user", "https://b.example/api/v1/accounts?id[]=17", "https://b.example/api/v1/accounts/17?",
	}
	if !slices.Equal(asked, want) {
		t.Errorf("asked %q, want %q", asked, want)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// answering is a network whose servers always answer alike.
func answering(t testing.TB, status int, body string) *network {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	return New(networks.Options{BaseURL: server.URL, HTTP: server.Client()}).(*network)
}

// TestAccounts reads what servers make of an account.
func TestAccounts(t *testing.T) {
	for body, want := range map[string]string{
		`{"id":"7","username":"user","followers_count":3}`:                                         "7 3 person user@a.example",
		`{"id":7,"username":"USER","acct":"USER","followers_count":3}`:                             "7 3 person USER@a.example",
		`{"id":"7","acct":"user@b.example","followers_count":3,"group":true}`:                      "7 3 person user@b.example",
		`{"id":"7","username":"user","followers_count":0}`:                                         "7 0 person user@a.example",
		`{"id":"7","username":"user","followers_count":3,"moved":{"id":"8","followers_count":9}}`:  "7 3 person user@a.example",
		`{"id":"7","username":"user","followers_count":0,"pleroma":{"hide_followers_count":true}}`: "hidden",
		`{"id":"7","username":"user","followers_count":0,"suspended":true}`:                        "suspended",
		`{"id":"7","username":"user","following_count":3}`:                                         "malformed",
		`{"id":"7","username":"user","followers_count":null}`:                                      "malformed",
		`{"id":"7","username":"user","followers_count":"3"}`:                                       "malformed",
		`{"id":"7","username":"user","followers_count":-1}`:                                        "malformed",
		`{"id":"7","username":"user","followers_count":3,"suspended":"no"}`:                        "malformed",
		`{"id":null,"username":"user","followers_count":3}`:                                        "malformed",
		`{"id":"../7","username":"user","followers_count":3}`:                                      "malformed",
		`{"id":"7","username":"other","followers_count":3}`:                                        "malformed",
		`{"id":"7","followers_count":3}`:                                                           "malformed",
		`{}`:                                                                                       "malformed",
	} {
		n := answering(t, http.StatusOK, body)
		r := ask(t, n, "user@a.example")[0]
		got := ""
		switch {
		case r.Err != nil:
			got = r.Err.Kind.String()
		case r.Profile != nil:
			followers, _ := r.Profile.Followers.Get()
			got = fmt.Sprint(r.Profile.ID, " ", followers, " ", r.Profile.Type, " ", r.Profile.Nickname)
		}
		if got != want {
			t.Errorf("%s is %q, want %q (%v)", body, got, want, r.Err)
		}
		if (want == "hidden") != (r.Err != nil && r.Profile != nil) {
			t.Errorf("%s: the profile is %+v", body, r.Profile)
		}
	}
}

// TestOddNeighbour: what is wrong with one account of a list is about it alone.
func TestOddNeighbour(t *testing.T) {
	for _, odd := range []string{`null`, `5`, `"x"`, `[]`, `{}`, `{"id":"1"}`, `{"id":"1","username":[],"followers_count":1}`, `{"id":"3","username":"c","followers_count":1}`} {
		n := answering(t, http.StatusOK, `[`+odd+`,{"id":"2","username":"b","followers_count":7}]`)
		b := networks.Batch{Op: opList, Refs: []networks.Ref{{ID: "1", Host: "a.example"}, {ID: "2", Host: "a.example"}, {ID: "2", Host: "a.example"}}}
		results, err := n.Profiles(t.Context(), keychain.Token{}, b)
		if err != nil {
			t.Errorf("%s: %v", odd, err)
			continue
		}
		for _, r := range results[1:] {
			if r.Profile == nil || r.Profile.Followers != networks.Known(7) {
				t.Errorf("%s: the neighbour is %+v", odd, r)
			}
		}
		if results[0].Profile != nil || results[0].Err == nil && results[0].Next == nil {
			t.Errorf("%s: %+v, want an error or a Next", odd, results[0])
		}
	}
}

// TestRecorded reads the account in Mastodon's own documentation.
func TestRecorded(t *testing.T) {
	b := networktest.Recorded(t, "mastodon/lookup-docs.json")
	r := ask(t, answering(t, http.StatusOK, b), "noiob@awoo.space")[0]
	want := networks.Profile{
		ID: "23634", Type: networks.Person, Name: "ikea shark fan account", Nickname: "noiob@awoo.space", Link: "https://awoo.space/@noiob",
		Followers: networks.Known(547), Following: networks.Known(404), Posts: networks.Known(28468),
	}
	if r.Profile == nil || *r.Profile != want {
		t.Errorf("%+v, %v, want %+v", r.Profile, r.Err, want)
	}
}
