package collector

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"collectord/collector/influx"
	"collectord/collector/journal"
	"collectord/collector/point"
)

// The long form is go test ./collector -run ADayOnDisk -v -days 30 .
var days = flag.Int("days", 1, "how many days TestADayOnDisk records")

// hourly records ticks of a thousand accounts, an hour apart, as a poll does.
func hourly(t *testing.T, j *journal.Journal, from time.Time, ticks int) {
	t.Helper()
	points := make([]point.Point, 1000)
	for k := range ticks {
		at := from.Add(time.Duration(k) * time.Hour)
		for i := range points {
			points[i] = point.Point{Measurement: point.Profile, Time: at,
				Tags: []point.Tag{{Key: "network", Value: "vk"}, {Key: "account", Value: fmt.Sprintf("Account number %d", i)},
					{Key: "id", Value: fmt.Sprint(10_000_000 + i)}, {Key: "type", Value: "group"}, {Key: "team", Value: "news"}},
				Fields: []point.Field{point.Int("followers", int64(1_000_000+7919*i+k)), point.Int("posts", int64(4000+k))}}
		}
		if err := j.Record(t.Context(), journal.Batch{Network: "vk", Time: at, Points: points, OK: len(points)}); err != nil {
			t.Fatal(err)
		}
		if err := j.EndTick(t.Context(), "vk", at, []point.Point{{Measurement: point.Poll, Time: at,
			Tags: []point.Tag{{Key: "network", Value: "vk"}}, Fields: []point.Field{point.Int("ok", 1000)}}}); err != nil {
			t.Fatal(err)
		}
	}
}

// A month of a thousand accounts polled every hour is less than 256 MB of disk while
// InfluxDB is away: at most 355 bytes a point.
func TestADayOnDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.db")
	j, err := journal.Open(t.Context(), journal.Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	hourly(t, j, time.Unix(1_700_000_000, 0).UTC(), 24*(*days))
	stats, err := j.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if want := int64(24 * *days * 1001); stats.Points != want {
		t.Errorf("%d points, want %d", stats.Points, want)
	}
	perPoint := float64(stats.Bytes) / float64(stats.Points)
	t.Logf("%d points: %.1f MB with the log, %.0f bytes a point; a month of 720,720: %.0f MB",
		stats.Points, float64(stats.Bytes)/1e6, perPoint, perPoint*720_720/1e6)
	if perPoint > 256e6/720_720 {
		t.Errorf("%.0f bytes a point: a month does not fit into 256 MB", perPoint)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err == nil {
		t.Logf("closed: %.1f MB", float64(info.Size())/1e6)
	}
}

// While InfluxDB is away, the journal says when it is four fifths full, once, drops the
// oldest points only when it is full, and counts them.
func TestJournalFillsWhileInfluxDBIsAway(t *testing.T) {
	for _, c := range []struct {
		name  string
		sinks bool
	}{{"InfluxDB is away", true}, {"there is no InfluxDB", false}} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { fillUpAndPrune(t, c.sinks) })
		})
	}
}

func fillUpAndPrune(t *testing.T, away bool) {
	path := filepath.Join(t.TempDir(), "journal.db")
	core, logs := observer.New(zapcore.DebugLevel)
	said := func(text string) (n int) {
		for _, e := range logs.All() {
			if strings.Contains(e.Message, text) && e.ContextMap()["hint"] != "" {
				n++
			}
		}
		return n
	}
	// with opens the journal with a bound, lets use work with it, and returns how it is.
	with := func(most int64, use func(*journal.Journal)) journal.Stats {
		j, err := journal.Open(t.Context(), journal.Options{Path: path, MaxSize: most})
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := j.Close(); err != nil {
				t.Error(err)
			}
		}()
		use(j)
		stats, err := j.Stats(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return stats
	}
	prune := func(most int64) journal.Stats {
		return with(most, func(j *journal.Journal) {
			d := &Daemon{maxSize: most, log: zap.New(core), journal: j}
			if away {
				d.delivery = influx.New(influx.Options{URL: "http://influx.test", Bucket: "b"}, j, nil)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 3*pruneEvery+time.Second)
			defer cancel()
			d.prune(ctx)
		})
	}
	with(0, func(j *journal.Journal) { hourly(t, j, time.Unix(1_700_000_000, 0).UTC(), 5) })
	full := with(0, func(*journal.Journal) {}) // its log is in the file now
	const warning, dropping = "take most of journal.max_size", "were dropped"
	if s := prune(full.Bytes * 100 / 75); s.Dropped != 0 || said(warning) != 0 {
		t.Errorf("at 75 %%: warned %d times, %d dropped", said(warning), s.Dropped)
	}
	if s := prune(full.Bytes * 100 / 85); s.Dropped != 0 || said(warning) != 1 || said(dropping) != 0 {
		t.Errorf("at 85 %%: warned %d times, %d dropped", said(warning), s.Dropped)
	}
	most := full.Bytes * 100 / 130
	if s := prune(most); s.Dropped == 0 || said(dropping) != 1 || s.Points+s.Dropped != full.Points || s.Bytes > most {
		t.Errorf("at 130 %%: %d dropped, %d kept of %d, %d bytes, said %d times", s.Dropped, s.Points, full.Points, s.Bytes, said(dropping))
	}
}

// What InfluxDB has got is in nobody's way: a journal full of it warns of nothing.
func TestDeliveredPointsDoNotWarn(t *testing.T) {
	core, logs := observer.New(zapcore.DebugLevel)
	j, err := journal.Open(t.Context(), journal.Options{Path: filepath.Join(t.TempDir(), "journal.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = j.Close() }()
	hourly(t, j, time.Unix(1_700_000_000, 0).UTC(), 2)
	stats, err := j.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	d := &Daemon{maxSize: stats.Bytes, log: zap.New(core), journal: j}
	if !d.warnOfRoom(t.Context(), []string{"i"}, false) || logs.Len() != 1 {
		t.Errorf("nothing is delivered: %d lines", logs.Len())
	}
	if err := j.Advance(t.Context(), "i", stats.Points/2, nil); err != nil {
		t.Fatal(err)
	}
	if d.warnOfRoom(t.Context(), []string{"i"}, true) || logs.Len() != 1 {
		t.Errorf("half is delivered: %d lines", logs.Len())
	}
}
