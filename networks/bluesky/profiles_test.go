package bluesky

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/networktest"
	"collectord/networks/sim"
)

// world is a network that asks a simulator, with one account of every sort.
func world(t *testing.T) (networks.Network, *sim.World) {
	t.Helper()
	w := sim.NewWorld(1)
	for i, state := range []string{sim.OK, sim.OK, sim.Suspended, sim.Deactivated, sim.BrokenHandle} {
		w.Add(sim.Account{
			Network: name, ID: fmt.Sprintf("did:plc:%024d", i), Handle: fmt.Sprintf("user%d.example.com", i), Name: "User",
			Followers: int64(1000 + i), State: state,
		})
	}
	server := httptest.NewServer(sim.Bluesky(w))
	t.Cleanup(server.Close)
	return New(networks.Options{BaseURL: server.URL, HTTP: server.Client()}), w
}

func ask(t *testing.T, n networks.Network, accounts ...string) []networks.Result {
	t.Helper()
	return networks.Ask(t.Context(), n, keychain.Token{}, networktest.Refs(t, n, accounts...))
}

// TestRequests: 25 accounts are a request, and only a missing one costs another.
func TestRequests(t *testing.T) {
	n, w := world(t)
	accounts := []string{"user0.example.com", "user2.example.com", "nobody.example.com"}
	for i := range 50 {
		accounts = append(accounts, fmt.Sprintf("did:plc:%024d", i%2))
	}
	results := ask(t, n, accounts...) // Ask asks for each account once
	if ops := w.Ops(name); ops[getProfiles] != 1 || ops[getProfile] != 2 {
		t.Errorf("requests: %v, want 1 getProfiles and 2 getProfile", ops)
	}
	for i, r := range results {
		if i == 1 || i == 2 {
			continue
		}
		if r.Err != nil || r.Known.Kind != "" {
			t.Errorf("%s: %+v", accounts[i], r)
		}
	}
}

// TestBrokenHandle: an account whose handle does not point back keeps its name.
func TestBrokenHandle(t *testing.T) {
	n, _ := world(t)
	const id = "did:plc:000000000000000000000004"
	results := ask(t, n, "user4.example.com", "user0.example.com", id)
	for i, nickname := range map[int]string{0: "user4.example.com", 2: id} {
		p := results[i].Profile
		if p == nil || p.ID != id || p.Nickname != nickname || p.Link != "https://bsky.app/profile/"+id || p.Followers != networks.Known(1004) {
			t.Errorf("result %d: %+v, %v, want the nickname %s", i, p, results[i].Err, nickname)
		}
	}
}

// TestTakeover: a handle that came to another account is followed by DID.
func TestTakeover(t *testing.T) {
	n, w := world(t)
	known := ask(t, n, "user0.example.com")[0].Known
	w.Update(name, "user0.example.com", func(a *sim.Account) { a.Handle = "renamed.example.com" })
	w.Update(name, "user1.example.com", func(a *sim.Account) { a.Handle = "user0.example.com" })
	r := networks.Ask(t.Context(), n, keychain.Token{}, []networks.Ref{known})[0]
	if r.Profile == nil || r.Profile.Nickname != "renamed.example.com" || r.Known != known {
		t.Errorf("asked by DID: %+v", r)
	}
}

// TestOddNeighbour: what is wrong with one account of an answer is about it alone,
// and what is about nobody asked for is nobody's.
func TestOddNeighbour(t *testing.T) {
	for _, odd := range []string{
		`null`, `5`, `"x"`, `[]`, `{}`, `{"did":5,"handle":"odd.example.com"}`, `{"did":"plc","handle":"odd.example.com","followersCount":1}`,
		`{"did":"did:plc:odd","handle":"odd.example.com"}`, `{"did":"did:plc:odd","handle":"odd.example.com","followersCount":"1"}`,
		`{"did":"did:plc:odd","handle":"odd.example.com","followersCount":1,"displayName":{}}`,
		`{"did":"did:plc:other","handle":"other.example.com","followersCount":1}`,
	} {
		n := answering(t, http.StatusOK, `{"profiles":[`+odd+`,{"did":"did:plc:good","handle":"GOOD.example.com","followersCount":7,"zz":1}]}`)
		results, err := n.Profiles(t.Context(), keychain.Token{}, batch("odd.example.com", "good.example.com"))
		if err != nil {
			t.Errorf("%s: %v", odd, err)
			continue
		}
		if p := results[1].Profile; p == nil || p.Followers != networks.Known(7) || p.ID != "did:plc:good" || p.Verified != networks.No {
			t.Errorf("%s: the neighbour is %+v", odd, results[1])
		}
		if results[0].Profile != nil || results[0].Err == nil && results[0].Next == nil {
			t.Errorf("%s: %+v, want an error or a Next", odd, results[0])
		}
	}
}

