package journal

import (
	"context"
	"database/sql"
	"maps"
	"math"
	"slices"
	"time"

	"collectord/collector/point"
)

// latestAge is how far Latest looks back.
const latestAge = 40 * 24 * time.Hour

// Latest returns the newest profile point of every account that has one, at most
// 40 days old. It costs one look-up an account, and reading what was recorded in the
// last minutes. In a file that was mended, or that an older version made, the newest
// points are looked for once, tick by tick: an account that has been silent while a
// great many others were not may be missed then, for that search is bounded.
func (j *Journal) Latest(ctx context.Context) (map[AccountKey]Latest, error) {
	s := &j.spans
	s.mu.Lock()
	defer s.mu.Unlock()
	profiles, err := j.profiles(ctx)
	if err != nil {
		return nil, err
	}
	oldest := time.Now().Add(-latestAge).Unix()
	newest := map[int64]AccountKey{} // by number of the point
	lost := map[AccountKey][]int64{}
	for key, ids := range profiles {
		if seq, known := s.newest(ids, oldest); !known {
			lost[key] = ids
		} else if seq > 0 {
			newest[seq] = key
		}
	}
	latest := make(map[AccountKey]Latest, len(newest))
	if err := j.lookUp(ctx, slices.Sorted(maps.Keys(newest)), func(g good) {
		if key := newest[g.seq]; g.series.measurement() == point.Profile && g.series.account() == key {
			latest[key] = latestOf(g)
			delete(newest, g.seq)
		}
	}); err != nil {
		return nil, err
	}
	for _, key := range newest { // pruned, or rotten
		lost[key] = profiles[key]
	}
	return latest, j.find(ctx, lost, oldest, latest)
}

func latestOf(g good) Latest {
	return Latest{ID: g.series.ident, Type: g.series.kind(), Time: timeOf(g.unix), Seq: g.seq, Counts: countsOf(g.fields)}
}

// newest returns the number of the newest point of some series if it is newer than
// oldest, 0 if there is none, and whether that is known.
func (s *spans) newest(ids []int64, oldest int64) (seq int64, known bool) {
	var last int64
	for _, id := range ids {
		is := s.of[id]
		switch {
		case is.seq == 0:
			return 0, false
		case is.seq == notFound || is.last <= oldest:
		case is.last > last || is.last == last && is.seq > seq:
			last, seq = is.last, is.seq
		}
	}
	return seq, true
}

// find looks for the newest points of accounts tick by tick, adds them to latest, and
// remembers what came of it. The caller holds the mutex of the spans.
func (j *Journal) find(ctx context.Context, lost map[AccountKey][]int64, oldest int64, latest map[AccountKey]Latest) error {
	if len(lost) == 0 {
		return nil
	}
	found := map[AccountKey]good{}
	whole, err := j.walkBack(ctx, math.MaxInt64, oldest, byNetwork(lost), func(g good) bool {
		found[g.series.account()] = g
		latest[g.series.account()] = latestOf(g)
		return true
	})
	if err != nil || !whole {
		return err
	}
	s := &j.spans
	s.found = true
	for key, ids := range lost {
		g, ok := found[key]
		for _, id := range ids {
			is := span{first: s.of[id].first, last: oldest, seq: notFound}
			if ok {
				is.last = g.unix // none of them has a newer one
				if g.series.id == id {
					is.seq = g.seq
				}
			}
			s.put(id, is)
		}
	}
	return nil
}

// lookUp calls f for the good ones of the points with these numbers.
func (j *Journal) lookUp(ctx context.Context, seqs []int64, f func(good)) error {
	for chunk := range slices.Chunk(seqs, pointsRows) {
		var rotten []rawRow
		err := j.read("latest", func(db *sql.DB) (err error) {
			_, _, rotten, err = j.each(ctx, db, f,
				`SELECT `+rowColumns+` FROM json_each(?) s CROSS JOIN points p ON p.seq = s.value`, idList(chunk))
			return err
		})
		if err != nil {
			return err
		}
		if err := j.setAside(ctx, rotten); err != nil {
			return err
		}
	}
	return nil
}

