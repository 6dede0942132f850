package journal

import (
	"iter"
	"strconv"
	"strings"
	"testing"
	"time"
)

// An export that stands still half way, behind a pipe that nobody reads, keeps neither
// the log from going home nor room from being given back.
func TestLogBesideASlowExport(t *testing.T) {
	path := temp(t)
	j := open(t, path)
	fill(t, j, pointsRows, 3)
	beside := openWith(t, Options{Path: path, ReadOnly: true})
	next, stop := iter.Pull2(beside.Points(t.Context(), Filter{}))
	defer stop()
	if _, err, ok := next(); err != nil || !ok {
		t.Fatal(err, ok)
	}
	largest := int64(0)
	for n := range 120 {
		if err := j.Record(t.Context(), batchOf(1000+n)); err != nil {
			t.Fatal(err)
		}
		largest = max(largest, fileSize(path+"-wal"))
	}
	if size := fileSize(path); size < 8<<20 || largest > 6<<20 {
		t.Errorf("the log grew to %d bytes, the file to %d", largest, size)
	}
	rest := 1
	for {
		_, err, ok := next()
		if !ok {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		rest++
	}
	if want := len(lines(t, j)); rest != want {
		t.Errorf("it went on to %d points of %d", rest, want)
	}
}

// While another program keeps a transaction open, the log cannot go home and grows. No
// point is dropped for that, and it shrinks when that program is done.
func TestLogBesideALongReader(t *testing.T) {
	path := temp(t)
	j := openWith(t, Options{Path: path, MaxSize: 4 << 20})
	fill(t, j, 1000, 10)
	reader, err := openReaders(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reader.Close() }() // only read
	tx, err := reader.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var n int64
	if err := tx.QueryRow(`SELECT count(*) FROM points`).Scan(&n); err != nil || n != 10_000 {
		t.Fatal(n, err)
	}
	if err := j.outside("test", "PRAGMA busy_timeout = 50"); err != nil { // rather than 10 s
		t.Fatal(err)
	}
	for n := range 12 { // the same half of a megabyte again and again
		a := Account{Network: "vk", Label: "a", Info: strings.Repeat(strconv.Itoa(n%10), 500_000)}
		if err := j.Record(t.Context(), Batch{Network: "vk", Time: t0, Accounts: []Account{a}}); err != nil {
			t.Fatal(err)
		}
	}
	if size := fileSize(path + "-wal"); size < 4<<20 {
		t.Fatalf("the log has %d bytes only", size)
	}
	for _, sinks := range [][]string{nil, {"i"}} {
		if p := must(j.Prune(t.Context(), t0.Add(time.Hour), sinks))(t); p != (Pruned{}) {
			t.Errorf("pruned %+v", p)
		}
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	must(j.Prune(t.Context(), t0.Add(time.Hour), nil))(t)
	if size := fileSize(path + "-wal"); size > 0 {
		t.Errorf("with nobody reading the log keeps %d bytes", size)
	}
	if got := len(lines(t, j)); got != 10_000 {
		t.Errorf("%d points left", got)
	}
}