// TestHandleLikeADID: an answer cannot pass for another account by its handle.
func TestHandleLikeADID(t *testing.T) {
	n := answering(t, http.StatusOK, `{"profiles":[{"did":"did:plc:evil","handle":"did:plc:asked","followersCount":7}]}`)
	results, err := n.Profiles(t.Context(), keychain.Token{}, networks.Batch{Op: getProfiles, Refs: []networks.Ref{{ID: "did:plc:asked"}}})
	if err != nil || results[0].Next == nil {
		t.Errorf("%+v, %v, want a Next", results, err)
	}
}

// TestAnotherDID: an account asked by DID is never answered by another one.
func TestAnotherDID(t *testing.T) {
	n := answering(t, http.StatusOK, `{"did":"did:plc:other","handle":"a.example.com","followersCount":7}`)
	results, err := n.Profiles(t.Context(), keychain.Token{},
		networks.Batch{Op: getProfile, Refs: []networks.Ref{{Kind: why, ID: "did:plc:asked", Name: "a.example.com"}}})
	if err != nil || results[0].Err == nil || results[0].Err.Kind != networks.Malformed {
		t.Errorf("%+v, %v, want Malformed", results, err)
	}
}

func TestPlanMixesNothing(t *testing.T) {
	n := New(networks.Options{})
	refs := []networks.Ref{{Name: "a.b"}, {Kind: why, Name: "c.d"}, {ID: "did:plc:x"}, {Kind: why, ID: "did:plc:y"}}
	var got []string
	for _, b := range n.Plan(refs) {
		got = append(got, fmt.Sprint(b.Op, len(b.Refs)))
	}
	if want := []string{getProfiles + "2", getProfile + "1", getProfile + "1"}; !slices.Equal(got, want) {
		t.Errorf("Plan made %v, want %v", got, want)
	}
}

// answering is a network whose server always answers alike.
func answering(t testing.TB, status int, body string) *network {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("RateLimit-Reset", "30")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	return New(networks.Options{BaseURL: server.URL, HTTP: server.Client()}).(*network)
}

func batch(handles ...string) networks.Batch {
	b := networks.Batch{Op: getProfiles}
	for _, h := range handles {
		b.Refs = append(b.Refs, networks.Ref{Name: h})
	}
	return b
}

// TestNoAnswerAboutOne: what is no answer fails the request, and says nothing about the
// account.
func TestNoAnswerAboutOne(t *testing.T) {
	asked := networks.Batch{Op: getProfile, Refs: []networks.Ref{{Kind: why, ID: "did:plc:asked", Name: "a.example.com"}}}
	for _, body := range []string{"", "<html>", `{"did":"did:plc:asked"`} {
		results, err := answering(t, http.StatusOK, body).Profiles(t.Context(), keychain.Token{}, asked)
		var e *networks.Error
		if !errors.As(err, &e) || e.Kind.OfAccount() || results != nil {
			t.Errorf("%q: %+v, %v", body, results, err)
		}
	}
}

// TestOtherAddresses are of no account of Bluesky.
func TestOtherAddresses(t *testing.T) {
	n := New(networks.Options{})
	for _, in := range []string{
		"https://example.com/profile/bsky.app", "example.com/profile/bsky.app", "ftp://bsky.app/profile/bsky.app",
		"https://bsky.app/search/bsky.app", "https://bsky.app", "https://bsky.app.example.com/profile/a.b",
	} {
		if ref, err := n.Parse(in); err == nil || !strings.Contains(err.Error(), "expected a handle") {
			t.Errorf("Parse(%q) = %+v, %v", in, ref, err)
		}
	}
}
