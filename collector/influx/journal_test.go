package influx

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"collectord/collector/journal"
	"collectord/collector/point"
)

// record puts n points into the journal, one of each account.
func record(t *testing.T, j *journal.Journal, at time.Time, n int) {
	t.Helper()
	points := make([]point.Point, n)
	for i := range points {
		points[i] = point.Point{Measurement: "profile", Time: at,
			Tags:   []point.Tag{{Key: "network", Value: "vk"}, {Key: "account", Value: fmt.Sprintf("a%d", i)}},
			Fields: []point.Field{point.Int("followers", int64(i))}}
	}
	tick := journal.Tick{Network: "vk", Time: at, Accounts: n, Started: at}
	if err := j.BeginTick(t.Context(), tick, nil); err != nil {
		t.Fatal(err)
	}
	if err := j.Record(t.Context(), journal.Batch{Network: "vk", Time: at, Points: points, OK: n}); err != nil {
		t.Fatal(err)
	}
}

func TestWithTheJournal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.db")
	open := func() *journal.Journal {
		j, err := journal.Open(t.Context(), journal.Options{Path: path})
		if err != nil {
			t.Fatal(err)
		}
		return j
	}
	j := open()
	defer func() { _ = j.Close() }()
	at := time.Unix(1_700_000_000, 0)
	record(t, j, at, 300)

	f := newFake(t, poisoned("account=a7,", says(400, `{"error":"partial write: no dropped=1"}`)))
	opts := options(f)
	opts.BatchSize = 100
	d := New(opts, j, nil)
	if err := d.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s := d.Status(); s.Delivered != 299 || s.Refused != 1 || s.Backlog != 0 {
		t.Errorf("status %+v", s)
	}
	refused, err := j.Refused(t.Context(), 0)
	if err != nil || len(refused) != 1 || refused[0].Reason != "partial write: no dropped=1" || refused[0].Sink != d.Sink() {
		t.Fatalf("refused %+v, %v", refused, err)
	}

	// Another start goes on where this one stopped, with what was marked first.
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	j = open()
	record(t, j, at.Add(time.Hour), 5)
	if n, err := j.MarkResend(t.Context(), nil); err != nil || n != 1 {
		t.Fatalf("%d marked, %v", n, err)
	}
	f.answer = always(noContent)
	before := len(f.requests())
	if err := New(opts, j, nil).Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := f.requests()[before:]; len(got) != 2 || got[0] != "profile,account=a7,network=vk followers=7i 1700000000\n" {
		t.Errorf("requests %q", got)
	}
	if refused, err := j.Refused(t.Context(), 0); err != nil || len(refused) != 0 {
		t.Errorf("refused %+v, %v", refused, err)
	}

	// Another bucket gets the whole history.
	opts.Bucket = "elsewhere"
	f.query = "bucket=elsewhere&org=smm&precision=s"
	d = New(opts, j, nil)
	if err := d.Drain(t.Context()); err != nil || d.Status().Delivered != 305 {
		t.Errorf("%v: %+v", err, d.Status())
	}
}
