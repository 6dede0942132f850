package facebook_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/facebook"
	"collectord/networks/internal/meta"
	"collectord/networks/networktest"
)

// recorded returns a body that Meta gave.
func recorded(t *testing.T, file string) string {
	t.Helper()
	return networktest.Recorded(t, "facebook/"+file)
}

// answer is one answer of a server.
type answer struct {
	status int
	body   string
}

// server is an http.RoundTripper that gives its answers in turn, the last one for
// ever, and keeps the requests.
type server struct {
	answers []answer
	asked   []*http.Request
	form    url.Values
}

func (s *server) RoundTrip(r *http.Request) (*http.Response, error) {
	a := s.answers[min(len(s.asked), len(s.answers)-1)]
	s.asked = append(s.asked, r)
	s.form = networktest.Form(r)
	return networktest.Response(r, a.status, nil, a.body), nil
}

func (s *server) network() networks.Network {
	return facebook.New(networks.Options{HTTP: &http.Client{Transport: s}})
}

func says(status int, bodies ...string) *server {
	s := &server{}
	for _, b := range bodies {
		s.answers = append(s.answers, answer{status, b})
	}
	return s
}

// item is an item of a batch's answer.
func item(status int, body string) string {
	b, _ := json.Marshal(map[string]any{"code": status, "headers": []any{}, "body": body})
	return string(b)
}

func batchOf(items ...string) string { return "[" + strings.Join(items, ",") + "]" }

func pageOf(id, name, followers string) string {
	return item(200, `{"id":"`+id+`","username":"`+name+`","name":"N","followers_count":`+followers+`,"fan_count":4}`)
}

var (
	withApp = keychain.Token{Slot: "fb", Value: keychain.Mapping(map[string]string{
		"access_token": "EAAGtoken", "app_id": "1234567890", "app_secret": "appsecret",
	})}
	bare = keychain.Token{Slot: "fb:page", Value: keychain.Bare("EAAGpage")}
)

// ask makes one request about accounts.
func ask(t *testing.T, s *server, token keychain.Token, accounts ...string) ([]networks.Result, error) {
	t.Helper()
	n := s.network()
	return n.Profiles(t.Context(), token, n.Plan(networktest.Refs(t, n, accounts...))[0])
}

func TestRequest(t *testing.T) {
	s := says(200, batchOf(pageOf("1", "A.b", "1"), pageOf("2", "cd", "2")))
	results, err := ask(t, s, withApp, "a.b", "2", "@A.B")
	if err != nil {
		t.Fatal(err)
	}
	if got := s.asked[0]; got.Method != http.MethodPost || got.URL.String() != "https://graph.facebook.com/v25.0/" {
		t.Errorf("asked %s %s", got.Method, got.URL)
	}
	if got := s.asked[0].Header.Get("Authorization"); got != "Bearer EAAGtoken" {
		t.Errorf("Authorization is %q", got)
	}
	const fields = "?fields=id,name,username,link,followers_count,fan_count,verification_status"
	want := url.Values{
		"batch":           {`[{"method":"GET","relative_url":"v25.0/a.b` + fields + `"},{"method":"GET","relative_url":"v25.0/2` + fields + `"}]`},
		"include_headers": {"true"}, "appsecret_proof": {meta.Proof("EAAGtoken", "appsecret")},
	}
	if s.form.Encode() != want.Encode() {
		t.Errorf("the form is\n%v, want\n%v", s.form, want)
	}
	for i, followers := range []int64{1, 2, 1} {
		if p := results[i].Profile; p == nil || p.Followers != networks.Known(followers) || p.Likes != networks.Known(4) {
			t.Errorf("result %d is %+v, %v, want %d followers", i, p, results[i].Err, followers)
		}
	}
	if want := (networks.Ref{Name: "a.b", ID: "1"}); results[0].Known != want {
		t.Errorf("Known is %+v, want %+v", results[0].Known, want)
	}
	s = says(200, batchOf(pageOf("1", "a", "1")))
	if _, err := ask(t, s, bare, "a"); err != nil || s.form.Has("appsecret_proof") || s.asked[0].Header.Get("Authorization") != "Bearer EAAGpage" {
		t.Errorf("with a bare token: %v, form %v", err, s.form)
	}
}

