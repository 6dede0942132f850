package journal

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"collectord/collector/point"
)

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		os.Exit(child())
	}
	goleak.VerifyTestMain(m)
}

var t0 = time.Unix(1_792_224_000, 0).UTC() // 2026-10-17T08:00:00Z

func open(tb testing.TB, path string) *Journal {
	tb.Helper()
	return openWith(tb, Options{Path: path})
}

func openWith(tb testing.TB, o Options) *Journal {
	tb.Helper()
	j, err := Open(tb.Context(), o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := j.Close(); err != nil {
			tb.Error(err)
		}
	})
	return j
}

func temp(tb testing.TB) string { return filepath.Join(tb.TempDir(), "state", "journal.db") }

func profile(network, label string, at time.Time, followers int64) point.Point {
	return point.Point{Measurement: point.Profile, Time: at,
		Tags:   []point.Tag{{Key: "network", Value: network}, {Key: "account", Value: label}, {Key: "id", Value: "1"}, {Key: "type", Value: "person"}},
		Fields: []point.Field{point.Int("followers", followers)}}
}

func record(tb testing.TB, j *Journal, network string, at time.Time, points ...point.Point) {
	tb.Helper()
	if err := j.Record(tb.Context(), Batch{Network: network, Time: at, Points: points}); err != nil {
		tb.Fatal(err)
	}
}

// lines are all the lines that Read gives.
func lines(tb testing.TB, j *Journal) []string {
	tb.Helper()
	var all []string
	for after := int64(0); ; {
		rows, last, err := j.Read(tb.Context(), after, 97)
		if err != nil {
			tb.Fatal(err)
		}
		for _, r := range rows {
			if r.Seq <= after {
				tb.Fatalf("seq %d after %d", r.Seq, after)
			}
			all = append(all, string(r.Line))
		}
		if last == after {
			return all
		}
		after = last
	}
}

