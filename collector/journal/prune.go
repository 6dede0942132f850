package journal

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"os"
	"time"
)

// pruneRows is how many points one transaction of Prune deletes at most: so few
// that a Record does not wait for it noticeably.
const pruneRows = 2000

// Prune deletes what need not be kept, in small transactions, and gives the room
// back to the disk.
//
// First the points older than KeepFor that every sink has got. Then, while file
// and log are larger than MaxSize, the oldest that every sink has got, and when
// there are no more, the oldest that not every sink has got, or that one refused,
// which are counted. The points of the newest time stay in any case. With no
// sinks, the journal is the store: age deletes nothing, and what MaxSize deletes
// counts as dropped.
func (j *Journal) Prune(ctx context.Context, now time.Time, sinks []string) (Pruned, error) {
	var p Pruned
	delivered, err := j.deliveredTo(ctx, sinks)
	if err != nil {
		return p, err
	}
	if j.opts.KeepFor > 0 && len(sinks) > 0 {
		n, err := j.pruneOld(ctx, delivered, now.Add(-j.opts.KeepFor).Unix())
		p.Delivered += n
		if err != nil {
			return p, err
		}
	}
	if err := j.pruneSize(ctx, delivered, &p); err != nil {
		return p, err
	}
	if p != (Pruned{}) {
		if err := j.tidy(ctx); err != nil {
			return p, err
		}
	}
	return p, j.saveSpans(ctx)
}

// deliveredTo returns the number up to which every sink has got the points; 0
// without sinks.
func (j *Journal) deliveredTo(ctx context.Context, sinks []string) (int64, error) {
	if len(sinks) == 0 {
		return 0, nil
	}
	low := int64(math.MaxInt64)
	for _, s := range sinks {
		seq, err := j.Cursor(ctx, s)
		if err != nil {
			return 0, err
		}
		low = min(low, seq)
	}
	return low, nil
}

// pruneOld deletes delivered points from before the time. Points arrive in the
// order of their times but for a clock that was wrong, so it stops at the first
// few thousand of which none is old.
func (j *Journal) pruneOld(ctx context.Context, delivered, before int64) (deleted int64, err error) {
	for from := int64(0); ; {
		to, any, err := j.deletable(ctx, `SELECT max(seq), sum(time < ?) FROM
			(SELECT seq, time FROM points WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?)`, before, from, delivered, pruneRows)
		if err != nil || any == 0 {
			return deleted, err
		}
		n, err := j.delete(`seq > ? AND seq <= ? AND time < ? AND seq NOT IN (SELECT seq FROM refused)`, false, from, to, before)
		deleted += n
		if err != nil {
			return deleted, err
		}
		from = to
	}
}

// pruneSize deletes the oldest points until the file is small enough.
func (j *Journal) pruneSize(ctx context.Context, delivered int64, p *Pruned) error {
	if j.opts.MaxSize <= 0 {
		return nil
	}
	newest, err := j.newest(ctx)
	if err != nil {
		return err
	}
	for _, step := range []struct {
		last    int64
		spare   string
		dropped bool
		count   *int64
	}{
		{min(delivered, newest-1), ` AND seq NOT IN (SELECT seq FROM refused)`, false, &p.Delivered},
		{newest - 1, ``, true, &p.Dropped},
	} {
		for from := int64(0); ; {
			over, err := j.overSize(ctx)
			if err != nil || over <= 0 {
				return err
			}
			to, any, err := j.deletable(ctx, `SELECT max(seq), count(*) FROM
				(SELECT seq FROM points WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?)`, from, step.last, min(pruneRows, 1+over/rowBytes))
			if err != nil {
				return err
			}
			if any == 0 {
				break
			}
			n, err := j.delete(`seq > ? AND seq <= ?`+step.spare, step.dropped, from, to)
			*step.count += n
			if err != nil {
				return err
			}
			from = to
		}
	}
	return nil
}

// rowBytes is about what a point takes in the file, so that the last transaction
// does not delete more than is needed.
const rowBytes = 60

// deletable runs a query for the next range of points: its end, and how many of
// them are to go.
func (j *Journal) deletable(ctx context.Context, query string, args ...any) (to, n int64, err error) {
	var end, count sql.NullInt64
	err = j.read("prune", func(db *sql.DB) error {
		return db.QueryRowContext(ctx, query, args...).Scan(&end, &count)
	})
	return end.Int64, count.Int64, err
}

