package journal

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// exactBacklog is up to how many rows a backlog is counted one by one.
const exactBacklog = 10_000

// Read returns up to most points behind the number after, in the order of their
// arrival. last is the number up to which was read, rotten rows included, which
// are set aside and not among rows; it is after itself if there is nothing more.
func (j *Journal) Read(ctx context.Context, after int64, most int) (rows []Row, last int64, err error) {
	var rotten []rawRow
	err = j.readRaw(ctx, "read", func(db raw) error {
		var n int
		var a arena
		rows = make([]Row, 0, min(most, 10_000))
		n, last, rotten, err = j.each(ctx, db, func(g good) { rows = append(rows, Row{g.seq, a.copy(g.line)}) },
			`SELECT `+rowColumns+` FROM points p WHERE p.seq > ? ORDER BY p.seq LIMIT ?`, after, most)
		if n == 0 {
			last = after
		}
		return err
	})
	if err != nil {
		return nil, after, err
	}
	return rows, last, j.setAside(ctx, rotten)
}

// arena copies lines into memory that many of them share.
type arena struct{ free []byte }

func (a *arena) copy(line []byte) []byte {
	const block = 64 << 10
	if cap(a.free)-len(a.free) < len(line) {
		a.free = make([]byte, 0, max(block, len(line)))
	}
	at := len(a.free)
	a.free = append(a.free, line...)
	return a.free[at:len(a.free):len(a.free)] // so that nobody appends over the next line
}

// Cursor returns the number up to which a sink has got the points; 0 for a new one.
func (j *Journal) Cursor(ctx context.Context, sink string) (seq int64, err error) {
	err = j.read("cursor", func(db *sql.DB) error {
		seq = 0
		err := db.QueryRowContext(ctx, `SELECT seq FROM cursors WHERE sink = ?`, sink).Scan(&seq)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return err
	})
	return seq, err
}

// Advance notes, in one transaction, that a sink has got the points up to seq, but
// for those refused, which are set aside with the reason. The cursor never goes
// back. A point that was sent again and refused again is no longer marked for
// sending again.
func (j *Journal) Advance(_ context.Context, sink string, seq int64, refused []Refused) error {
	return j.write("advance", func(w *writer) error {
		if _, err := w.exec(`INSERT INTO cursors VALUES (?, ?)
			ON CONFLICT DO UPDATE SET seq = max(seq, excluded.seq)`, sink, seq); err != nil {
			return err
		}
		now := time.Now().Unix()
		for _, r := range refused {
			if _, err := w.exec(`INSERT OR REPLACE INTO refused VALUES (?, ?, ?, ?, 0)`, r.Seq, sink, now, r.Reason); err != nil {
				return err
			}
		}
		return nil
	})
}

