package journal

import (
	"context"
	"database/sql/driver"
	"hash/crc32"
	"time"

	"collectord/collector/point"
)

// rowColumns are the columns of points that make a rawRow.
const rowColumns = `p.seq, p.series, p.time, p.fields, p.crc`

// insertRotten writes down a rotten row, once.
const insertRotten = `INSERT OR IGNORE INTO rotten VALUES (?, ?, ?, ?, ?, ?)`

// rawRow is a row of points as it is on disk. A flipped bit may have changed the
// type of any column, so they are any until they were checked.
type rawRow struct {
	seq                       int64
	series, time, fields, crc any
}

// rawRowOf takes the columns of rowColumns.
func rawRowOf(v []driver.Value) rawRow {
	seq, _ := v[0].(int64) // a rowid is nothing else
	return rawRow{seq, v[1], v[2], v[3], v[4]}
}

// seriesID returns the series, 0 if that is no number.
func (r *rawRow) seriesID() int64 {
	id, _ := r.series.(int64)
	return id
}

// appendLine appends the row as a line to dst and reports whether its CRC is
// right; if not, dst is as it was.
func (r *rawRow) appendLine(dst []byte, key string) ([]byte, bool) {
	unix, ok1 := r.time.(int64)
	fields, ok2 := r.fields.(string)
	crc, ok3 := r.crc.(int64)
	if !ok1 || !ok2 || !ok3 {
		return dst, false
	}
	n := len(dst)
	dst = point.AppendLine(dst, key, fields, unix)
	if checksum(dst[n:]) != crc {
		return dst[:n], false
	}
	return dst, true
}

// intact reports whether the CRC is right for the series with that key.
func (r *rawRow) intact(key string) bool {
	_, ok := r.appendLine(nil, key)
	return ok
}

// checksum is the CRC32C of a line: of series, fields and time at once.
func checksum(line []byte) int64 {
	return int64(crc32.Checksum(line, crc32.MakeTable(crc32.Castagnoli)))
}

// good is a row whose CRC is right.
type good struct {
	seq    int64
	series series
	unix   int64
	fields string
	line   []byte // in a buffer that is used again; nil unless wanted
}

// each calls f for every row of a query over rowColumns whose CRC is right, and
// returns the others. last is the seq of the last row of either kind, n their
// number. f must not read or write the journal.
func (j *Journal) each(ctx context.Context, db raw, f func(good), query string, args ...any) (n int, last int64, rotten []rawRow, err error) {
	var buf []byte
	err = db.rows(ctx, func(v []driver.Value) error {
		r := rawRowOf(v)
		n++
		last = r.seq
		s, ok, err := j.series.get(ctx, db, r.seriesID())
		if err != nil {
			return err
		}
		if ok {
			buf, ok = r.appendLine(buf[:0], s.key)
		}
		if !ok {
			rotten = append(rotten, r)
			return nil
		}
		unix, _ := r.time.(int64) // both were checked with the CRC
		fields, _ := r.fields.(string)
		f(good{seq: r.seq, series: s, unix: unix, fields: fields, line: buf})
		return nil
	}, query, args...)
	return n, last, rotten, err
}

// setAside writes rotten rows down. They stay where they are as well: a row that
// disagrees with its index cannot be deleted, and every reader checks it anyway.
func (j *Journal) setAside(ctx context.Context, rows []rawRow) error {
	if len(rows) == 0 {
		return nil
	}
	if j.opts.ReadOnly {
		j.rotten.Add(int64(len(rows)))
		return nil
	}
	rows, err := j.confirm(ctx, rows)
	if err != nil || len(rows) == 0 {
		return err
	}
	now := time.Now().Unix()
	return j.write("set aside", func(w *writer) error {
		for _, r := range rows {
			if _, err := w.exec(insertRotten, r.seq, r.series, r.time, r.fields, r.crc, now); err != nil {
				return err
			}
		}
		return nil
	})
}

// confirm reads rows again, now by their number alone, and returns those that are
// rotten and not written down yet. A row that was found through the index may have
// been read with the index's copy of its series and time.
func (j *Journal) confirm(ctx context.Context, rows []rawRow) ([]rawRow, error) {
	var news []rawRow
	err := j.readRaw(ctx, "set aside", func(db raw) error {
		news = nil
		for _, r := range rows {
			_, _, rotten, err := j.each(ctx, db, func(good) {},
				`SELECT `+rowColumns+` FROM points p WHERE p.seq = ? AND NOT EXISTS (SELECT 1 FROM rotten r WHERE r.seq = p.seq)`, r.seq)
			if err != nil {
				return err
			}
			news = append(news, rotten...)
		}
		return nil
	})
	return news, err
}
