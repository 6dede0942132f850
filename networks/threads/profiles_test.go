package threads_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/networktest"
	"collectord/networks/threads"
)

// recorded returns a body that Meta gave or documents.
func recorded(t *testing.T, file string) string {
	t.Helper()
	return networktest.Recorded(t, file)
}

// server is an http.RoundTripper that gives its bodies in turn, the last one for ever,
// and keeps the requests.
type server struct {
	status int
	bodies []string
	asked  []*http.Request
	form   url.Values
}

func says(status int, bodies ...string) *server { return &server{status: status, bodies: bodies} }

func (s *server) RoundTrip(r *http.Request) (*http.Response, error) {
	body := s.bodies[min(len(s.asked), len(s.bodies)-1)]
	s.asked = append(s.asked, r)
	s.form = networktest.Form(r)
	return networktest.Response(r, s.status, nil, body), nil
}

func (s *server) network() networks.Network {
	return threads.New(networks.Options{HTTP: &http.Client{Transport: s}})
}

var token = keychain.Token{Slot: "th:brand", Value: keychain.Bare("THAAtoken")}

const (
	five = `{"data":[{"name":"followers_count","total_value":{"value":5}}]}`
	who  = `{"id":"7","username":"Brand","name":"B","is_verified":true}`
)

// ask asks for refs with both requests.
func ask(t *testing.T, s *server, refs ...networks.Ref) []networks.Result {
	t.Helper()
	return networks.Ask(t.Context(), s.network(), token, refs)
}

// TestRequests needs two requests, whatever number of refs stand for the account.
func TestRequests(t *testing.T) {
	s := says(200, recorded(t, "threads/insights-followers-shape.json"), who)
	refs := []networks.Ref{{Kind: "me"}, {Name: "brand"}, {ID: "7"}, {Kind: "me", ID: "7"}, {Name: "oldbrand", ID: "7"}, {Name: "rival"}, {Name: "brand", ID: "8"}}
	results := ask(t, s, refs...)
	if len(s.asked) != 2 {
		t.Fatalf("%d requests, want 2", len(s.asked))
	}
	for i, want := range []string{
		"https://graph.threads.net/v1.0/me/threads_insights?metric=followers_count",
		"https://graph.threads.net/v1.0/me?fields=id%2Cusername%2Cname%2Cis_verified",
	} {
		if got := s.asked[i]; got.URL.String() != want || got.Header.Get("Authorization") != "Bearer THAAtoken" {
			t.Errorf("asked %s, want %s", got.URL, want)
		}
	}
	for i, r := range refs[:5] {
		p := results[i].Profile
		if p == nil || p.ID != "7" || p.Nickname != "Brand" || p.Name != "B" || p.Followers != networks.Known(1234) ||
			p.Verified != networks.Yes || p.Link != "https://www.threads.com/@Brand" || p.Type != networks.Person {
			t.Errorf("%+v: %+v, %v", r, p, results[i].Err)
		}
		if want := (networks.Ref{Kind: r.Kind, Name: r.Name, ID: "7"}); results[i].Known != want {
			t.Errorf("%+v: Known is %+v, want %+v", r, results[i].Known, want)
		}
	}
	for _, r := range results[5:] {
		if r.Err == nil || r.Err.Kind != networks.NotFound || !strings.Contains(r.Err.Hint, "@Brand") {
			t.Errorf("another account: %+v, %v", r.Profile, r.Err)
		}
	}
}

func TestCounts(t *testing.T) {
	for body, want := range map[string]networks.Kind{
		five: 0,
		`{"data":[{"name":"views","values":[{"value":9}]},{"name":"followers_count","total_value":{"value":5.0}}]}`: 0,
		`{"data":[]}`:                           networks.Malformed,
		`{"data":null}`:                         networks.Malformed,
		`{}`:                                    networks.Malformed,
		`{"data":[{"name":"followers_count"}]}`: networks.Malformed,
		`{"data":[{"name":"followers_count","total_value":{"value":null}}]}`: networks.Malformed,
		`{"data":[{"name":"followers_count","total_value":{"value":"5"}}]}`:  networks.Malformed,
		`{"data":[{"name":"followers_count","total_value":[]}]}`:             networks.Malformed,
		`{"data":[{"name":"views","total_value":{"value":5}}]}`:              networks.Malformed,
		`<html>`: networks.Malformed,
	} {
		r := ask(t, says(200, body, who), networks.Ref{Kind: "me"})[0]
		if want == 0 && (r.Err != nil || r.Profile.Followers != networks.Known(5)) || want != 0 && (r.Err == nil || r.Err.Kind != want || r.Profile != nil) {
			t.Errorf("%s: %+v, %v, want %s", body, r.Profile, r.Err, want)
		}
	}
	for body, want := range map[string]networks.Kind{
		`{"id":7,"username":"brand","is_verified":"yes"}`: 0,
		`{"username":"brand"}`:                            networks.Malformed,
		`{"id":"7"}`:                                      networks.Malformed,
		`{}`:                                              networks.Malformed,
		`[]`:                                              networks.Malformed,
	} {
		r := ask(t, says(200, five, body), networks.Ref{Kind: "me"})[0]
		if want == 0 && (r.Err != nil || r.Profile.Verified != networks.Unknown) || want != 0 && (r.Err == nil || r.Err.Kind != want) {
			t.Errorf("%s: %+v, %v, want %s", body, r.Profile, r.Err, want)
		}
	}
	// A ref that does not carry a count is never named without one.
	n := says(200, who).network()
	results, err := n.Profiles(t.Context(), token, networks.Batch{Op: "me", Refs: []networks.Ref{{Kind: "me"}}})
	if err != nil || results[0].Err == nil || results[0].Err.Kind != networks.Malformed {
		t.Errorf("without a count: %+v, %v", results, err)
	}
}
