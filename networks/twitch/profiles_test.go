package twitch_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"testing"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/networktest"
	"collectord/networks/sim"
	"collectord/networks/twitch"
)

// recorded returns a body that the real Twitch gave.
func recorded(t *testing.T, file string) string {
	t.Helper()
	return networktest.Recorded(t, "twitch/"+file)
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
	return twitch.New(networks.Options{HTTP: &http.Client{Transport: s}})
}

var token = keychain.Token{Slot: "tc", Value: keychain.Mapping(map[string]string{
	"client_id": "theapp", "client_secret": "appsecret", "access_token": "apptoken",
})}

// ask makes one request about refs.
func ask(t *testing.T, s *server, refs ...networks.Ref) ([]networks.Result, error) {
	t.Helper()
	n := s.network()
	return n.Profiles(t.Context(), token, n.Plan(refs)[0])
}

var seen = networks.Ref{Kind: "seen\tpartner\ta\tA b", ID: "1", Name: "a"}

func TestRequest(t *testing.T) {
	s := &server{status: 200, body: `{"data":[],"total":5}`}
	for want, refs := range map[string][]networks.Ref{
		"https://api.twitch.tv/helix/users?id=7&login=b&login=a":          {{Name: "b"}, {Name: "a"}, {Name: "B"}, {ID: "7", Name: "c"}, {ID: "7"}},
		"https://api.twitch.tv/helix/channels/followers?broadcaster_id=1": {seen},
	} {
		if _, err := ask(t, s, refs...); err != nil {
			t.Fatal(err)
		}
		if got := s.asked.URL.String(); got != want {
			t.Errorf("asked %s, want %s", got, want)
		}
		if h := s.asked.Header; h.Get("Authorization") != "Bearer apptoken" || h.Get("Client-Id") != "theapp" {
			t.Errorf("the headers are %v", h)
		}
	}
}

// TestUsers has one odd channel beside a good one.
func TestUsers(t *testing.T) {
	for name, c := range map[string]struct {
		user string
		kind networks.Kind
	}{
		"good":            {user: `{"id":"1","login":"A","display_name":"Ä"}`},
		"left out":        {user: `{"id":"3","login":"c"}`, kind: networks.NotFound},
		"no login":        {user: `{"id":"1"}`, kind: networks.Malformed},
		"no id":           {user: `{"login":"a"}`, kind: networks.Malformed},
		"odd id":          {user: `{"id":"x","login":"a"}`, kind: networks.Malformed},
		"a number":        {user: `{"id":1,"login":"a"}`, kind: networks.Malformed},
		"an odd name":     {user: `{"id":"1","login":"a","display_name":{}}`, kind: networks.Malformed},
		"null":            {user: `null`, kind: networks.Malformed},
		"no object":       {user: `5`, kind: networks.Malformed},
		"another channel": {user: `{"id":"2","login":"a2"}`, kind: networks.NotFound},
	} {
		t.Run(name, func(t *testing.T) {
			body := `{"data":[{"id":"2","login":"b","display_name":"B","broadcaster_type":"partner"},` + c.user + `]}`
			results, err := ask(t, &server{status: 200, body: body}, networks.Ref{Name: "a"}, networks.Ref{ID: "2", Name: "b"})
			if err != nil {
				t.Fatal(err)
			}
			want := networks.Ref{Kind: "seen\tpartner\tb\tB", ID: "2", Name: "b"}
			if name == "another channel" {
				want.Kind = "seen\t\ta2\t" // the answer holds this id twice, and the later one counts
			}
			if next := results[1].Next; next == nil || *next != want {
				t.Errorf("the neighbour is %+v, want %+v", results[1], want)
			}
			r := results[0]
			switch {
			case c.kind != 0:
				if r.Err == nil || r.Err.Kind != c.kind || r.Next != nil {
					t.Errorf("%+v, %v, want %s", r.Next, r.Err, c.kind)
				}
			case r.Next == nil || *r.Next != networks.Ref{Kind: "seen\t\tA\tÄ", ID: "1", Name: "a"}:
				t.Errorf("%+v, %v", r.Next, r.Err)
			}
		})
	}
}

// TestTotals are answers about one channel.
func TestTotals(t *testing.T) {
	for body, want := range map[string]networks.Kind{
		`{"total":5,"data":[],"pagination":{}}`: 0,
		`{"data":[],"pagination":{}}`:           networks.Malformed, // it was seen to go missing, and is no 0
		`{"total":null}`:                        networks.Malformed,
		`{"total":"5"}`:                         networks.Malformed,
		`{"total":-5}`:                          networks.Malformed,
	} {
		results, err := ask(t, &server{status: 200, body: body}, seen)
		if err != nil {
			t.Fatal(err)
		}
		r := results[0]
		if want != 0 {
			if r.Err == nil || r.Err.Kind != want {
				t.Errorf("%s: %+v, want %s", body, r, want)
			}
			continue
		}
		known := networks.Ref{ID: "1", Name: "a"}
		if p := r.Profile; p == nil || p.Followers != networks.Known(5) || p.Name != "A b" || p.Nickname != "a" || p.Verified != networks.Yes || r.Known != known {
			t.Errorf("%+v, %v", p, r.Err)
		}
	}
}

func TestRecordedTotal(t *testing.T) {
	results, err := ask(t, &server{status: 200, body: recorded(t, "followers-shape.json")}, seen)
	if err != nil || results[0].Profile == nil || results[0].Profile.Followers != networks.Known(158) {
		t.Errorf("%+v, %v", results, err)
	}
}

// TestRequests: 100 channels cost a request for who they are and one each, in every
// poll, and a channel under two names one.
func TestRequests(t *testing.T) {
	w := sim.NewWorld(1)
	w.AllowToken("twitch", "theapp", "appsecret")
	w.AllowToken("twitch", "apptoken", "theapp")
	var refs []networks.Ref
	for i := range 150 {
		w.Add(sim.Account{Network: "twitch", ID: fmt.Sprint(i + 1), Handle: fmt.Sprintf("user%d", i), Name: "N", Followers: int64(1000 + i)})
		refs = append(refs, networks.Ref{Name: fmt.Sprintf("user%d", i)})
	}
	refs = append(refs, networks.Ref{ID: "150"})
	server := httptest.NewServer(sim.Twitch(w))
	defer server.Close()
	n := twitch.New(networks.Options{BaseURL: server.URL})
	for poll := range 3 {
		w.ResetLog("twitch")
		for i, r := range networks.Ask(t.Context(), n, token, refs) {
			if r.Err != nil || r.Profile.Followers != networks.Known(int64(min(1000+i, 1149))) || r.Known.Name != refs[i].Name || r.Known.Kind != "" {
				t.Fatalf("%+v: %+v, %v", refs[i], r, r.Err)
			}
			if poll == 2 && i == 0 && (r.Profile.Nickname != "renamed" || r.Profile.Name != "New") {
				t.Errorf("a renamed channel is %+v", r.Profile)
			}
			refs[i] = r.Known
		}
		if got, want := w.Ops("twitch"), (map[string]int{"users": 2, "channels/followers": 150}); !maps.Equal(got, want) {
			t.Errorf("requests: %v, want %v", got, want)
		}
		if poll == 1 {
			w.Update("twitch", "user0", func(a *sim.Account) { a.Handle, a.Name = "renamed", "New" })
		}
	}
}
