package collector

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"text/tabwriter"
	"time"

	"collectord/networks/all"
	"collectord/networks/sim"
)

// TestFewestRequests holds every network to the fewest requests that its API allows,
// and to the time in which its limit allows them, measured at simulators that take most
// of a second to answer. With -v it prints what it measured. The table in the
// documentation must say the same.
func TestFewestRequests(t *testing.T) {
	results := make([]measured, len(yards()))
	t.Run("of", func(t *testing.T) {
		for i, y := range yards() {
			t.Run(y.way, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					results[i] = y.measure(t)
					results[i].judge(t, y)
				})
			})
		}
	})
	if t.Failed() || slices.ContainsFunc(results, func(m measured) bool { return m.first == 0 }) {
		return // of some yards, by -run, there is nothing to tell
	}
	var table, documented strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "way\taccounts\tfirst\tfewest\tlater\tfewest\tratio\tunknown\tgone\tshared\ttook\tallowed") // a Builder takes everything
	for i, y := range yards() {
		cells := results[i].cells(y)
		_, _ = fmt.Fprintln(w, strings.Join(cells, "\t"))
		fmt.Fprintf(&documented, "| %s |\n", strings.Join(cells[:7], " | "))
	}
	_ = w.Flush()
	t.Log("\n" + table.String())
	if vkAccounts != 10_000 {
		return // the documentation has the full number
	}
	page, err := os.ReadFile("../docs/networks/README.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), "---: |\n"+documented.String()+"<!-- end -->") {
		t.Errorf("docs/networks/README.md has another table than\n%s", documented.String())
	}
}

// TestEveryNetworkHasAYard keeps the table whole.
func TestEveryNetworkHasAYard(t *testing.T) {
	for _, d := range all.List() {
		if !slices.ContainsFunc(yards(), func(y yard) bool { return y.network == d.Name }) {
			t.Errorf("%s is not measured: it needs a yard", d.Name)
		}
	}
	for _, y := range yards() {
		if _, ok := all.Find(y.network); !ok {
			t.Errorf("%s is measured and is no network", y.way)
		}
	}
}

// measured is what the polls of a yard took, in requests.
type measured struct {
	first, later, again int
	took                time.Duration // a later one
	half                int           // one of two schedules, alone
	shared              int           // both at the same time
	unknown             int           // one account is unknown, beyond later
	gone                int           // and one with a known id is gone, beyond that
}

// The most that an account which is not there costs in a poll beyond what it costs when
// it is: it is asked for apart from those whose ids are known, or why it is missing, or
// by its other kind.
const (
	mostForUnknown = 2
	mostForGone    = 2
)

// latency is how long the simulators take to answer.
const latency = 800 * time.Millisecond

// judge compares what was measured with what the API allows.
func (m measured) judge(t *testing.T, y yard) {
	t.Helper()
	if m.first != y.first {
		t.Errorf("the first poll takes %d requests, the API allows %d", m.first, y.first)
	}
	if m.later != m.again || m.later != y.later+y.over {
		t.Errorf("later polls take %d and %d requests, the API allows %d, and %d more are let be", m.later, m.again, y.later, y.over)
	}
	if m.half >= m.shared || m.shared != m.later {
		t.Errorf("two schedules at the same time take %d requests (one of them %d), one schedule %d", m.shared, m.half, m.later)
	}
	if m.unknown > mostForUnknown || m.gone > mostForGone {
		t.Errorf("an unknown account costs %d requests more, one that is gone %d", m.unknown, m.gone)
	}
	least, allowed := y.allowed(m.later)
	if most := allowed*11/10 + 2*latency; m.took < least || m.took > most { // who, and then how many
		t.Errorf("a poll takes %v; its limit allows it in %v, and never less than %v", m.took, allowed, least)
	}
}

// allowed is how long the limit makes a poll take, and how long it does if the very
// first request is let through at once.
func (y yard) allowed(requests int) (least, allowed time.Duration) {
	d, _ := all.Find(y.network)
	units := requests
	if y.units > 0 {
		units = y.units
	}
	second := float64(time.Second) / d.RequestsPerSecond / float64(max(1, y.limiters))
	burst := max(1, y.cost) * max(1, y.limiters)
	return time.Duration(float64(units-burst) * second), time.Duration(float64(units) * second)
}

// cells are a line of the table.
func (m measured) cells(y yard) []string {
	_, allowed := y.allowed(m.later)
	cells := []string{y.way}
	for _, n := range []int{y.accounts, m.first, y.first, m.later, y.later} {
		cells = append(cells, itoa(n))
	}
	unknown, gone := "-", "-"
	if y.unknown != "" {
		unknown, gone = fmt.Sprintf("%+d", m.unknown), fmt.Sprintf("%+d", m.gone)
	}
	return append(cells, fmt.Sprintf("%.2f", float64(m.later)/float64(y.later)), unknown, gone, itoa(m.shared),
		m.took.Round(100*time.Millisecond).String(), allowed.Round(100*time.Millisecond).String())
}