// delete deletes points, but for those that rotted: what their index says of them
// is wrong, so SQLite cannot.
func (j *Journal) delete(where string, dropped bool, args ...any) (n int64, err error) {
	err = j.write("prune", func(w *writer) error {
		if n, err = w.exec(`DELETE FROM points WHERE `+where+` AND seq NOT IN (SELECT seq FROM rotten)`, args...); err != nil {
			return err
		}
		if _, err := w.exec(`DELETE FROM refused WHERE seq < (SELECT min(seq) FROM points)`); err != nil {
			return err
		}
		if dropped {
			if err := w.count(countDropped, n); err != nil {
				return err
			}
		}
		return w.count(countPoints, -n)
	})
	return n, err
}

// newest returns the first number of the points of the newest time: those are kept.
func (j *Journal) newest(ctx context.Context) (seq int64, err error) {
	err = j.read("prune", func(db *sql.DB) error {
		var n sql.NullInt64
		err := db.QueryRowContext(ctx, `SELECT min(seq) FROM points
			WHERE time = (SELECT time FROM points ORDER BY seq DESC LIMIT 1)`).Scan(&n)
		seq = n.Int64
		return err
	})
	return seq, err
}

// overSize returns by how many bytes the file and its log are too large, pages that
// are free already not counted.
func (j *Journal) overSize(ctx context.Context) (int64, error) {
	used, err := j.usedBytes(ctx)
	if err != nil {
		return 0, err
	}
	over := used + fileSize(j.opts.Path+"-wal") - j.opts.MaxSize
	if over <= 0 {
		return over, nil
	}
	// The log may be all of it; it goes into the file, which has room. While somebody
	// reads it cannot, and will when they are done: no point is to go for that.
	if err := j.checkpoint(); err != nil {
		return 0, err
	}
	used, err = j.usedBytes(ctx)
	return used - j.opts.MaxSize, err
}

func (j *Journal) usedBytes(ctx context.Context) (used int64, err error) {
	err = j.read("size", func(db *sql.DB) error {
		return db.QueryRowContext(ctx, `SELECT (page_count - freelist_count) * page_size
			FROM pragma_page_count, pragma_freelist_count, pragma_page_size`).Scan(&used)
	})
	return used, err
}

// checkpoint brings the log home. While somebody reads it does what it can.
func (j *Journal) checkpoint() error {
	return j.outside("checkpoint", `PRAGMA wal_checkpoint(TRUNCATE)`)
}

// outside runs a statement that must not be in a transaction.
func (j *Journal) outside(op, query string) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.writable(); err != nil {
		return j.explain(op, err)
	}
	// A pragma works while its rows are read, and Exec reads them all.
	_, err := j.writer.conn.ExecContext(context.Background(), query)
	return j.explain(op, err)
}

// tidy drops ticks and answers that no point is left of, and cuts free pages off
// the file.
func (j *Journal) tidy(ctx context.Context) error {
	err := j.write("prune", func(w *writer) error {
		_, err := w.exec(`DELETE FROM ticks WHERE closed_ms <> 0 AND time < (SELECT min(time) FROM points)`)
		return err
	})
	if err != nil {
		return err
	}
	const pages = 1000 // at a time, so that a Record can go between
	for before := int64(math.MaxInt64); ; {
		var free int64
		err := j.read("size", func(db *sql.DB) error {
			return db.QueryRowContext(ctx, `PRAGMA freelist_count`).Scan(&free)
		})
		if err != nil {
			return err
		}
		if free == 0 || free >= before {
			break
		}
		before = free
		if err := j.outside("shrink", fmt.Sprintf(`PRAGMA incremental_vacuum(%d)`, pages)); err != nil {
			return err
		}
	}
	return j.checkpoint()
}

// Stats returns how the journal is, at the cost of a few pages and of counting the
// points set aside.
func (j *Journal) Stats(ctx context.Context) (Stats, error) {
	var s Stats
	err := j.read("stats", func(db *sql.DB) error {
		var oldest, newest sql.NullInt64
		err := db.QueryRowContext(ctx, `SELECT
			coalesce((SELECT value FROM counters WHERE name = ?), 0),
			coalesce((SELECT value FROM counters WHERE name = ?), 0),
			(SELECT count(*) FROM refused), (SELECT count(*) FROM rotten),
			(SELECT min(time) FROM points), (SELECT max(time) FROM points)`, countPoints, countDropped).
			Scan(&s.Points, &s.Dropped, &s.Refused, &s.Rotten, &oldest, &newest)
		if err != nil {
			return err
		}
		s.Oldest, s.Newest = timeOf(oldest.Int64), timeOf(newest.Int64)
		return nil
	})
	s.Rotten += j.rotten.Load()
	s.Bytes = fileSize(j.opts.Path) + fileSize(j.opts.Path+"-wal")
	return s, err
}

func fileSize(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}
