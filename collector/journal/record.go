package journal

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"collectord/collector/point"
)

// BeginTick opens a tick and stores when the given schedules of its network are
// due next, in one transaction. If the tick exists, open or closed, it stays as it
// is and the slots are stored all the same.
func (j *Journal) BeginTick(_ context.Context, t Tick, next map[string]time.Time) error {
	return j.write("begin tick", func(w *writer) error {
		if err := w.beginTick(t); err != nil {
			return err
		}
		return w.setSlots(t.Network, next)
	})
}

func (w *writer) beginTick(t Tick) error {
	specs, err := json.Marshal(t.Specs)
	if err != nil {
		return err
	}
	if t.Started.IsZero() {
		t.Started = time.Now()
	}
	_, err = w.exec(`INSERT OR IGNORE INTO ticks
		VALUES (?, ?, ?, ?, 1 + coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'points'), 0), ?, ?, ?, ?, ?, ?, 0)`,
		t.Network, t.Time.Unix(), t.MadeUp, string(specs), t.Accounts, t.OK, t.Failed, t.Requests, t.Retries, t.Started.UnixMilli())
	return err
}

// Record writes what a network answered, in one transaction, and is back when it
// is on disk: points that were not there yet, the labels answered without one,
// what is remembered of accounts, and the totals of the tick (which is opened if
// nobody did). A context that has ended does not stop it.
//
// The error is a *PointError if a point cannot be written by anybody, ErrFull if
// the disk takes no more. Nothing was recorded then.
func (j *Journal) Record(_ context.Context, b Batch) error {
	lines, err := encode(b.Points, b.Time)
	if err != nil {
		return j.explain("record "+b.Network, err)
	}
	return j.addPoints("record "+b.Network, lines, func(w *writer) error { return w.batch(b) })
}

// EndTick closes a tick: it adds the last points, the poll's own among them, and
// forgets which accounts were answered. A tick that is closed stays as it is. The
// errors are those of Record.
func (j *Journal) EndTick(_ context.Context, network string, at time.Time, points []point.Point) error {
	lines, err := encode(points, at)
	if err != nil {
		return j.explain("end tick of "+network, err)
	}
	return j.addPoints("end tick of "+network, lines, func(w *writer) error {
		if err := w.beginTick(Tick{Network: network, Time: at}); err != nil {
			return err
		}
		if _, err := w.exec(`UPDATE ticks SET closed_ms = ? WHERE network = ? AND time = ? AND closed_ms = 0`,
			time.Now().UnixMilli(), network, at.Unix()); err != nil {
			return err
		}
		_, err := w.exec(`DELETE FROM answers WHERE network = ? AND time = ?`, network, at.Unix())
		return err
	})
}

// addPoints runs f and inserts the points behind it in one transaction, then wakes
// those who wait for points.
func (j *Journal) addPoints(op string, lines []encoded, f func(*writer) error) error {
	var added int64
	var fresh run
	err := j.write(op, func(w *writer) (err error) {
		if err := f(w); err != nil {
			return err
		}
		if fresh, err = j.identify(w, lines); err != nil {
			return err
		}
		if added, err = w.insert(lines); err != nil {
			return err
		}
		return w.count(countPoints, added)
	})
	if err != nil {
		return err
	}
	j.series.add(fresh)
	if added > 0 {
		j.changed.poke()
	}
	return nil
}

// encoded is a point as its row has it.
type encoded struct {
	key    string // of its series
	series int64  // 0 until identify
	fields string
	unix   int64
	crc    int64
}

// encode makes rows of points whose time is at.
func encode(points []point.Point, at time.Time) ([]encoded, error) {
	out := make([]encoded, len(points))
	var line []byte
	for i := range points {
		p := &points[i]
		e := &out[i]
		e.unix = at.Unix()
		if !p.Time.IsZero() && p.Time.Unix() != e.unix {
			return nil, &PointError{i, *p, fmt.Errorf("time %d in a tick at %d", p.Time.Unix(), e.unix)}
		}
		var err error
		if e.key, err = p.Series(); err != nil {
			return nil, &PointError{i, *p, err}
		}
		if e.fields, err = p.FieldSet(); err != nil {
			return nil, &PointError{i, *p, err}
		}
		line = point.AppendLine(line[:0], e.key, e.fields, e.unix)
		e.crc = checksum(line)
	}
	return out, nil
}