// Refused returns up to most of the points set aside, the newest first; 0 stands
// for all.
func (j *Journal) Refused(ctx context.Context, most int) ([]RefusedRow, error) {
	if most <= 0 {
		most = -1
	}
	var all []RefusedRow
	err := j.read("refused", func(db *sql.DB) error {
		all = nil
		rows, err := db.QueryContext(ctx, `SELECT seq, sink, at, reason, resend FROM refused ORDER BY seq DESC LIMIT ?`, most)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }() // rows.Err has said it all
		for rows.Next() {
			var r RefusedRow
			var at int64
			if err := rows.Scan(&r.Seq, &r.Sink, &at, &r.Reason, &r.Resend); err != nil {
				return err
			}
			r.At = timeOf(at)
			all = append(all, r)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, err
	}
	lines, err := j.lines(ctx, `SELECT `+rowColumns+` FROM points p WHERE p.seq IN (SELECT seq FROM refused ORDER BY seq DESC LIMIT ?)`, most)
	if err != nil {
		return nil, err
	}
	bySeq := make(map[int64][]byte, len(lines))
	for _, r := range lines {
		bySeq[r.Seq] = r.Line
	}
	for i := range all {
		all[i].Line = bySeq[all[i].Seq]
	}
	return all, nil
}

// lines returns the rows of a query over rowColumns, and sets aside what is rotten.
func (j *Journal) lines(ctx context.Context, query string, args ...any) (rows []Row, err error) {
	var rotten []rawRow
	err = j.readRaw(ctx, "read", func(db raw) error {
		var a arena
		rows = nil
		_, _, rotten, err = j.each(ctx, db, func(g good) { rows = append(rows, Row{g.seq, a.copy(g.line)}) }, query, args...)
		return err
	})
	if err != nil {
		return nil, err
	}
	return rows, j.setAside(ctx, rotten)
}

// MarkResend marks points that were refused for sending again, all of them if seqs
// is nil, and returns how many. It works in a journal opened with ReadOnly too,
// beside the daemon, whose next call of Retry finds them.
func (j *Journal) MarkResend(ctx context.Context, seqs []int64) (marked int, err error) {
	mark := func(w *writer) error {
		marked = 0
		if seqs == nil {
			n, err := w.exec(`UPDATE refused SET resend = 1`)
			marked = int(n)
			return err
		}
		for _, seq := range seqs {
			n, err := w.exec(`UPDATE refused SET resend = 1 WHERE seq = ?`, seq)
			if err != nil {
				return err
			}
			marked += int(n)
		}
		return nil
	}
	if j.opts.ReadOnly {
		w, err := openWriter(ctx, j.opts.Path)
		if err == nil {
			err = errors.Join(w.transact(mark), w.close())
		}
		return marked, j.explain("mark for sending again", err)
	}
	if err := j.write("mark for sending again", mark); err != nil {
		return 0, err
	}
	if marked > 0 {
		j.changed.poke()
	}
	return marked, nil
}

// Retry returns up to most of the points that a sink refused and that are marked
// for sending again, oldest first. After each, call Forgive or Advance with the
// new reason.
func (j *Journal) Retry(ctx context.Context, sink string, most int) ([]Row, error) {
	return j.lines(ctx, `SELECT `+rowColumns+` FROM refused r CROSS JOIN points p ON p.seq = r.seq
		WHERE r.resend = 1 AND r.sink = ? ORDER BY r.seq LIMIT ?`, sink, most)
}

// Forgive forgets that a sink refused these points: it has them now.
func (j *Journal) Forgive(_ context.Context, sink string, seqs []int64) error {
	return j.write("forgive", func(w *writer) error {
		for _, seq := range seqs {
			if _, err := w.exec(`DELETE FROM refused WHERE seq = ? AND sink = ?`, seq, sink); err != nil {
				return err
			}
		}
		return nil
	})
}

// Backlog returns how much a sink has not got yet, at the cost of a few pages.
func (j *Journal) Backlog(ctx context.Context, sink string) (b Backlog, err error) {
	err = j.read("backlog", func(db *sql.DB) error {
		b = Backlog{}
		var cursor, low, high sql.NullInt64
		if err := db.QueryRowContext(ctx, `SELECT (SELECT seq FROM cursors WHERE sink = ?),
			(SELECT min(seq) FROM points), (SELECT max(seq) FROM points)`, sink).Scan(&cursor, &low, &high); err != nil {
			return err
		}
		after := max(cursor.Int64, low.Int64-1)
		if !high.Valid || high.Int64 <= after {
			return nil
		}
		if b.Rows = high.Int64 - after; b.Rows <= exactBacklog {
			err := db.QueryRowContext(ctx, `SELECT count(*) FROM points WHERE seq > ?`, after).Scan(&b.Rows)
			if err != nil {
				return err
			}
		}
		var oldest any
		err := db.QueryRowContext(ctx, `SELECT +time FROM points WHERE seq > ? ORDER BY seq LIMIT 1`, after).Scan(&oldest)
		if n, ok := oldest.(int64); ok {
			b.Oldest = timeOf(n)
		}
		return err
	})
	return b, err
}
