package main

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"collectord/collector"
	"collectord/collector/journal"
	"collectord/collector/point"
)

// The long form is go test ./cmd/collectord -run TestStartWithManyRows -rows 10000000 -timeout 30m .
var rows = flag.Int("rows", 60_000, "how many points the journal of TestStartWithManyRows has")

// startWithin is how soon the daemon is ready. It was measured at a fraction of it; the
// rest is room for a busy machine.
const startWithin = 5 * time.Second

// TestStartWithManyRows starts the daemon with a large journal, hourly points of 40 days,
// in which one account of ten has been silent for long, and measures how soon it is
// ready and how soon the page answers.
func TestStartWithManyRows(t *testing.T) {
	dir := t.TempDir()
	const ticks = 950 // hours: what Latest looks back, about
	accounts := max(10, *rows/ticks)
	begun := time.Now()
	fillJournal(t, filepath.Join(dir, "state"), accounts, ticks)
	t.Logf("%d points of %d accounts made in %v", accounts*ticks, accounts, time.Since(begun).Round(time.Millisecond))

	var list strings.Builder
	for i := range accounts {
		fmt.Fprintf(&list, "      account %d: a%d.example.org\n", i, i)
	}
	listen := freeAddress(t)
	config := fmt.Sprintf("web: {listen: %q}\nnetworks:\n  bluesky:\n    schedule: '@every 24h'\n    base_url: http://%s\n    accounts:\n%s", listen, freeAddress(t), list.String())
	if err := os.WriteFile(filepath.Join(dir, "config.yaml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, start := range []string{"the first start", "the second start"} {
		begun = time.Now()
		p := startProcess(t, dir, "run")
		eventually(t, 2*time.Minute, "it is ready", func() bool { return answers(listen, "/readyz") })
		ready := time.Since(begun)
		if begun = time.Now(); !answers(listen, "/api/v1/accounts?limit=10") {
			t.Error("the page does not answer")
		}
		t.Logf("%s: ready after %v, the page answers in %v", start, ready.Round(time.Millisecond), time.Since(begun).Round(time.Millisecond))
		if ready > startWithin {
			t.Errorf("%s: ready after %v, more than %v", start, ready, startWithin)
		}
		p.end()
	}
}

// answers reports whether the daemon's page answers a path with 200.
func answers(listen, path string) bool {
	resp, err := http.Get("http://" + listen + path)
	if err != nil {
		return false
	}
	return resp.Body.Close() == nil && resp.StatusCode == http.StatusOK
}

// fillJournal makes a journal of hourly points up to now, as the daemon would.
func fillJournal(t *testing.T, stateDir string, accounts, ticks int) {
	t.Helper()
	j, err := journal.Open(t.Context(), journal.Options{Path: collector.JournalPath(stateDir)})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().Truncate(time.Hour)
	for tick := range ticks {
		at := now.Add(time.Duration(tick-ticks) * time.Hour)
		b := journal.Batch{Network: "bluesky", Time: at, Requests: 1}
		for i := range accounts {
			if i%10 == 7 && tick > ticks/10 {
				continue
			}
			b.Points = append(b.Points, point.Point{Measurement: point.Profile, Time: at, Fields: []point.Field{point.Int("followers", int64(i+tick))},
				Tags: []point.Tag{{Key: "network", Value: "bluesky"}, {Key: "account", Value: fmt.Sprintf("account %d", i)},
					{Key: "id", Value: fmt.Sprint("did:plc:", i)}, {Key: "type", Value: "person"}}})
		}
		if err := j.Record(t.Context(), b); err != nil {
			t.Fatal(err)
		}
		if err := j.EndTick(t.Context(), b.Network, at, nil); err != nil {
			t.Fatal(err)
		}
		if tick%50 == 0 || tick > ticks-10 { // the daemon does it every ten minutes
			if _, err := j.Prune(t.Context(), at, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}
