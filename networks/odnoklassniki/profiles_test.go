package odnoklassniki_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/networktest"
	"collectord/networks/odnoklassniki"
)

// recorded returns a file with facts of the real Odnoklassniki.
func recorded(t *testing.T, file string) []byte {
	t.Helper()
	return []byte(networktest.Recorded(t, "odnoklassniki/"+file))
}

// server is an http.RoundTripper that gives one answer, and keeps the request.
type server struct {
	status int
	header http.Header
	body   string

	asked *http.Request
	form  url.Values
}

func (s *server) RoundTrip(r *http.Request) (*http.Response, error) {
	s.asked = r
	s.form = networktest.Form(r)
	return networktest.Response(r, s.status, s.header, s.body), nil
}

func (s *server) network() networks.Network {
	return odnoklassniki.New(networks.Options{HTTP: &http.Client{Transport: s}})
}

var token = keychain.Token{Slot: "ok", Value: keychain.Mapping(map[string]string{
	"app_key": "app-key", "app_secret": "app-secret", "access_token": "the-token",
})}

// ask makes one request about accounts.
func ask(t *testing.T, s *server, token keychain.Token, accounts ...string) ([]networks.Result, error) {
	t.Helper()
	n := s.network()
	return n.Profiles(t.Context(), token, n.Plan(networktest.Refs(t, n, accounts...))[0])
}

// TestRecordedSignature makes the request whose signature is recorded.
func TestRecordedSignature(t *testing.T) {
	var v struct {
		Access string            `json:"access_token"`
		Secret string            `json:"application_secret_key"`
		Params map[string]string `json:"params"`
		Sig    string            `json:"sig"`
	}
	if err := json.Unmarshal(recorded(t, "sig-vector-computed.json"), &v); err != nil {
		t.Fatal(err)
	}
	s := &server{status: 200, body: `[]`}
	tok := keychain.Token{Slot: "ok", Value: keychain.Mapping(map[string]string{
		"app_key": v.Params["application_key"], "app_secret": v.Secret, "access_token": v.Access,
	})}
	if _, err := ask(t, s, tok, strings.Split(v.Params["uids"], ",")...); err != nil {
		t.Fatal(err)
	}
	want := url.Values{"sig": {v.Sig}, "access_token": {v.Access}}
	for name, value := range v.Params {
		want.Set(name, value)
	}
	if s.form.Encode() != want.Encode() {
		t.Errorf("asked\n%v, want\n%v", s.form, want)
	}
	if got := s.asked.URL.String(); s.asked.Method != http.MethodPost || got != "https://api.ok.ru/fb.do" {
		t.Errorf("asked %s %s: the token has no place in an address", s.asked.Method, got)
	}
}

func TestAnswers(t *testing.T) {
	const list = `[{"uid":"2","name":"B","members_count":7},{"uid":1,"name":"A","shortname":"a","members_count":5}]`
	for name, body := range map[string]string{"a list": list, "an object": `{"groups":` + list + `,"x":1}`} {
		t.Run(name, func(t *testing.T) {
			results, err := ask(t, &server{status: 200, body: body}, token, "1", "2", "3", "1")
			if err != nil {
				t.Fatal(err)
			}
			p := results[0].Profile
			if p == nil || *p != (networks.Profile{ID: "1", Type: "group", Name: "A", Nickname: "a", Link: "https://ok.ru/a", Followers: networks.Known(5)}) {
				t.Errorf("%+v, %v", p, results[0].Err)
			}
			p = results[1].Profile
			if p == nil || p.Nickname != "group2" || p.Link != "https://ok.ru/group/2" || p.Followers != networks.Known(7) {
				t.Errorf("%+v, %v", p, results[1].Err)
			}
			if e := results[2].Err; e == nil || e.Kind != networks.NotFound {
				t.Errorf("one that was left out: %v", e)
			}
			if results[3].Profile == nil {
				t.Errorf("asked twice: %v", results[3].Err)
			}
		})
	}
}

func TestOddGroups(t *testing.T) {
	for name, odd := range map[string]string{
		"no count":       `{"uid":"1","name":"A"}`,
		"null count":     `{"uid":"1","name":"A","members_count":null}`,
		"text count":     `{"uid":"1","name":"A","members_count":"5"}`,
		"negative count": `{"uid":"1","name":"A","members_count":-5}`,
		"odd name":       `{"uid":"1","name":["A"],"members_count":5}`,
	} {
		t.Run(name, func(t *testing.T) {
			results, err := ask(t, &server{status: 200, body: `[` + odd + `,null,{"uid":"2","members_count":7}]`}, token, "1", "2")
			if err != nil {
				t.Fatal(err)
			}
			if e := results[0].Err; e == nil || e.Kind != networks.Malformed || results[0].Profile != nil {
				t.Errorf("%+v, %v, want malformed", results[0].Profile, e)
			}
			if p := results[1].Profile; p == nil || p.Followers != networks.Known(7) {
				t.Errorf("the neighbour is %+v, %v", p, results[1].Err)
			}
		})
	}
}

func TestResolve(t *testing.T) {
	for body, c := range map[string]struct {
		id   string
		kind networks.Kind
		hint string
	}{
		`{"objectId":53038939046008,"type":"GROUP"}`:                      {id: "53038939046008"},
		`{"objectId":"53038939046008","type":"GROUP"}`:                    {id: "53038939046008"},
		`{"objectId":9e99,"objectIdStr":"53038939046008","type":"GROUP"}`: {id: "53038939046008"},
		`{"objectId":0,"type":"UNKNOWN"}`:                                 {kind: networks.NotFound},
		`{"objectIdStr":"1","type":"PROFILE"}`:                            {kind: networks.NotFound, hint: "a person's address"},
		`{"error_code":300,"error_msg":"NOT_FOUND : no object"}`:          {kind: networks.NotFound},
		`{"error_code":100,"error_msg":"PARAM : Invalid url"}`:            {kind: networks.NotFound},
		`{"objectId":-1,"type":"GROUP"}`:                                  {kind: networks.Malformed},
		`{"objectId":"x/../y","objectIdStr":"a,b","type":"GROUP"}`:        {kind: networks.Malformed},
		`{}`: {kind: networks.Malformed},
	} {
		s := &server{status: 200, body: body}
		results, err := ask(t, s, token, "apiok")
		if s.form.Get("url") != "https://ok.ru/apiok" {
			t.Errorf("asked for %q", s.form.Get("url"))
		}
		e := networktest.Whole(results, err)
		if c.kind != 0 {
			if e == nil || e.Kind != c.kind || !strings.Contains(e.Hint, c.hint) {
				t.Errorf("%s: %+v, %v, want %s", body, results, err, c.kind)
			}
			continue
		}
		if e != nil || results[0].Next == nil || *results[0].Next != (networks.Ref{ID: c.id, Name: "apiok"}) {
			t.Errorf("%s: %+v, %v, want to ask for %s next", body, results, err, c.id)
		}
	}
}