// At returns the newest number of followers of every account after t-window and not
// after t. Accounts that have no point then cost nothing; others are looked for from
// tick to tick, and the search is bounded: of millions of points in the window, those
// farthest from t may be missed.
func (j *Journal) At(ctx context.Context, t time.Time, window time.Duration) (map[AccountKey]Sample, error) {
	oldest := t.Add(-window).Unix()
	missing, err := j.pointsWithin(ctx, oldest, t.Unix())
	if err != nil {
		return nil, err
	}
	at := map[AccountKey]Sample{}
	_, err = j.walkBack(ctx, t.Unix(), oldest, byNetwork(missing), func(g good) bool {
		n, ok := countsOf(g.fields).Get("followers")
		if ok {
			at[g.series.account()] = Sample{timeOf(g.unix), n}
		}
		return ok
	})
	return at, err
}

// pointsWithin returns the accounts that may have points with oldest < time ≤ newest,
// and the series of theirs that may.
func (j *Journal) pointsWithin(ctx context.Context, oldest, newest int64) (map[AccountKey][]int64, error) {
	s := &j.spans
	s.mu.Lock()
	defer s.mu.Unlock()
	profiles, err := j.profiles(ctx)
	if err != nil {
		return nil, err
	}
	within := make(map[AccountKey][]int64, len(profiles))
	for key, ids := range profiles {
		for _, id := range ids {
			if s.of[id].within(oldest, newest) {
				within[key] = append(within[key], id)
			}
		}
	}
	return within, nil
}

// profiles brings the spans up to date and returns the profile series of all accounts.
// The caller holds the mutex of the spans.
func (j *Journal) profiles(ctx context.Context) (all map[AccountKey][]int64, err error) {
	if err := j.catchUp(ctx); err != nil {
		return nil, err
	}
	err = j.read("latest", func(db *sql.DB) (err error) {
		all, err = j.series.allProfiles(ctx, db)
		return err
	})
	return all, err
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
// looks for the accounts of the network that are still missing, which it changes. It
// reports whether it came to the end.
func (j *Journal) walkBack(ctx context.Context, newest, oldest int64, missing map[string]map[AccountKey][]int64, f func(good) bool) (whole bool, err error) {
	var ticks map[int64][]string // the networks of every time
	err = j.read("latest", func(db *sql.DB) (err error) {
		ticks, err = tickTimes(ctx, db, newest, oldest)
		return err
	})
	if err != nil {
		return false, err
	}
	budget := walkBudget
	var rotten []rawRow
	for _, at := range slices.Backward(slices.Sorted(maps.Keys(ticks))) {
		n, bad, err := j.walkTick(ctx, at, ticks[at], missing, f)
		if err != nil {
			return false, err
		}
		rotten = append(rotten, bad...)
		if budget -= n; budget < 0 {
			break
		}
	}
	return budget >= 0, j.setAside(ctx, rotten)
}

// byNetwork sorts accounts by network, as walkBack takes them.
func byNetwork(accounts map[AccountKey][]int64) map[string]map[AccountKey][]int64 {
	sorted := map[string]map[AccountKey][]int64{}
	for key, ids := range accounts {
		if sorted[key.Network] == nil {
			sorted[key.Network] = map[AccountKey][]int64{}
		}
		sorted[key.Network][key] = ids
	}
	return sorted
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
			of := missing[g.series.network()]
			key := g.series.account()
			if g.series.measurement() == point.Profile && of[key] != nil && f(g) {
				delete(of, key)
			}
		}, query, args...)
		n, rotten = max(n, read), bad
		return err
	})
	return n, rotten, err
}

func tickTimes(ctx context.Context, db *sql.DB, newest, oldest int64) (map[int64][]string, error) {
	ticks := map[int64][]string{}
	err := eachRow(ctx, db, func(rows *sql.Rows) error {
		var at int64
		var network string
		if err := rows.Scan(&at, &network); err != nil {
			return err
		}
		ticks[at] = append(ticks[at], network)
		return nil
	}, `SELECT time, network FROM ticks WHERE time <= ? AND time > ?`, newest, oldest)
	return ticks, err
}
