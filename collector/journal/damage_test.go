package journal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// made is a journal with n points an hour, closed, and its lines.
func made(t *testing.T, n, ticks int) (path string, want []string) {
	t.Helper()
	path = temp(t)
	j := open(t, path)
	fill(t, j, n, ticks)
	if err := j.Advance(t.Context(), "i", 2, nil); err != nil {
		t.Fatal(err)
	}
	want = lines(t, j)
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	return path, want
}

// flip changes one bit of a file where it holds the text.
func flip(t *testing.T, path, text string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	i := bytes.Index(b, []byte(text))
	if i < 0 {
		t.Fatalf("%q is not in %s", text, path)
	}
	b[i+len(text)-2] ^= 1
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestFlippedByteInARow(t *testing.T) {
	path, want := made(t, 5, 4)
	flip(t, path, "followers=1000014i") // account 2, first hour
	want = slices.Delete(want, 2, 3)

	r := openWith(t, Options{Path: path, ReadOnly: true})
	wantLines(t, r, want...)
	if s := must(r.Stats(t.Context()))(t); s.Rotten == 0 {
		t.Error("a reader keeps silent about it")
	}
	j := open(t, path)
	wantLines(t, j, want...)
	wantLines(t, j, want...)
	if got := must(j.History(t.Context(), "vk", "account 2", time.Time{}))(t); len(got) != 3 {
		t.Errorf("history: %v", got)
	}
	if s := must(j.Stats(t.Context()))(t); s.Rotten != 1 {
		t.Errorf("%d rotten", s.Rotten)
	}
	var raw string
	if err := j.readers.QueryRow(`SELECT fields FROM rotten WHERE seq = 3`).Scan(&raw); err != nil || !strings.HasPrefix(raw, "followers=") {
		t.Errorf("the raw row: %q %v", raw, err)
	}
	if j.Damaged() != "" {
		t.Error("one row is no reason to set the file aside")
	}
	record(t, j, "vk", t0.Add(99*time.Hour), profile("vk", "account 2", time.Time{}, 1))
	if err := j.Advance(t.Context(), "i", 21, nil); err != nil {
		t.Fatal(err)
	}
	j.opts.KeepFor = time.Hour
	if p := must(j.Prune(t.Context(), t0.Add(99*time.Hour), []string{"i"}))(t); p.Delivered != 19 {
		t.Errorf("pruned %+v around it", p)
	}
}

func TestFlippedByteInASeries(t *testing.T) {
	path, want := made(t, 5, 2)
	flip(t, path, `profile,account=account\ 3,`) // one of two copies
	j := open(t, path)
	wantLines(t, j, want...)
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	flip(t, path, `profile,account=account\ 3,`) // the other one
	j = open(t, path)
	wantLines(t, j, slices.Concat(want[:3], want[4:8], want[9:])...)
	record(t, j, "vk", t0.Add(9*time.Hour), profile("vk", "account 3", time.Time{}, 1)) // goes on
	if n := len(lines(t, j)); n != 9 {
		t.Errorf("%d lines", n)
	}
}

// Whatever byte flips, the journal opens by itself, gives nothing that was not
// recorded, and records.
func TestFlipAnyByte(t *testing.T) {
	path, want := made(t, 20, 10)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	step := 5003
	if n, err := strconv.Atoi(os.Getenv("JOURNAL_FLIP_EVERY")); err == nil {
		step = n
	}
	known := map[string]bool{}
	for _, l := range want {
		known[l] = true
	}
	dir, least := t.TempDir(), len(want)
	for at := 0; at < len(whole); at += step {
		name := filepath.Join(dir, fmt.Sprint(at), "journal.db")
		if err := os.Mkdir(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		b := slices.Clone(whole)
		b[at] ^= byte(1 << (at % 8))
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		left := flipped(t, name, known)
		// A flip takes a row or two, or a series with its ten points.
		if left < len(want)-10 {
			t.Errorf("byte %d (page %d, %d): %d of %d points left", at, at/4096+1, at%4096, left, len(want))
		}
		least = min(least, left)
		if d := time.Since(begun); d > 5*time.Second {
			t.Errorf("%s: took %v", name, d)
		}
	}
	t.Logf("%d bytes, every %dth flipped: at least %d of %d points left", len(whole), step, least, len(want))
	if least == len(want) {
		t.Error("nothing was flipped")
	}
}

func flipped(t *testing.T, name string, known map[string]bool) (n int) {
	j, err := Open(t.Context(), Options{Path: name})
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return len(known)
	}
	defer func() {
		if err := j.Close(); err != nil && j.Damaged() == "" {
			t.Errorf("%s: %v", name, err)
		}
	}()
	for after := int64(0); ; {
		rows, last, err := j.Read(t.Context(), after, 50)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return n
		}
		for _, r := range rows {
			if !known[string(r.Line)] {
				t.Errorf("%s: never recorded: %s", name, r.Line)
			}
		}
		n += len(rows)
		if last == after {
			break
		}
		after = last
	}
	err = j.Record(t.Context(), Batch{Network: "vk", Time: t0.Add(500 * time.Hour), Points: nil, Answered: []string{"x"}})
	if err != nil {
		t.Errorf("%s: %v", name, err)
	}
	record(t, j, "vk", t0.Add(500*time.Hour), profile("vk", "new", time.Time{}, 1))
	return n
}

