package github_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/github"
	"collectord/networks/networktest"
	"collectord/networks/sim"
)

// recorded returns a body that the real GitHub gave.
func recorded(t *testing.T, file string) string {
	t.Helper()
	return networktest.Recorded(t, "github/"+file)
}

// server is an http.RoundTripper that gives one answer, and keeps the request.
type server struct {
	status int
	header http.Header
	body   string
	asked  *http.Request
	query  string
}

func (s *server) RoundTrip(r *http.Request) (*http.Response, error) {
	s.asked = r
	if r.Body != nil {
		var q struct{ Query string }
		_ = json.NewDecoder(r.Body).Decode(&q)
		s.query = q.Query
	}
	return networktest.Response(r, s.status, s.header, s.body), nil
}

func (s *server) network() networks.Network {
	return github.New(networks.Options{HTTP: &http.Client{Transport: s}})
}

var token = keychain.Token{Slot: "gh", Value: keychain.Bare("ghp_secret")}

// ask makes one request about refs.
func ask(t *testing.T, s *server, refs ...networks.Ref) ([]networks.Result, error) {
	t.Helper()
	n := s.network()
	return n.Profiles(t.Context(), token, n.Plan(refs)[0])
}

func named(names ...string) []networks.Ref {
	var refs []networks.Ref
	for _, s := range names {
		refs = append(refs, networks.Ref{Name: s})
	}
	return refs
}

// TestRecordedAnswer has a body that others' query brought: it lacks the id.
func TestRecordedAnswer(t *testing.T) {
	s := &server{status: 200, body: recorded(t, "graphql-partial.json")}
	results, err := ask(t, s, named("octocat", "noname", "silent")...)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []networks.Kind{networks.Malformed, networks.NotFound, networks.Malformed} {
		if e := results[i].Err; e == nil || e.Kind != want {
			t.Errorf("result %d: %v, want %s", i, e, want)
		}
	}
	if got := results[1].Err.Error(); got != "github: graphql: code NOT_FOUND: not found: Could not resolve to a User with the login of 'noname'." {
		t.Errorf("the error reads %q", got)
	}
}

func TestRequest(t *testing.T) {
	s := &server{status: 200, body: `{"data":{}}`}
	if _, err := ask(t, s, named("b", "A", "B")...); err != nil {
		t.Fatal(err)
	}
	if got := s.asked.URL.String(); got != "https://api.github.com/graphql" || s.asked.Method != http.MethodPost {
		t.Errorf("asked %s %s", s.asked.Method, got)
	}
	if got := s.asked.Header.Get("Authorization"); got != "Bearer ghp_secret" {
		t.Errorf("Authorization is %q", got)
	}
	if want := `query{u0:repositoryOwner(login:"b"){...owner} u1:repositoryOwner(login:"A"){...owner} }`; !strings.HasPrefix(s.query, want) {
		t.Errorf("the query is %s, want it to begin with %s", s.query, want)
	}
	for path, ref := range map[string]networks.Ref{
		"/users/golang": {Kind: "org", ID: "4314092", Name: "golang"},
		"/user/1":       {Kind: "id", ID: "1", Name: "a"},
	} {
		if _, err := ask(t, s, ref); err != nil {
			t.Fatal(err)
		}
		if s.asked.URL.Path != path || s.asked.Method != http.MethodGet {
			t.Errorf("asked %s %s, want %s", s.asked.Method, s.asked.URL.Path, path)
		}
	}
}

const counted = `"followers":{"totalCount":5},"following":{"totalCount":2}`

