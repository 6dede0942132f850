package main

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"collectord/collector/journal"
)

// The long form is go test ./cmd/collectord -run TestExportManyRows -exported 2000000 -v .
var exported = flag.Int("exported", 20_000, "how many points the journal of TestExportManyRows has")

// exportHeap is how much more memory an export may take than the program has before,
// whatever the journal's size.
const exportHeap = 32 << 20

// measuring counts the lines that are written to it, and looks at the heap meanwhile.
type measuring struct {
	lines    int
	peak     uint64
	nextLook int
}

func (m *measuring) Write(p []byte) (int, error) {
	m.lines += bytes.Count(p, []byte("\n"))
	if m.lines >= m.nextLook {
		var s runtime.MemStats
		runtime.ReadMemStats(&s)
		m.peak, m.nextLook = max(m.peak, s.HeapAlloc), m.lines+1000
	}
	return len(p), nil
}

// TestExportManyRows exports a large journal in every format: all of it, in memory that
// does not grow with it.
func TestExportManyRows(t *testing.T) {
	const ticks = 100
	dir := t.TempDir()
	accounts := max(10, *exported/ticks)
	fillJournal(t, filepath.Join(dir, "state"), accounts, ticks)
	path := filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(path, []byte("state_dir: "+filepath.Join(dir, "state")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	lines := 0
	for _, format := range []string{"csv", "jsonl", "lp"} {
		runtime.GC()
		var before runtime.MemStats
		runtime.ReadMemStats(&before)
		m := &measuring{}
		begun := time.Now()
		status := run([]string{"export", "--config", path, "--format", format}, &environment{Stdout: m, Stderr: os.Stderr, Getenv: os.LookupEnv})
		took := time.Since(begun)
		if format == "csv" {
			m.lines-- // the header
			lines = m.lines
		}
		if status != exitDone || m.lines != lines || lines < accounts*ticks*9/10 {
			t.Errorf("%s: status %d, %d lines of %d", format, status, m.lines, lines)
		}
		grown := int64(m.peak) - int64(before.HeapAlloc)
		t.Logf("%s: %d points in %v, %.0f a second; heap up by %.1f MB", format, m.lines, took.Round(time.Millisecond),
			float64(m.lines)/took.Seconds(), float64(grown)/1e6)
		if grown > exportHeap {
			t.Errorf("%s: the heap grew by %d MB", format, grown>>20)
		}
	}
}

// fullDisk is what nothing can be written to.
type fullDisk struct{}

var errFullDisk = errors.New("no space left")

func (fullDisk) Write([]byte) (int, error) { return 0, errFullDisk }

// TestExportTellsOfAWriteThatFailed: what is not written is not a success.
func TestExportTellsOfAWriteThatFailed(t *testing.T) {
	dir := t.TempDir()
	fillJournal(t, filepath.Join(dir, "state"), 10, 2)
	t.Setenv("STATE_DIRECTORY", filepath.Join(dir, "state"))
	t.Chdir(dir)
	for _, format := range []string{"csv", "jsonl", "lp"} {
		write, err := exporterOf(format, "", false)
		if err != nil {
			t.Fatal(err)
		}
		env := &environment{Stdout: fullDisk{}, Stderr: io.Discard, Getenv: os.LookupEnv}
		if err := export(t.Context(), env, journal.Filter{}, write); !errors.Is(err, errFullDisk) {
			t.Errorf("%s: %v; want that the disk is full", format, err)
		}
		var said strings.Builder
		env.Stderr = &said
		if status := run([]string{"export", "--format", format}, env); status != exitFailed || !strings.Contains(said.String(), "no space left") {
			t.Errorf("%s: status %d, %q", format, status, said.String())
		}
	}
}
