package journal

import (
	"context"
	"fmt"
	"testing"
	"time"
)

// backTo makes a file as an older version would have: a row for every series, with its
// key twice, and from version 3 on once more in names.
func backTo(w *writer, v int) error {
	ctx := context.Background()
	var g gathered
	if err := onRaw(w.conn, func(db raw) error { return eachRun(ctx, db, g.take, `SELECT id, key, crc FROM series`) }); err != nil {
		return err
	}
	tables := `DROP TABLE names; DROP TABLE series; CREATE TABLE series (id INTEGER PRIMARY KEY, key TEXT, copy TEXT, crc INTEGER);`
	switch v {
	case 1:
		tables += `DROP TABLE spans; DROP TABLE spent; DROP TABLE paid`
	case 2:
		tables += `DROP TABLE spans`
	case 3:
		tables += `CREATE TABLE names (id INTEGER PRIMARY KEY, key TEXT, crc INTEGER)`
	}
	if _, err := w.conn.ExecContext(ctx, tables); err != nil {
		return err
	}
	for id, key := range g.keys {
		crc := checksum([]byte(key))
		if _, err := w.exec(`INSERT INTO series VALUES (?, ?, ?, ?)`, id, key, key, crc); err != nil {
			return err
		}
		if v == 3 {
			if _, err := w.exec(`INSERT INTO names VALUES (?, ?, ?)`, id, key, crc); err != nil {
				return err
			}
		}
	}
	sum, err := w.schemaSum()
	if err != nil {
		return err
	}
	_, err = w.exec(`INSERT OR REPLACE INTO meta VALUES ('version', ?), ('schema', ?)`, v, sum)
	return err
}

// older is a journal of an older version, with 90 points of 30 accounts, and its lines.
func older(t *testing.T, v int, harm string) (path string, want []string) {
	t.Helper()
	path = temp(t)
	j := open(t, path)
	fill(t, j, 30, 3)
	want = lines(t, j)
	if err := j.write("test", func(w *writer) error { return backTo(w, v) }); err != nil {
		t.Fatal(err)
	}
	if err := j.outside("test", harm); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	return path, want
}

// Whatever the version, its series are those of before: for who reads beside the daemon
// before there is one, for the daemon, and for who mends the file. Where a copy of a key
// rotted, the others count.
func TestOlderSeries(t *testing.T) {
	for v := 1; v < version; v++ {
		for name, harm := range map[string]string{
			"whole":  `SELECT 1`,
			"a key":  `UPDATE series SET key = 'profile,account=nobody' WHERE id = 7`,
			"a copy": `UPDATE series SET copy = NULL WHERE id = 8`,
			"a crc":  `UPDATE series SET crc = 1 WHERE id = 9`,
		} {
			t.Run(fmt.Sprintf("version %d, %s", v, name), func(t *testing.T) {
				path, want := older(t, v, harm)
				if v == 3 || name == "whole" || name == "a copy" {
					wantLines(t, openWith(t, Options{Path: path, ReadOnly: true}), want...)
				}
				j := open(t, path)
				if j.Damaged() != "" {
					t.Fatal("it was set aside")
				}
				wantLines(t, j, want...)
				at := t0.Add(99 * time.Hour)
				record(t, j, "vk", at, profile("vk", "account 7", at, 1), profile("vk", "new", at, 2))
				if latest := must(j.Latest(t.Context()))(t); len(latest) != 31 {
					t.Errorf("%d accounts have a newest point", len(latest))
				}
				if h := must(j.History(t.Context(), "vk", "account 7", time.Time{}))(t); len(h) != 4 {
					t.Errorf("%d points of an account that has four", len(h))
				}
				if n := must(seriesCount(j))(t); n != 31 {
					t.Errorf("%d series", n)
				}
			})
		}
	}
}

// A broken file of an older version is mended into one of the present one.
func TestOlderDamaged(t *testing.T) {
	for v := 1; v < version; v++ {
		path, want := older(t, v, `UPDATE meta SET value = 5 WHERE name = 'schema'`)
		j := open(t, path)
		if j.Damaged() == "" {
			t.Fatal("it was not mended")
		}
		wantLines(t, j, want...)
		record(t, j, "vk", t0.Add(99*time.Hour), profile("vk", "account 7", time.Time{}, 1))
		if n := must(seriesCount(j))(t); n != 30 {
			t.Errorf("version %d: %d series", v, n)
		}
	}
}

// seriesCount is how many series the tables have, the same in both.
func seriesCount(j *Journal) (n int, err error) {
	err = j.readRaw(context.Background(), "test", func(db raw) error {
		var counts [2]int
		for i, table := range []string{"series", "names"} {
			if err := eachRun(context.Background(), db, func(row runRow) {
				r, _ := row.run()
				counts[i] += len(r.keys)
			}, `SELECT id, key, crc FROM `+table); err != nil {
				return err
			}
		}
		if n = counts[0]; n != counts[1] {
			return fmt.Errorf("%d series, %d names", n, counts[1])
		}
		return nil
	})
	return n, err
}
