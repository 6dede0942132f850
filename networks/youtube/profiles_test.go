package youtube_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/networktest"
	"collectord/networks/sim"
	"collectord/networks/youtube"
)

// recorded returns a body that the real YouTube gave.
func recorded(t *testing.T, file string) string {
	t.Helper()
	return networktest.Recorded(t, "youtube/"+file)
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
	return youtube.New(networks.Options{HTTP: &http.Client{Transport: s}})
}

var token = keychain.Token{Slot: "yt", Value: keychain.Bare("AIzaSecret")}

// ask makes one request about accounts.
func ask(t *testing.T, s *server, accounts ...string) ([]networks.Result, error) {
	t.Helper()
	n := s.network()
	return n.Profiles(t.Context(), token, n.Plan(networktest.Refs(t, n, accounts...))[0])
}

func TestRequest(t *testing.T) {
	s := &server{status: 200, body: `{"kind":"youtube#channelListResponse"}`}
	for want, accounts := range map[string][]string{
		"id=" + id(2) + "%2C" + id(1): {id(2), id(1), id(2)},
		"forHandle=%40a.b.c":          {"@a.b.c"},
		"forUsername=abc":             {"youtube.com/user/ABC"},
	} {
		if _, err := ask(t, s, accounts...); err != nil {
			t.Fatal(err)
		}
		address := s.asked.URL.String()
		if !strings.HasPrefix(address, "https://www.googleapis.com/youtube/v3/channels?") || !strings.Contains(address, want) ||
			!strings.Contains(address, "maxResults=50") || !strings.Contains(address, "part=snippet%2Cstatistics") {
			t.Errorf("asked %s, want %s in it", address, want)
		}
		if strings.Contains(address, "AIza") || s.asked.Header.Get("X-Goog-Api-Key") != "AIzaSecret" {
			t.Errorf("the key is not in its header alone: %s %v", address, s.asked.Header)
		}
	}
}

// TestRecordedAnswer is an answer without statistics, which nobody counted in.
func TestRecordedAnswer(t *testing.T) {
	results, err := ask(t, &server{status: 200, body: recorded(t, "channels-info.json")}, developers, id(1))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []networks.Kind{networks.Malformed, networks.NotFound} {
		if e := results[i].Err; e == nil || e.Kind != want {
			t.Errorf("result %d: %v, want %s", i, e, want)
		}
	}
}

func item(channel, more string) string {
	return fmt.Sprintf(`{"id":%q,"snippet":{"title":"T","customUrl":"@han.dle"}%s}`, channel, more)
}

func statistics(s string) string { return `,"statistics":{` + s + `}` }

// TestCounts has one odd channel beside a good one.
func TestCounts(t *testing.T) {
	for name, c := range map[string]struct {
		item  string
		kind  networks.Kind
		posts networks.Count
	}{
		"strings":          {item: item(id(1), statistics(`"subscriberCount":"5","videoCount":"9"`)), posts: networks.Known(9)},
		"numbers":          {item: item(id(1), statistics(`"subscriberCount":5,"videoCount":9,"hiddenSubscriberCount":false`)), posts: networks.Known(9)},
		"odd video count":  {item: item(id(1), statistics(`"subscriberCount":"5","videoCount":"x"`))},
		"hidden":           {item: item(id(1), statistics(`"hiddenSubscriberCount":true`)), kind: networks.Hidden},
		"hidden and 0":     {item: item(id(1), statistics(`"hiddenSubscriberCount":true,"subscriberCount":"0"`)), kind: networks.Hidden},
		"hidden and more":  {item: item(id(1), statistics(`"hiddenSubscriberCount":true,"subscriberCount":"12"`)), kind: networks.Hidden},
		"hidden and odd":   {item: item(id(1), statistics(`"hiddenSubscriberCount":true,"subscriberCount":{}`)), kind: networks.Hidden},
		"hidden is a text": {item: item(id(1), statistics(`"hiddenSubscriberCount":"true","subscriberCount":"5"`)), kind: networks.Malformed},
		"no count":         {item: item(id(1), statistics(`"videoCount":"9"`)), kind: networks.Malformed},
		"odd count":        {item: item(id(1), statistics(`"subscriberCount":"1.2M"`)), kind: networks.Malformed},
		"no statistics":    {item: item(id(1), ``), kind: networks.Malformed},
		"null statistics":  {item: item(id(1), `,"statistics":null`), kind: networks.Malformed},
		"left out":         {item: item(id(3), statistics(`"subscriberCount":"5"`)), kind: networks.NotFound},
		"null":             {item: "null", kind: networks.Malformed},
		"a text":           {item: `"x"`, kind: networks.Malformed},
		"no id":            {item: `{"snippet":{"title":"T"},"statistics":{"subscriberCount":"5"}}`, kind: networks.Malformed},
	} {
		t.Run(name, func(t *testing.T) {
			body := `{"items":[` + item(id(2), statistics(`"subscriberCount":"7"`)) + `,` + c.item + `]}`
			results, err := ask(t, &server{status: 200, body: body}, id(1), id(2))
			if err != nil {
				t.Fatal(err)
			}
			if p := results[1].Profile; p == nil || p.Followers != networks.Known(7) {
				t.Errorf("the neighbour is %+v, %v", p, results[1].Err)
			}
			r := results[0]
			if c.kind != 0 {
				if r.Err == nil || r.Err.Kind != c.kind || (r.Profile != nil) != (c.kind == networks.Hidden) {
					t.Errorf("%+v, %v, want %s", r.Profile, r.Err, c.kind)
				}
				if r.Profile != nil && r.Profile.Followers != (networks.Count{}) {
					t.Errorf("Followers is %v beside a hidden count", r.Profile.Followers)
				}
				return
			}
			if r.Err != nil || r.Profile.Followers != networks.Known(5) || r.Profile.Posts != c.posts || r.Profile.Type != networks.Channel {
				t.Errorf("%+v, %v", r.Profile, r.Err)
			}
		})
	}
}

