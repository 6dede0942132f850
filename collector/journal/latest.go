package journal

import (
	"cmp"
	"context"
	"database/sql"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
	"unique"
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
	all, err := j.profiles(ctx)
	if err != nil {
		return nil, err
	}
	oldest := time.Now().Add(-latestAge).Unix()
	var newest []sought
	var lost []profiles
	for _, of := range all {
		if seq, known := s.newest(of.ids, oldest); !known {
			lost = append(lost, of)
		} else if seq > 0 {
			newest = append(newest, sought{seq, of, false})
		}
	}
	slices.SortFunc(newest, func(a, b sought) int { return cmp.Compare(a.seq, b.seq) })
	latest := make(map[AccountKey]Latest, len(newest))
	if err := j.lookUp(ctx, newest, func(g good) { latest[keptKey(g)] = latestOf(g) }); err != nil {
		return nil, err
	}
	for _, of := range newest { // pruned, or rotten
		if !of.found {
			lost = append(lost, of.of)
		}
	}
	return latest, j.find(ctx, lost, oldest, latest)
}

// sought is a point that is looked for by its number.
type sought struct {
	seq   int64
	of    profiles // the account's
	found bool
}

// keptKey is the account of a point, for who keeps it: pieces of a key would keep the
// keys of many others in memory.
func keptKey(g good) AccountKey {
	key := g.series.account()
	return AccountKey{unique.Make(key.Network).Value(), strings.Clone(key.Label)}
}

func latestOf(g good) Latest {
	ident, kind := g.series.identity()
	return Latest{ID: strings.Clone(ident), Type: unique.Make(kind).Value(), Time: timeOf(g.unix), Seq: g.seq, Counts: countsOf(g.fields)}
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
func (j *Journal) find(ctx context.Context, lost []profiles, oldest int64, latest map[AccountKey]Latest) error {
	if len(lost) == 0 {
		return nil
	}
	found := map[int64]good{} // by number of the series
	whole, err := j.walkBack(ctx, math.MaxInt64, oldest, missingOf(lost), func(g good) bool {
		found[g.series.id] = g
		latest[keptKey(g)] = latestOf(g)
		return true
	})
	if err != nil || !whole {
		return err
	}
	s := &j.spans
	s.found = true
	for _, of := range lost {
		last := oldest
		for _, id := range of.ids {
			if g, ok := found[id]; ok {
				last = g.unix // none of them has a newer one
			}
		}
		for _, id := range of.ids {
			is := span{first: s.of[id].first, last: last, seq: notFound}
			if g, ok := found[id]; ok {
				is.seq = g.seq
			}
			s.put(id, is)
		}
	}
	return nil
}

// lookUp calls f for the good ones of the points sought, which are in the order of their
// numbers, and marks them.
func (j *Journal) lookUp(ctx context.Context, all []sought, f func(good)) error {
	for chunk := range slices.Chunk(all, pointsRows) {
		query, args := `SELECT `+rowColumns+` FROM points p WHERE p.seq BETWEEN ? AND ?`, []any{chunk[0].seq, chunk[len(chunk)-1].seq}
		if chunk[len(chunk)-1].seq-chunk[0].seq > 2*int64(len(chunk)) { // they are scattered
			seqs := make([]int64, len(chunk))
			for i := range chunk {
				seqs[i] = chunk[i].seq
			}
			query, args = `SELECT `+rowColumns+` FROM json_each(?) s CROSS JOIN points p ON p.seq = s.value`, []any{idList(seqs)}
		}
		var rotten []rawRow
		err := j.readRaw(ctx, "latest", func(db raw) (err error) {
			_, _, rotten, err = j.each(ctx, db, func(g good) {
				at, ok := slices.BinarySearchFunc(chunk, g.seq, func(s sought, seq int64) int { return cmp.Compare(s.seq, seq) })
				if ok && g.series.isProfile() && slices.Contains(chunk[at].of.ids, g.series.id) {
					chunk[at].found = true
					f(g)
				}
			}, query, args...)
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
	within, err := j.pointsWithin(ctx, oldest, t.Unix())
	if err != nil {
		return nil, err
	}
	at := make(map[AccountKey]Sample, len(within))
	_, err = j.walkBack(ctx, t.Unix(), oldest, missingOf(within), func(g good) bool {
		n, ok := countsOf(g.fields).Get("followers")
		if ok {
			at[keptKey(g)] = Sample{timeOf(g.unix), n}
		}
		return ok
	})
	return at, err
}

// pointsWithin returns the accounts that may have points with oldest < time ≤ newest,
// and the series of theirs that may.
func (j *Journal) pointsWithin(ctx context.Context, oldest, newest int64) ([]profiles, error) {
	s := &j.spans
	s.mu.Lock()
	defer s.mu.Unlock()
	all, err := j.profiles(ctx)
	if err != nil {
		return nil, err
	}
	within := all[:0]
	for _, of := range all {
		of.ids = slices.DeleteFunc(of.ids, func(id int64) bool { return !s.of[id].within(oldest, newest) })
		if len(of.ids) > 0 {
			within = append(within, of)
		}
	}
	return within, nil
}

// profiles brings the spans up to date and returns the profile series of all accounts.
// The caller holds the mutex of the spans.
func (j *Journal) profiles(ctx context.Context) (all []profiles, err error) {
	if err := j.catchUp(ctx); err != nil {
		return nil, err
	}
	err = j.readRaw(ctx, "latest", func(db raw) (err error) {
		all, err = j.series.allProfiles(ctx, db)
		return err
	})
	return all, err
}

// missing are accounts that are looked for, by network and by the number of each of their
// series: all of these.
type missing map[string]map[int64][]int64

func missingOf(accounts []profiles) missing {
	m, counts := missing{}, map[string]int{}
	for _, of := range accounts {
		counts[of.network] += len(of.ids)
	}
	for _, of := range accounts {
		if m[of.network] == nil {
			m[of.network] = make(map[int64][]int64, counts[of.network])
		}
		for _, id := range of.ids {
			m[of.network][id] = of.ids
		}
	}
	return m
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
func (j *Journal) walkBack(ctx context.Context, newest, oldest int64, missing missing, f func(good) bool) (whole bool, err error) {
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

// walkTick is one step of walkBack. It returns how many rows were read or looked
// for.
func (j *Journal) walkTick(ctx context.Context, at int64, nets []string, missing missing, f func(good) bool) (n int, rotten []rawRow, err error) {
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
			ids = slices.AppendSeq(ids, maps.Keys(missing[network]))
		}
		query = `SELECT ` + rowColumns + ` FROM json_each(?) s CROSS JOIN points p
			WHERE p.time = ? AND p.series = s.value ORDER BY p.seq DESC`
		args = []any{idList(ids), at}
		n = len(ids)
	}
	err = j.readRaw(ctx, "latest", func(db raw) error {
		read, _, bad, err := j.each(ctx, db, func(g good) {
			for _, network := range nets {
				if of := missing[network][g.series.id]; of != nil && f(g) {
					for _, id := range of {
						delete(missing[network], id)
					}
				}
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