// TestCounts has one odd account beside a good one.
func TestCounts(t *testing.T) {
	user := func(more string) string {
		return `{"__typename":"User","login":"A","databaseId":1,"name":"N",` + more + `}`
	}
	for name, c := range map[string]struct {
		account, errors string
		kind            networks.Kind
		next            networks.Ref
	}{
		"good":             {account: user(counted)},
		"id as a text":     {account: `{"__typename":"User","login":"a","databaseId":"1","name":"N",` + counted + `}`},
		"an organisation":  {account: `{"__typename":"Organization","login":"a","databaseId":7}`, next: networks.Ref{Kind: "org", ID: "7", Name: "a"}},
		"none":             {account: user(`"following":{"totalCount":2}`), kind: networks.Malformed},
		"null":             {account: user(`"followers":null`), kind: networks.Malformed},
		"a text":           {account: user(`"followers":{"totalCount":"5"}`), kind: networks.Malformed},
		"a list":           {account: user(`"followers":[]`), kind: networks.Malformed},
		"no id":            {account: `{"__typename":"User","login":"a",` + counted + `}`, kind: networks.Malformed},
		"odd id":           {account: `{"__typename":"User","login":"a","databaseId":"x",` + counted + `}`, kind: networks.Malformed},
		"another login":    {account: `{"__typename":"User","login":"zz","databaseId":1,` + counted + `}`, kind: networks.Malformed},
		"nothing":          {account: `null`, kind: networks.Malformed},
		"no object":        {account: `5`, kind: networks.Malformed},
		"not found":        {account: `null`, errors: fault("NOT_FOUND", "u0"), kind: networks.NotFound},
		"closed":           {account: `null`, errors: fault("FORBIDDEN", "u0"), kind: networks.Blocked},
		"too much":         {account: `null`, errors: fault("RESOURCE_LIMITS_EXCEEDED", "u0", "followers"), kind: networks.Temporary},
		"too much, partly": {account: user(`"followers":null`), errors: fault("RESOURCE_LIMITS_EXCEEDED", "u0", "followers"), kind: networks.Temporary},
		"too fast":         {account: `null`, errors: fault("RATE_LIMITED", "u0"), kind: networks.RateLimited},
		"brand new":        {account: `null`, errors: fault("BRAND_NEW", "u0"), kind: networks.Malformed},
		"of following":     {account: user(`"followers":{"totalCount":5},"following":null`), errors: fault("INTERNAL", "u0", "following")},
	} {
		t.Run(name, func(t *testing.T) {
			body := `{"data":{"u1":{"__typename":"User","login":"b","databaseId":2,"followers":{"totalCount":7}},"u0":` + c.account + `}` + c.errors + `}`
			results, err := ask(t, &server{status: 200, body: body}, named("a", "b")...)
			if err != nil {
				t.Fatal(err)
			}
			if p := results[1].Profile; p == nil || p.Followers != networks.Known(7) || p.Name != "b" {
				t.Errorf("the neighbour is %+v, %v", p, results[1].Err)
			}
			r := results[0]
			switch {
			case c.kind != 0:
				if r.Err == nil || r.Err.Kind != c.kind || r.Profile != nil {
					t.Errorf("%+v, %v, want %s", r.Profile, r.Err, c.kind)
				}
			case c.next != (networks.Ref{}):
				if r.Next == nil || *r.Next != c.next {
					t.Errorf("%+v, want a Next %+v", r, c.next)
				}
			case r.Err != nil || r.Profile.Followers != networks.Known(5) || r.Profile.ID != "1" || r.Profile.Name != "N" || r.Known != networks.Ref{ID: "1", Name: "a"}:
				t.Errorf("%+v, %v", r.Profile, r.Err)
			}
		})
	}
}

func fault(kind string, path ...string) string {
	return fmt.Sprintf(`,"errors":[{"type":%q,"path":["%s"],"message":"Words"}]`, kind, strings.Join(path, `","`))
}

