package telegram_test

import (
	"net/http"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/networktest"
	"collectord/networks/sim"
	"collectord/networks/telegram"
)

// recorded returns a body that the real Telegram gave.
func recorded(t *testing.T, file string) string {
	t.Helper()
	return networktest.Recorded(t, "telegram/"+file)
}

var token = keychain.Token{Slot: "tg", Value: keychain.Bare("123456:AAsecret-token")}

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
	return telegram.New(networks.Options{HTTP: &http.Client{Transport: s}})
}

func simulated(w *sim.World) networks.Network {
	return telegram.New(networks.Options{HTTP: &http.Client{Transport: networktest.Through{Handler: sim.Telegram(w)}}})
}

func world() *sim.World {
	w := sim.NewWorld(1)
	fill(w)
	w.AllowToken("telegram", "123456:AAsecret-token")
	return w
}

// fetch asks for accounts, or for what is known of them.
func fetch(t *testing.T, n networks.Network, refs ...networks.Ref) []networks.Result {
	t.Helper()
	return networks.Ask(t.Context(), n, token, refs)
}

// known is what a chat is asked by after its first poll.
func known(t *testing.T, n networks.Network, account string) networks.Ref {
	t.Helper()
	ref, err := n.Parse(account)
	if err != nil {
		t.Fatal(err)
	}
	r := fetch(t, n, ref)[0]
	if r.Err != nil {
		t.Fatal(r.Err)
	}
	return r.Known
}

// TestRequests: two requests for a chat that is new, and one each poll from then on.
func TestRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := world()
		n := simulated(w)
		ref := known(t, n, "durov")
		if got := w.Ops("telegram"); got["getChat"] != 1 || got["getChatMemberCount"] != 1 {
			t.Errorf("the first poll asked %v", got)
		}
		for range 24 {
			time.Sleep(time.Hour)
			r := fetch(t, n, ref)[0]
			if r.Err != nil || r.Profile.Name != "Pavel Durov" || r.Profile.Nickname != "Durov" {
				t.Fatalf("%+v, %v", r.Profile, r.Err)
			}
			ref = r.Known
		}
		if got := w.Ops("telegram"); got["getChat"] != 2 || got["getChatMemberCount"] != 25 {
			t.Errorf("the polls of a day asked %v, want one getChat more", got)
		}
	})
}

func TestAddressAndForm(t *testing.T) {
	s := &server{status: 200, body: recorded(t, "getChatMemberCount-shape.json")}
	n := s.network()
	r := networks.Ref{Kind: known(t, simulated(world()), "durov").Kind, ID: "-1001006503122", Name: "durov"}
	results, err := n.Profiles(t.Context(), token, n.Plan([]networks.Ref{r})[0])
	if err != nil {
		t.Fatal(err)
	}
	if got := s.asked.URL.String(); got != "https://api.telegram.org/bot123456:AAsecret-token/getChatMemberCount" || s.form.Encode() != "chat_id=-1001006503122" {
		t.Errorf("asked %s for %v", got, s.form)
	}
	want := networks.Profile{
		ID: "-1001006503122", Type: "channel", Name: "Pavel Durov", Nickname: "Durov", Link: "https://t.me/Durov", Followers: networks.Known(12345),
	}
	if p := results[0].Profile; p == nil || *p != want || results[0].Known != r {
		t.Errorf("%+v, %v, want %+v", p, results[0].Err, want)
	}
}

// TestChats has getChat answer in its various ways.
func TestChats(t *testing.T) {
	for name, c := range map[string]struct {
		account, chat  string
		nickname, link string // of the profile that comes of it
		kind           networks.Kind
	}{
		"a channel":          {"durov", `{"id":-1001,"type":"channel","title":"T","username":"durov"}`, "durov", "https://t.me/durov", 0},
		"its other username": {"durov", `{"id":-1001,"type":"channel","username":"main","active_usernames":["main","Durov"]}`, "Durov", "https://t.me/Durov", 0},
		"renamed meanwhile":  {"durov", `{"id":-1001,"type":"channel","username":"main"}`, "main", "https://t.me/main", 0},
		"private":            {"-1001234", `{"id":-1001234,"type":"supergroup","title":"T"}`, "-1001234", "https://t.me/c/1234", 0},
		"an old group":       {"-55", `{"id":-55,"type":"group","title":"T"}`, "-55", "", 0},
		"a person":           {"durov", `{"id":1,"type":"private"}`, "", "", networks.NotFound},
		"another id":         {"-1001234", `{"id":-1009,"type":"channel"}`, "", "", networks.Malformed},
		"a new type":         {"durov", `{"id":-1001,"type":"galaxy"}`, "", "", networks.Malformed},
		"no id":              {"durov", `{"type":"channel"}`, "", "", networks.Malformed},
		"an odd title":       {"durov", `{"id":-1001,"type":"channel","title":5}`, "", "", networks.Malformed},
		"no object":          {"durov", `5`, "", "", networks.Malformed},
		"null":               {"durov", `null`, "", "", networks.Malformed},
	} {
		t.Run(name, func(t *testing.T) {
			s := &server{status: 200, body: `{"ok":true,"result":` + c.chat + `}`}
			n := s.network()
			ref, err := n.Parse(c.account)
			if err != nil {
				t.Fatal(err)
			}
			results, err := n.Profiles(t.Context(), token, n.Plan([]networks.Ref{ref})[0])
			if err != nil {
				t.Fatal(err)
			}
			if c.kind != 0 {
				if e := results[0].Err; e == nil || e.Kind != c.kind {
					t.Errorf("%+v, want %s", results[0], c.kind)
				}
				return
			}
			s.body = `{"ok":true,"result":5}`
			if results[0].Next == nil {
				t.Fatalf("%+v, want a next request", results[0])
			}
			results, err = n.Profiles(t.Context(), token, n.Plan([]networks.Ref{*results[0].Next})[0])
			if err != nil || results[0].Profile == nil {
				t.Fatalf("%v, %v", results, err)
			}
			if p := results[0].Profile; p.Nickname != c.nickname || p.Link != c.link || p.Followers != networks.Known(5) {
				t.Errorf("%+v", p)
			}
		})
	}
}

