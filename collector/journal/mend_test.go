package journal

import (
	"context"
	"database/sql"
	"slices"
	"testing"
	"time"
)

// TestWriteIntoADamagedFile takes a table out of the file under an open journal, which
// is damage to it. The write that meets it mends the file and is done all the same; what
// was on the other tables stays.
func TestWriteIntoADamagedFile(t *testing.T) {
	at := t0.Add(time.Hour)
	for table, c := range map[string]struct {
		write func(ctx context.Context, j *Journal) error
		holds func(ctx context.Context, j *Journal) bool
	}{
		"slots": {
			func(ctx context.Context, j *Journal) error {
				return j.KeepSlots(ctx, "vk", map[string]time.Time{"@daily": at})
			},
			func(ctx context.Context, j *Journal) bool {
				slots, err := j.Slots(ctx)
				return err == nil && slots["vk"]["@daily"].Equal(at)
			},
		},
		"spent": {
			func(ctx context.Context, j *Journal) error {
				_, err := j.Spend(ctx, "vk", Spent{Slot: "vk", Day: "2026-10-17", Micros: 7})
				return err
			},
			func(ctx context.Context, j *Journal) bool {
				spent, err := j.Spent(ctx, "2026-10-17")
				return err == nil && len(spent["vk"]) == 1 && spent["vk"][0].Micros == 7
			},
		},
		"cursors": {
			func(ctx context.Context, j *Journal) error { return j.Advance(ctx, "i", 1, nil) },
			func(ctx context.Context, j *Journal) bool {
				n, err := j.Cursor(ctx, "i")
				return err == nil && n == 1
			},
		},
		"ticks": {
			func(ctx context.Context, j *Journal) error {
				return j.BeginTick(ctx, Tick{Network: "vk", Time: at}, nil)
			},
			func(ctx context.Context, j *Journal) bool {
				_, ok, err := j.Tick(ctx, "vk", at)
				return err == nil && ok
			},
		},
	} {
		path := temp(t)
		j := open(t, path)
		record(t, j, "vk", t0, profile("vk", "old", t0, 1))
		drop(t, path, table)
		if err := c.write(t.Context(), j); err != nil {
			t.Errorf("%s: %v", table, err)
		}
		if !c.holds(t.Context(), j) {
			t.Errorf("%s: what was written is not there", table)
		}
		if !slices.Contains(lines(t, j), oldLine) {
			t.Errorf("%s: the point is gone", table)
		}
		if j.Mended() != 1 {
			t.Errorf("%s: mended %d times", table, j.Mended())
		}
	}
}

// TestReadOfADamagedFile is the same for a question.
func TestReadOfADamagedFile(t *testing.T) {
	path := temp(t)
	j := open(t, path)
	record(t, j, "vk", t0, profile("vk", "old", t0, 1))
	drop(t, path, "slots")
	slots, err := j.Slots(t.Context())
	if err != nil || len(slots) != 0 || j.Mended() != 1 {
		t.Errorf("%v, %v, mended %d times", slots, err, j.Mended())
	}
	wantLines(t, j, oldLine)
}

// drop takes a table out of the file, as nobody but damage does.
func drop(t *testing.T, path, table string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), "DROP TABLE "+table); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestSpendBesideTellsOfItsFailure: what could not be written down is not spent.
func TestSpendBesideTellsOfItsFailure(t *testing.T) {
	path := temp(t)
	open(t, path)
	beside := openWith(t, Options{Path: path, ReadOnly: true})
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := beside.Spend(over, "vk", Spent{Slot: "vk", Day: "2026-10-17", Micros: 7}); err == nil {
		t.Error("a request may be made though its cost is not on disk")
	}
	if spent, err := beside.Spent(t.Context(), "2026-10-17"); err != nil || len(spent) != 0 {
		t.Errorf("%v, %v", spent, err)
	}
}
