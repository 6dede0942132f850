package instagram_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/instagram"
	"collectord/networks/internal/meta"
	"collectord/networks/networktest"
)

// recorded returns a body that Meta gave.
func recorded(t *testing.T, file string) string {
	t.Helper()
	return networktest.Recorded(t, file)
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
	return instagram.New(networks.Options{HTTP: &http.Client{Transport: s}})
}

// item is an item of a batch's answer.
func item(status int, body string, headers ...string) string {
	type header struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	list := make([]header, 0, len(headers)/2)
	for i := 0; i < len(headers); i += 2 {
		list = append(list, header{headers[i], headers[i+1]})
	}
	b, _ := json.Marshal(map[string]any{"code": status, "headers": list, "body": body})
	return string(b)
}

func batchOf(items ...string) string { return "[" + strings.Join(items, ",") + "]" }

func account(name string, followers string) string {
	return item(200, `{"business_discovery":{"id":"1784","username":"`+name+`","name":"N","followers_count":`+followers+`},"id":"1"}`)
}

var (
	discovery = keychain.Token{Slot: "ig", Value: keychain.Mapping(map[string]string{
		"access_token": "EAAGtoken", "ig_user_id": "17841405309211844", "app_secret": "appsecret",
	})}
	login = keychain.Token{Slot: "ig:brand", Value: keychain.Bare("IGAAtoken")}
)

// ask makes one request about accounts.
func ask(t *testing.T, s *server, token keychain.Token, accounts ...string) ([]networks.Result, error) {
	t.Helper()
	n := s.network()
	return n.Profiles(t.Context(), token, n.Plan(networktest.Refs(t, n, accounts...))[0])
}

func TestRequest(t *testing.T) {
	s := &server{status: 200, body: batchOf(account("a", "1"), account("b", "2"), item(200, `{"id":"3","username":"c","followers_count":3}`))}
	results, err := ask(t, s, discovery, "a", "B", "@A", "me")
	if err != nil {
		t.Fatal(err)
	}
	if got := s.asked.URL.String(); s.asked.Method != http.MethodPost || got != "https://graph.facebook.com/v25.0/" {
		t.Errorf("asked %s %s", s.asked.Method, got)
	}
	if got := s.asked.Header.Get("Authorization"); got != "Bearer EAAGtoken" {
		t.Errorf("Authorization is %q", got)
	}
	const list = `[{"method":"GET","relative_url":"v25.0/17841405309211844?fields=business_discovery.username(a){id,username,name,followers_count,follows_count,media_count}"},` +
		`{"method":"GET","relative_url":"v25.0/17841405309211844?fields=business_discovery.username(b){id,username,name,followers_count,follows_count,media_count}"},` +
		`{"method":"GET","relative_url":"v25.0/17841405309211844?fields=id,username,name,followers_count,follows_count,media_count"}]`
	want := url.Values{"batch": {list}, "include_headers": {"true"}, "appsecret_proof": {meta.Proof("EAAGtoken", "appsecret")}}
	if s.form.Encode() != want.Encode() {
		t.Errorf("the form is\n%v, want\n%v", s.form, want)
	}
	for i, followers := range []int64{1, 2, 1, 3} {
		if p := results[i].Profile; p == nil || p.Followers != networks.Known(followers) {
			t.Errorf("result %d is %+v, %v, want %d followers", i, p, results[i].Err, followers)
		}
	}
	if want := (networks.Ref{Kind: "me", ID: "3"}); results[3].Known != want {
		t.Errorf("Known is %+v, want %+v", results[3].Known, want)
	}
}

func TestVersion(t *testing.T) {
	s := &server{status: 200, body: batchOf(account("a", "1"))}
	n := instagram.New(networks.Options{HTTP: &http.Client{Transport: s}, APIVersion: "v26.0", BaseURL: "https://graph.example/x/"})
	if _, err := n.Profiles(t.Context(), discovery, n.Plan([]networks.Ref{{Name: "a"}})[0]); err != nil {
		t.Fatal(err)
	}
	if got := s.asked.URL.String(); got != "https://graph.example/x/v26.0/" || !strings.Contains(s.form.Get("batch"), `"v26.0/1784`) {
		t.Errorf("asked %s with %v", got, s.form)
	}
}

