package journal

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"
)

func TestSpent(t *testing.T) {
	path := temp(t)
	j := open(t, path)
	spend := func(s Spent) {
		t.Helper()
		if _, err := j.Spend(t.Context(), "twitter", s); err != nil {
			t.Fatal(err)
		}
	}
	spend(Spent{Slot: "tw", Day: "2026-03-01", Micros: 5, Paid: []string{"old"}})
	spend(Spent{Slot: "tw", Day: "2026-03-12", Micros: 20_000, Paid: []string{"a", "b"}})
	spend(Spent{Slot: "tw", Day: "2026-03-12", Micros: -10_000, Unpaid: []string{"b"}})
	spend(Spent{Slot: "tw:second", Day: "2026-03-12", Micros: 7})
	if err := j.Record(t.Context(), Batch{Network: "twitter", Time: time.Unix(1_773_300_000, 0),
		Spent: []Spent{{Slot: "tw", Day: "2026-03-12", Micros: 1, Paid: []string{"c"}}}}); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	j = open(t, path)
	want := map[string][]Spent{"twitter": {
		{Slot: "tw", Day: "2026-03-12", Micros: 10_001, Paid: []string{"a", "c"}}, {Slot: "tw:second", Day: "2026-03-12", Micros: 7}}}
	if got := spentOf(t, j, "2026-03-02"); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := spentOf(t, j, ""); len(got["twitter"]) != 3 || got["twitter"][0].Micros != 5 || got["twitter"][0].Paid != nil {
		t.Errorf("of an earlier day the sum is kept and the accounts are not: %+v", got)
	}
	spend(Spent{Slot: "tw", Day: "2026-06-01", Micros: 1})
	if got := spentOf(t, j, ""); len(got["twitter"]) != 1 {
		t.Errorf("days that are long over are kept: %+v", got)
	}
	if _, err := j.Spend(t.Context(), "twitter", Spent{Day: "today", Micros: 1}); err == nil {
		t.Error("a day that is none is taken")
	}
}

func spentOf(t *testing.T, j *Journal, day string) map[string][]Spent {
	t.Helper()
	got, err := j.Spent(t.Context(), day)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range got {
		slices.SortFunc(s, func(a, b Spent) int { return slices.Compare([]string{a.Day, a.Slot}, []string{b.Day, b.Slot}) })
	}
	return got
}

// TestSpendBeside checks that who spends beside the daemon and the daemon know of
// each other.
func TestSpendBeside(t *testing.T) {
	path := temp(t)
	j := open(t, path)
	beside, err := Open(t.Context(), Options{Path: path, ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = beside.Close() })
	spend := func(j *Journal, micros, want int64) {
		t.Helper()
		others, err := j.Spend(t.Context(), "twitter", Spent{Slot: "tw", Day: "2026-03-12", Micros: micros})
		if err != nil || others != want {
			t.Errorf("others spent %d, %v; want %d", others, err, want)
		}
	}
	spend(j, 10, 0)
	spend(beside, 3, 10)
	spend(beside, 4, 10)
	spend(j, 1, 7)
	if s := spentOf(t, j, "")["twitter"][0]; s.Micros != 11 || s.Others != 7 {
		t.Errorf("as the daemon sees it: %+v", s)
	}
	if s := spentOf(t, beside, "")["twitter"][0]; s.Micros != 7 || s.Others != 11 {
		t.Errorf("as the one beside it sees it: %+v", s)
	}
}

// versionOne makes a journal as version 1 made it.
func versionOne(t *testing.T) string {
	t.Helper()
	path := temp(t)
	j := open(t, path)
	if err := j.EndTick(t.Context(), "vk", time.Unix(1000, 0), nil); err != nil {
		t.Fatal(err)
	}
	if err := j.write("test", func(w *writer) error { return backTo(w, 1) }); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestMigrate(t *testing.T) {
	path := versionOne(t)
	beside, err := Open(t.Context(), Options{Path: path, ReadOnly: true})
	if err != nil {
		t.Fatalf("nobody can read it before the daemon has brought it up to date: %v", err)
	}
	if err := beside.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		j := open(t, path)
		if j.Damaged() != "" {
			t.Fatal("an older journal is taken for a damaged one")
		}
		if _, found, err := j.Tick(t.Context(), "vk", time.Unix(1000, 0)); err != nil || !found {
			t.Errorf("its ticks: %v, %v", found, err)
		}
		if _, err := j.Spend(t.Context(), "vk", Spent{Slot: "vk", Day: "2026-03-12", Micros: 1}); err != nil {
			t.Error(err)
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if m, _ := filepath.Glob(path + ".damaged*"); m != nil {
		t.Error("it was set aside")
	}
}

// TestSpentOutlivesDamage checks that a mended journal knows what was spent.
func TestSpentOutlivesDamage(t *testing.T) {
	path := temp(t)
	j := open(t, path)
	if _, err := j.Spend(t.Context(), "twitter", Spent{Slot: "tw", Day: "2026-03-12", Micros: 20_000, Paid: []string{"a"}}); err != nil {
		t.Fatal(err)
	}
	if err := j.write("test", func(w *writer) error {
		_, err := w.exec(`INSERT OR REPLACE INTO meta VALUES ('schema', 0)`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	j = open(t, path)
	if j.Damaged() == "" {
		t.Fatal("it is not damaged")
	}
	if s := spentOf(t, j, "")["twitter"]; len(s) != 1 || s[0].Micros != 20_000 || len(s[0].Paid) != 1 {
		t.Errorf("after mending: %+v", s)
	}
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}
