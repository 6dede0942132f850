package twitter_test

import (
	"net/http"
	"testing"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/networktest"
	"collectord/networks/twitter"
)

// recorded returns a body that the real X gave.
func recorded(t *testing.T, file string) string {
	t.Helper()
	return networktest.Recorded(t, "x/"+file)
}

// server is an http.RoundTripper that gives one answer, and keeps the request.
type server struct {
	status int
	header http.Header
	body   string
	asked  *http.Request
}

func (s *server) RoundTrip(r *http.Request) (*http.Response, error) {
	s.asked = r
	return networktest.Response(r, s.status, s.header, s.body), nil
}

func (s *server) network() networks.Network {
	return twitter.New(networks.Options{HTTP: &http.Client{Transport: s}})
}

var (
	bearer = keychain.Token{Slot: "tw", Value: keychain.Mapping(map[string]string{"bearer_token": "AAAAsecret"})}
	four   = keychain.Token{Slot: "tw", Value: keychain.Mapping(map[string]string{
		"consumer_key": "consumer", "consumer_secret": "cs", "access_token": "token", "access_secret": "as",
	})}
)

// ask makes one request about accounts.
func ask(t *testing.T, s *server, accounts ...string) ([]networks.Result, error) {
	t.Helper()
	n := s.network()
	return n.Profiles(t.Context(), bearer, n.Plan(networktest.Refs(t, n, accounts...))[0])
}

func TestRecordedAnswer(t *testing.T) {
	s := &server{status: 200, body: recorded(t, "users-by-partial.json")}
	results, err := ask(t, s, "xn47mzh437", "xdevelopers", "adfldf", "silent")
	if err != nil {
		t.Fatal(err)
	}
	p := results[1].Profile
	if p == nil || p.ID != "2244994945" || p.Nickname != "XDevelopers" || p.Link != "https://x.com/XDevelopers" ||
		p.Followers != networks.Known(583423) || p.Following != networks.Known(2048) || p.Posts != networks.Known(14052) ||
		p.Verified != networks.Unknown || p.Type != networks.Person {
		t.Errorf("the profile is %+v", p)
	}
	if want := (networks.Ref{ID: "2244994945", Name: "xdevelopers"}); results[1].Known != want {
		t.Errorf("Known is %+v, want %+v", results[1].Known, want)
	}
	for i, want := range map[int]networks.Kind{0: networks.NotFound, 2: networks.Suspended, 3: networks.Malformed} {
		if e := results[i].Err; e == nil || e.Kind != want {
			t.Errorf("result %d: %v, want %s", i, e, want)
		}
	}
	if got := results[2].Err.Error(); got != "twitter: users/by: code resource-not-found: suspended: User has been suspended: [adfldf]." {
		t.Errorf("the error reads %q", got)
	}
}

func TestRequest(t *testing.T) {
	s := &server{status: 200, body: `{"data":[]}`}
	if _, err := ask(t, s, "b", "A", "@B", "https://x.com/a"); err != nil {
		t.Fatal(err)
	}
	const want = "https://api.x.com/2/users/by?user.fields=public_metrics%2Cprotected%2Cverified%2Cverified_type&usernames=b%2Ca"
	if got := s.asked.URL.String(); got != want {
		t.Errorf("asked %s, want %s", got, want)
	}
	if got := s.asked.Header.Get("Authorization"); got != "Bearer AAAAsecret" {
		t.Errorf("Authorization is %q", got)
	}
	if _, err := ask(t, s, "id:12", "id:3"); err != nil {
		t.Fatal(err)
	}
	if got := s.asked.URL; got.Path != "/2/users" || got.Query().Get("ids") != "12,3" {
		t.Errorf("asked %s", got)
	}
}

