package journal

import (
	"context"
	"database/sql"
	"strings"
	"time"
)

// salvageRows is how many points are copied in one transaction.
const salvageRows = 5000

// salvage copies the readable rows of a broken database into a fresh one.
type salvage struct {
	path   string
	old    *sql.DB
	w      *writer
	series gathered
	top    int64 // the highest seq that anything speaks of
	points int64 // how many were saved
	// first is the lowest seq of every network and time: an account's history is
	// found by way of its ticks, so there must be one for every point.
	first  map[tickKey]int64
	astray []rawRow // good rows whose number cannot be theirs: the CRC does not cover it
}

// maxSeq is more points than anybody has.
const maxSeq = 1 << 48

type tickKey struct {
	network string
	unix    int64
}

// all copies every table. The points come after their series; the rest is small.
func (s *salvage) all(ctx context.Context) error {
	for _, step := range []func(context.Context) error{s.allSeries, s.small, s.allPoints} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return s.w.transact(s.finish)
}

// allSeries gathers the series, by way of SQLite and then from the pages, for a page may
// be broken so that SQLite passes over rows and says nothing, and writes them anew. Up to
// version 3 each had a row of its own, with a second copy of its key.
func (s *salvage) allSeries(ctx context.Context) error {
	for _, of := range []struct{ table, key string }{{"series", "key"}, {"series", "copy"}, {"names", "key"}} {
		if err := s.walk(ctx, of.table, []string{of.key, "crc"}, func(id int64, v []any) error {
			s.series.take(runRow{id, v[0], v[1]})
			return nil
		}); err != nil {
			return err
		}
	}
	s.series.rotten = nil // the pages have the same rows once more: they agree with themselves
	if err := scanPages(s.path, s.strayRun); err != nil {
		return err
	}
	return s.w.transact(func(w *writer) error {
		for _, r := range s.series.runs() {
			if err := w.putRun(r); err != nil {
				return err
			}
		}
		return nil
	})
}

// strayRun takes a row that was found in a page as series, if it is one and good.
func (s *salvage) strayRun(id int64, v []any) error {
	if len(v) != 3 && len(v) != 4 {
		return nil
	}
	for _, key := range v[1 : len(v)-1] {
		row := runRow{id, key, v[len(v)-1]}
		if _, ok := row.run(); ok {
			s.series.take(row)
		}
	}
	return nil
}

// allPoints does the same for the points.
func (s *salvage) allPoints(ctx context.Context) error {
	err := s.walk(ctx, "points", []string{"series", "time", "fields", "crc"}, func(id int64, v []any) error {
		r := rawRow{seq: id, series: v[0], time: v[1], fields: v[2], crc: v[3]}
		if kept, err := s.onePoint(r); kept || err != nil {
			return err
		}
		_, err := s.w.exec(insertRotten, r.seq, r.series, r.time, r.fields, r.crc, time.Now().Unix())
		return err
	})
	if err != nil {
		return err
	}
	return s.w.transact(func(*writer) error {
		return scanPages(s.path, func(id int64, v []any) error {
			if len(v) != 5 {
				return nil
			}
			_, err := s.onePoint(rawRow{seq: id, series: v[1], time: v[2], fields: v[3], crc: v[4]})
			return err
		})
	})
}

// onePoint copies a point if its CRC is right, and says whether it was.
func (s *salvage) onePoint(r rawRow) (kept bool, err error) {
	of := series{r.seriesID(), s.series.keys[r.seriesID()]}
	if of.key == "" || !r.intact(of.key) {
		return false, nil
	}
	if r.seq < 1 || r.seq > maxSeq {
		s.astray = append(s.astray, r)
		return true, nil
	}
	n, err := s.w.exec(`INSERT OR IGNORE INTO points VALUES (?, ?, ?, ?, ?)`, r.seq, r.series, r.time, r.fields, r.crc)
	if err != nil || n == 0 {
		return true, err
	}
	s.points++
	s.top = max(s.top, r.seq)
	unix, _ := r.time.(int64) // intact, so it is one
	key := tickKey{of.network(), unix}
	if seq, ok := s.first[key]; !ok || r.seq < seq {
		s.first[key] = r.seq
	}
	return true, nil
}

// finish writes what follows from the points.
func (s *salvage) finish(w *writer) error {
	for key, seq := range s.first {
		if _, err := w.exec(`INSERT INTO ticks VALUES (?, ?, 0, 'null', ?, 0, 0, 0, 0, 0, ?, ?)
			ON CONFLICT DO UPDATE SET first_seq = min(first_seq, excluded.first_seq)`,
			key.network, key.unix, seq, key.unix*1000, key.unix*1000); err != nil {
			return err
		}
	}
	// No number is used twice, or a cursor would step over new points.
	if _, err := w.exec(`DELETE FROM sqlite_sequence WHERE name = 'points'`); err != nil {
		return err
	}
	if _, err := w.exec(`INSERT INTO sqlite_sequence VALUES ('points', ?)`, s.top); err != nil {
		return err
	}
	for _, r := range s.astray {
		n, err := w.exec(`INSERT OR IGNORE INTO points (series, time, fields, crc) VALUES (?, ?, ?, ?)`, r.series, r.time, r.fields, r.crc)
		if err != nil {
			return err
		}
		s.points += n
	}
	if err := w.forgetSpans(s.series.runs(), s.top); err != nil {
		return err
	}
	return w.count(countPoints, s.points)
}

