package influx

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"collectord/internal/influxdtest"
	"collectord/keychain"
)

// These tests deliver to a real InfluxDB 1.8.10, by the API of InfluxDB 2.

func toReal(db *influxdtest.Server) Options {
	return Options{URL: db.URL, Org: "smm", Bucket: db.Database,
		Token: func() (keychain.Secret, error) { return keychain.Secret(db.Token), nil }}
}

// running runs d and returns a function that ends it and waits.
func running(t *testing.T, d *Deliverer) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- d.Run(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	}
	t.Cleanup(stop)
	return stop
}

// eventually waits until the status is as wanted and returns how long it took.
func eventually(t *testing.T, d *Deliverer, limit time.Duration, want func(Status) bool) time.Duration {
	t.Helper()
	start := time.Now()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !want(d.Status()) {
		if time.Since(start) > limit {
			t.Fatalf("after %v: %+v", limit, d.Status())
		}
		<-tick.C
	}
	return time.Since(start)
}

func delivered(n int64) func(Status) bool {
	return func(s Status) bool { return s.Delivered >= n && s.State == StateOK }
}

func TestRealPointsAreReadBack(t *testing.T) {
	db := influxdtest.Start(t, influxdtest.WithFlux())
	src := newMemory(
		`profile,account=РИА\ Новости,id=1,network=vk,type=group followers=3141592i 1700000000`,
		`profile,account=a\,b\=c\ "d",id=2,network=vk,type=person followers=0i 1700000000`,
		`profile_info,account=РИА\ Новости,id=1,network=vk,type=group name="РИА \"Новости\"",verified=true 1700000000`,
	)
	if err := New(toReal(db), src, nil).Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	rows := db.Query(t, `SELECT followers FROM profile GROUP BY account ORDER BY time`)
	got := map[string]int64{}
	for _, row := range rows {
		got[row.Tags["account"]] = row.Int(t, "followers")
		if row.Time.Unix() != 1700000000 {
			t.Errorf("time %v", row.Time)
		}
	}
	if len(got) != 2 || got["РИА Новости"] != 3141592 || got[`a,b=c "d"`] != 0 {
		t.Errorf("InfluxQL: %v", got)
	}
	flux := db.Flux(t, `from(bucket: "followers") |> range(start: 0) |> filter(fn: (r) => r._measurement == "profile" and r._field == "followers")`)
	got = map[string]int64{}
	for _, row := range flux {
		var n int64
		if _, err := fmt.Sscan(row["_value"], &n); err != nil {
			t.Errorf("%v: %v", row, err)
		}
		got[row["account"]] = n
	}
	if len(got) != 2 || got["РИА Новости"] != 3141592 || got[`a,b=c "d"`] != 0 {
		t.Errorf("Flux: %v", flux)
	}
	info := db.Flux(t, `from(bucket: "followers") |> range(start: 0) |> filter(fn: (r) => r._field == "name")`)
	if len(info) != 1 || info[0]["_value"] != `РИА "Новости"` {
		t.Errorf("Flux: %v", info)
	}
}

func TestRealResumesWhenTheDatabaseIsMade(t *testing.T) {
	db := influxdtest.Start(t, influxdtest.WithoutDatabase())
	d := New(toReal(db), newMemory(lines(10)...), nil)
	running(t, d)
	eventually(t, d, 10*time.Second, func(s Status) bool { return s.Cause == CauseNotFound && s.Backlog == 10 })
	if hint := d.Status().Hint; !strings.Contains(hint, `CREATE DATABASE "followers"`) {
		t.Errorf("hint %q", hint)
	}
	db.Exec(t, "CREATE DATABASE followers")
	if took := eventually(t, d, 10*time.Second, delivered(10)); took > 5*time.Second {
		t.Errorf("resumed after %v", took)
	}
	if n := db.Count(t, "profile", "followers"); n != 10 {
		t.Errorf("%d points", n)
	}
}

func TestRealIsKilledAndComesBackOnItsData(t *testing.T) {
	db := influxdtest.Start(t)
	all := lines(1000)
	src := newMemory(all[:500]...)
	d := New(toReal(db), src, nil)
	running(t, d)
	eventually(t, d, 10*time.Second, delivered(500))
	db.Kill()
	src.add(all[500:]...)
	eventually(t, d, 10*time.Second, func(s Status) bool { return s.Cause == CauseUnreachable && s.Backlog == 500 })
	db.Restart(t)
	if took := eventually(t, d, 20*time.Second, delivered(1000)); took > 5*time.Second {
		t.Errorf("resumed after %v", took)
	}
	if n := db.Count(t, "profile", "followers"); n != 1000 {
		t.Errorf("%d points", n)
	}
}

func TestRealConflictingPointAloneIsSetAside(t *testing.T) {
	db := influxdtest.Start(t)
	all := lines(5000)
	const bad = 3210
	all[bad] = "profile,account=bad,network=vk followers=\"many\" 1700000000"
	src := newMemory(all...)
	d := New(toReal(db), src, nil)
	if err := d.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := src.reasons()
	if len(got) != 1 || !strings.Contains(got[bad+1], "field type conflict") {
		t.Errorf("set aside: %v", got)
	}
	if n := db.Count(t, "profile", "followers"); n != 4999 || src.cursor(d.Sink()) != 5000 {
		t.Errorf("%d points, cursor %d", n, src.cursor(d.Sink()))
	}
}

