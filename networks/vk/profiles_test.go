package vk_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/networktest"
	"collectord/networks/sim"
	"collectord/networks/vk"
)

// serve answers every request of VK with h.
func serve(t *testing.T, h http.HandlerFunc) networks.Network {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return vk.New(networks.Options{BaseURL: server.URL})
}

// say answers with body.
func say(t *testing.T, body string) networks.Network {
	t.Helper()
	return serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) })
}

func simulated(t *testing.T, simulate func(*sim.World) http.Handler) (networks.Network, *sim.World) {
	t.Helper()
	w := sim.NewWorld(1)
	fill(w)
	w.AllowToken("vk", secret)
	return serve(t, simulate(w).ServeHTTP), w
}

func users(names ...string) networks.Batch { return batch("users.get", names) }

func groups(names ...string) networks.Batch { return batch("groups.getById", names) }

// batch asks for ids where a name is digits.
func batch(op string, names []string) networks.Batch {
	b := networks.Batch{Op: op}
	kind := map[string]string{"users.get": "user", "groups.getById": "group"}[op]
	for _, n := range names {
		r := networks.Ref{Name: n}
		if json.Valid([]byte(n)) {
			r = networks.Ref{Kind: kind, ID: n}
		} else if op == "groups.getById" {
			r.Kind = kind
		}
		b.Refs = append(b.Refs, r)
	}
	return b
}

func one(t *testing.T, n networks.Network, b networks.Batch) networks.Result {
	t.Helper()
	results, err := n.Profiles(t.Context(), token(), b)
	if err != nil || len(results) != len(b.Refs) {
		t.Fatalf("Profiles = %+v, %v", results, err)
	}
	return results[0]
}

func TestRequest(t *testing.T) {
	var got *http.Request
	n := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		got = r
		_, _ = io.WriteString(w, `{"response":[]}`)
	})
	one(t, n, users("ria", "1"))
	for name, want := range map[string]string{
		"user_ids": "ria,1", "fields": "screen_name,domain,followers_count,verified", "lang": "en", "v": "5.199",
	} {
		if v := got.PostForm[name]; len(v) != 1 || v[0] != want {
			t.Errorf("%s = %q, want %q", name, v, want)
		}
	}
	if got.Method != http.MethodPost || got.URL.String() != "/method/users.get" || got.Header.Get("Authorization") != "Bearer "+secret {
		t.Errorf("%s %s, Authorization %q", got.Method, got.URL, got.Header.Get("Authorization"))
	}
	one(t, n, groups("ria", "1"))
	for name, want := range map[string]string{"group_ids": "ria,1", "fields": "screen_name,members_count,verified"} {
		if v := got.PostForm.Get(name); v != want {
			t.Errorf("%s = %q, want %q", name, v, want)
		}
	}
}

func TestProfile(t *testing.T) {
	n, _ := simulated(t, sim.VK)
	want := map[string]networks.Profile{
		"durov": {
			ID: "1", Type: "person", Name: "Pavel Durov", Nickname: "durov", Link: "https://vk.com/durov",
			Verified: networks.Yes, Followers: networks.Known(6001234),
		},
		"ria": {
			ID: "15755094", Type: "page", Name: "RIA Novosti", Nickname: "ria", Link: "https://vk.com/ria",
			Verified: networks.Yes, Followers: networks.Known(579277),
		},
		"id2": {
			ID: "2", Type: "person", Name: "No Name", Nickname: "id2", Link: "https://vk.com/id2",
			Verified: networks.No, Followers: networks.Known(3003),
		},
		"some.event": {
			ID: "9", Type: "event", Name: "Some Event", Nickname: "some.event", Link: "https://vk.com/some.event",
			Verified: networks.No, Followers: networks.Known(9999),
		},
	}
	accounts := make(map[string]string)
	for name := range want {
		accounts[name] = name
	}
	got, err := networks.Fetch(t.Context(), n, token(), accounts)
	if err != nil {
		t.Fatal(err)
	}
	for name, p := range want {
		if got[name] != p {
			t.Errorf("%s: %+v, want %+v", name, got[name], p)
		}
	}
}