func TestVersion(t *testing.T) {
	s := says(200, batchOf(pageOf("1", "a", "1")))
	n := facebook.New(networks.Options{HTTP: &http.Client{Transport: s}, APIVersion: "v26.0", BaseURL: "https://graph.example/x/"})
	if _, err := n.Profiles(t.Context(), withApp, n.Plan([]networks.Ref{{Name: "a"}})[0]); err != nil {
		t.Fatal(err)
	}
	if got := s.asked[0].URL.String(); got != "https://graph.example/x/v26.0/" || !strings.Contains(s.form.Get("batch"), `"v26.0/a?`) {
		t.Errorf("asked %s with %v", got, s.form)
	}
}

func TestProfile(t *testing.T) {
	for name, c := range map[string]struct {
		account, body, nickname, link string
		verified                      networks.Flag
	}{
		"named":       {"nasa", `{"id":"5","username":"NASA","link":"https://www.facebook.com/NASA","followers_count":5,"verification_status":"blue_verified"}`, "NASA", "https://www.facebook.com/NASA", networks.Yes},
		"other dots":  {"rianovosti", `{"id":"5","username":"ria.novosti","followers_count":5,"verification_status":"not_verified"}`, "rianovosti", "https://www.facebook.com/rianovosti", networks.No},
		"gray":        {"nasa", `{"id":"5","username":"NASA","followers_count":5,"verification_status":"gray_verified"}`, "NASA", "https://www.facebook.com/NASA", networks.Yes},
		"nameless":    {"5", `{"id":"5","link":"https://www.facebook.com/Title-5/","followers_count":5}`, "5", "https://www.facebook.com/Title-5/", networks.Unknown},
		"odd link":    {"5", `{"id":"5","link":"javascript:alert(1)","followers_count":5}`, "5", "https://www.facebook.com/5", networks.Unknown},
		"by old name": {"title", `{"id":5,"followers_count":5}`, "title", "https://www.facebook.com/title", networks.Unknown},
		"odd likes":   {"5", `{"id":"5","name":7,"fan_count":"x","followers_count":5}`, "5", "https://www.facebook.com/5", networks.Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			results, err := ask(t, says(200, batchOf(item(200, c.body))), bare, c.account)
			if err != nil {
				t.Fatal(err)
			}
			p := results[0].Profile
			if p == nil || p.ID != "5" || p.Nickname != c.nickname || p.Link != c.link || p.Verified != c.verified ||
				p.Type != networks.Page || p.Followers != networks.Known(5) || p.Likes != (networks.Count{}) {
				t.Errorf("the profile is %+v, %v", p, results[0].Err)
			}
		})
	}
}

func TestRecordedBatchKeepsOrder(t *testing.T) {
	results, err := ask(t, says(200, recorded(t, "batch-response-docs.json")), bare, "aa", "bb", "cc")
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
		"another Page":         pageOf("1", "c", "5"),
		"no count":             item(200, `{"id":"1","username":"a"}`),
		"null count":           item(200, `{"id":"1","username":"a","followers_count":null,"fan_count":7}`),
		"no id":                item(200, `{"username":"a","followers_count":5}`),
		"string":               item(200, `{"id":"1","username":"a","followers_count":"5"}`),
		"no JSON":              item(200, `<html>`),
		"no body":              `{"code":200}`,
		"body that is no text": `{"code":200,"body":{"id":"1"}}`,
		"a number":             `7`,
		"no envelope":          item(404, `{}`),
	} {
		t.Run(name, func(t *testing.T) {
			results, err := ask(t, says(200, batchOf(odd, pageOf("2", "b", "7"))), bare, "a", "b")
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
	results, err := ask(t, says(200, batchOf(pageOf("1", "a", "5"))), bare, "7")
	if err != nil || results[0].Err == nil || results[0].Err.Kind != networks.Malformed {
		t.Errorf("asked by id, another answers: %+v, %v, want malformed", results, err)
	}
	_, err = ask(t, says(200, batchOf(pageOf("1", "a", "5"))), bare, "a", "b")
	var e *networks.Error
	if !errors.As(err, &e) || e.Kind != networks.Malformed {
		t.Errorf("one answer to two requests: %v, want malformed", err)
	}
}