func TestRecordedAnswer(t *testing.T) {
	s := &server{status: 200, body: batchOf(
		item(200, recorded(t, "instagram/business_discovery-docs.json")),
		item(400, recorded(t, "instagram/error-110-2207013.json")),
		"null",
	)}
	results, err := ask(t, s, discovery, "bluebottle", "personal", "slow")
	if err != nil {
		t.Fatal(err)
	}
	p := results[0].Profile
	if p == nil || p.ID != "17841401441775531" || p.Nickname != "bluebottle" || p.Followers != networks.Known(267788) ||
		p.Posts != networks.Known(1205) || p.Following != (networks.Count{}) || p.Link != "https://www.instagram.com/bluebottle/" {
		t.Errorf("the profile is %+v, %v", p, results[0].Err)
	}
	if e := results[1].Err; e == nil || e.Kind != networks.NotFound || e.Code != "110/2207013" || !strings.Contains(e.Hint, "personal account") {
		t.Errorf("an unknown account: %v", e)
	}
	if e := results[2].Err; e == nil || e.Kind != networks.Temporary {
		t.Errorf("an item that timed out: %v", e)
	}
}

func TestRecordedBatchKeepsOrder(t *testing.T) {
	s := &server{status: 200, body: recorded(t, "facebook/batch-response-docs.json")}
	results, err := ask(t, s, discovery, "a", "b", "c")
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []networks.Kind{networks.Malformed, networks.Malformed, networks.Temporary} {
		if e := results[i].Err; e == nil || e.Kind != want {
			t.Errorf("item %d: %v, want %s", i, e, want)
		}
	}
}

func TestOddItems(t *testing.T) {
	for name, odd := range map[string]string{
		"another account":      account("c", "5"),
		"no discovery":         item(200, `{"id":"1"}`),
		"no count":             item(200, `{"business_discovery":{"id":"1","username":"a"}}`),
		"no id":                item(200, `{"business_discovery":{"username":"a","followers_count":5}}`),
		"odd name":             item(200, `{"business_discovery":{"id":"1","username":"a","name":[],"followers_count":5}}`),
		"no JSON":              item(200, `<html>`),
		"no body":              `{"code":200}`,
		"body that is no text": `{"code":200,"body":{"id":"1"}}`,
		"a number":             `7`,
		"no envelope":          item(404, `{}`),
	} {
		t.Run(name, func(t *testing.T) {
			results, err := ask(t, &server{status: 200, body: batchOf(odd, account("b", "7"))}, discovery, "a", "b")
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
	_, err := ask(t, &server{status: 200, body: batchOf(account("a", "5"))}, discovery, "a", "b")
	var e *networks.Error
	if !errors.As(err, &e) || e.Kind != networks.Malformed {
		t.Errorf("one answer to two requests: %v, want malformed", err)
	}
}

func TestLogin(t *testing.T) {
	const flat = `{"user_id":17841405309211844,"id":"717","username":"Brand","name":"Brand","followers_count":54321,"follows_count":1,"media_count":2}`
	for name, body := range map[string]string{"flat": flat, "in data": `{"data":[` + flat + `]}`} {
		t.Run(name, func(t *testing.T) {
			s := &server{status: 200, body: body}
			n := s.network()
			refs := []networks.Ref{{Kind: "me"}, {Name: "brand"}, {Name: "rival"}, {Name: "oldbrand", ID: brandID}}
			results, err := n.Profiles(t.Context(), login, n.Plan(refs)[0])
			if err != nil {
				t.Fatal(err)
			}
			if got := s.asked.URL; got.Host != "graph.instagram.com" || got.Path != "/v25.0/me" || strings.Contains(got.RawQuery, "IGAA") {
				t.Errorf("asked %s", got)
			}
			for _, i := range []int{0, 1, 3} {
				p := results[i].Profile
				if p == nil || p.ID != brandID || p.Nickname != "Brand" || p.Followers != networks.Known(54321) {
					t.Errorf("%+v: %+v, %v", refs[i], p, results[i].Err)
				}
				if k := results[i].Known; k.ID != brandID || k.Name != refs[i].Name || k.Kind != refs[i].Kind {
					t.Errorf("%+v: Known is %+v", refs[i], k)
				}
			}
			if e := results[2].Err; e == nil || e.Kind != networks.NotFound || !strings.Contains(e.Hint, "@Brand") {
				t.Errorf("another account: %v, hint %q", e, e.Hint)
			}
		})
	}
}

func TestLoginWithoutCount(t *testing.T) {
	for body, want := range map[string]networks.Kind{
		`{"user_id":"1","username":"brand"}`:                         networks.Malformed,
		`{"user_id":"1","username":"brand","followers_count":"5"}`:   networks.Malformed,
		`{"username":"brand","followers_count":5}`:                   networks.Malformed,
		`{"user_id":null,"username":"brand","followers_count":null}`: networks.Malformed,
	} {
		results, err := ask(t, &server{status: 200, body: body}, login, "brand")
		if err != nil {
			t.Fatal(err)
		}
		if e := results[0].Err; e == nil || e.Kind != want {
			t.Errorf("%s: %+v, %v, want %s", body, results[0].Profile, e, want)
		}
	}
}
