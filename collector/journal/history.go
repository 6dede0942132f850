package journal

import (
	"context"
	"database/sql"
	"iter"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"collectord/collector/point"
)

// pointsRows is how many rows Points reads at a time.
const pointsRows = 5000

// Counts are the numbers of a profile point; each may be unknown. The zero Counts
// knows none.
type Counts struct {
	n     [len(countNames)]int64
	known [len(countNames)]bool
}

var countNames = [...]string{"followers", "following", "posts", "views", "likes"}

// Get returns the number in that field (followers, following, posts, views, likes)
// and whether it is known.
func (c Counts) Get(field string) (n int64, known bool) {
	if i := slices.Index(countNames[:], field); i >= 0 {
		return c.n[i], c.known[i]
	}
	return 0, false
}

// countsOf reads the fields of a profile point, which are all whole numbers.
func countsOf(fields string) Counts {
	var c Counts
	for f := range strings.SplitSeq(fields, ",") {
		key, value, _ := strings.Cut(f, "=")
		i := slices.Index(countNames[:], key)
		if i < 0 {
			continue
		}
		if digits, ok := strings.CutSuffix(value, "i"); ok {
			n, err := strconv.ParseInt(digits, 10, 64)
			c.n[i], c.known[i] = n, err == nil
		}
	}
	return c
}

// Points yields the points that match, in the order of their arrival, reading a few
// thousand at a time and holding nothing open between them. Rotten ones are set
// aside and left out. After an error it ends.
func (j *Journal) Points(ctx context.Context, f Filter) iter.Seq2[point.Point, error] {
	return func(yield func(point.Point, error) bool) {
		after, err := j.before(ctx, f.Since)
		for err == nil {
			var found []good
			var n int
			if found, n, after, err = j.chunk(ctx, after, f); err != nil {
				break
			}
			for _, g := range found {
				p, perr := point.Parse(g.line)
				if !yield(p, perr) || perr != nil {
					return
				}
			}
			if n < pointsRows {
				return
			}
		}
		yield(point.Point{}, err)
	}
}

// before returns a number behind which all points since a time are.
func (j *Journal) before(ctx context.Context, since time.Time) (after int64, err error) {
	if since.IsZero() {
		return 0, nil
	}
	err = j.read("points", func(db *sql.DB) error {
		var first sql.NullInt64
		err := db.QueryRowContext(ctx, `SELECT min(first_seq) FROM ticks WHERE time >= ?`, ceilUnix(since)).Scan(&first)
		after = math.MaxInt64 - 1
		if first.Valid {
			after = first.Int64 - 1
		}
		return err
	})
	return after, err
}

// chunk reads the next rows behind after and returns those that match, how many
// there were, and the last of them.
func (j *Journal) chunk(ctx context.Context, after int64, f Filter) (found []good, n int, last int64, err error) {
	var rotten []rawRow
	err = j.readRaw(ctx, "points", func(db raw) error {
		found = nil
		var a arena
		n, last, rotten, err = j.each(ctx, db, func(g good) {
			if f.matches(g) {
				g.line = a.copy(g.line)
				found = append(found, g)
			}
		}, `SELECT `+rowColumns+` FROM points p WHERE p.seq > ? ORDER BY p.seq LIMIT ?`, after, pointsRows)
		return err
	})
	if err != nil {
		return nil, 0, after, err
	}
	return found, n, last, j.setAside(ctx, rotten)
}

func (f Filter) matches(g good) bool {
	return (f.Since.IsZero() || g.unix >= ceilUnix(f.Since)) &&
		(f.Until.IsZero() || g.unix < ceilUnix(f.Until)) &&
		(f.Measurement == "" || g.series.measurement() == f.Measurement) &&
		(f.Network == "" || g.series.network() == f.Network) &&
		(f.Account == "" || g.series.label() == f.Account)
}

// ceilUnix is the first whole second that is not before t.
func ceilUnix(t time.Time) int64 {
	if t.Nanosecond() > 0 {
		return t.Unix() + 1
	}
	return t.Unix()
}

// History returns the followers of an account since a time, oldest first, whatever
// its id, type and tags were then. Points without that count are left out.
func (j *Journal) History(ctx context.Context, network, account string, since time.Time) (all []Sample, err error) {
	var rotten []rawRow
	err = j.readRaw(ctx, "history", func(db raw) error {
		all, rotten = nil, nil
		ids, err := j.series.profilesOf(ctx, db, AccountKey{network, account})
		if err != nil || len(ids) == 0 {
			return err
		}
		// The order of the joins is ours: every tick, and in it every series.
		_, _, rotten, err = j.each(ctx, db, func(g good) {
			if n, ok := countsOf(g.fields).Get("followers"); ok {
				all = appendSample(all, Sample{timeOf(g.unix), n})
			}
		}, `SELECT `+rowColumns+` FROM ticks t CROSS JOIN json_each(?) s CROSS JOIN points p
			WHERE t.network = ? AND t.time >= ? AND p.time = t.time AND p.series = s.value
			ORDER BY t.time, p.seq`, idList(ids), network, ceilUnix(since))
		return err
	})
	if err != nil {
		return nil, err
	}
	return all, j.setAside(ctx, rotten)
}

// appendSample appends s; of two at one time the one that arrived later stays.
func appendSample(all []Sample, s Sample) []Sample {
	if n := len(all); n > 0 && all[n-1].Time.Equal(s.Time) {
		all[n-1] = s
		return all
	}
	return append(all, s)
}

// idList is a list of numbers as json_each takes it.
func idList(ids []int64) string {
	b := []byte{'['}
	for i, id := range ids {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, id, 10)
	}
	return string(append(b, ']'))
}
