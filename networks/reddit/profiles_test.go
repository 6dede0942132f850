package reddit_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/networktest"
	"collectord/networks/reddit"
	"collectord/networks/sim"
)

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
	return reddit.New(networks.Options{HTTP: &http.Client{Transport: s}, UserAgent: "collectord/1"})
}

var token = keychain.Token{Slot: "rd", Value: keychain.Mapping(map[string]string{
	"client_id": "theapp", "client_secret": "appsecret", "access_token": "apptoken",
})}

// ask makes one request about refs.
func ask(t *testing.T, s *server, refs ...networks.Ref) ([]networks.Result, error) {
	t.Helper()
	n := s.network()
	return n.Profiles(t.Context(), token, n.Plan(refs)[0])
}

func listing(children ...string) string {
	return `{"kind":"Listing","data":{"children":[` + strings.Join(children, ",") + `]}}`
}

func t5(data string) string { return `{"kind":"t5","data":{` + data + `}}` }

func TestRequest(t *testing.T) {
	s := &server{status: 200, body: listing()}
	for want, refs := range map[string][]networks.Ref{
		"https://oauth.reddit.com/api/info?raw_json=1&sr_name=b%2Ca":  {{Name: "b"}, {Name: "A"}, {Name: "B"}},
		"https://oauth.reddit.com/api/info?id=t5_7%2Ct5_8&raw_json=1": {{ID: "t5_7", Name: "b"}, {ID: "t5_8"}, {ID: "t5_7"}},
	} {
		if _, err := ask(t, s, refs...); err != nil {
			t.Fatal(err)
		}
		if got := s.asked.URL.String(); got != want {
			t.Errorf("asked %s, want %s", got, want)
		}
		if h := s.asked.Header; h.Get("Authorization") != "Bearer apptoken" || h.Get("User-Agent") != "collectord/1" {
			t.Errorf("the headers are %v", h)
		}
	}
}

// TestCounts has one odd community beside a good one.
func TestCounts(t *testing.T) {
	const name = `"name":"t5_1","display_name":"A","title":"The A"`
	for what, c := range map[string]struct {
		child string
		kind  networks.Kind
	}{
		"good":            {child: t5(name + `,"subscribers":5`)},
		"of 2026":         {child: t5(name + `,"subscribers":5,"active_user_count":null,"subreddit_type":"restricted"`)},
		"left out":        {child: t5(`"name":"t5_3","display_name":"c","subscribers":5`), kind: networks.NotFound},
		"private":         {child: t5(name + `,"subscribers":null,"subreddit_type":"private"`), kind: networks.Private},
		"private, told":   {child: t5(name + `,"subscribers":5,"subreddit_type":"private"`)},
		"null":            {child: t5(name + `,"subscribers":null,"subreddit_type":"public"`), kind: networks.Malformed},
		"missing":         {child: t5(name), kind: networks.Malformed},
		"a text":          {child: t5(name + `,"subscribers":"5"`), kind: networks.Malformed},
		"no fullname":     {child: t5(`"display_name":"a","subscribers":5`), kind: networks.Malformed},
		"odd fullname":    {child: t5(`"name":"x","display_name":"a","subscribers":5`), kind: networks.Malformed},
		"nameless":        {child: t5(`"name":"t5_1","subscribers":5`), kind: networks.Malformed},
		"odd title":       {child: t5(`"name":"t5_1","display_name":"a","title":[],"subscribers":5`), kind: networks.Malformed},
		"another kind":    {child: `{"kind":"t2","data":{` + name + `,"subscribers":5}}`, kind: networks.Malformed},
		"no object":       {child: `5`, kind: networks.Malformed},
		"nothing":         {child: `null`, kind: networks.Malformed},
		"a null envelope": {child: `{"kind":"t5","data":null}`, kind: networks.Malformed},
	} {
		t.Run(what, func(t *testing.T) {
			body := listing(t5(`"name":"t5_2","display_name":"b","subscribers":7`), c.child)
			results, err := ask(t, &server{status: 200, body: body}, networks.Ref{Name: "a"}, networks.Ref{Name: "B"})
			if err != nil {
				t.Fatal(err)
			}
			if p := results[1].Profile; p == nil || p.Followers != networks.Known(7) || p.Name != "b" {
				t.Errorf("the neighbour is %+v, %v", p, results[1].Err)
			}
			r := results[0]
			if c.kind != 0 {
				if r.Err == nil || r.Err.Kind != c.kind || (r.Profile != nil) != (c.kind == networks.Private) {
					t.Errorf("%+v, %v, want %s", r.Profile, r.Err, c.kind)
				}
				return
			}
			p := r.Profile
			if r.Err != nil || p.Followers != networks.Known(5) || p.ID != "t5_1" || p.Nickname != "A" || p.Name != "The A" ||
				p.Type != networks.Group || p.Link != "https://www.reddit.com/r/A/" || r.Known != (networks.Ref{ID: "t5_1", Name: "a"}) {
				t.Errorf("%+v, %v", p, r.Err)
			}
		})
	}
}

// TestRequests: 100 communities a request, by name once and by id from then on.
func TestRequests(t *testing.T) {
	w := sim.NewWorld(1)
	w.AllowToken("reddit", "theapp", "appsecret")
	w.AllowToken("reddit", "apptoken", "theapp")
	var refs []networks.Ref
	for i := range 250 {
		w.Add(sim.Account{Network: "reddit", ID: fmt.Sprintf("t5_%d", i), Handle: fmt.Sprintf("sub%d", i), Name: "S", Type: networks.Group, Followers: int64(1000 + i)})
		refs = append(refs, networks.Ref{Name: fmt.Sprintf("Sub%d", i)})
	}
	server := httptest.NewServer(sim.Reddit(w))
	defer server.Close()
	n := reddit.New(networks.Options{BaseURL: server.URL})
	for _, op := range []string{"info/sr_name", "info/id"} {
		w.ResetLog("reddit")
		for i, r := range networks.Ask(t.Context(), n, token, refs) {
			if r.Err != nil || r.Profile.Followers != networks.Known(int64(1000+i)) {
				t.Fatalf("%+v: %+v, %v", refs[i], r, r.Err)
			}
			refs[i] = r.Known
		}
		if got := w.Ops("reddit"); len(got) != 1 || got[op] != 3 {
			t.Errorf("requests: %v, want 3 of %s", got, op)
		}
	}
}