func wantLines(tb testing.TB, j *Journal, want ...string) {
	tb.Helper()
	if got := lines(tb, j); !slices.Equal(got, want) {
		tb.Fatalf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

type fataler interface {
	Helper()
	Fatal(...any)
}

func must[T any](v T, err error) func(fataler) T {
	return func(tb fataler) T {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		return v
	}
}

func TestRecordAndRead(t *testing.T) {
	path := temp(t)
	j := open(t, path)
	wantLines(t, j)
	changed := j.Changed()
	record(t, j, "vk", t0, profile("vk", "РИА Новости", t0, 1), profile("vk", `a,b=c "d"`, time.Time{}, 2))
	select {
	case <-changed:
	default:
		t.Error("Changed was not closed")
	}
	changed = j.Changed()
	// A repeated poll makes no second point, and the first value stays.
	record(t, j, "vk", t0, profile("vk", "РИА Новости", t0, 100), profile("vk", "x", t0, 3), profile("vk", "x", t0, 4))
	record(t, j, "vk", t0.Add(time.Hour), profile("vk", "x", t0.Add(time.Hour), 5))
	want := []string{
		`profile,account=РИА\ Новости,id=1,network=vk,type=person followers=1i 1792224000`,
		`profile,account=a\,b\=c\ "d",id=1,network=vk,type=person followers=2i 1792224000`,
		`profile,account=x,id=1,network=vk,type=person followers=3i 1792224000`,
		`profile,account=x,id=1,network=vk,type=person followers=5i 1792227600`,
	}
	wantLines(t, j, want...)
	select {
	case <-changed:
	default:
		t.Error("Changed was not closed by new points")
	}
	changed = j.Changed()
	record(t, j, "vk", t0, profile("vk", "x", t0, 9))
	select {
	case <-changed:
		t.Error("Changed was closed though nothing is new")
	default:
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	j = open(t, path)
	wantLines(t, j, want...)
	if s := must(j.Stats(t.Context()))(t); s.Points != 4 || !s.Oldest.Equal(t0) || !s.Newest.Equal(t0.Add(time.Hour)) || s.Bytes == 0 {
		t.Errorf("stats %+v", s)
	}
}

func TestLinesDoNotShareRoom(t *testing.T) {
	j := open(t, temp(t))
	record(t, j, "vk", t0, profile("vk", "a", t0, 1), profile("vk", "b", t0, 2))
	rows, _, err := j.Read(t.Context(), 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	second := string(rows[1].Line)
	_ = append(rows[0].Line, "XXXXXXXXX"...)
	if string(rows[1].Line) != second {
		t.Error("appending to one line wrote over the next")
	}
}

func TestBadPoint(t *testing.T) {
	j := open(t, temp(t))
	for name, p := range map[string]point.Point{
		"control character": profile("vk", "a\nb", t0, 1),
		"other time":        profile("vk", "a", t0.Add(time.Second), 1),
		"no fields":         {Measurement: "profile"},
	} {
		err := j.Record(t.Context(), Batch{Network: "vk", Time: t0, Points: []point.Point{profile("vk", "ok", t0, 1), p}})
		var pe *PointError
		if !errors.As(err, &pe) || pe.Index != 1 {
			t.Errorf("%s: %v", name, err)
		}
	}
	wantLines(t, j)
}

func TestTick(t *testing.T) {
	path := temp(t)
	j := open(t, path)
	ctx := t.Context()
	next := map[string]time.Time{"@hourly": t0.Add(time.Hour), "*/5 * * * *": t0.Add(5 * time.Minute)}
	tick := Tick{Network: "vk", Time: t0, MadeUp: true, Specs: []string{"@hourly", "*/5 * * * *"}, Accounts: 4, Started: t0.Add(3 * time.Millisecond)}
	if err := j.BeginTick(ctx, tick, next); err != nil {
		t.Fatal(err)
	}
	other := tick
	other.Accounts, other.Specs = 9, nil
	if err := j.BeginTick(ctx, other, nil); err != nil { // it is open already
		t.Fatal(err)
	}
	err := j.Record(ctx, Batch{Network: "vk", Time: t0, Points: []point.Point{profile("vk", "a", t0, 1)}, Answered: []string{"РИА Новости"},
		OK: 2, Failed: 1, Requests: 3, Retries: 4})
	if err != nil {
		t.Fatal(err)
	}
	record(t, j, "bluesky", t0, profile("bluesky", "other network", t0, 1))
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}

	j = open(t, path)
	open := must(j.OpenTicks(ctx))(t)
	tick.OK, tick.Failed, tick.Requests, tick.Retries = 2, 1, 3, 4
	if len(open) != 2 || fmt.Sprintf("%+v", open[1]) != fmt.Sprintf("%+v", tick) {
		t.Fatalf("got  %+v\nwant %+v", open, tick)
	}
	if got := must(j.Answered(ctx, "vk", t0))(t); fmt.Sprint(got) != "map[a:true РИА Новости:true]" {
		t.Errorf("answered %v", got)
	}
	if got := must(j.Slots(ctx))(t); fmt.Sprint(got["vk"]) != fmt.Sprint(next) {
		t.Errorf("slots %v", got)
	}

	poll := point.Point{Measurement: point.Poll, Time: t0, Tags: []point.Tag{{Key: "network", Value: "vk"}}, Fields: []point.Field{point.Int("ok", 2)}}
	for range 2 { // closing twice is closing once
		if err := j.EndTick(ctx, "vk", t0, []point.Point{poll}); err != nil {
			t.Fatal(err)
		}
	}
	got, ok, err := j.Tick(ctx, "vk", t0)
	if err != nil || !ok || got.Closed.IsZero() || got.OK != 2 {
		t.Errorf("closed tick: %+v %v %v", got, ok, err)
	}
	if _, ok, err := j.Tick(ctx, "vk", t0.Add(1)); !ok || err != nil {
		t.Error("a tick is known by its second")
	}
	if _, ok, err := j.Tick(ctx, "vk", t0.Add(time.Second)); ok || err != nil {
		t.Error("a tick that is not there")
	}
	// A batch that is late is recorded, and does not leave answers behind.
	if err := j.Record(ctx, Batch{Network: "vk", Time: t0, Answered: []string{"late"}, Requests: 1}); err != nil {
		t.Fatal(err)
	}
	if got := must(j.Answered(ctx, "vk", t0))(t); fmt.Sprint(got) != "map[a:true]" {
		t.Errorf("answered after the end %v", got)
	}
	if open := must(j.OpenTicks(ctx))(t); len(open) != 1 || open[0].Network != "bluesky" {
		t.Errorf("open ticks %+v", open)
	}
}

// A slot stays until its schedule is gone, or a tick is begun that moves it.
func TestSlots(t *testing.T) {
	j, ctx := open(t, temp(t)), t.Context()
	later := t0.Add(time.Hour)
	keep := func(next map[string]time.Time, want map[string]time.Time) {
		t.Helper()
		if err := j.KeepSlots(ctx, "vk", next); err != nil {
			t.Fatal(err)
		}
		if got := must(j.Slots(ctx))(t)["vk"]; !maps.Equal(unixTimes(got), unixTimes(want)) {
			t.Errorf("slots %v, want %v", got, want)
		}
	}
	if err := j.KeepSlots(ctx, "bluesky", map[string]time.Time{"@daily": t0}); err != nil {
		t.Fatal(err)
	}
	keep(map[string]time.Time{"@daily": t0, "@hourly": t0}, map[string]time.Time{"@daily": t0, "@hourly": t0})
	keep(map[string]time.Time{"@daily": later, "@hourly": t0, "it's": t0}, map[string]time.Time{"@daily": t0, "@hourly": t0, "it's": t0})
	if err := j.BeginTick(ctx, Tick{Network: "vk", Time: t0}, map[string]time.Time{"@daily": later}); err != nil {
		t.Fatal(err)
	}
	keep(map[string]time.Time{"@daily": t0}, map[string]time.Time{"@daily": later})
	keep(nil, map[string]time.Time{})
	keep(map[string]time.Time{"@daily": t0}, map[string]time.Time{"@daily": t0})
	if got := must(j.Slots(ctx))(t)["bluesky"]; len(got) != 1 {
		t.Errorf("those of another network: %v", got)
	}
}

func unixTimes(slots map[string]time.Time) map[string]int64 {
	unix := make(map[string]int64, len(slots))
	for spec, at := range slots {
		unix[spec] = at.Unix()
	}
	return unix
}

func TestAccounts(t *testing.T) {
	j := open(t, temp(t))
	a := Account{Network: "vk", Label: "РИА Новости", Asked: "ria", Kind: "group", ID: "15755094", Host: "h", Name: "ria", State: "ok",
		StateSince: t0, Info: `{"name":"РИА"}`, Error: "boom", ErrorKind: "temporary", ErrorAt: t0.Add(time.Second), SkipUntil: t0.Add(time.Hour)}
	b := Account{Network: "vk", Label: "b"}
	for range 2 {
		if err := j.Record(t.Context(), Batch{Network: "vk", Time: t0, Accounts: []Account{a, b}}); err != nil {
			t.Fatal(err)
		}
		got := must(j.Accounts(t.Context()))(t)
		if len(got) != 2 || got[a.Key()] != a || got[b.Key()] != b {
			t.Fatalf("got %+v", got)
		}
		a.State, a.SkipUntil = "private", time.Time{}
	}
}

func TestCursor(t *testing.T) {
	j := open(t, temp(t))
	ctx := t.Context()
	for i := range 5 {
		record(t, j, "vk", t0.Add(time.Duration(i)*time.Minute), profile("vk", "a", time.Time{}, int64(i)))
	}
	backlog := func(sink string, rows int64, oldest time.Time) {
		t.Helper()
		if b := must(j.Backlog(ctx, sink))(t); b.Rows != rows || !b.Oldest.Equal(oldest) {
			t.Errorf("backlog %+v, want %d %v", b, rows, oldest)
		}
	}
	backlog("i", 5, t0)
	if err := j.Advance(ctx, "i", 3, []Refused{{2, "field type conflict"}}); err != nil {
		t.Fatal(err)
	}
	backlog("i", 2, t0.Add(3*time.Minute))
	backlog("other", 5, t0)
	if err := j.Advance(ctx, "i", 1, nil); err != nil {
		t.Fatal(err)
	}
	if n := must(j.Cursor(ctx, "i"))(t); n != 3 {
		t.Errorf("the cursor went back to %d", n)
	}
	if n := must(j.Cursor(ctx, "none"))(t); n != 0 {
		t.Errorf("new cursor %d", n)
	}
	if err := j.Advance(ctx, "i", 5, nil); err != nil {
		t.Fatal(err)
	}
	backlog("i", 0, time.Time{})
}

func TestRefused(t *testing.T) {
	path := temp(t)
	j := open(t, path)
	ctx := t.Context()
	record(t, j, "vk", t0, profile("vk", "a", t0, 1), profile("vk", "b", t0, 2), profile("vk", "c", t0, 3))
	if err := j.Advance(ctx, "i", 3, []Refused{{1, "one"}, {3, "three"}}); err != nil {
		t.Fatal(err)
	}
	all := must(j.Refused(ctx, 0))(t)
	if len(all) != 2 || all[0].Seq != 3 || all[0].Reason != "three" || all[0].Sink != "i" || all[0].Resend || all[0].At.IsZero() ||
		string(all[1].Line) != `profile,account=a,id=1,network=vk,type=person followers=1i 1792224000` {
		t.Fatalf("refused %+v", all)
	}
	if one := must(j.Refused(ctx, 1))(t); len(one) != 1 || one[0].Seq != 3 {
		t.Errorf("refused, at most 1: %+v", one)
	}
	retry := func(sink string, want ...int64) {
		t.Helper()
		var got []int64
		for _, r := range must(j.Retry(ctx, sink, 10))(t) {
			got = append(got, r.Seq)
		}
		if !slices.Equal(got, want) {
			t.Errorf("retry %v, want %v", got, want)
		}
	}
	retry("i")
	beside := openWith(t, Options{Path: path, ReadOnly: true})
	if n := must(beside.MarkResend(ctx, []int64{3, 2}))(t); n != 1 {
		t.Errorf("marked %d", n)
	}
	retry("i", 3)
	retry("other")
	changed := j.Changed()
	if n := must(j.MarkResend(ctx, nil))(t); n != 2 {
		t.Errorf("marked %d", n)
	}
	<-changed
	retry("i", 1, 3)
	if err := j.Forgive(ctx, "i", []int64{1}); err != nil {
		t.Fatal(err)
	}
	if err := j.Advance(ctx, "i", 3, []Refused{{3, "again"}}); err != nil {
		t.Fatal(err)
	}
	retry("i")
	if all := must(j.Refused(ctx, 10))(t); len(all) != 1 || all[0].Reason != "again" {
		t.Errorf("refused %+v", all)
	}
	if n := must(j.MarkResend(ctx, []int64{}))(t); n != 0 {
		t.Errorf("an empty list marked %d", n)
	}
	if s := must(j.Stats(ctx))(t); s.Refused != 1 {
		t.Errorf("stats %+v", s)
	}
}

func TestLocked(t *testing.T) {
	path := temp(t)
	j := open(t, path)
	_, err := Open(t.Context(), Options{Path: path})
	if !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), fmt.Sprint(os.Getpid())) || !strings.Contains(err.Error(), path+".lock") {
		t.Fatalf("second open: %v", err)
	}
	record(t, j, "vk", t0, profile("vk", "a", t0, 1)) // the first is not disturbed
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, path)
}

