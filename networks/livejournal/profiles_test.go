package livejournal_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/livejournal"
	"collectord/networks/networktest"
	"collectord/networks/sim"
)

// recorded returns a list as the real LiveJournal gives it.
func recorded(t *testing.T, file string) string {
	t.Helper()
	return networktest.Recorded(t, "livejournal/"+file)
}

// server is an http.RoundTripper that gives one answer, and keeps the request.
type server struct {
	status int
	body   string
	asked  *http.Request
}

func (s *server) RoundTrip(r *http.Request) (*http.Response, error) {
	s.asked = r
	return networktest.Response(r, s.status, nil, s.body), nil
}

func (s *server) network() networks.Network {
	return livejournal.New(networks.Options{HTTP: &http.Client{Transport: s}})
}

// ask makes one request about an account.
func ask(t *testing.T, s *server, ref networks.Ref) ([]networks.Result, error) {
	t.Helper()
	n := s.network()
	return n.Profiles(t.Context(), keychain.Token{}, n.Plan([]networks.Ref{ref})[0])
}

const note = "# Note: Polite data miners cache on their end.  Impolite ones get banned.\n"

func TestRecordedJournal(t *testing.T) {
	s := &server{status: 200, body: recorded(t, "fdata-personal.txt")}
	results, err := ask(t, s, networks.Ref{Name: "exampleusername"})
	if err != nil {
		t.Fatal(err)
	}
	if got := s.asked.URL.String(); got != "https://www.livejournal.com/misc/fdata.bml?user=exampleusername" {
		t.Errorf("asked %s", got)
	}
	want := networks.Profile{
		ID: "exampleusername", Type: "person", Nickname: "exampleusername", Link: "https://exampleusername.livejournal.com/",
		Followers: networks.Known(1), Following: networks.Known(1),
	}
	known := networks.Ref{Kind: "person", ID: "exampleusername", Name: "exampleusername"}
	if p := results[0].Profile; p == nil || *p != want || results[0].Known != known {
		t.Errorf("%+v, %v, known %+v", p, results[0].Err, results[0].Known)
	}
}

func TestRecordedCommunity(t *testing.T) {
	s := &server{status: 200, body: recorded(t, "fdata-community.txt")}
	for _, kind := range []string{"", "community"} {
		results, err := ask(t, s, networks.Ref{Kind: kind, Name: "examplecomm"})
		if err != nil {
			t.Fatal(err)
		}
		p := results[0].Profile
		if p == nil || p.Type != "group" || p.Followers != networks.Known(1) || p.Following != (networks.Count{}) || results[0].Known.Kind != "community" {
			t.Errorf("%+v, %v, known %+v", p, results[0].Err, results[0].Known)
		}
		want := map[string]string{"": "user=examplecomm", "community": "comm=1&user=examplecomm"}[kind]
		if s.asked.URL.RawQuery != want {
			t.Errorf("asked %s, want %s", s.asked.URL.RawQuery, want)
		}
	}
}

func TestCounting(t *testing.T) {
	for name, c := range map[string]struct {
		body           string
		readers, reads int64
	}{
		"nobody":        {note, 0, 0},
		"some":          {note + "> a\n> b_c\n< a\n< ext_1\n< d-e\n", 3, 2},
		"typed":         {note + "P> a\nP< a\nP< b\nC> c\nC< d\n", 2, 1},
		"network lines": {strings.ReplaceAll(note+"> a\n< b\n", "\n", "\r\n"), 1, 1},
		"blank lines":   {note + "\n< b\n\n", 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			results, err := ask(t, &server{status: 200, body: c.body}, networks.Ref{Name: "a"})
			if err != nil {
				t.Fatal(err)
			}
			if p := results[0].Profile; p == nil || p.Followers != networks.Known(c.readers) || p.Following != networks.Known(c.reads) {
				t.Errorf("%+v, %v, want %d and %d", p, results[0].Err, c.readers, c.reads)
			}
		})
	}
}