// TestNumericUserIsNoGroup: user 9 does not exist, community 9 does.
func TestNumericUserIsNoGroup(t *testing.T) {
	for name, simulate := range map[string]func(*sim.World) http.Handler{"omits": sim.VK, "poisoned": sim.VKPoisoned} {
		n, w := simulated(t, simulate)
		profiles, err := networks.Fetch(t.Context(), n, token(), map[string]string{"a": "id9", "b": "durov", "c": "ria"})
		if _, found := profiles["a"]; found || len(profiles) != 2 {
			t.Errorf("%s: profiles %+v", name, profiles)
		}
		var e *networks.Error
		if !errors.As(err, &e) || e.Kind != networks.NotFound {
			t.Errorf("%s: %v, want not found", name, err)
		}
		if n := w.Requests("vk"); n > 6 {
			t.Errorf("%s: %d requests", name, n)
		}
	}
}

func TestRequestsFor10000(t *testing.T) {
	w := sim.NewWorld(1)
	w.AllowToken("vk", secret)
	n := serve(t, sim.VK(w).ServeHTTP)
	var refs []networks.Ref
	for i := range 5000 {
		w.Add(sim.Account{Network: "vk", ID: fmt.Sprint(i + 1), Handle: fmt.Sprintf("user_%d", i), Type: "person", Followers: int64(i)})
		w.Add(sim.Account{Network: "vk", ID: fmt.Sprint(i + 1), Handle: fmt.Sprintf("group_%d", i), Type: "group", Followers: int64(i)})
		refs = append(refs, networks.Ref{Name: fmt.Sprintf("user_%d", i)}, networks.Ref{Name: fmt.Sprintf("group_%d", i)})
	}
	results := networks.Ask(t.Context(), n, token(), refs)
	known := make([]networks.Ref, len(results))
	for i, r := range results {
		if r.Err != nil || r.Profile.Followers != networks.Known(int64(i/2)) {
			t.Fatalf("%+v: %+v", refs[i], r)
		}
		known[i] = r.Known
	}
	if got := w.Requests("vk"); got > 30 {
		t.Errorf("10,000 names of unknown kind cost %d requests, want at most 30", got)
	}
	w.ResetLog("vk")
	for i, r := range networks.Ask(t.Context(), n, token(), known) {
		if r.Err != nil || r.Known != known[i] {
			t.Fatalf("%+v: %+v", known[i], r)
		}
	}
	if got := w.Ops("vk"); got["users.get"] != 5 || got["groups.getById"] != 10 {
		t.Errorf("10,000 accounts of known kind cost %v, want 5 users.get and 10 groups.getById", got)
	}
}

// TestOneUnknownOf1000: bisecting a batch that one name spoils stays cheap, and
// every other account is answered.
func TestOneUnknownOf1000(t *testing.T) {
	w := sim.NewWorld(1)
	w.AllowToken("vk", secret)
	n := serve(t, sim.VKPoisoned(w).ServeHTTP)
	refs := []networks.Ref{{Kind: "group", Name: "nobody"}}
	for i := range 499 {
		w.Add(sim.Account{Network: "vk", ID: fmt.Sprint(i + 1), Type: "group", Followers: 1})
		refs = append(refs, networks.Ref{Kind: "group", ID: fmt.Sprint(i + 1)})
	}
	for i, r := range networks.Ask(t.Context(), n, token(), refs) {
		if (i == 0) != (r.Err != nil) {
			t.Fatalf("%+v: %+v", refs[i], r)
		}
	}
	if got := w.Requests("vk"); got > 19 {
		t.Errorf("%d requests, want at most 19", got)
	}
}