func TestClosed(t *testing.T) {
	j := open(t, temp(t))
	for range 2 {
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Record(t.Context(), Batch{}); !errors.Is(err, ErrClosed) {
		t.Errorf("record: %v", err)
	}
	if _, _, err := j.Read(t.Context(), 0, 1); !errors.Is(err, ErrClosed) {
		t.Errorf("read: %v", err)
	}
}

func TestReadOnly(t *testing.T) {
	path := temp(t)
	if _, err := Open(t.Context(), Options{Path: path, ReadOnly: true}); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("no file: %v", err)
	}
	if _, err := os.Stat(filepath.Dir(path)); err == nil {
		t.Error("reading made the folder")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := createFile(path); err != nil { // as a daemon that has only begun
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), Options{Path: path, ReadOnly: true}); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("no tables yet: %v", err)
	}
	j := open(t, path)
	r := openWith(t, Options{Path: path, ReadOnly: true})
	wantLines(t, r)
	record(t, j, "vk", t0, profile("vk", "a", t0, 1))
	want := `profile,account=a,id=1,network=vk,type=person followers=1i 1792224000`
	wantLines(t, r, want)
	record(t, j, "vk", t0, profile("vk", "b", t0, 1)) // a series that r has not seen
	if n := len(must(r.Latest(t.Context()))(t)); time.Since(t0) < latestAge && n != 2 {
		t.Errorf("latest: %d accounts", n)
	}
	if err := r.Record(t.Context(), Batch{}); !errors.Is(err, ErrReadOnly) {
		t.Errorf("record: %v", err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if n := len(lines(t, r)); n != 2 {
		t.Errorf("%d lines after the daemon went", n)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	alone := openWith(t, Options{Path: path, ReadOnly: true})
	if n := len(lines(t, alone)); n != 2 {
		t.Errorf("%d lines without a daemon", n)
	}
}

func TestFilesArePrivate(t *testing.T) {
	path := temp(t)
	j := open(t, path)
	record(t, j, "vk", t0, profile("vk", "a", t0, 1))
	for name, want := range map[string]os.FileMode{filepath.Dir(path): 0o700, path: 0o600, path + "-wal": 0o600, path + "-shm": 0o600, path + ".lock": 0o600} {
		info, err := os.Stat(name)
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v %v, want %v", name, info.Mode().Perm(), err, want)
		}
	}
}

func TestOddPaths(t *testing.T) {
	for _, name := range []string{"with space", "a?b#c%20d", "путь", "it's;_pragma=x", "a&mode=memory"} {
		path := filepath.Join(t.TempDir(), name, name+".db")
		j := open(t, path)
		record(t, j, "vk", t0, profile("vk", "a", t0, 1))
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		wantLines(t, open(t, path), `profile,account=a,id=1,network=vk,type=person followers=1i 1792224000`)
	}
}

func TestEndedContextDoesNotStopRecord(t *testing.T) {
	j := open(t, temp(t))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := j.Record(ctx, Batch{Network: "vk", Time: t0, Points: []point.Point{profile("vk", "a", t0, 1)}}); err != nil {
		t.Fatal(err)
	}
	if n := len(lines(t, j)); n != 1 {
		t.Errorf("%d lines", n)
	}
	if _, _, err := j.Read(ctx, 0, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("read: %v", err)
	}
}

func TestNewerVersion(t *testing.T) {
	path := temp(t)
	j := open(t, path)
	if err := j.write("test", func(w *writer) error {
		_, err := w.exec(`UPDATE meta SET value = 99`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	for _, readOnly := range []bool{false, true} {
		if _, err := Open(t.Context(), Options{Path: path, ReadOnly: readOnly}); err == nil || !strings.Contains(err.Error(), "version 99") {
			t.Errorf("read-only %v: %v", readOnly, err)
		}
	}
	if m, _ := filepath.Glob(path + ".damaged*"); m != nil {
		t.Error("a newer journal was set aside")
	}
}
