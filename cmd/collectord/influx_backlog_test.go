package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"collectord/collector"
	"collectord/collector/journal"
	"collectord/collector/point"
	"collectord/internal/faultproxy"
	"collectord/internal/influxdtest"
	"collectord/networks/sim"
)

// The long form is go test ./cmd/collectord -run Backlog -v -backlog 168 .
var backlog = flag.Int("backlog", 5, "how many ticks of a thousand accounts TestBacklog has waiting")

const backlogConfig = `
influxdb: {url: "%s", org: smm, bucket: "%s", token: any}
web: {listen: "%s"}
networks:
  vk:
    schedule: "@every 1s"
    base_url: %s
    requests_per_second: 100
    accounts_files: [accounts.csv]
`

// TestBacklog has ticks of a thousand accounts wait in the journal while a thousand
// accounts are polled every second, and InfluxDB come back. The backlog is delivered
// within a minute, and meanwhile every tick has its poll, of which none takes much
// longer than before.
func TestBacklog(t *testing.T) {
	t.Parallel()
	r := newBacklogRig(t, 1000)
	waiting := r.journal(*backlog, 1000)
	r.proxy.Set(t, faultproxy.Refuse())
	r.start()
	eventually(t, 30*time.Second, "three polls before InfluxDB is back", func() bool { return r.status().Networks[0].Totals.Polls >= 3 })
	earlier := r.status().Networks[0] // the first poll, which learns who everybody is, may take longer than a second
	mended := time.Now()
	r.proxy.Set(t, faultproxy.Pass())
	eventually(t, resumeWithin, "points are delivered again", func() bool { return r.status().InfluxDB.Delivered > 0 })
	resumed := time.Now()
	eventually(t, time.Minute, "the backlog is delivered", func() bool { return r.status().InfluxDB.Delivered >= int64(waiting) })
	took := time.Since(mended)
	eventually(t, 30*time.Second, "all is delivered", func() bool { return r.status().InfluxDB.Backlog == 0 })
	ended := time.Now()
	s := r.status()
	r.end()
	before, during := r.durations(mended, ended)
	t.Logf("%d points waited: delivery resumed %.1f s after InfluxDB was back, and was done after %.1f s; polls of 1,000 accounts took %v before, %v meanwhile",
		waiting, resumed.Sub(mended).Seconds(), took.Seconds(), before, during)
	// Where polls took half a second before, the machine is too busy for one a second.
	if n := s.Networks[0]; n.Missed+n.Skipped > earlier.Missed+earlier.Skipped && median(before) < 500*time.Millisecond {
		t.Errorf("%d ticks missed, %d skipped during the delivery", n.Missed-earlier.Missed, n.Skipped-earlier.Skipped)
	}
	if slow := 10*median(before) + time.Second; median(during) > slow {
		t.Errorf("polls took %v during the delivery, %v before", during, before)
	}
	for _, measurement := range []string{"profile", "poll"} {
		field := map[string]string{"profile": "followers", "poll": "ok"}[measurement]
		want := int64(len(parsed(t, r.command("export", "--format", "lp", "--measurement", measurement))))
		if got := r.db.Count(t, measurement, field); got != want {
			t.Errorf("%s: %d points in InfluxDB, %d in the journal", measurement, got, want)
		}
	}
}

func newBacklogRig(t *testing.T, accounts int) *awayRig {
	t.Helper()
	db := influxdtest.Start(t)
	world := sim.NewWorld(1)
	world.AllowToken("vk", "vk-good-token")
	var csv strings.Builder
	for i := range accounts {
		handle := fmt.Sprintf("somebody_%d", i)
		world.Add(sim.Account{Network: "vk", Handle: handle, ID: fmt.Sprint(10_000_000 + i), Type: "person", Name: handle, Followers: int64(1000 + i)})
		fmt.Fprintf(&csv, "Account number %d,%s\n", i, handle)
	}
	servers, err := startSimulators(t.Context(), world)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(servers.stop)
	r := &awayRig{t: t, db: db, proxy: faultproxy.Start(t, db.URL), servers: servers, dir: t.TempDir(), page: freeAddress(t)}
	text := fmt.Sprintf(backlogConfig, r.proxy.URL, db.Database, r.page, servers.addresses["vk"])
	for name, content := range map[string]string{"config.yaml": text, "accounts.csv": csv.String()} {
		if err := os.WriteFile(filepath.Join(r.dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	assignTo(t, r.dir, "vk", "vk-good-token")
	return r
}

// journal records ticks of accounts an hour apart, the last one an hour ago, and
// returns how many points that are.
func (r *awayRig) journal(ticks, accounts int) (n int) {
	r.t.Helper()
	j, err := journal.Open(r.t.Context(), journal.Options{Path: collector.JournalPath(filepath.Join(r.dir, "state"))})
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() {
		if err := j.Close(); err != nil {
			r.t.Error(err)
		}
	}()
	from := time.Now().Truncate(time.Hour).Add(-time.Duration(ticks) * time.Hour)
	points := make([]point.Point, accounts)
	for k := range ticks {
		at := from.Add(time.Duration(k) * time.Hour)
		for i := range points {
			points[i] = point.Point{Measurement: point.Profile, Time: at, Tags: []point.Tag{{Key: "network", Value: "vk"},
				{Key: "account", Value: fmt.Sprintf("Account number %d", i)}, {Key: "id", Value: fmt.Sprint(10_000_000 + i)}, {Key: "type", Value: "person"}},
				Fields: []point.Field{point.Int("followers", int64(1000+i+k))}}
		}
		if err := j.Record(r.t.Context(), journal.Batch{Network: "vk", Time: at, Points: points, OK: accounts}); err != nil {
			r.t.Fatal(err)
		}
		end := point.Point{Measurement: point.Poll, Time: at, Tags: []point.Tag{{Key: "network", Value: "vk"}}, Fields: []point.Field{point.Int("ok", int64(accounts))}}
		if err := j.EndTick(r.t.Context(), "vk", at, []point.Point{end}); err != nil {
			r.t.Fatal(err)
		}
		n += accounts + 1
	}
	return n
}

// durations are how long the polls took whose ticks were up to two seconds before
// a time, and from then to another. The first poll, which learns who everybody is, is
// left out.
func (r *awayRig) durations(mended, ended time.Time) (before, during []time.Duration) {
	r.t.Helper()
	polls := parsed(r.t, r.command("export", "--format", "lp", "--measurement", "poll", "--since", "10m"))
	first := true
	for _, p := range polls {
		f, ok := p.Field("duration_ms")
		if !ok {
			continue // one that was made for the backlog
		}
		if first {
			first = false
			continue
		}
		ms, _ := f.Int()
		took := time.Duration(ms) * time.Millisecond
		switch {
		case p.Time.Before(mended.Truncate(time.Second)):
			before = append(before, took)
		case !p.Time.After(ended):
			during = append(during, took)
		}
	}
	if len(before) == 0 || len(during) == 0 {
		r.t.Errorf("polls before: %v, meanwhile: %v", before, during)
	}
	return before, during
}

// median is the middle one, 0 of none.
func median(all []time.Duration) time.Duration {
	if len(all) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)/2]
}