func TestStates(t *testing.T) {
	for _, c := range []struct {
		name, object string
		op           func(...string) networks.Batch
		kind         networks.Kind
		profile      bool
	}{
		{"deleted", `{"id":1,"first_name":"DELETED","last_name":"","deactivated":"deleted"}`, users, networks.NotFound, false},
		{"deleted, with everything", `{"id":1,"deactivated":"deleted","screen_name":"a","is_closed":true,"followers_count":5}`, users, networks.NotFound, false},
		{"banned", `{"id":1,"first_name":"A","deactivated":"banned"}`, users, networks.Suspended, false},
		{"closed", `{"id":1,"first_name":"A","is_closed":true,"can_access_closed":false}`, users, networks.Private, true},
		{"closed, bad count", `{"id":1,"is_closed":true,"can_access_closed":false,"followers_count":"lots"}`, users, networks.Malformed, false},
		{"hidden", `{"id":1,"first_name":"A","hidden":1}`, users, networks.Hidden, true},
		{"open without a count", `{"id":1,"first_name":"A","is_closed":false}`, users, networks.Malformed, false},
		{"bad count", `{"id":1,"first_name":"A","followers_count":"lots"}`, users, networks.Malformed, false},
		{"name is no string", `{"id":1,"first_name":{"x":1},"followers_count":5}`, users, networks.Malformed, false},
		{"another id", `{"id":2,"first_name":"A","followers_count":5}`, users, networks.Malformed, false},
		{"no id", `{"first_name":"A","followers_count":5}`, users, networks.Malformed, false},
		{"no object", `null`, users, networks.Malformed, false},
		{"closed community", `{"id":1,"name":"A","is_closed":1,"type":"group"}`, groups, networks.Private, true},
		{"private community", `{"id":1,"name":"A","is_closed":2,"type":"group"}`, groups, networks.Private, true},
		{"banned community", `{"id":1,"name":"A","deactivated":"banned"}`, groups, networks.Suspended, false},
		{"stub", `{"id":1,"name":"DELETED","type":"group","is_closed":0}`, groups, networks.NotFound, false},
		{"open community without a count", `{"id":1,"name":"A","is_closed":0}`, groups, networks.Malformed, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := one(t, say(t, `{"response":[`+c.object+`]}`), c.op("1"))
			if r.Err == nil || r.Err.Kind != c.kind || (r.Profile != nil) != c.profile {
				t.Errorf("%+v (%v), want %s, profile %v", r, r.Err, c.kind, c.profile)
			}
			if r.Profile != nil && r.Profile.Followers != (networks.Count{}) {
				t.Errorf("Followers is %v, want unknown", r.Profile.Followers)
			}
		})
	}
}

func TestCountsThatCome(t *testing.T) {
	for object, want := range map[string]int64{
		`{"id":1,"followers_count":0}`:                                  0,
		`{"id":1,"is_closed":true,"followers_count":7}`:                 7,
		`{"id":1.0,"followers_count":7.0,"verified":true}`:              7,
		`{"id":"1","followers_count":"7","verified":"1","is_closed":0}`: 7,
	} {
		r := one(t, say(t, `{"response":[`+object+`]}`), users("1"))
		if r.Err != nil || r.Profile.Followers != networks.Known(want) || r.Profile.ID != "1" {
			t.Errorf("%s: %+v, want %d", object, r, want)
		}
	}
}

func TestBothShapesOfGroups(t *testing.T) {
	const list = `[{"id":2,"name":"B","screen_name":"b_b","type":"page","members_count":2},{"id":1,"name":"A","screen_name":"A_A","type":"event","members_count":"1"}]`
	for _, body := range []string{list, `{"groups":` + list + `,"profiles":[]}`, `{"profiles":[{"id":1}],"groups":` + list + `}`} {
		results, err := say(t, `{"response":`+body+`}`).Profiles(t.Context(), token(), groups("a_a", "2"))
		if err != nil || results[0].Profile.ID != "1" || results[1].Profile.ID != "2" {
			t.Errorf("%s: %+v, %v", body, results, err)
		}
	}
	for _, body := range []string{`{}`, `{"groups":null}`, `{"groups":{}}`, `5`, `"x"`} {
		_, err := say(t, `{"response":`+body+`}`).Profiles(t.Context(), token(), groups("1", "2"))
		if kindOf(err) != networks.Malformed {
			t.Errorf("%s: %v, want malformed", body, err)
		}
	}
}

