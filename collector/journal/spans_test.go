package journal

import (
	"context"
	"fmt"
	"testing"
	"time"

	"collectord/collector/point"
)

// ages records points of three accounts: "often" now and then, "silent" twenty days ago
// alone, "moved" under one id ten days ago and under another one an hour ago.
func ages(t *testing.T, j *Journal) (now time.Time) {
	t.Helper()
	now = time.Now().Truncate(time.Second).UTC()
	put := func(ago time.Duration, label, id string, followers int64) {
		record(t, j, "vk", now.Add(-ago), sample(label, id, now.Add(-ago), point.Int("followers", followers)))
	}
	const day = 24 * time.Hour
	put(20*day, "silent", "1", 20)
	put(10*day, "moved", "2", 10)
	for _, h := range []int{25, 24, 3, 2} {
		put(time.Duration(h)*time.Hour, "often", "4", int64(100-h))
	}
	put(time.Hour, "moved", "3", 11)
	return now
}

func wantAges(t *testing.T, j *Journal, now time.Time, often int64) {
	t.Helper()
	latest := must(j.Latest(t.Context()))(t)
	at := must(j.At(t.Context(), now.Add(-24*time.Hour), 26*time.Hour))(t)
	for label, want := range map[string]int64{"silent": 20, "moved": 11, "often": often} {
		if n, known := latest[AccountKey{"vk", label}].Followers(); !known || n != want {
			t.Errorf("%s: the newest is %d, want %d", label, n, want)
		}
	}
	if len(at) != 1 || at[AccountKey{"vk", "often"}].Followers != 76 {
		t.Errorf("a day ago: %v", at)
	}
	ten := must(j.At(t.Context(), now.Add(-9*24*time.Hour), 26*time.Hour))(t)
	if len(ten) != 1 || ten[AccountKey{"vk", "moved"}].Followers != 10 {
		t.Errorf("nine days ago: %v", ten)
	}
}

// save writes the spans however few points there are.
func save(t *testing.T, j *Journal) {
	t.Helper()
	j.spans.found = true
	if err := j.saveSpans(t.Context()); err != nil {
		t.Fatal(err)
	}
	if j.spans.found || len(j.spans.changed) > 0 || j.spans.saved != j.spans.upTo {
		t.Error("not all was saved")
	}
}

// What was saved and what came since make the same picture as all the points.
func TestSpansAreSaved(t *testing.T) {
	path := temp(t)
	j := open(t, path)
	now := ages(t, j)
	wantAges(t, j, now, 98)
	save(t, j)
	record(t, j, "vk", now, sample("often", "4", now, point.Int("followers", 7)))
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	for _, o := range []Options{{Path: path, ReadOnly: true}, {Path: path}} {
		again := openWith(t, o)
		wantAges(t, again, now, 7)
		if len(again.spans.changed) > 1 {
			t.Errorf("read anew: %v", again.spans.changed)
		}
		if err := again.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// Where the table lacks, is of an older version, or is broken, the newest points are
// looked for, and found again from then on.
func TestSpansAreLookedFor(t *testing.T) {
	for name, harm := range map[string]string{
		"version 2":       ``,
		"no rows":         `DELETE FROM spans`,
		"a wrong one":     `UPDATE spans SET seq = 1, last = 5 WHERE series > 0`,
		"a wrong end":     `UPDATE spans SET seq = 1000000 WHERE series = 0`,
		"of another type": `UPDATE spans SET last = 'x'`,
	} {
		t.Run(name, func(t *testing.T) {
			path := temp(t)
			j := open(t, path)
			now := ages(t, j)
			save(t, j)
			if err := j.write("test", func(w *writer) error {
				if name == "version 2" {
					return backTo(w, 2)
				}
				_, err := w.conn.ExecContext(context.Background(), harm)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			if err := j.Close(); err != nil {
				t.Fatal(err)
			}
			beside := openWith(t, Options{Path: path, ReadOnly: true})
			wantAges(t, beside, now, 98)
			again := open(t, path)
			if again.Damaged() != "" {
				t.Fatal("it was set aside")
			}
			wantAges(t, again, now, 98)
			save(t, again)
			if err := again.Close(); err != nil {
				t.Fatal(err)
			}
			once := open(t, path)
			wantAges(t, once, now, 98)
			if once.spans.found || len(once.spans.changed) > 0 {
				t.Error("they are looked for once more")
			}
		})
	}
}

// The newest point of an account is rotten or gone: the one before it counts.
func TestSpanOfARottenPoint(t *testing.T) {
	for name, harm := range map[string]string{
		"rotten": `UPDATE points SET fields = 'followers=99i' WHERE fields = 'followers=98i'`,
		"gone":   `DELETE FROM points WHERE fields = 'followers=98i'`,
	} {
		t.Run(name, func(t *testing.T) {
			j := open(t, temp(t))
			now := ages(t, j)
			wantAges(t, j, now, 98)
			if err := j.outside("test", harm); err != nil {
				t.Fatal(err)
			}
			wantAges(t, j, now, 97)
		})
	}
}

// BenchmarkCatchUp is what a point costs the first time that somebody asks for the
// newest ones after it.
func BenchmarkCatchUp(b *testing.B) {
	j := open(b, temp(b))
	fill(b, j, 1000, 20)
	for b.Loop() {
		j.spans = spans{of: map[int64]span{}, changed: map[int64]bool{}, loaded: true}
		if err := j.catchUp(b.Context()); err != nil || j.spans.upTo != 20_000 {
			b.Fatal(j.spans.upTo, err)
		}
	}
	b.ReportMetric(20_000*float64(b.N)/b.Elapsed().Seconds(), "points/s")
}

// A mended file knows the newest points too.
func TestSpansOfAMendedFile(t *testing.T) {
	j := open(t, temp(t))
	now := ages(t, j)
	wantAges(t, j, now, 98)
	j.mu.Lock()
	err := j.repair(fmt.Errorf("%w: a test", errRepair))
	j.mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	wantAges(t, j, now, 98)
}