// measure polls a yard's accounts. The bubble's clock begins at midnight.
func (y yard) measure(t *testing.T) (m measured) {
	r := y.rig(t)
	r.start(y.config("@every 6h", "", ""))
	m.first = r.polled(y, 6*time.Hour, y.accounts)
	m.later = r.polled(y, 12*time.Hour, y.accounts)
	m.took = r.collector.Networks(r.keys)[0].LastPoll.Duration
	m.again = r.polled(y, 18*time.Hour, y.accounts)

	// Two schedules, which fall together at midnight and not before.
	r.sleepUntil(23*time.Hour + 52*time.Minute)
	r.collector.Configure(r.config(y.config("*/5 * * * *", "0 * * * *", "")))
	m.half = r.polled(y, 23*time.Hour+55*time.Minute, 0)
	m.shared = r.polled(y, 24*time.Hour, y.accounts)

	if y.unknown != "" {
		r.collector.Configure(r.config(y.config("0 * * * *", "", y.unknown)))
		unknown := r.polled(y, 25*time.Hour, y.accounts-1)
		a, _ := y.account(0)
		handle := a.Handle
		if a.Host != "" {
			handle += "@" + a.Host
		}
		r.world.Update(y.network, handle, func(a *sim.Account) { a.State = sim.NotFound })
		m.unknown = unknown - m.later
		m.gone = r.polled(y, 26*time.Hour, y.accounts-2) - unknown
	}
	r.halt()
	return m
}

// rig is a rig whose world has the accounts, and whose keychain the tokens.
func (y yard) rig(t *testing.T) *rig {
	t.Helper()
	r := newRig(t)
	if y.allow != nil {
		y.allow(r.world)
	}
	for slot, v := range y.slots {
		if err := r.keys.Assign(slot, v); err != nil {
			t.Fatal(err)
		}
	}
	for i := range y.accounts {
		a, _ := y.account(i)
		a.Network, a.Followers = y.network, int64(100+i)
		if a.Type == "" {
			a.Type = "person"
		}
		r.world.Add(a)
	}
	r.world.Break(y.network, func(http.ResponseWriter, *http.Request) bool { time.Sleep(latency); return false })
	return r
}

// config has all accounts under one schedule or, the last two thirds, under a second
// one. Unknown, if any, takes the place of the last account.
func (y yard) config(schedule, second, unknown string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "networks:\n  %s:\n    schedule: %q\n    base_url: http://%s\n", y.network, schedule, y.network)
	if second != "" || unknown != "" {
		b.WriteString("    requests_per_second: 100\n") // five minutes are short for some networks' limits
	}
	b.WriteString("    accounts:\n")
	for i := range y.accounts {
		_, entry := y.account(i)
		if i == y.accounts-1 && unknown != "" {
			entry = unknown
		}
		if second != "" && i >= max(1, y.accounts/3) {
			fields, ok := strings.CutPrefix(strings.TrimSuffix(entry, "}"), "{")
			if !ok {
				fields = "handle: " + entry
			}
			entry = fmt.Sprintf("{%s, schedule: %q}", fields, second)
		}
		fmt.Fprintf(&b, "      account %d: %s\n", i, entry)
	}
	return b.String()
}

// sleepUntil sleeps until a time after the bubble's beginning.
func (r *rig) sleepUntil(after time.Duration) {
	time.Sleep(time.Until(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Add(after)))
}

// polled lets the tick at a time go by and returns how many requests reached the
// network. If ok is not 0, all accounts must have been answered for, and so many be
// well.
func (r *rig) polled(y yard, tick time.Duration, ok int) int {
	r.t.Helper()
	r.sleepUntil(tick - time.Second)
	r.world.ResetLog(y.network)
	r.sleepUntil(tick + 4*time.Minute)
	n := r.collector.Networks(r.keys)[0]
	for ; n.Running; n = r.collector.Networks(r.keys)[0] { // some limits make it take an hour
		time.Sleep(time.Minute)
	}
	requests := r.world.Requests(y.network)
	if ok == 0 {
		return requests
	}
	if p := n.LastPoll; p == nil || p.Accounts != y.accounts || p.OK != y.accounts || n.States[stateOK] != ok {
		r.t.Fatalf("at %v: %+v, states %v, error %s", tick, p, n.States, n.LastError)
	} else if p.Requests != requests {
		r.t.Errorf("at %v: the poll counts %d requests, the network %d", tick, p.Requests, requests)
	}
	return requests
}
