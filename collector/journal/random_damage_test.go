package journal

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// The long form is go test ./collector/journal -run TestRandomDamage -damages 1000 -timeout 30m .
var damages = flag.Int("damages", 30, "how many damages TestRandomDamage does")

const (
	damagePage = 4096
	// pageRows is more rows than a page holds.
	pageRows = 120
)

// harm is one damage: what it does to a file, and how many pages it can have hit.
type harm struct {
	name string
	do   func(random *rand.Rand, b []byte) (after []byte, pages int)
}

func harms() []harm {
	at := func(random *rand.Rand, b []byte) int { return random.IntN(len(b)) }
	return []harm{
		{"a flipped bit", func(random *rand.Rand, b []byte) ([]byte, int) {
			b[at(random, b)] ^= 1 << random.IntN(8)
			return b, 1
		}},
		{"a torn tail", func(random *rand.Rand, b []byte) ([]byte, int) {
			n := at(random, b)
			return b[:n], (len(b)-n)/damagePage + 2
		}},
		{"a zeroed page", func(random *rand.Rand, b []byte) ([]byte, int) {
			page := at(random, b) / damagePage * damagePage
			clear(b[page:min(len(b), page+damagePage)])
			return b, 2
		}},
		{"noise", func(random *rand.Rand, b []byte) ([]byte, int) {
			from := at(random, b)
			part := b[from:min(len(b), from+1+random.IntN(2*damagePage))]
			for i := range part {
				part[i] = byte(random.Uint32())
			}
			return b, len(part)/damagePage + 2
		}},
	}
}

// TestRandomDamage damages a journal, its log, or both, as a kill had left them. It opens
// by itself, gives nothing that was never recorded, counts what it found rotten, loses
// no more than what stood on the pages that were hit, and goes on.
func TestRandomDamage(t *testing.T) {
	path := temp(t)
	j := open(t, path)
	fill(t, j, 60, 60)
	if err := j.checkpoint(); err != nil {
		t.Fatal(err)
	}
	moreTicks(t, j)
	want := lines(t, j)
	db, log := read(t, path), read(t, path+"-wal") // as if it was killed now
	known := make(map[string]bool, len(want))
	for _, l := range want {
		known[l] = true
	}
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 0))
	t.Logf("seed %d; %d points, %d bytes and a log of %d", seed, len(want), len(db), len(log))
	exact, mended, dir := 0, 0, t.TempDir()
	for n := range *damages {
		h := harms()[n%len(harms())]
		b, wal, pages := slices.Clone(db), slices.Clone(log), 0
		where := []string{"the file", "the log", "both"}[random.IntN(3)]
		if where != "the log" {
			b, pages = h.do(random, b)
		}
		if where != "the file" {
			// What is behind a damage in the log is no longer believed by anybody.
			wal, _ = h.do(random, wal)
			pages += len(log)/damagePage + 1
		}
		name := filepath.Join(dir, fmt.Sprint(n), "journal.db")
		put(t, name, b, wal)
		left := flipped(t, name, known)
		t.Logf("%s in %s: %d of %d points left", h.name, where, left, len(want))
		if lost := len(want) - left; lost > pages*pageRows && !namesHit(db, b) {
			t.Errorf("%s in %s: %d points lost with %d pages", h.name, where, lost, pages)
		} else if lost == 0 {
			exact++
		}
		if aside, _ := filepath.Glob(name + ".damaged-*"); len(aside) > 0 {
			mended++
		}
		if t.Failed() {
			t.Logf("kept: %s", filepath.Dir(name))
			return
		}
		if err := os.RemoveAll(filepath.Dir(name)); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d damages: %d took no point, %d files were set aside and mended", *damages, exact, mended)
}

// moreTicks records a few batches that stay in the log.
func moreTicks(t *testing.T, j *Journal) {
	t.Helper()
	for h := range 5 {
		at := t0.Add(time.Duration(1000+h) * time.Hour)
		record(t, j, "vk", at, profile("vk", "account 1", at, int64(h)), profile("vk", "account 2", at, int64(h)))
	}
}

// namesHit reports whether so much was hit that both pages which name a series may have
// been: its points have no name any more.
func namesHit(before, after []byte) bool {
	const key = "profile,account="
	hit := 0
	for from := 0; from < len(before); from += damagePage {
		page := before[from:min(len(before), from+damagePage)]
		same := from+len(page) <= len(after) && slices.Equal(page, after[from:from+len(page)])
		if !same && bytes.Contains(page, []byte(key)) {
			hit++
		}
	}
	return hit > 1
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// put writes a journal and its log.
func put(t *testing.T, path string, db, log []byte) {
	t.Helper()
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{path: db, path + "-wal": log} {
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
