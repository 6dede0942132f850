package networktest

import (
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/sim"
)

func (s Suite) testDescriptor(t *testing.T) {
	d := s.Descriptor
	if d.Name == "" || d.Title == "" || d.RequestsPerSecond <= 0 {
		t.Errorf("Name, Title or RequestsPerSecond is missing: %+v", d)
	}
	for _, address := range []string{d.BaseURL, d.AuthURL, d.OAuthURL} {
		if address != "" && !isBase(address) {
			t.Errorf("%q is not an https address without a slash at its end", address)
		}
	}
	if d.BaseURL == "" && d.Name != "mastodon" {
		t.Errorf("BaseURL is missing")
	}
	for _, slot := range d.Slots {
		if slot.Slot == "" || slot.Title == "" || len(slot.Shapes) == 0 {
			t.Errorf("a slot is incomplete: %+v", slot)
		}
	}
}

func isBase(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Scheme == "https" && u.Host != "" && !strings.HasSuffix(address, "/")
}

func (s Suite) testParse(t *testing.T) {
	r := s.rig(t, nil)
	for _, bad := range append([]string{"", " ", "\n", "a b", "a\x00b", "https://", "https://example.invalid/x"}, s.Invalid...) {
		ref, err := r.Parse(bad)
		if err == nil {
			t.Errorf("Parse(%q) = %+v, want an error", bad, ref)
		} else if strings.TrimSpace(err.Error()) == "" || strings.Contains(err.Error(), "\n") {
			t.Errorf("Parse(%q): the error is no line of text: %q", bad, err)
		}
	}
	ref := r.refs(s.Good)[0]
	if padded := r.refs(" " + s.Good + "\t")[0]; padded != ref {
		t.Errorf("Parse with blanks around = %+v, want %+v", padded, ref)
	}
	p := r.profile(r.ask(ref)[0], s.Good)
	if ref.Name != "" && !strings.EqualFold(p.Nickname, ref.Name) {
		t.Errorf("Nickname is %q and Ref.Name %q, as if it had been renamed", p.Nickname, ref.Name)
	}
	if again := r.refs(p.Link)[0]; ref.Name != "" && !strings.EqualFold(again.Name, ref.Name) {
		t.Errorf("Parse(%q) of the profile's own Link = %+v, want %+v", p.Link, again, ref)
	}
}

func (s Suite) testPlan(t *testing.T) {
	r := s.rig(t, nil)
	if b := r.Plan(nil); len(b) != 0 {
		t.Errorf("Plan(nil) = %v, want no batch", b)
	}
	for _, n := range []int{1, s.BatchLimit, s.BatchLimit + 1, 2*s.BatchLimit + 1} {
		accounts := make([]string, n)
		for i := range accounts {
			accounts[i] = s.Account(i)
		}
		refs := r.refs(accounts...)
		batches := r.Plan(refs)
		if want := (n + s.BatchLimit - 1) / s.BatchLimit; len(batches) != want {
			t.Errorf("%d accounts are planned as %d requests, want %d", n, len(batches), want)
		}
		var planned []networks.Ref
		for _, b := range batches {
			if len(b.Refs) > s.BatchLimit || len(b.Refs) == 0 {
				t.Errorf("a batch of %d accounts, want 1 to %d", len(b.Refs), s.BatchLimit)
			}
			if b.Op == "" || b.Cost < 0 {
				t.Errorf("a batch without Op or with the cost %d", b.Cost)
			}
			planned = append(planned, b.Refs...)
		}
		s.samePlan(t, planned, refs)
	}
}

// samePlan checks that every ref is planned once, in order.
func (s Suite) samePlan(t *testing.T, planned, refs []networks.Ref) {
	t.Helper()
	if len(planned) != len(refs) {
		t.Errorf("%d refs are planned as %d", len(refs), len(planned))
		return
	}
	for i := range refs {
		if planned[i] != refs[i] {
			t.Errorf("ref %d is planned as %+v, want %+v: the order is lost", i, planned[i], refs[i])
			return
		}
	}
}

func (s Suite) testGood(t *testing.T) {
	r := s.rig(t, nil)
	refs := r.refs(s.Good, s.Second)
	for i, res := range r.ask(refs...) {
		s.sameAccount(t, r.profile(res, refs[i].Name), r.account(refs[i]))
	}
}

// sameAccount checks a profile against the simulated account.
func (s Suite) sameAccount(t *testing.T, p networks.Profile, a sim.Account) {
	t.Helper()
	if p.Followers != networks.Known(a.Followers) {
		t.Errorf("%s: Followers is %v, want %d", a.Handle, p.Followers, a.Followers)
	}
	if p.ID != a.ID || !strings.EqualFold(p.Nickname, withHost(a.Handle, a.Host)) || p.Name != a.Name {
		t.Errorf("profile %+v, want that of %+v", p, a)
	}
	if a.Type != "" && p.Type != a.Type {
		t.Errorf("%s: Type is %q, want %q", a.Handle, p.Type, a.Type)
	}
	if p.Verified == networks.FlagOf(!a.Verified) {
		t.Errorf("%s: Verified is %v, want %v", a.Handle, p.Verified, a.Verified)
	}
	for _, c := range []struct {
		name string
		got  networks.Count
		want int64
	}{{"Following", p.Following, a.Following}, {"Posts", p.Posts, a.Posts}, {"Views", p.Views, a.Views}, {"Likes", p.Likes, a.Likes}} {
		if n, known := c.got.Get(); known && n != c.want {
			t.Errorf("%s: %s is %d, want %d", a.Handle, c.name, n, c.want)
		}
	}
}