func TestDamagedFile(t *testing.T) {
	for _, c := range []struct {
		name   string
		damage func([]byte) []byte
		keeps  int // at least
		ticks  int
	}{
		{"no database", func([]byte) []byte { return []byte(strings.Repeat("this is a text file. ", 1000)) }, 0, 6},
		{"short text", func([]byte) []byte { return []byte("x") }, 0, 6},
		{"header gone", func(b []byte) []byte { clear(b[:100]); return b }, 600, 6},
		{"first page gone", func(b []byte) []byte { clear(b[:4096]); return b }, 600, 6},
		{"cut in half", func(b []byte) []byte { return b[:len(b)/2] }, 400, 30},
		{"last page gone", func(b []byte) []byte { return b[:len(b)-1] }, 500, 6},
	} {
		t.Run(c.name, func(t *testing.T) {
			path, want := made(t, 100, c.ticks)
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			broken := c.damage(b)
			if err := os.WriteFile(path, broken, 0o600); err != nil {
				t.Fatal(err)
			}
			j := open(t, path)
			if !strings.HasPrefix(j.Damaged(), path+".damaged-") {
				t.Fatalf("damaged: %q", j.Damaged())
			}
			if kept, err := os.ReadFile(j.Damaged()); err != nil || !bytes.Equal(kept, broken) {
				t.Errorf("the damaged file is not as it was: %v", err)
			}
			got := lines(t, j)
			if len(got) < c.keeps || len(got) > len(want) {
				t.Errorf("%d of %d points, want at least %d", len(got), len(want), c.keeps)
			}
			known := map[string]bool{}
			for _, l := range want {
				known[l] = true
			}
			for i, l := range got {
				if !known[l] {
					t.Fatalf("line %d was never recorded: %s", i, l)
				}
			}
			if s := must(j.Stats(t.Context()))(t); s.Points != int64(len(got)) {
				t.Errorf("stats %+v, %d lines", s, len(got))
			}
			if n := must(j.Cursor(t.Context(), "i"))(t); c.name == "last page gone" && n != 2 {
				t.Errorf("cursor %d", n)
			}
			if n := len(must(j.History(t.Context(), "vk", "account 5", time.Time{}))(t)); c.keeps > 400 && n < 5 {
				t.Errorf("history of %d", n)
			}
			record(t, j, "vk", t0.Add(99*time.Hour), profile("vk", "new", time.Time{}, 1))
			if err := j.Close(); err != nil {
				t.Fatal(err)
			}
			again := open(t, path)
			if again.Damaged() != "" || len(lines(t, again)) != len(got)+1 {
				t.Errorf("after that: %q, %d lines", again.Damaged(), len(lines(t, again)))
			}
		})
	}
}

