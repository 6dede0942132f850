package journal

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"collectord/collector/point"
)

// batchOf is a batch that takes some 80 kB.
func batchOf(i int) Batch {
	at := t0.Add(time.Duration(i) * time.Hour)
	b := Batch{Network: "vk", Time: at, OK: 1, Answered: []string{fmt.Sprint(i)}}
	for k := range 20 {
		p := profile("vk", fmt.Sprint(k), at, int64(i))
		p.Fields = append(p.Fields, point.String("name", strings.Repeat("x", 4000)))
		b.Points = append(b.Points, p)
	}
	return b
}

// fillUp records batches until the disk is full, checks that the last one left no
// trace, makes room, and records it.
func fillUp(t *testing.T, j *Journal, makeRoom func()) {
	t.Helper()
	var err error
	n := 0
	for ; err == nil && n < 1000; n++ {
		err = j.Record(t.Context(), batchOf(n))
	}
	if !errors.Is(err, ErrFull) || !strings.Contains(err.Error(), j.Path()) {
		t.Fatalf("after %d batches: %v", n, err)
	}
	n--
	for range 3 {
		if err := j.Record(t.Context(), batchOf(n)); !errors.Is(err, ErrFull) {
			t.Errorf("again: %v", err)
		}
	}
	if got := len(lines(t, j)); got != 20*n {
		t.Errorf("%d lines, want %d", got, 20*n)
	}
	if _, ok, err := j.Tick(t.Context(), "vk", batchOf(n).Time); ok || err != nil {
		t.Errorf("a tick is left of the batch that failed: %v", err)
	}
	makeRoom()
	if err := j.Record(t.Context(), batchOf(n)); err != nil {
		t.Fatalf("with room: %v", err)
	}
	if got := len(lines(t, j)); got != 20*(n+1) {
		t.Errorf("%d lines, want %d", got, 20*(n+1))
	}
	if j.Damaged() != "" {
		t.Error("a full disk was taken for damage")
	}
	if s := must(j.Stats(t.Context()))(t); s.Points != int64(20*(n+1)) {
		t.Errorf("stats %+v", s)
	}
}

func TestFullByPragma(t *testing.T) {
	j := open(t, temp(t))
	pages := func(n int) {
		if err := j.outside("test", fmt.Sprintf("PRAGMA max_page_count = %d", n)); err != nil {
			t.Fatal(err)
		}
	}
	pages(200)
	fillUp(t, j, func() { pages(2000) })
}

func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	mount := func(size string, flags uintptr) {
		t.Helper()
		if err := unix.Mount("tmpfs", dir, "tmpfs", flags, "size="+size); err != nil {
			// TestFullByPragma has shown the same without the rights of root.
			t.Logf("no file system of our own: %v", err)
			dir = ""
		}
	}
	if mount("1m", 0); dir == "" {
		return
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	path := filepath.Join(dir, "journal.db")
	j := open(t, path)
	fillUp(t, j, func() { mount("8m", unix.MS_REMOUNT) })
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	j = open(t, path)
	if j.Damaged() != "" {
		t.Error("damaged")
	}
}

func TestReadOnlyDisk(t *testing.T) {
	j := open(t, temp(t))
	record(t, j, "vk", t0, profile("vk", "a", t0, 1))
	if err := j.outside("test", "PRAGMA query_only = 1"); err != nil {
		t.Fatal(err)
	}
	if err := j.Record(t.Context(), batchOf(1)); !errors.Is(err, ErrFull) {
		t.Errorf("record: %v", err)
	}
	if err := j.outside("test", "PRAGMA query_only = 0"); err != nil {
		t.Fatal(err)
	}
	if err := j.Record(t.Context(), batchOf(1)); err != nil {
		t.Error(err)
	}
}