// TestAlias: VK answers under a name nobody asked for.
func TestAlias(t *testing.T) {
	const renamed = `{"response":[{"id":5,"screen_name":"new_name","followers_count":5}]}`
	if r := one(t, say(t, renamed), users("old_name")); r.Err != nil || r.Known.ID != "5" || r.Known.Name != "old_name" || r.Profile.Nickname != "new_name" {
		t.Errorf("alone: %+v", r)
	}
	b := users("old_name", "new_name")
	results, err := say(t, renamed).Profiles(t.Context(), token(), b)
	if err != nil || results[0].Next == nil || results[0].Next.Kind != "group" || results[1].Profile == nil {
		t.Errorf("the answer belongs to a neighbour: %+v, %v", results, err)
	}
	results, err = say(t, renamed).Profiles(t.Context(), token(), users("old_name", "other_name"))
	if err != nil || results[0].Next == nil {
		t.Fatalf("in company: %+v, %v", results, err)
	}
	if n := len(vk.New(networks.Options{}).Plan([]networks.Ref{*results[0].Next, *results[1].Next})); n != 2 {
		t.Errorf("they are asked again in %d requests, want each alone", n)
	}
}

// TestUnknownInEveryWay asks for all sorts where VK knows none of them, with both
// ways of saying so: it must end, in NotFound.
func TestUnknownInEveryWay(t *testing.T) {
	for name, simulate := range map[string]func(*sim.World) http.Handler{"omits": sim.VK, "poisoned": sim.VKPoisoned} {
		n, w := simulated(t, simulate)
		accounts := map[string]string{"a": "unknown_a", "b": "unknown_b", "c": "id777", "d": "club777", "e": "durov", "f": "ria", "g": "apiclub"}
		profiles, err := networks.Fetch(t.Context(), n, token(), accounts)
		if len(profiles) != 3 {
			t.Errorf("%s: %d profiles, want 3: %v", name, len(profiles), err)
		}
		for _, x := range w.Log("vk") {
			if x.Accounts == 0 {
				t.Errorf("%s: a request for nothing: %+v", name, x)
			}
		}
	}
}

func TestRecordedAnswers(t *testing.T) {
	r, err := say(t, recorded(t, "answers/users_get_ids_1_to_5_v5.92.json")).Profiles(t.Context(), token(), users("1", "2", "3", "4", "5"))
	if err != nil {
		t.Fatal(err)
	}
	// Recorded without followers_count: nothing may look like a count of 0.
	for i, want := range []networks.Kind{networks.Malformed, networks.Private, networks.NotFound, networks.NotFound, networks.Malformed} {
		if r[i].Err == nil || r[i].Err.Kind != want {
			t.Errorf("user %d: %v, want %s", i+1, r[i].Err, want)
		}
	}
	body := recorded(t, "answers/groups_getById_two_legacy_array.json")
	r, err = say(t, body).Profiles(t.Context(), token(), groups("637247", "17683660"))
	if err != nil || r[0].Profile == nil || r[0].Err.Kind != networks.Private || r[1].Err.Kind != networks.Malformed {
		t.Errorf("communities: %+v, %v", r, err)
	}
}

// recorded reads a body that the real VK gave.
func recorded(t *testing.T, name string) string {
	t.Helper()
	return networktest.Recorded(t, "vk/"+name)
}

func kindOf(err error) networks.Kind {
	var e *networks.Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return 0
}

func TestCheck(t *testing.T) {
	n, w := simulated(t, sim.VK)
	check := func(tok keychain.Token) (string, error) {
		return n.(networks.Checker).Check(t.Context(), tok)
	}
	if report, err := check(token()); err != nil || report != "service key; counts of users: yes; of communities: yes; execute: no" {
		t.Errorf("Check = %q, %v", report, err)
	}
	w.Break("vk", func(rw http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/method/users.get" {
			return false
		}
		_, _ = io.WriteString(rw, `{"error":{"error_code":27,"error_msg":"Group authorization failed: method is unavailable with group auth."}}`)
		return true
	})
	if report, err := check(token()); err != nil || report != "service key; counts of users: yes; of communities: forbidden; execute: no" {
		t.Errorf("Check = %q, %v", report, err)
	}
	w.RevokeToken("vk", secret)
	if _, err := check(token()); kindOf(err) != networks.Unauthorized {
		t.Errorf("Check of a revoked token: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
	defer cancel()
	if _, err := n.(networks.Checker).Check(ctx, token()); kindOf(err) != networks.Temporary {
		t.Errorf("Check out of time: %v", err)
	}
}