// Damage that is met while the journal is open is mended there and then, and costs
// the broken page alone.
func TestDamageWhileOpen(t *testing.T) {
	path := temp(t)
	j := open(t, path)
	fill(t, j, 100, 20)
	want := lines(t, j)
	if err := j.checkpoint(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(b, []byte("followers=1000355i")) / 4096 * 4096
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(make([]byte, 4096), int64(at)); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	beside := openWith(t, Options{Path: path, ReadOnly: true})
	if _, _, err := beside.Read(t.Context(), 0, 100_000); !isDamage(err) {
		t.Errorf("a reader beside: %v", err)
	}
	j.readers.SetMaxIdleConns(0) // so that no page is remembered
	got := lines(t, j)
	if j.Damaged() == "" || len(got) < len(want)-150 || len(got) == len(want) {
		t.Errorf("%q, %d of %d", j.Damaged(), len(got), len(want))
	}
	record(t, j, "vk", t0.Add(99*time.Hour), profile("vk", "new", time.Time{}, 1))
	if rows, _, err := j.Read(t.Context(), int64(len(want)), 10); err != nil || len(rows) != 1 || rows[0].Seq != int64(len(want))+1 {
		t.Errorf("the new point: %v %v", rows, err)
	}
}

// The exchange of a damaged file is finished by the next Open, wherever it was cut
// short.
func TestExchangeCutShort(t *testing.T) {
	for _, state := range []string{"salvaging", "salvaged", "salvaged, one name changed"} {
		t.Run(state, func(t *testing.T) {
			path, want := made(t, 5, 4)
			good, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			put := func(name string, b []byte) {
				t.Helper()
				if err := os.WriteFile(name, b, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			switch state {
			case "salvaging": // the old file is all there is
				put(path+".salvaging", []byte("half"))
				put(path, good[:len(good)-1])
				want = nil
			case "salvaged":
				put(path+".salvaged", good)
				put(path, []byte("damaged"))
				put(path+"-wal", []byte("its log"))
			default:
				put(path+".salvaged", good)
				if err := os.Remove(path); err != nil {
					t.Fatal(err)
				}
				put(path+"-wal", []byte("the log of the damaged one"))
			}
			j := open(t, path)
			if want != nil {
				wantLines(t, j, want...)
			} else if n := len(lines(t, j)); n == 0 {
				t.Error("nothing was saved")
			}
			if j.Damaged() == "" {
				t.Error("it was not said")
			}
			for _, end := range []string{".salvaging", ".salvaged"} {
				if _, err := os.Stat(path + end); !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("%s is left: %v", end, err)
				}
			}
		})
	}
}

// Whatever is torn off the log, what is left is whole batches from its beginning.
func TestTornLog(t *testing.T) {
	path := temp(t)
	j := open(t, path)
	const size = 3
	fill(t, j, size, 10)
	want := lines(t, j)
	db, err1 := os.ReadFile(path)
	log, err2 := os.ReadFile(path + "-wal")
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	if len(log) == 0 {
		t.Fatal("no log")
	}
	dir, seen := t.TempDir(), map[int]bool{}
	for cut := len(log); cut >= 0; cut -= len(log) / 23 {
		name := filepath.Join(dir, fmt.Sprint(cut), "journal.db")
		if err := os.Mkdir(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(os.WriteFile(name, db, 0o600), os.WriteFile(name+"-wal", log[:cut], 0o600)); err != nil {
			t.Fatal(err)
		}
		torn, err := Open(context.Background(), Options{Path: name})
		if err != nil {
			t.Fatal(err)
		}
		got := lines(t, torn)
		seen[len(got)] = true
		if len(got)%size != 0 || !slices.Equal(got, want[:len(got)]) {
			t.Errorf("log of %d bytes: %d lines, not the first ones", cut, len(got))
		}
		if torn.Damaged() != "" {
			t.Errorf("log of %d bytes: set aside", cut)
		}
		if err := torn.Close(); err != nil {
			t.Error(err)
		}
	}
	if len(seen) < 5 || !seen[len(want)] {
		t.Errorf("cuts left only %v lines", seen)
	}
}