// TestIDThatIsNotKnown: a server that knows the chat by username alone is asked so, and
// one request a poll is enough from then on.
func TestIDThatIsNotKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := world()
		n := simulated(w)
		ref := known(t, n, "durov")
		w.Update("telegram", "Durov", func(a *sim.Account) { a.State = sim.NameOnly })
		for range 2 {
			r := fetch(t, n, ref)[0]
			if r.Err != nil || r.Profile.ID != "-1001006503122" {
				t.Fatalf("%+v, %v", r.Profile, r.Err)
			}
			ref = r.Known
			w.ResetLog("telegram")
		}
		if r := fetch(t, n, ref)[0]; r.Err != nil || w.Requests("telegram") != 1 {
			t.Errorf("%v, %d requests, want 1", r.Err, w.Requests("telegram"))
		}
		// It is renamed, and the server meets its id.
		w.Update("telegram", "Durov", func(a *sim.Account) { a.State, a.Handle = sim.OK, "pavel" })
		if r := fetch(t, n, ref)[0]; r.Err != nil || r.Profile.Nickname != "pavel" || r.Profile.ID != ref.ID {
			t.Errorf("renamed: %+v, %v", r.Profile, r.Err)
		}
	})
}

// TestNameThatIsTaken: whoever takes the old name of a chat is not counted for it.
func TestNameThatIsTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := world()
		n := simulated(w)
		ref := known(t, n, "durov")
		w.Update("telegram", "Durov", func(a *sim.Account) { a.Handle = "pavel" })
		w.Add(sim.Account{Network: "telegram", ID: "-100666", Handle: "durov", Name: "Thief", Type: "channel", Followers: 7})
		for _, want := range []string{"Durov", "pavel"} {
			r := fetch(t, n, ref)[0]
			if r.Err != nil || r.Profile.Nickname != want || r.Profile.Followers != networks.Known(11_234_567) {
				t.Errorf("%+v, %v, want the count of @%s", r.Profile, r.Err, want)
			}
			time.Sleep(24 * time.Hour)
		}
		w.Remove("telegram", "pavel")
		if r := fetch(t, n, ref)[0]; r.Err != nil || r.Profile.ID != "-100666" {
			t.Errorf("the first chat is gone: %+v, %v, want the other one with its own id", r.Profile, r.Err)
		}
	})
}

// TestMigration: a group that became a supergroup is asked for under its new id, and the
// answer says once that it had the old one; whether its count is shown or not.
func TestMigration(t *testing.T) {
	for state, kind := range map[string]networks.Kind{"": 0, sim.Private: networks.Private} {
		w := world()
		n := simulated(w)
		w.Add(sim.Account{Network: "telegram", ID: "-55", Name: "Old", Type: "group", Followers: 190})
		ref := known(t, n, "-55")
		w.Update("telegram", "-55", func(a *sim.Account) { a.State = sim.Migrated })
		w.Add(sim.Account{Network: "telegram", ID: "-10055", Name: "New", Type: "group", Followers: 500, State: state})
		r := fetch(t, n, ref)[0]
		if r.Profile == nil || r.Profile.ID != "-10055" || r.Profile.Name != "New" || r.MovedFrom != "-55" || r.Known.ID != "-10055" {
			t.Fatalf("%+v, %v", r, r.Err)
		}
		if kind == 0 && r.Profile.Followers != networks.Known(500) || kind != 0 && (r.Err == nil || r.Err.Kind != kind) {
			t.Errorf("%+v, %v", r.Profile, r.Err)
		}
		if r = fetch(t, n, r.Known)[0]; r.Profile == nil || r.Profile.ID != "-10055" || r.MovedFrom != "" {
			t.Errorf("asked again: %+v, %v", r, r.Err)
		}
	}
}

func TestGone(t *testing.T) {
	w := world()
	n := simulated(w)
	ref := known(t, n, "durov")
	w.Remove("telegram", "durov")
	w.ResetLog("telegram")
	if r := fetch(t, n, ref)[0]; r.Err == nil || r.Err.Kind != networks.NotFound || r.Err.Hint == "" || w.Requests("telegram") != 2 {
		t.Errorf("%+v, %v, %d requests, want not found after two", r.Profile, r.Err, w.Requests("telegram"))
	}
	if r := fetch(t, n, networks.Ref{ID: ref.ID, Kind: ref.Kind})[0]; r.Err == nil || r.Err.Kind != networks.NotFound {
		t.Errorf("by its id alone: %+v, %v", r.Profile, r.Err)
	}
}
