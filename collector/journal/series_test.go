package journal

import (
	"context"
	"fmt"
	"hash/maphash"
	"strings"
	"sync"
	"testing"
	"time"

	"collectord/collector/point"
)

// named is a profile point of one of many accounts, a few of which have long labels.
func named(i int) point.Point {
	label := fmt.Sprintf("account %d", i)
	if i%100 == 99 {
		label += strings.Repeat(" and so on", 700)
	}
	return profile("vk", label, time.Time{}, int64(i))
}

// keysOf are the keys of the series from 1 on, looked up one by one with nothing in
// memory; "" for one that is lost.
func keysOf(t *testing.T, j *Journal, n int) []string {
	t.Helper()
	keys := make([]string, n)
	if err := j.readRaw(t.Context(), "test", func(db raw) error {
		for i := range keys {
			j.series.forget()
			s, _, err := j.series.get(t.Context(), db, int64(i+1))
			if err != nil {
				return err
			}
			keys[i] = s.key
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return keys
}

// Series are found by their number and by their key, whatever rotted: as long as one of
// the two rows that they are in is good, or both agree about them.
func TestSeriesOfRottenRows(t *testing.T) {
	const n, first = 250, 30 // so many in all, and in the first transaction
	for name, c := range map[string]struct {
		harm string
		lost int // at most; at least one if any
	}{
		"nothing":            {`SELECT 1`, 0},
		"a key":              {`UPDATE series SET key = replace(key, 'account\ 7,', 'account\ x,') WHERE id = 1`, 0},
		"a crc":              {`UPDATE series SET crc = crc + 1 WHERE id > 1`, 0},
		"a number":           {`UPDATE series SET id = 3 WHERE id = 1`, 0},
		"a row":              {`DELETE FROM series WHERE id = 1`, 0},
		"the last row":       {`DELETE FROM series WHERE id = (SELECT max(id) FROM series)`, 0},
		"all rows":           {`DELETE FROM series`, 0},
		"all names":          {`DELETE FROM names`, 0},
		"another type":       {`UPDATE series SET key = x'00' WHERE id = 1`, 0},
		"one key in both":    {`UPDATE series SET key = replace(key, 'account\ 7,', 'account\ x,') WHERE id = 1; UPDATE names SET key = replace(key, 'account\ 7,', 'account\ y,') WHERE id = 1`, 1},
		"two keys in both":   {`UPDATE series SET key = replace(key, 'account\ 7,', 'account\ x,') WHERE id = 1; UPDATE names SET key = replace(key, 'account\ 9,', 'account\ y,') WHERE id = 1`, 2},
		"a number and a key": {`UPDATE series SET id = 3 WHERE id = 1; UPDATE names SET key = replace(key, 'account\ 7,', 'account\ y,') WHERE id = 1`, first},
	} {
		t.Run(name, func(t *testing.T) {
			j := open(t, temp(t))
			points := make([]point.Point, n)
			for i := range points {
				points[i] = named(i)
			}
			record(t, j, "vk", t0, points[:first]...)
			record(t, j, "vk", t0, points[first:]...)
			want := keysOf(t, j, n)
			if err := j.outside("test", c.harm); err != nil {
				t.Fatal(err)
			}
			lost := 0
			for i, key := range keysOf(t, j, n) {
				if key == "" {
					lost++
				} else if key != want[i] {
					t.Fatalf("series %d is %q, it was %q", i+1, key, want[i])
				}
			}
			if lost > c.lost || lost == 0 && c.lost > 0 {
				t.Errorf("%d series are lost", lost)
			}
			j.series.forget()
			record(t, j, "vk", t0.Add(time.Hour), points...)
			if top := j.series.next() - 1; top != int64(n+lost) {
				t.Errorf("%d series of %d accounts", top, n)
			}
			if got := len(lines(t, j)); got != 2*n-lost {
				t.Errorf("%d lines of %d", got, 2*n)
			}
		})
	}
}

// Rows of series fit on a page, so that they are found in it when SQLite finds no way to
// them; a key that does not has a row of its own.
func TestRowsOfSeriesFitOnAPage(t *testing.T) {
	j := open(t, temp(t))
	points := make([]point.Point, 500)
	for i := range points {
		points[i] = named(i)
	}
	record(t, j, "vk", t0, points...)
	rows := 0
	if err := j.readRaw(t.Context(), "test", func(db raw) error {
		return eachRun(t.Context(), db, func(row runRow) {
			rows++
			text, _ := row.keys.(string)
			if len(text) > maxRun && strings.Contains(text, "\n") {
				t.Errorf("the row from series %d on has %d bytes", row.id, len(text))
			}
		}, `SELECT id, key, crc FROM series`)
	}); err != nil {
		t.Fatal(err)
	}
	if rows < 10 || rows > 30 {
		t.Errorf("%d rows", rows)
	}
}

// Two keys whose hashes are the same have numbers of their own.
func TestKeysWithOneHash(t *testing.T) {
	x := newIndex(2)
	x.add(run{1, []string{"profile,account=a,network=vk"}})
	const other = "profile,account=b,network=vk"
	x.keys[maphash.String(x.seed, other)] = x.keys[maphash.String(x.seed, "profile,account=a,network=vk")]
	if id := x.find(other); id != 0 {
		t.Errorf("it is taken for series %d", id)
	}
	x.add(run{2, []string{other}})
	if id := x.find(other); id != 2 {
		t.Errorf("it is series %d", id)
	}
	if id := x.find("profile,account=a,network=vk"); id != 1 {
		t.Errorf("the other one is series %d", id)
	}
}

// Those who record at once give no number twice.
func TestManyRecordNewSeries(t *testing.T) {
	j := open(t, temp(t))
	const writers, each = 8, 25
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for i := range each {
				p := profile("vk", fmt.Sprintf("%d of %d", i, w), t0, int64(i))
				if err := j.Record(t.Context(), Batch{Network: "vk", Time: t0, Points: []point.Point{p}, OK: 1}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if n := must(seriesCount(j))(t); n != writers*each {
		t.Errorf("%d series, want %d", n, writers*each)
	}
	if n := len(lines(t, j)); n != writers*each {
		t.Errorf("%d lines, want %d", n, writers*each)
	}
}

// Any number of readers whose series are not in memory come to an end: none waits for a
// connection that another one holds.
func TestManyReadersWithoutSeries(t *testing.T) {
	j := open(t, temp(t))
	fill(t, j, 300, 3)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var all sync.WaitGroup
	for range 12 {
		all.Go(func() {
			for range 5 {
				j.series.forget()
				rows, _, err := j.Read(ctx, 0, 1000)
				if err != nil || len(rows) != 900 {
					t.Errorf("%d rows, %v", len(rows), err)
				}
				if h, err := j.History(ctx, "vk", "account 7", time.Time{}); err != nil || len(h) != 3 {
					t.Errorf("%d samples, %v", len(h), err)
				}
			}
		})
	}
	all.Wait()
}
