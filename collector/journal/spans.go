package journal

import (
	"context"
	"database/sql/driver"
	"maps"
	"slices"
	"strconv"
	"sync"
)

// schemaSpans is what version 3 added: from when to when a profile series has points,
// and the number of its newest, so that nobody has to look for the newest point of an
// account among millions. It is written now and then, not with every point: what came
// since is read behind the number in the row of series 0.
const schemaSpans = `
CREATE TABLE spans (series INTEGER PRIMARY KEY, first INTEGER, last INTEGER, seq INTEGER, crc INTEGER);
`

const (
	// saveSpansAfter is how many points make it worth to write the spans; a start reads
	// that many, and those of the last minutes.
	saveSpansAfter = 20_000
	// saveSpansRows is how many spans one transaction writes.
	saveSpansRows = 2000
)

// span is what is known of one profile series without looking at its points.
type span struct {
	first, last int64 // times of points; none is before the one or behind the other
	// seq is the number of the point of last; 0 if that is to be looked for, notFound if
	// it was and there is none in reach.
	seq int64
}

const notFound = -1

// within reports whether there may be points with oldest < time ≤ newest.
func (s span) within(oldest, newest int64) bool {
	return s.first <= newest && (s.last > oldest || s.seq == 0)
}

func (s span) crc(series int64) int64 {
	b := strconv.AppendInt(nil, series, 10)
	for _, n := range []int64{s.first, s.last, s.seq} {
		b = strconv.AppendInt(append(b, ','), n, 10)
	}
	return checksum(b)
}

// spans is the table in memory, and what came since. Its mutex is taken before those
// of the journal.
type spans struct {
	mu      sync.Mutex
	loaded  bool
	repairs int // of the journal, when it was loaded
	upTo    int64
	saved   int64 // the upTo of the file
	of      map[int64]span
	changed map[int64]bool // since they were saved
	found   bool           // some were looked for
}

// put changes one span.
func (s *spans) put(series int64, to span) {
	s.of[series] = to
	s.changed[series] = true
}

// add takes a point in.
func (s *spans) add(g good) {
	if !g.series.isProfile() {
		return
	}
	is, ok := s.of[g.series.id]
	switch {
	case !ok:
		is = span{g.unix, g.unix, g.seq}
	case g.unix >= is.last || is.seq == notFound:
		is.first, is.last, is.seq = min(is.first, g.unix), g.unix, g.seq
	default:
		is.first = min(is.first, g.unix)
	}
	s.put(g.series.id, is)
}

// catchUp brings the spans up to date. The caller holds their mutex.
func (j *Journal) catchUp(ctx context.Context) error {
	s := &j.spans
	j.pool.RLock()
	repairs := j.repairs
	j.pool.RUnlock()
	if !s.loaded || s.repairs != repairs {
		if err := j.loadSpans(ctx); err != nil {
			return err
		}
		s.loaded, s.repairs = true, repairs
	}
	for {
		var rotten []rawRow
		var n int
		last := s.upTo
		err := j.readRaw(ctx, "newest points", func(db raw) (err error) {
			n, last, rotten, err = j.each(ctx, db, s.add,
				`SELECT `+rowColumns+` FROM points p WHERE p.seq > ? ORDER BY p.seq LIMIT ?`, s.upTo, pointsRows)
			return err
		})
		if err != nil {
			return err
		}
		if n > 0 {
			s.upTo = last
		}
		if err := j.setAside(ctx, rotten); err != nil {
			return err
		}
		if n < pointsRows {
			return nil
		}
	}
}

// loadSpans reads the table. Where it cannot be believed, or is not there yet (an older
// journal beside which nobody writes), every series there is has to be looked for.
func (j *Journal) loadSpans(ctx context.Context) error {
	s := &j.spans
	s.of, s.changed = map[int64]span{}, map[int64]bool{}
	return j.readRaw(ctx, "spans", func(db raw) error {
		clear(s.of)
		var top int64
		if err := db.rows(ctx, func(v []driver.Value) error { top, _ = v[0].(int64); return nil }, `SELECT max(seq) FROM points`); err != nil {
			return err
		}
		known, err := j.readSpans(ctx, db)
		if err != nil {
			return err
		}
		if whole, ok := s.of[0]; known && ok {
			s.upTo = whole.seq
			delete(s.of, 0)
		} else {
			s.upTo, s.of = top, map[int64]span{}
			all, err := j.series.allProfiles(ctx, db)
			if err != nil {
				return err
			}
			for _, of := range all {
				for _, id := range of.ids {
					s.of[id] = span{}
				}
			}
		}
		s.saved = s.upTo
		return nil
	})
}

// readSpans reads the rows of the table, if there is one. One whose CRC is wrong is to
// be looked for.
func (j *Journal) readSpans(ctx context.Context, db raw) (known bool, err error) {
	if known, err = db.hasTable(ctx, "spans"); !known || err != nil {
		return false, err
	}
	return true, db.rows(ctx, func(v []driver.Value) error {
		series, _ := v[0].(int64) // a rowid is nothing else
		var is span
		var ok [3]bool
		is.first, ok[0] = v[1].(int64)
		is.last, ok[1] = v[2].(int64)
		is.seq, ok[2] = v[3].(int64)
		switch {
		case ok == [3]bool{true, true, true} && is.crc(series) == v[4]:
			j.spans.of[series] = is
		case series != 0:
			j.spans.of[series] = span{}
		}
		return nil
	}, `SELECT series, first, last, seq, crc FROM spans`)
}

// saveSpans writes the spans if a start would have to read many points without. The
// order matters: what is ahead of the row of series 0 is only read again.
func (j *Journal) saveSpans(ctx context.Context) error {
	s := &j.spans
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := j.catchUp(ctx); err != nil {
		return err
	}
	if s.upTo-s.saved < saveSpansAfter && !s.found {
		return nil
	}
	upTo := s.upTo
	for chunk := range slices.Chunk(slices.Sorted(maps.Keys(s.changed)), saveSpansRows) {
		err := j.write("spans", func(w *writer) error {
			var changed int64
			return w.insertAll(`INSERT OR REPLACE INTO spans VALUES `, 5, len(chunk), func(args []any, i int) []any {
				is := s.of[chunk[i]]
				return append(args, chunk[i], is.first, is.last, is.seq, is.crc(chunk[i]))
			}, &changed)
		})
		if err != nil {
			return err
		}
	}
	if err := j.write("spans", func(w *writer) error { return w.setSpan(0, span{seq: upTo}) }); err != nil {
		return err
	}
	clear(s.changed)
	s.saved, s.found = upTo, false
	return nil
}

func (w *writer) setSpan(series int64, s span) error {
	_, err := w.exec(`INSERT OR REPLACE INTO spans VALUES (?, ?, ?, ?, ?)`, series, s.first, s.last, s.seq, s.crc(series))
	return err
}

// forgetSpans says of every profile series that its newest point, up to the number, is to
// be looked for.
func (w *writer) forgetSpans(all []run, upTo int64) error {
	for _, r := range all {
		for i, key := range r.keys {
			if s := (series{r.first + int64(i), key}); s.isProfile() {
				if err := w.setSpan(s.id, span{}); err != nil {
					return err
				}
			}
		}
	}
	return w.setSpan(0, span{seq: upTo})
}
