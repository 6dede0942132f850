package collector

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"collectord/collector/point"
	"collectord/networks/sim"
)

// fate is something that happens to an account that is known and well.
type fate struct {
	name  string // a column of the table
	state string // of sim.Account; "" for what else happens
}

// fates are what can happen, in the order of the table.
func fates() []fate {
	return []fate{
		{"deleted", sim.NotFound}, {"banned", sim.Suspended}, {"closed", sim.Private}, {"count hidden", sim.Hidden},
		{"we are shut out", sim.Kicked}, {"renamed", ""}, {"name taken over", ""},
	}
}

// befall lets a fate happen to an account.
func (f fate) befall(w *sim.World, network string, a sim.Account) {
	handle := a.Handle
	if a.Host != "" {
		handle += "@" + a.Host
	}
	if f.state != "" {
		w.Update(network, handle, func(a *sim.Account) { a.State = f.state })
		return
	}
	other := a
	other.Handle = "z" + a.Handle[1:]
	w.Update(network, handle, func(a *sim.Account) { a.Handle = other.Handle })
	if f.name != "name taken over" || network == "livejournal" { // where the name is all there is
		return
	}
	a.Network, a.Followers = network, 77_777
	a.ID = a.ID[:len(a.ID)-3] + "987" // as long as the other one, and of the same form
	w.Add(a)
}

// TestStatesOfEveryNetwork is what an account's state becomes, network by network, when
// something happens to the account. Where a network does not tell two things apart neither
// do we; whatever it is, a count of another account is never written, nor a 0. The table in
// the documentation must say the same.
func TestStatesOfEveryNetwork(t *testing.T) {
	table := make([]string, len(yards()))
	t.Run("of", func(t *testing.T) {
		for i, y := range yards() {
			t.Run(y.way, func(t *testing.T) {
				t.Parallel()
				cells := []string{y.way}
				if strings.Contains(y.way, "own") { // one account a token: one fate at a time
					for _, f := range fates() {
						synctest.Test(t, func(t *testing.T) { cells = append(cells, y.suffer(t, f)...) })
					}
				} else {
					synctest.Test(t, func(t *testing.T) { cells = append(cells, y.suffer(t, fates()...)...) })
				}
				table[i] = "| " + strings.Join(cells, " | ") + " |\n"
			})
		}
	})
	if t.Failed() || slices.Contains(table, "") {
		return
	}
	page, err := os.ReadFile("../docs/networks/README.md")
	if err != nil {
		t.Fatal(err)
	}
	if documented := strings.Join(table, ""); !strings.Contains(string(page), "<!-- states -->\n"+statesHead()+documented+"<!-- end -->") {
		t.Errorf("docs/networks/README.md has another table than\n%s%s", statesHead(), documented)
	}
}

func statesHead() string {
	head, line := "| way", "| ---"
	for _, f := range fates() {
		head, line = head+" | "+f.name, line+" | ---"
	}
	return head + " |\n" + line + " |\n"
}

// suffer has each of the fates happen to an account of its own, and returns the states that
// are written.
func (y yard) suffer(t *testing.T, fates ...fate) []string {
	y.accounts = max(2, len(fates)+1)
	account := y.account
	y.account = func(i int) (sim.Account, string) { // one's own by its name, or no other name can be seen
		a, entry := account(i)
		return a, strings.Replace(entry, "handle: me", "handle: "+a.Handle, 1)
	}
	r := y.rig(t)
	r.world.Break(y.network, nil)
	r.start(y.config("@every 13h", "", ""))
	r.sleepUntil(14 * time.Hour)
	for i := range y.accounts {
		if s := r.account(fmt.Sprintf("account %d", i)); s.State != stateOK || s.Followers == nil {
			t.Fatalf("%s: before anything happens: %+v", y.way, s)
		}
	}
	for i, f := range fates {
		a, _ := y.account(i)
		f.befall(r.world, y.network, a)
	}
	r.sleepUntil(40 * time.Hour) // names that are kept for a day are asked for again
	var states []string
	for i := range fates {
		states = append(states, r.written(fmt.Sprintf("account %d", i), int64(100+i)))
	}
	if s := r.written(fmt.Sprintf("account %d", y.accounts-1), int64(100+y.accounts-1)); s != stateOK {
		t.Errorf("%s: the neighbour's state is %s", y.way, s)
	}
	r.halt()
	return states
}