// TestAnswersAboutOne are answers of REST.
func TestAnswersAboutOne(t *testing.T) {
	org, id := networks.Ref{Kind: "org", ID: "7", Name: "a"}, networks.Ref{Kind: "id", ID: "7", Name: "a"}
	for name, c := range map[string]struct {
		ref    networks.Ref
		status int
		body   string
		kind   networks.Kind
		next   bool
		known  networks.Ref
	}{
		"organisation":         {ref: org, body: `{"id":7,"login":"A","type":"Organization","followers":5}`, known: org},
		"renamed organisation": {ref: org, status: 404, body: `{"message":"Not Found"}`, next: true},
		"taken organisation":   {ref: org, body: `{"id":8,"login":"a","type":"User","followers":5}`, next: true},
		"other organisation":   {ref: org, body: `{"id":7,"login":"b","followers":5}`, kind: networks.Malformed},
		"new organisation":     {ref: networks.Ref{Kind: "org", Name: "a"}, status: 404, body: `{"message":"Not Found"}`, kind: networks.NotFound},
		"by id, user":          {ref: id, body: `{"id":7,"login":"b","type":"User","followers":5}`, known: networks.Ref{ID: "7", Name: "a"}},
		"by id, organisation":  {ref: id, body: `{"id":7,"login":"b","type":"Organization","followers":5}`, known: org},
		"by id, another":       {ref: id, body: `{"id":8,"login":"b","followers":5}`, kind: networks.Malformed},
		"by id, gone":          {ref: id, status: 404, body: `{"message":"Not Found"}`, kind: networks.NotFound},
		"by id, for lawyers":   {ref: id, status: 451, body: `{"message":"Repository access blocked"}`, kind: networks.Blocked},
		"no count":             {ref: id, body: `{"id":7,"login":"b"}`, kind: networks.Malformed},
		"odd count":            {ref: id, body: `{"id":7,"login":"b","followers":-1}`, kind: networks.Malformed},
	} {
		t.Run(name, func(t *testing.T) {
			if c.status == 0 {
				c.status = 200
			}
			results, err := ask(t, &server{status: c.status, body: c.body}, c.ref)
			if err != nil {
				t.Fatal(err)
			}
			r := results[0]
			switch {
			case c.next:
				if r.Next == nil || *r.Next != id {
					t.Errorf("%+v, %v, want it to be asked by id", r, r.Err)
				}
			case c.kind != 0:
				if r.Err == nil || r.Err.Kind != c.kind {
					t.Errorf("%+v, %v, want %s", r, r.Err, c.kind)
				}
			case r.Err != nil || r.Profile.Followers != networks.Known(5) || r.Known != c.known:
				t.Errorf("%+v, %v, want Known %+v", r, r.Err, c.known)
			}
		})
	}
}

// world is a network that asks a simulator, with 150 users and two organisations.
func world(t *testing.T) (networks.Network, *sim.World, []networks.Ref) {
	t.Helper()
	w := sim.NewWorld(1)
	w.AllowToken("github", "ghp_secret")
	var refs []networks.Ref
	for i := range 152 {
		a := sim.Account{Network: "github", ID: fmt.Sprint(i + 1), Handle: fmt.Sprintf("user-%d", i), Followers: int64(1000 + i)}
		if i >= 150 {
			a.State = sim.Organization
		}
		w.Add(a)
		refs = append(refs, networks.Ref{Name: a.Handle})
	}
	s := httptest.NewServer(sim.GitHub(w))
	t.Cleanup(s.Close)
	return github.New(networks.Options{BaseURL: s.URL}), w, refs
}

// TestRequests: 100 users a request, and one for each organisation and each account
// that was renamed or lost its name to another.
func TestRequests(t *testing.T) {
	n, w, refs := world(t)
	poll := func(want map[string]int) {
		t.Helper()
		w.ResetLog("github")
		for i, r := range networks.Ask(t.Context(), n, token, refs) {
			if r.Err != nil || r.Profile.Followers != networks.Known(int64(1000+i)) {
				t.Fatalf("%+v: %+v, %v", refs[i], r, r.Err)
			}
			refs[i] = r.Known
		}
		if got := w.Ops("github"); !maps.Equal(got, want) {
			t.Errorf("requests: %v, want %v", got, want)
		}
	}
	poll(map[string]int{"graphql": 2, "users": 2})
	poll(map[string]int{"graphql": 2, "users": 2})
	w.Update("github", "user-0", func(a *sim.Account) { a.Handle = "renamed" })
	w.Update("github", "user-1", func(a *sim.Account) { a.Handle = "given-up" })
	w.Add(sim.Account{Network: "github", ID: "9999", Handle: "user-1", Followers: 7})
	w.Update("github", "user-151", func(a *sim.Account) { a.Handle = "renamed-org" })
	poll(map[string]int{"graphql": 2, "users": 2, "user": 3})
	poll(map[string]int{"graphql": 2, "users": 2, "user": 3})
}