// TestLookups are answers about one handle.
func TestLookups(t *testing.T) {
	good := item(id(1), statistics(`"subscriberCount":"5"`))
	for body, want := range map[string]networks.Kind{
		`{"items":[` + good + `]}`:              0,
		`{"items":[]}`:                          networks.NotFound,
		`{"kind":"` + listKind + `"}`:           networks.NotFound,
		`{"items":[` + good + `,` + good + `]}`: networks.Malformed,
		`{"items":[null]}`:                      networks.Malformed,
		`{"items":[` + item("UCx", "") + `]}`:   networks.Malformed,
	} {
		results, err := ask(t, &server{status: 200, body: body}, "@han.dle")
		if err != nil {
			t.Fatal(err)
		}
		if e := results[0].Err; e == nil && want != 0 || e != nil && e.Kind != want {
			t.Errorf("%s: %v, want %s", body, e, want)
		}
	}
}

const listKind = "youtube#channelListResponse"

// TestNicknames: a name from before handles is no rename.
func TestNicknames(t *testing.T) {
	for custom, c := range map[string]struct{ account, nickname, link string }{
		`"@han.dle"`: {"Han.Dle", "han.dle", "https://www.youtube.com/@han.dle"},
		`"@new"`:     {"old", "new", "https://www.youtube.com/@new"},
		`"legacy"`:   {"handle", "handle", "https://www.youtube.com/@handle"},
		`null`:       {id(1), id(1), "https://www.youtube.com/channel/" + id(1)},
		`"старое"`:   {id(1), id(1), "https://www.youtube.com/channel/" + id(1)},
		`"@имя"`:     {"имя", "имя", "https://www.youtube.com/@%D0%B8%D0%BC%D1%8F"},
	} {
		body := `{"items":[{"id":"` + id(1) + `","snippet":{"title":"T","customUrl":` + custom + `},"statistics":{"subscriberCount":"5"}}]}`
		results, err := ask(t, &server{status: 200, body: body}, c.account)
		if err != nil {
			t.Fatal(err)
		}
		p := results[0].Profile
		if p == nil || p.Nickname != c.nickname || p.Link != c.link {
			t.Errorf("%s, asked for %s: %+v, want the nickname %q and the link %s", custom, c.account, p, c.nickname, c.link)
		}
	}
}

// TestRequests: a handle costs a request once, and 50 channels one from then on.
func TestRequests(t *testing.T) {
	w := sim.NewWorld(1)
	w.AllowToken("youtube", "AIzaSecret")
	server := httptest.NewServer(sim.YouTube(w))
	defer server.Close()
	n := youtube.New(networks.Options{BaseURL: server.URL})
	var refs []networks.Ref
	for i := range 120 {
		handle := fmt.Sprintf("channel%d", i)
		w.Add(sim.Account{Network: "youtube", ID: id(i), Handle: handle, Name: "C", Type: networks.Channel, Followers: 123_456})
		refs = append(refs, networks.Ref{Name: handle})
	}
	refs[7] = networks.Ref{Kind: "user channel7"}
	for _, want := range []int{120, 3} {
		w.ResetLog("youtube")
		for i, r := range networks.Ask(t.Context(), n, token, refs) {
			if r.Err != nil || r.Profile.Followers != networks.Known(123_000) || r.Known.ID != id(i) || r.Known.Name != refs[i].Name || r.Known.Kind != refs[i].Kind {
				t.Fatalf("%+v: %+v, %v", refs[i], r, r.Err)
			}
			refs[i] = r.Known
		}
		if got := w.Requests("youtube"); got != want {
			t.Errorf("%d requests, want %d", got, want)
		}
	}
}