// TestNoListIsNoZero has what must not become a journal that nobody reads.
func TestNoListIsNoZero(t *testing.T) {
	for name, body := range map[string]string{
		"html":              "<!DOCTYPE html>\n<html><body>Log in</body></html>\n",
		"html, no doctype":  "<HTML><body></body></html>\n",
		"html behind blank": "\n\n<html>\n",
		"html in a list":    note + "< a\n<html>\n",
		"cut":               note + "< a\n< b",
		"cut in the note":   note[:20],
		"no note":           "< a\n< b\n",
		"text":              "upstream connect error\n",
		"two names":         note + "< a b\n",
		"no name":           note + "< \n",
		"other direction":   note + "= a\n",
		"other kind":        note + "X< a\n",
		"empty":             "",
		"an exclamation":    "! come back later\n",
		"one in a list":     note + "< a\n! come back later\n",
	} {
		t.Run(name, func(t *testing.T) {
			results, err := ask(t, &server{status: 200, body: body}, networks.Ref{Name: "a"})
			if e := networktest.Whole(results, err); e == nil || e.Kind != networks.Malformed {
				t.Errorf("%+v, %v, want malformed", results, err)
			}
		})
	}
}

// TestCommunityIsAskedOnce for what it is.
func TestCommunityIsAskedOnce(t *testing.T) {
	w := sim.NewWorld(1)
	fill(w)
	rec := func(r *http.Request) *http.Response {
		rr := httptest.NewRecorder()
		sim.LiveJournal(w).ServeHTTP(rr, r)
		return rr.Result()
	}
	n := livejournal.New(networks.Options{HTTP: &http.Client{Transport: roundTrip(rec)}})
	ref := networks.Ref{Name: "ru_auto"}
	for _, requests := range []int{2, 1} {
		w.ResetLog("livejournal")
		r := networks.Ask(t.Context(), n, keychain.Token{}, []networks.Ref{ref})[0]
		if r.Err != nil || r.Profile.Followers != networks.Known(4_321) || w.Requests("livejournal") != requests {
			t.Errorf("%+v, %v, %d requests, want %d", r.Profile, r.Err, w.Requests("livejournal"), requests)
		}
		ref = r.Known
	}
	// A note without lists sends on as well, and not in a circle.
	s := &server{status: 200, body: note + "# Note: a is a community account\n"}
	results, err := ask(t, s, networks.Ref{Name: "a"})
	if err != nil || results[0].Next == nil || *results[0].Next != (networks.Ref{Kind: "community", Name: "a"}) {
		t.Errorf("%+v, %v, want to ask for it as a community", results, err)
	}
	if results, err := ask(t, s, *results[0].Next); err != nil || results[0].Profile == nil || results[0].Profile.Followers != networks.Known(0) {
		t.Errorf("%+v, %v", results, err)
	}
	if e := networktest.Whole(ask(t, &server{status: 200, body: "! not a person\n"}, networks.Ref{Kind: "community", Name: "a"})); e == nil || e.Kind != networks.NotFound {
		t.Errorf("neither: %v, want not found", e)
	}
}

type roundTrip func(*http.Request) *http.Response

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) {
	resp := f(r)
	resp.Request = r
	return resp, nil
}

func TestLinks(t *testing.T) {
	n := livejournal.New(networks.Options{})
	for name, want := range map[string]string{
		"tema": "https://tema.livejournal.com/", "ru_auto": "https://ru-auto.livejournal.com/", "_a": "https://users.livejournal.com/_a/", "a_": "https://users.livejournal.com/a_/",
	} {
		results, err := ask(t, &server{status: 200, body: note}, networks.Ref{Name: name})
		if err != nil || results[0].Profile.Link != want {
			t.Errorf("%s: %+v, %v, want %s", name, results, err, want)
		}
		if again, err := n.Parse(want); err != nil || again.Name != name {
			t.Errorf("Parse(%q) = %+v, %v", want, again, err)
		}
	}
}