// small copies everything but series and points.
func (s *salvage) small(ctx context.Context) error {
	for _, t := range []struct {
		name, columns string
	}{
		{"accounts", "network, label, asked, kind, ident, host, name, state, state_since, info, error, error_kind, error_at, skip_until"},
		{"ticks", "network, time, made_up, specs, first_seq, accounts, ok, failed, requests, retries, started_ms, closed_ms"},
		{"answers", "network, time, label"},
		{"slots", "network, spec, next"},
		{"cursors", "sink, seq"},
		{"refused", "seq, sink, at, reason, resend"},
		{"rotten", "seq, series, time, fields, crc, found"},
		{"spent", "network, slot, day, purse, micros"},
		{"paid", "network, slot, day, account"},
	} {
		if err := s.table(ctx, t.name, t.columns); err != nil {
			return err
		}
	}
	return s.counters(ctx)
}

// table copies a table as far as it can be read from its beginning.
func (s *salvage) table(ctx context.Context, name, columns string) error {
	rows, err := s.old.QueryContext(ctx, "SELECT "+columns+" FROM "+name) //nolint:gosec // G202: both are constants above
	if err != nil {
		return ctx.Err()
	}
	defer func() { _ = rows.Close() }() // rows.Err has said it all
	n := strings.Count(columns, ",") + 1
	insert := "INSERT OR IGNORE INTO " + name + " VALUES (?" + strings.Repeat(", ?", n-1) + ")"
	return s.w.transact(func(w *writer) error {
		for rows.Next() {
			v, err := scanAny(rows, n)
			if err != nil {
				break
			}
			if _, err := w.exec(insert, v...); err != nil {
				return err
			}
		}
		if err := rows.Err(); err != nil {
			return ctx.Err() // anything else is the damage
		}
		return nil
	})
}

// counters takes over the drops, and the highest number given to a point.
func (s *salvage) counters(ctx context.Context) error {
	var dropped int64
	if s.old.QueryRowContext(ctx, `SELECT value FROM counters WHERE name = ?`, countDropped).Scan(&dropped) == nil {
		if err := s.w.count(countDropped, dropped); err != nil {
			return err
		}
	}
	for _, q := range []string{
		`SELECT seq FROM sqlite_sequence WHERE name = 'points'`,
		`SELECT max(seq) FROM cursors`,
		`SELECT max(first_seq) FROM ticks`,
		`SELECT max(seq) FROM refused`,
	} {
		var n int64
		if s.old.QueryRowContext(ctx, q).Scan(&n) == nil && n <= maxSeq {
			s.top = max(s.top, n)
		}
	}
	return ctx.Err()
}

// walk calls f for the rows of a table with a rowid, in its order, in transactions of
// a few thousand, up to a broken page.
func (s *salvage) walk(ctx context.Context, table string, columns []string, f func(id int64, v []any) error) error {
	query := "SELECT rowid, " + strings.Join(columns, ", ") + " FROM " + table + " WHERE rowid > ? ORDER BY rowid LIMIT ?"
	for last := int64(0); ; {
		n, bad, err := s.chunk(ctx, query, &last, len(columns)+1, f)
		if err != nil {
			return err
		}
		if bad != nil || n < salvageRows {
			return nil
		}
	}
}

// chunk calls f for the next rows behind last, which it moves on, and returns how
// many there were. bad is what the broken database said, err anything else.
func (s *salvage) chunk(ctx context.Context, query string, last *int64, width int, f func(int64, []any) error) (n int, bad, err error) {
	err = s.w.transact(func(*writer) error {
		var rows *sql.Rows
		if rows, bad = s.old.QueryContext(ctx, query, *last, salvageRows); bad != nil {
			return ctx.Err()
		}
		defer func() { _ = rows.Close() }() // rows.Err has said it all
		for rows.Next() {
			var v []any
			if v, bad = scanAny(rows, width); bad != nil {
				return ctx.Err()
			}
			id, _ := v[0].(int64) // a rowid is nothing else
			if err := f(id, v[1:]); err != nil {
				return err
			}
			*last = id
			n++
		}
		bad = rows.Err()
		return ctx.Err()
	})
	return n, bad, err
}

func scanAny(rows *sql.Rows, n int) ([]any, error) {
	v := make([]any, n)
	dest := make([]any, n)
	for i := range v {
		dest[i] = &v[i]
	}
	return v, rows.Scan(dest...)
}