// TestCounts has one odd account beside a good one.
func TestCounts(t *testing.T) {
	const head, tail = `{"data":[{"id":"1","name":"A","username":"a",`,
		`},{"id":"2","name":"B","username":"b","public_metrics":{"followers_count":7}}]`
	for name, c := range map[string]struct {
		user, errors string
		kind         networks.Kind
		posts        networks.Count
		verified     networks.Flag
	}{
		"post_count":        {user: `"public_metrics":{"followers_count":5,"post_count":9}`, posts: networks.Known(9)},
		"both counts":       {user: `"public_metrics":{"followers_count":5,"post_count":9,"tweet_count":8}`, posts: networks.Known(9)},
		"odd post count":    {user: `"public_metrics":{"followers_count":5,"tweet_count":"x"}`},
		"protected":         {user: `"protected":true,"public_metrics":{"followers_count":5}`},
		"verified":          {user: `"verified":true,"public_metrics":{"followers_count":5}`, verified: networks.Yes},
		"badge":             {user: `"verified":false,"verified_type":"business","public_metrics":{"followers_count":5}`, verified: networks.Yes},
		"no badge":          {user: `"verified_type":"none","public_metrics":{"followers_count":5}`, verified: networks.No},
		"none":              {user: `"public_metrics":{}`, kind: networks.Malformed},
		"no metrics":        {user: `"verified":true`, kind: networks.Malformed},
		"null metrics":      {user: `"public_metrics":null`, kind: networks.Malformed},
		"list of metrics":   {user: `"public_metrics":[]`, kind: networks.Malformed},
		"protected, none":   {user: `"protected":true`, kind: networks.Private},
		"odd name":          {user: `"name":5,"public_metrics":{"followers_count":5}`, kind: networks.Malformed},
		"hydration by id":   {user: `"name":"A"`, errors: problem("field-hydration-failure", `"resource_id":"1"`), kind: networks.Temporary},
		"hydration":         {user: `"name":"A"`, errors: problem("field-hydration-failure", `"field":"public_metrics"`), kind: networks.Temporary},
		"hydration, counts": {user: `"public_metrics":{"followers_count":5}`, errors: problem("field-hydration-failure", `"resource_id":"1"`)},
		"field refused":     {user: `"name":"A"`, errors: problem("not-authorized-for-field", `"value":"A"`), kind: networks.Hidden},
		"unknown problem":   {user: `"name":"A"`, errors: problem("brand-new", `"value":"a"`), kind: networks.Malformed},
	} {
		t.Run(name, func(t *testing.T) {
			body := head + c.user + tail + c.errors + "}"
			results, err := ask(t, &server{status: 200, body: body}, "a", "b")
			if err != nil {
				t.Fatal(err)
			}
			if p := results[1].Profile; p == nil || p.Followers != networks.Known(7) {
				t.Errorf("the neighbour is %+v, %v", p, results[1].Err)
			}
			r := results[0]
			if c.kind != 0 {
				withProfile := c.kind == networks.Private || c.kind == networks.Hidden
				if r.Err == nil || r.Err.Kind != c.kind || (r.Profile != nil) != withProfile {
					t.Errorf("%+v, %v, want %s", r.Profile, r.Err, c.kind)
				}
				return
			}
			if r.Err != nil || r.Profile.Followers != networks.Known(5) || r.Profile.Posts != c.posts || r.Profile.Verified != c.verified {
				t.Errorf("%+v, %v", r.Profile, r.Err)
			}
		})
	}
}

func problem(kind, more string) string {
	return `,"errors":[{"type":"https://api.x.com/2/problems/` + kind + `","title":"T","detail":"D",` + more + `}]`
}

func TestProblemsOfMissingAccounts(t *testing.T) {
	for kind, want := range map[string]networks.Kind{
		"resource-not-found":          networks.NotFound,
		"not-authorized-for-resource": networks.Blocked,
		"resource-unavailable":        networks.Blocked,
		"disallowed-resource":         networks.Blocked,
		"internal-error":              networks.Temporary,
		"something-else":              networks.Malformed,
	} {
		body := `{"data":[]` + problem(kind, `"value":"A"`) + `}`
		results, err := ask(t, &server{status: 200, body: body}, "a")
		if err != nil {
			t.Fatal(err)
		}
		if e := results[0].Err; e == nil || e.Kind != want {
			t.Errorf("%s: %v, want %s", kind, e, want)
		}
	}
}