// written is the last state that was written of an account. All its points must have the
// count that it has.
func (r *rig) written(label string, followers int64) string {
	r.t.Helper()
	state := ""
	for _, p := range r.points(point.AccountState) {
		if p.Tag("account") == label {
			state = fmt.Sprint(p.Fields[0].Value())
		}
	}
	if shown := r.account(label).State; shown != state {
		r.t.Errorf("%s is shown as %q and written as %q", label, shown, state)
	}
	for _, p := range r.points(point.Profile) {
		if got := p.Fields[0].Value(); p.Tag("account") == label && fmt.Sprint(got) != fmt.Sprint(followers) {
			r.t.Errorf("%s: a point says %v, the account has %d", label, got, followers)
		}
	}
	return state
}

// TestFallToZeroOfEveryNetwork: a count that falls to 0 from more is asked for again at
// once. What was a slip is never written; what the network says twice is.
func TestFallToZeroOfEveryNetwork(t *testing.T) {
	for _, y := range yards() {
		for _, slip := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, a slip %v", y.way, slip), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) { y.fall(t, slip) })
			})
		}
	}
}

func (y yard) fall(t *testing.T, slip bool) {
	y.accounts = 2
	r := y.rig(t)
	r.world.Break(y.network, nil)
	r.start(y.config("@every 6h", "", ""))
	r.sleepUntil(7 * time.Hour)
	usual := r.polled(y, 12*time.Hour, 2)
	a, _ := y.account(0)
	handle := a.Handle
	if a.Host != "" {
		handle += "@" + a.Host
	}
	set := func(n int64) { r.world.Update(y.network, handle, func(a *sim.Account) { a.Followers = n }) }
	set(0)
	var requests atomic.Int64
	r.world.Break(y.network, func(http.ResponseWriter, *http.Request) bool {
		if requests.Add(1) > int64(usual) && slip { // it is asked again
			set(100)
		}
		return false
	})
	r.sleepUntil(19 * time.Hour)
	if n := requests.Load(); n <= int64(usual) {
		t.Errorf("%d requests, as ever: the 0 was not doubted", n)
	}
	var got []string
	for _, p := range r.points(point.Profile) {
		if p.Tag("account") == "account 0" {
			got = append(got, fmt.Sprint(p.Fields[0].Value()))
		}
	}
	want := []string{"100", "100", "100"}
	if !slip {
		want[2] = "0"
	}
	if !slices.Equal(got, want) {
		t.Errorf("the counts written are %v, want %v", got, want)
	}
	r.halt()
}

// TestGroupBecomesSupergroup: the network itself says that a group has a new id. The series
// goes on, its state does not change, and it is told once.
func TestGroupBecomesSupergroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		y := yardOf(t, "telegram")
		y.accounts = 0
		r := y.rig(t)
		r.world.Break("telegram", nil)
		r.world.Add(sim.Account{Network: "telegram", ID: "-55", Name: "Friends", Type: "group", Followers: 190})
		text := "networks:\n  telegram:\n    schedule: \"@every 10m\"\n    base_url: http://telegram\n    accounts:\n      Friends: \"-55\"\n"
		r.start(text)
		time.Sleep(11 * time.Minute)
		r.world.Update("telegram", "-55", func(a *sim.Account) { a.State = sim.Migrated })
		r.world.Add(sim.Account{Network: "telegram", ID: "-10055", Name: "Friends", Type: "group", Followers: 250})
		time.Sleep(20 * time.Minute)
		r.halt() // and what is remembered of it outlives a restart
		r.open()
		r.start(text)
		time.Sleep(10 * time.Minute)
		r.wantLines(point.Profile, "00:10:00 Friends followers=190", "00:20:00 Friends followers=250", "00:30:00 Friends followers=250", "00:40:00 Friends followers=250")
		r.wantLines(point.AccountState, "00:10:00 Friends state=ok")
		var ids []string
		for _, p := range r.points(point.Profile) {
			ids = append(ids, p.Tag("id"))
		}
		if !slices.Equal(ids, []string{"-55", "-10055", "-10055", "-10055"}) {
			t.Errorf("the ids are %v", ids)
		}
		if s := r.account("Friends"); s.ID != "-10055" || s.State != stateOK {
			t.Errorf("%+v", s)
		}
		if n := r.logs.FilterMessageSnippet("has a new id").Len(); n != 1 {
			t.Errorf("it was told %d times, want once", n)
		}
		r.halt()
	})
}