// identify finds the series of every point and adds those that are new, which it
// returns: the cache may know them once they are committed.
func (j *Journal) identify(w *writer, lines []encoded) (fresh run, err error) {
	if len(lines) == 0 {
		return run{}, nil
	}
	// What the transaction before this one added may not be in the cache yet.
	if err := onRaw(w.conn, func(db raw) error { return j.series.load(context.Background(), db) }); err != nil {
		return run{}, err
	}
	var strange []*encoded
	for i := range lines {
		e := &lines[i]
		if e.series = j.series.find(e.key); e.series == 0 {
			strange = append(strange, e)
		}
	}
	fresh = newSeries(strange, j.series.next())
	return fresh, w.putRun(fresh)
}

// newSeries numbers the series of points that have none, from first on, the profiles
// first: they have a point at every poll, and who reads those of a tick needs few runs.
func newSeries(lines []*encoded, first int64) run {
	fresh, ids := run{first: first}, make(map[string]int64, len(lines))
	for _, profiles := range []bool{true, false} {
		for _, e := range lines {
			if (series{key: e.key}).isProfile() != profiles {
				continue
			}
			if ids[e.key] == 0 {
				ids[e.key] = fresh.end()
				fresh.keys = append(fresh.keys, e.key)
			}
			e.series = ids[e.key]
		}
	}
	return fresh
}

// insertRows is how many rows one statement inserts.
const insertRows = 64

// insert adds the points that are not there yet and returns how many that were.
func (w *writer) insert(lines []encoded) (added int64, err error) {
	err = w.insertAll(`INSERT OR IGNORE INTO points (series, time, fields, crc) VALUES `, 4, len(lines), func(args []any, i int) []any {
		e := &lines[i]
		return append(args, e.series, e.unix, e.fields, e.crc)
	}, &added)
	return added, err
}

// insertAll inserts n rows of so many columns, whose values row appends, and adds to
// changed how many went in.
func (w *writer) insertAll(into string, columns, n int, row func(args []any, i int) []any, changed *int64) error {
	one := `(?` + strings.Repeat(`, ?`, columns-1) + `)`
	many := into + one + strings.Repeat(`, `+one, insertRows-1)
	args := make([]any, 0, columns*insertRows)
	for i := 0; i < n; {
		count, query := insertRows, many
		if n-i < insertRows {
			count, query = 1, into+one
		}
		args = args[:0]
		for range count {
			args = row(args, i)
			i++
		}
		more, err := w.exec(query, args...)
		if err != nil {
			return err
		}
		*changed += more
	}
	return nil
}

// batch writes what a batch has beside its points.
func (w *writer) batch(b Batch) error {
	var closed int64
	at := b.Time.Unix()
	err := w.one(`SELECT closed_ms FROM ticks WHERE network = ? AND time = ?`, []any{b.Network, at}, &closed)
	if errors.Is(err, sql.ErrNoRows) {
		err = w.beginTick(Tick{Network: b.Network, Time: b.Time})
	}
	if err != nil {
		return err
	}
	if b.OK != 0 || b.Failed != 0 || b.Requests != 0 || b.Retries != 0 {
		if _, err := w.exec(`UPDATE ticks SET ok = ok + ?, failed = failed + ?, requests = requests + ?, retries = retries + ?
			WHERE network = ? AND time = ?`, b.OK, b.Failed, b.Requests, b.Retries, b.Network, at); err != nil {
			return err
		}
	}
	if closed == 0 {
		for _, label := range b.Answered {
			if _, err := w.exec(`INSERT OR IGNORE INTO answers VALUES (?, ?, ?)`, b.Network, at, label); err != nil {
				return err
			}
		}
	}
	for _, s := range b.Spent {
		if err := w.spend(b.Network, "", s); err != nil {
			return err
		}
	}
	return w.setAccounts(b.Accounts)
}

func (w *writer) setAccounts(all []Account) error {
	var changed int64
	return w.insertAll(`INSERT OR REPLACE INTO accounts VALUES `, 14, len(all), func(args []any, i int) []any {
		a := &all[i]
		return append(args, a.Network, a.Label, a.Asked, a.Kind, a.ID, a.Host, a.Name, a.State, unixOf(a.StateSince), a.Info,
			a.Error, a.ErrorKind, unixOf(a.ErrorAt), unixOf(a.SkipUntil))
	}, &changed)
}

// unixOf returns the Unix seconds of t, 0 for the zero time.
func unixOf(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

// timeOf is the inverse of unixOf.
func timeOf(unix int64) time.Time {
	if unix == 0 {
		return time.Time{}
	}
	return time.Unix(unix, 0).UTC()
}

// milliTimeOf is timeOf for milliseconds.
func milliTimeOf(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