func TestRealUnparsableLineAloneIsSetAside(t *testing.T) {
	db := influxdtest.Start(t)
	all := lines(100)
	all[0], all[50], all[51] = "profile,account= followers=1i 1", "profile", "#"
	src := newMemory(all...)
	if err := New(toReal(db), src, nil).Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := src.reasons(); len(got) != 2 || got[1] == "" || got[51] == "" {
		t.Errorf("set aside: %v", got)
	}
	if n := db.Count(t, "profile", "followers"); n != 97 {
		t.Errorf("%d points", n)
	}
}

func TestRealPointsBeyondTheRetentionPolicy(t *testing.T) {
	db := influxdtest.Start(t)
	db.Exec(t, "CREATE RETENTION POLICY short ON followers DURATION 1h REPLICATION 1 DEFAULT")
	now := time.Now().Unix()
	all := make([]string, 200)
	for i := range all {
		all[i] = fmt.Sprintf("profile,account=a%d followers=1i %d", i, now)
	}
	all[7] = "profile,account=old followers=1i 1500000000"
	src := newMemory(all...)
	d := New(toReal(db), src, nil)
	if err := d.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := src.reasons(); len(got) != 1 || !strings.Contains(got[8], "retention policy") {
		t.Errorf("set aside: %v", got)
	}
	if n := db.Count(t, "profile", "followers"); n != 199 {
		t.Errorf("%d points", n)
	}
	// A whole history beyond it is no reason to stop.
	src.add(lines(5000)...)
	if err := d.Drain(t.Context()); err != nil || len(src.reasons()) != 5001 {
		t.Errorf("%v, %d set aside", err, len(src.reasons()))
	}
}

func TestRealRestartMakesNoSecondPoint(t *testing.T) {
	db := influxdtest.Start(t)
	src := newMemory(lines(1000)...)
	src.failAdvance = errTest
	if err := New(toReal(db), src, nil).Drain(t.Context()); err == nil {
		t.Fatal("the crash did not happen")
	}
	db.Kill()
	db.Restart(t)
	if err := New(toReal(db), src, nil).Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := db.Count(t, "profile", "followers"); n != 1000 {
		t.Errorf("%d points", n)
	}
}

func TestRealTokenIsWrongThenRight(t *testing.T) {
	db := influxdtest.Start(t, influxdtest.WithAuth("collector", "open-sesame"))
	db.Exec(t, `CREATE USER "reader" WITH PASSWORD 'reads-only'`)
	var token atomic.Value
	token.Store("collector:canary-wrong")
	opts := toReal(db)
	opts.Token = func() (keychain.Secret, error) { return keychain.Secret(token.Load().(string)), nil }
	d := New(opts, newMemory(lines(10)...), nil)
	running(t, d)
	eventually(t, d, 10*time.Second, func(s Status) bool { return s.Cause == CauseUnauthorized })
	if text := fmt.Sprintf("%+v", d.Status()); strings.Contains(text, "canary") {
		t.Errorf("the token is in %s", text)
	}
	token.Store("reader:reads-only")
	eventually(t, d, 10*time.Second, func(s Status) bool { return s.Cause == CauseForbidden })
	token.Store(db.Token)
	if took := eventually(t, d, 10*time.Second, delivered(10)); took > 5*time.Second {
		t.Errorf("resumed after %v", took)
	}
}

// On a machine that does nothing else 100,000 points take less than two seconds.
// On one that is so busy that InfluxDB alone takes longer, three times as long as
// ready-made batches take is enough.
func TestRealBacklogDrainsWithinTenSeconds(t *testing.T) {
	db := influxdtest.Start(t)
	all := benchLines(100_000, 0)
	start := time.Now()
	postBare(t, db, readyMade(t, benchLines(100_000, 1)))
	limit := max(10*time.Second, 3*time.Since(start))
	src := newMemory(all...)
	start = time.Now()
	if err := New(toReal(db), src, nil).Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took > limit {
		t.Errorf("100,000 points took %v", took)
	}
	if n := db.Count(t, "profile", "followers"); n != 200_000 {
		t.Errorf("%d points", n)
	}
}

func TestRealLimitOfRequestSize(t *testing.T) {
	db := influxdtest.Start(t, influxdtest.WithHTTP("max-body-size = 3000"))
	src := newMemory(lines(2000)...)
	src.add(`profile_info,account=long name="` + noise(8000) + `" 1700000000`)
	src.add("profile,account=last followers=1i 1700000000")
	if err := New(toReal(db), src, nil).Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := src.reasons(); len(got) != 1 || !strings.Contains(got[2001], "Too Large") {
		t.Errorf("set aside: %v", got)
	}
	if n := db.Count(t, "profile", "followers"); n != 2001 {
		t.Errorf("%d points", n)
	}
}

// noise is text that does not compress well.
func noise(n int) string {
	var b strings.Builder
	x := uint32(2463534242)
	for b.Len() < n {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		fmt.Fprintf(&b, "%x", x)
	}
	return b.String()
}
