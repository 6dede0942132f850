package tiktok_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/networktest"
	"collectord/networks/sim"
	"collectord/networks/tiktok"
)

var token = keychain.Token{Slot: "tt:brand", Value: keychain.Mapping(map[string]string{
	"client_key": "the-key", "client_secret": "the-secret", "refresh_token": "rft.the-refresh", "access_token": "act.the-access",
})}

// server is an http.RoundTripper that gives one answer, and keeps the request.
type server struct {
	status int
	body   string

	asked *http.Request
	form  url.Values
}

func (s *server) RoundTrip(r *http.Request) (*http.Response, error) {
	s.asked = r
	s.form = networktest.Form(r)
	return networktest.Response(r, s.status, nil, s.body), nil
}

func (s *server) network() networks.Network {
	return tiktok.New(networks.Options{HTTP: &http.Client{Transport: s}})
}

func simulated(w *sim.World) networks.Network {
	return tiktok.New(networks.Options{HTTP: &http.Client{Transport: networktest.Through{Handler: sim.TikTok(w)}}})
}

func world() *sim.World {
	w := sim.NewWorld(1)
	fill(w)
	w.AllowToken("tiktok", "act.the-access", brandID)
	w.AllowToken("tiktok", "rft.the-refresh", "the-key", "the-secret", brandID)
	return w
}

// ask makes one request about accounts.
func ask(t *testing.T, s *server, token keychain.Token, refs ...networks.Ref) ([]networks.Result, error) {
	t.Helper()
	n := s.network()
	return n.Profiles(t.Context(), token, n.Plan(refs)[0])
}

func answer(user string) string {
	return `{"data":{"user":` + user + `},"error":{"code":"ok","message":"","log_id":"1"}}`
}

func TestOwnAccount(t *testing.T) {
	s := &server{status: 200, body: answer(`{"open_id":"-0a","username":"Brand","display_name":"B","is_verified":false,"follower_count":5,"following_count":1,"likes_count":9,"video_count":2}`)}
	refs := []networks.Ref{{Kind: "me"}, {Name: "brand"}, {ID: "-0a"}, {ID: "-0a", Name: "oldbrand"}, {Name: "rival"}, {ID: "-0b", Name: "brand"}}
	results, err := ask(t, s, token, refs...)
	if err != nil {
		t.Fatal(err)
	}
	want := "https://open.tiktokapis.com/v2/user/info/?fields=open_id%2Cusername%2Cdisplay_name%2Cis_verified%2Cfollower_count%2Cfollowing_count%2Clikes_count%2Cvideo_count"
	if got := s.asked.URL.String(); got != want || s.asked.Header.Get("Authorization") != "Bearer act.the-access" {
		t.Errorf("asked %s", got)
	}
	profile := networks.Profile{
		ID: "-0a", Type: "person", Name: "B", Nickname: "Brand", Link: "https://www.tiktok.com/@Brand", Verified: networks.No,
		Followers: networks.Known(5), Following: networks.Known(1), Likes: networks.Known(9), Posts: networks.Known(2),
	}
	for i, r := range refs[:4] {
		p := results[i].Profile
		if p == nil || *p != profile || results[i].Known != (networks.Ref{Kind: r.Kind, ID: "-0a", Name: r.Name}) {
			t.Errorf("%+v: %+v, %v, known %+v", r, p, results[i].Err, results[i].Known)
		}
	}
	for i, r := range refs[4:] {
		if e := results[4+i].Err; e == nil || e.Kind != networks.NotFound || !strings.Contains(e.Hint, "@Brand") {
			t.Errorf("%+v: %v, want not found with a hint", r, e)
		}
	}
}

// TestOtherLogin: who logs in to the slot of "me" with another account is not counted
// as the old one.
func TestOtherLogin(t *testing.T) {
	s := &server{status: 200, body: answer(`{"open_id":"-0new","username":"other","follower_count":5}`)}
	results, err := ask(t, s, token, networks.Ref{Kind: "me", ID: "-0old"})
	if err != nil || results[0].Profile == nil || results[0].Profile.ID != "-0new" {
		t.Errorf("%+v, %v, want the new id", results, err)
	}
}

func TestOddAnswers(t *testing.T) {
	for body, want := range map[string]networks.Kind{
		answer(`{"open_id":"-0a","username":"brand"}`):                       networks.Malformed,
		answer(`{"open_id":"-0a","username":"brand","follower_count":null}`): networks.Malformed,
		answer(`{"open_id":"-0a","username":"brand","follower_count":"5"}`):  networks.Malformed,
		answer(`{"open_id":"-0a","username":"brand","follower_count":-1}`):   networks.Malformed,
		answer(`{"username":"brand","follower_count":5}`):                    networks.Malformed,
		answer(`{"open_id":"-0a","follower_count":5}`):                       networks.Malformed,
		answer(`{"open_id":"a b","username":"brand","follower_count":5}`):    networks.Malformed,
		answer(`{"open_id":"-0a","username":["brand"],"follower_count":5}`):  networks.Malformed,
		answer(`null`):                               networks.Malformed,
		`{"data":{},"error":{"code":"ok"}}`:          networks.Malformed,
		`{"data":{"user":{"follower_count":5}}}`:     networks.Malformed,
		`{"data":{},"error":{"code":"brand_new_x"}}`: networks.Malformed,
	} {
		results, err := ask(t, &server{status: 200, body: body}, token, networks.Ref{Name: "brand"})
		if e := networktest.Whole(results, err); e == nil || e.Kind != want {
			t.Errorf("%s: %+v, %v, want %s", body, results, err, want)
		}
	}
}

// TestLoginWithoutItsApp says where the app's words are.
func TestLoginWithoutItsApp(t *testing.T) {
	for _, l := range (&server{}).network().(networks.LoginNetwork).Logins() {
		for _, in := range []map[string]keychain.Secret{{}, {"client_key": "k"}, {"client_secret": "s"}} {
			_, err := l.Begin(in, "http://127.0.0.1:9185/")
			var e *networks.Error
			if !errors.As(err, &e) || e.Kind != networks.Forbidden || !strings.Contains(e.Hint, "developers.tiktok.com/apps") || !strings.Contains(e.Msg, "is missing") {
				t.Errorf("%s with %d of two: %v", l.Name, len(in), err)
			}
		}
	}
}
