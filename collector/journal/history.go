package journal

import (
	"context"
	"database/sql"
	"iter"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"collectord/collector/point"
)

// pointsRows is how many rows Points reads at a time.
const pointsRows = 5000

// latestAge is how far Latest looks back.
const latestAge = 40 * 24 * time.Hour

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
	err = j.read("points", func(db *sql.DB) error {
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
	return (f.Network == "" || g.series.network == f.Network) &&
		(f.Account == "" || g.series.label == f.Account) &&
		(f.Measurement == "" || g.series.measurement == f.Measurement) &&
		(f.Since.IsZero() || g.unix >= ceilUnix(f.Since)) &&
		(f.Until.IsZero() || g.unix < ceilUnix(f.Until))
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
	err = j.read("history", func(db *sql.DB) error {
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

// Latest returns the newest profile point of every account that has one, at most
// 40 days old. An account that has been silent while a great many others were not
// may be missed: the search is bounded.
func (j *Journal) Latest(ctx context.Context) (map[AccountKey]Latest, error) {
	latest := map[AccountKey]Latest{}
	err := j.walkBack(ctx, math.MaxInt64, time.Now().Add(-latestAge).Unix(), func(g good) bool {
		latest[g.series.account()] = Latest{ID: g.series.ident, Type: g.series.kind,
			Time: timeOf(g.unix), Seq: g.seq, Counts: countsOf(g.fields)}
		return true
	})
	return latest, err
}

// At returns the newest number of followers of every account after t-window and not
// after t. It is bounded as Latest is.
func (j *Journal) At(ctx context.Context, t time.Time, window time.Duration) (map[AccountKey]Sample, error) {
	at := map[AccountKey]Sample{}
	err := j.walkBack(ctx, t.Unix(), t.Add(-window).Unix(), func(g good) bool {
		n, ok := countsOf(g.fields).Get("followers")
		if ok {
			at[g.series.account()] = Sample{timeOf(g.unix), n}
		}
		return ok
	})
	return at, err
}

const (
	// walkBudget is how many rows walkBack reads in all.
	walkBudget = 3_000_000
	// walkLookups is up to how many series are looked up one by one at a tick; for
	// more, the whole tick is read.
	walkLookups = 500
)

// walkBack goes from tick to tick back in time, newest ≥ time > oldest, and gives
// the profile points it meets to f until f took one of the account. At a tick it
// looks for the accounts of the network that are still missing.
func (j *Journal) walkBack(ctx context.Context, newest, oldest int64, f func(good) bool) error {
	var missing map[string]map[AccountKey][]int64 // by network
	var ticks map[int64][]string                  // the networks of every time
	err := j.read("latest", func(db *sql.DB) (err error) {
		if missing, err = j.allMissing(ctx, db); err != nil {
			return err
		}
		ticks, err = tickTimes(ctx, db, newest, oldest)
		return err
	})
	if err != nil {
		return err
	}
	budget := walkBudget
	var rotten []rawRow
	for _, at := range slices.Backward(slices.Sorted(maps.Keys(ticks))) {
		n, bad, err := j.walkTick(ctx, at, ticks[at], missing, f)
		if err != nil {
			return err
		}
		rotten = append(rotten, bad...)
		if budget -= n; budget < 0 {
			break
		}
	}
	return j.setAside(ctx, rotten)
}

// walkTick is one step of walkBack. It returns how many rows were read or looked
// for.
func (j *Journal) walkTick(ctx context.Context, at int64, nets []string, missing map[string]map[AccountKey][]int64, f func(good) bool) (n int, rotten []rawRow, err error) {
	count := 0
	for _, network := range nets {
		count += len(missing[network])
	}
	if count == 0 {
		return 0, nil, nil
	}
	query, args := `SELECT `+rowColumns+` FROM points p WHERE p.time = ? ORDER BY p.seq DESC`, []any{at}
	if count <= walkLookups {
		var ids []int64
		for _, network := range nets {
			for _, of := range missing[network] {
				ids = append(ids, of...)
			}
		}
		query = `SELECT ` + rowColumns + ` FROM json_each(?) s CROSS JOIN points p
			WHERE p.time = ? AND p.series = s.value ORDER BY p.seq DESC`
		args = []any{idList(ids), at}
		n = len(ids)
	}
	err = j.read("latest", func(db *sql.DB) error {
		read, _, bad, err := j.each(ctx, db, func(g good) {
			of := missing[g.series.network]
			key := g.series.account()
			if g.series.measurement == point.Profile && of[key] != nil && f(g) {
				delete(of, key)
			}
		}, query, args...)
		n, rotten = max(n, read), bad
		return err
	})
	return n, rotten, err
}

// allMissing returns the profile series of all accounts, by network.
func (j *Journal) allMissing(ctx context.Context, db *sql.DB) (map[string]map[AccountKey][]int64, error) {
	all, err := j.series.allProfiles(ctx, db)
	if err != nil {
		return nil, err
	}
	missing := map[string]map[AccountKey][]int64{}
	for key, ids := range all {
		if missing[key.Network] == nil {
			missing[key.Network] = map[AccountKey][]int64{}
		}
		missing[key.Network][key] = ids
	}
	return missing, nil
}

func tickTimes(ctx context.Context, db *sql.DB, newest, oldest int64) (map[int64][]string, error) {
	rows, err := db.QueryContext(ctx, `SELECT time, network FROM ticks WHERE time <= ? AND time > ?`, newest, oldest)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // rows.Err has said it all
	ticks := map[int64][]string{}
	for rows.Next() {
		var at int64
		var network string
		if err := rows.Scan(&at, &network); err != nil {
			return nil, err
		}
		ticks[at] = append(ticks[at], network)
	}
	return ticks, rows.Err()
}