func (s Suite) testNeighbours(t *testing.T) {
	r := s.rig(t, nil)
	accounts := []string{s.Good}
	for a := range s.Troubled {
		accounts = append(accounts, a)
	}
	accounts = append(accounts, s.Second)
	refs := r.refs(accounts...)
	results := r.ask(refs...)
	for i, a := range accounts {
		want, troubled := s.Troubled[a]
		if !troubled {
			s.sameAccount(t, r.profile(results[i], a), r.account(refs[i]))
			continue
		}
		if got := results[i].Err; got == nil || got.Kind != want {
			t.Errorf("%s: Err is %v, want the Kind %q", a, got, want)
		}
		if (want == networks.Private || want == networks.Hidden) && results[i].Profile == nil {
			t.Errorf("%s: %s without a Profile", a, want)
		}
	}
}

func (s Suite) testDuplicates(t *testing.T) {
	r := s.rig(t, nil)
	good, second := r.refs(s.Good)[0], r.refs(s.Second)[0]
	upper := good
	upper.Name = strings.ToUpper(upper.Name)
	refs := []networks.Ref{good, second, good, upper, second}
	for _, b := range r.Plan(refs) { // Ask would ask each once
		results, err := r.Profiles(t.Context(), s.Token, b)
		if err != nil {
			t.Fatal(err)
		}
		for i, res := range results {
			if res.Next == nil {
				s.sameAccount(t, r.profile(res, b.Refs[i].Name), r.account(b.Refs[i]))
			}
		}
	}
	for i, res := range r.ask(refs...) {
		s.sameAccount(t, r.profile(res, refs[i].Name), r.account(refs[i]))
	}
}

func (s Suite) testKnown(t *testing.T) {
	r := s.rig(t, nil)
	refs := r.refs(s.Good, s.Second)
	first := r.ask(refs...)
	second := r.ask(first[0].Known, first[1].Known)
	for i := range first {
		a, b := r.profile(first[i], refs[i].Name), r.profile(second[i], refs[i].Name)
		if a != b {
			t.Errorf("asked by Known again: %+v, want %+v", b, a)
		}
		if first[i].Known != second[i].Known {
			t.Errorf("Known is %+v and then %+v", first[i].Known, second[i].Known)
		}
	}
}

func (s Suite) testRenamed(t *testing.T) { synctest.Test(t, s.renamed) }

func (s Suite) renamed(t *testing.T) {
	r := s.rig(t, nil)
	ref := r.refs(s.Good)[0]
	first := r.ask(ref)[0]
	before := r.profile(first, s.Good)
	a := r.account(ref)
	renamed := withHost(a.Handle, a.Host)
	if !r.world.Update(s.Descriptor.Name, renamed, func(a *sim.Account) { a.Handle = renamedHandle(a.Handle) }) {
		t.Fatalf("no account %q in the world", renamed)
	}
	second := r.refs(s.Second)[0]
	time.Sleep(s.NamesFor)
	results := r.ask(first.Known, second)
	r.profile(results[1], s.Second)
	if s.ByNameOnly {
		if e := results[0].Err; e == nil || e.Kind != networks.NotFound {
			t.Errorf("renamed: %v, want not found", e)
		}
		return
	}
	after := r.profile(results[0], s.Good)
	if after.ID != before.ID || strings.EqualFold(after.Nickname, before.Nickname) {
		t.Errorf("renamed: %+v, want the ID %s and a new Nickname", after, before.ID)
	}
}

// renamedHandle is another valid handle: the first letter of the first label
// becomes another one.
func renamedHandle(h string) string {
	if strings.HasPrefix(h, "z") {
		return "y" + h[1:]
	}
	return "z" + h[1:]
}

func (s Suite) testToken(t *testing.T) {
	if len(s.Descriptor.Slots) == 0 {
		r := s.rig(t, nil)
		r.profile(r.ask(r.refs(s.Good)...)[0], s.Good)
		return
	}
	refused := func(name string, token keychain.Token, kind networks.Kind) {
		t.Run(name, func(t *testing.T) {
			r := s.emptyRig(t, "http://"+host, nil)
			s.Fill(r.world)
			results, err := r.Profiles(t.Context(), token, r.batch(s.Good, s.Second))
			r.failed(results, err, kind)
		})
	}
	refused("unknown", s.Token, networks.Unauthorized)
	if !s.Descriptor.TokenOptional {
		refused("none", keychain.Token{}, networks.Unauthorized)
	}
	broken := keychain.Token{Slot: s.Token.Slot, Value: keychain.Bare(Marker + "\r\nX-Evil: " + Marker)}
	refused("with a line break", broken, 0)
	refused("empty mapping", keychain.Token{Slot: s.Token.Slot, Value: keychain.Mapping(map[string]string{"x": Marker})}, networks.Unauthorized)
}

func (s Suite) testCheck(t *testing.T) {
	r := s.rig(t, nil)
	c, ok := r.Network.(networks.Checker)
	if !ok {
		if len(s.Descriptor.Slots) > 0 {
			t.Errorf("the network takes tokens and is no networks.Checker")
		}
		return
	}
	report, err := c.Check(t.Context(), s.Token)
	if err != nil || strings.TrimSpace(report) == "" || strings.Contains(report, Marker) {
		t.Errorf("Check = %q, %v, want a report without secrets", report, err)
	}
	if s.Allow == nil {
		return
	}
	r = s.emptyRig(t, "http://"+host, nil)
	s.Fill(r.world)
	report, err = r.Network.(networks.Checker).Check(t.Context(), s.Token)
	r.failed(nil, err, networks.Unauthorized)
	if strings.Contains(report, Marker) {
		t.Errorf("Check's report holds a secret: %s", report)
	}
}
