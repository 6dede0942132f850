package collector

import (
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/zap"

	"collectord/collector/config"
	"collectord/collector/journal"
	"collectord/collector/point"
	"collectord/collector/status"
	"collectord/keychain"
	"collectord/networks/all"
)

// For the long form run: go test ./collector -run TestPageOfManyAccounts -page-ticks 100 -v .
var pageTicks = flag.Int("page-ticks", 2, "how many ticks of 10,000 accounts the journal of TestPageOfManyAccounts has")

// pageWithin is how long a page of 10,000 accounts may take on a machine that does much
// else; an idle one takes less than a tenth of it.
const pageWithin = 10 * time.Second

// stillDaemon is a daemon that does not run: what it knows is what the journal holds.
func stillDaemon(t *testing.T, networks string) *Daemon {
	t.Helper()
	dir := t.TempDir()
	cfg, err := config.Parse("config.yaml", []byte("state_dir: "+dir+"\nweb: {listen: ''}\nnetworks:\n"+networks), config.Env{Networks: all.List()})
	if err != nil {
		t.Fatal(err)
	}
	keys, err := keychain.Open(keychain.Options{Dir: filepath.Join(dir, "keys")})
	if err != nil {
		t.Fatal(err)
	}
	d, err := NewDaemon(t.Context(), DaemonOptions{Config: cfg, Keys: keys, Log: zap.NewNop(), Level: zap.NewAtomicLevel(), HTTP: http.DefaultClient})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func tagsOf(label, id string) []point.Tag {
	return []point.Tag{{Key: "network", Value: "bluesky"}, {Key: "account", Value: label}, {Key: "id", Value: id}, {Key: "type", Value: "person"}}
}

// TestPageOfManyAccounts asks for the pages of a daemon with 10,000 accounts and says how
// long they take.
func TestPageOfManyAccounts(t *testing.T) {
	const accounts = 10_000
	var list strings.Builder
	list.WriteString("  bluesky:\n    accounts:\n")
	for i := range accounts {
		fmt.Fprintf(&list, "      account %d: a%d.example.org\n", i, i)
	}
	d := stillDaemon(t, list.String())
	now := time.Now().Truncate(time.Hour)
	for tick := range *pageTicks {
		b := journal.Batch{Network: "bluesky", Time: now.Add(time.Duration(tick+1-*pageTicks) * 8 * time.Hour)}
		for i := range accounts {
			b.Points = append(b.Points, point.Point{Measurement: point.Profile, Time: b.Time, Tags: tagsOf("account "+strconv.Itoa(i), "did:plc:"+strconv.Itoa(i)),
				Fields: []point.Field{point.Int("followers", int64(i+tick))}})
		}
		if err := d.journal.Record(t.Context(), b); err != nil {
			t.Fatal(err)
		}
		if err := d.journal.EndTick(t.Context(), b.Network, b.Time, nil); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := d.journal.Prune(t.Context(), now, nil); err != nil { // the daemon does it every ten minutes
		t.Fatal(err)
	}
	h := status.Handler(d, zap.NewNop())
	const anew = "/?sort=-30d" // where the changes of one period are read anew, as after 30 s
	for _, path := range []string{
		"/", anew, anew, "/", "/?sort=-followers&page=100", "/?q=account+99&sort=account", "/api/v1/accounts?limit=100000", "/api/v1/status", "/metrics",
		"/accounts/bluesky/account%2077?since=all", "/accounts/bluesky/account%2077?since=all", "/api/v1/accounts/bluesky/account%2077/series?since=all",
	} {
		if path == anew {
			d.deltas.day.read = d.deltas.day.read.Add(-time.Minute)
		}
		begun, before := time.Now(), processorTime(t)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		took := time.Since(begun)
		t.Logf("%6.1f ms, %6.1f of the processor, %8d bytes %s", milliseconds(took), milliseconds(processorTime(t)-before), w.Body.Len(), path)
		if w.Code != http.StatusOK || took > pageWithin {
			t.Errorf("%s: %d after %v", path, w.Code, took)
		}
	}
	t.Logf("two pages of an account looked through %d points for changes", d.deltas.changes.after)
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// processorTime is what the process has used of the processors: the measure that a busy
// machine leaves alone.
func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// TestChanges: what account_state and profile_info told, told again and no more of is a
// change once, whichever page asks when.
func TestChanges(t *testing.T) {
	d := stillDaemon(t, "  bluesky: {accounts: [a.example, b.example]}\n")
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	hour := 0
	record := func(measurement, label, id string, fields ...point.Field) {
		t.Helper()
		hour++
		b := journal.Batch{Network: "bluesky", Time: at.Add(time.Duration(hour) * time.Hour),
			Points: []point.Point{{Measurement: measurement, Tags: tagsOf(label, id), Time: at.Add(time.Duration(hour) * time.Hour), Fields: fields}}}
		if err := d.journal.Record(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	look := func(label string, want ...string) {
		t.Helper()
		changes, whole, err := d.Changes(t.Context(), "bluesky", label)
		if err != nil || !whole {
			t.Fatalf("%v, whole: %v", err, whole)
		}
		var got []string
		for _, c := range changes {
			got = append(got, fmt.Sprintf("%s %s: %s > %s", c.Time.UTC().Format("15"), c.What, c.Before, c.After))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", label, got, want)
		}
	}
	look("a.example")
	record(point.AccountState, "a.example", "", point.String("state", "ok"))
	record(point.ProfileInfo, "a.example", "1", point.String("name", "Ann"), point.String("nickname", "a.example"), point.Bool("verified", false))
	record(point.ProfileInfo, "b.example", "7", point.String("name", "Bob"))
	record(point.Profile, "a.example", "1", point.Int("followers", 5))
	look("a.example", "01 state:  > ok")
	record(point.ProfileInfo, "a.example", "1", point.String("name", `Ann "A", =1`), point.String("nickname", "a.example"), point.Bool("verified", true))
	record(point.ProfileInfo, "a.example", "2", point.String("name", `Ann "A", =1`), point.String("nickname", "new.example"), point.Bool("verified", true))
	record(point.AccountState, "a.example", "", point.String("state", "suspended"))
	record(point.AccountState, "a.example", "", point.String("state", "suspended"))
	want := []string{"01 state:  > ok", `05 name: Ann > Ann "A", =1`, "05 verified: no > yes", "06 id: 1 > 2", "06 handle: a.example > new.example", "07 state: ok > suspended"}
	look("a.example", want...)
	look("a.example", want...)
	look("b.example")
	look("nobody")
	for i := range 2 * changesKept {
		record(point.AccountState, "b.example", "", point.String("state", []string{"ok", "private"}[i%2]))
	}
	if changes, _, _ := d.Changes(t.Context(), "bluesky", "b.example"); len(changes) != changesKept || changes[changesKept-1].After != "private" {
		t.Errorf("%d changes are kept", len(changes))
	}
}

// TestOverviewTellsOfRefusedPoints and of how large the journal may become.
func TestOverviewTellsOfRefusedPoints(t *testing.T) {
	d := stillDaemon(t, "  bluesky: {accounts: [a.example]}\n")
	at := time.Now().Truncate(time.Second)
	b := journal.Batch{Network: "bluesky", Time: at, Points: []point.Point{{Measurement: point.Profile, Tags: tagsOf("a.example", "1"), Time: at,
		Fields: []point.Field{point.Int("followers", 5)}}}}
	if err := d.journal.Record(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	if err := d.journal.Advance(t.Context(), "http://influx", 1, []journal.Refused{{Seq: 1, Reason: "field type conflict"}}); err != nil {
		t.Fatal(err)
	}
	o, err := d.Overview(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	j := o.Journal
	if j.MaxBytes != 10_000_000_000 || j.Refused != 1 || len(j.RefusedLast) != 1 || !j.Oldest.Equal(at) {
		t.Fatalf("%+v", j)
	}
	if r := j.RefusedLast[0]; r.Reason != "field type conflict" || r.Resend || !strings.HasPrefix(r.Line, "profile,account=a.example") {
		t.Errorf("%+v", r)
	}
}
