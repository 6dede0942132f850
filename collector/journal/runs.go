package journal

import (
	"context"
	"database/sql/driver"
	"errors"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// schemaSeries is how version 4 holds the keys of the series: by the run, so that a start
// reads some thousand rows and not three times as many as there are accounts. names has
// every run once more, on other pages: a flipped bit, or a page that is lost, would take
// all points of many accounts with it. There is no index on the keys, for the one writer
// knows all of them, and a row that disagreed with its index could never be mended.
const schemaSeries = `
CREATE TABLE series (id INTEGER PRIMARY KEY, key TEXT, crc INTEGER);
CREATE TABLE names (id INTEGER PRIMARY KEY, key TEXT, crc INTEGER);
`

const (
	// maxRun is how many bytes of keys a row takes in, so that it stands on one page,
	// where scanPages finds it; a key that is longer has a row for itself.
	maxRun = 3900
	// maxSeriesID is the highest number of a series that is believed.
	maxSeriesID = math.MaxUint32
)

// run is what a row of series or names holds: the keys of the series first, first+1, ...
// A key that is lost is empty.
type run struct {
	first int64
	keys  []string // pieces of one text
}

// end is the number behind the last.
func (r run) end() int64 { return r.first + int64(len(r.keys)) }

// key returns the key of a series, "" if it is not in the run.
func (r run) key(id int64) string {
	if id < r.first || id >= r.end() {
		return ""
	}
	return r.keys[id-r.first]
}

// runRow is a row of series or names as it is on disk: the keys, one a line.
type runRow struct {
	id        int64
	keys, crc any
}

// runCRC is the CRC32C of a run. It covers the number of the first series: at another
// place every key would be that of another series.
func runCRC(first int64, keys string) int64 {
	b := make([]byte, 0, len(keys)+20)
	return checksum(append(append(strconv.AppendInt(b, first, 10), '\n'), keys...))
}

// run reads a row and reports whether its CRC is right. Up to version 3 a row held one
// key, and the CRC did not cover its number.
func (r runRow) run() (run, bool) {
	text, ok := r.keys.(string)
	if !ok || r.id < 1 || r.id > maxSeriesID {
		return run{}, false
	}
	if r.crc != runCRC(r.id, text) && (r.crc != checksum([]byte(text)) || strings.Contains(text, "\n")) {
		return run{}, false
	}
	return run{r.id, strings.Split(text, "\n")}, true
}

// eachRun calls f for the rows of a query for id, key and crc.
func eachRun(ctx context.Context, db raw, f func(runRow), query string, args ...any) error {
	return db.rows(ctx, func(v []driver.Value) error {
		id, _ := v[0].(int64) // a rowid is nothing else
		f(runRow{id, v[1], v[2]})
		return nil
	}, query, args...)
}

// runsAhead is how many runs are read at once: who looks for a series goes on to the next
// ones, as a rule, and a query takes longer than the reading of a few rows.
const runsAhead = 16

// runsOf looks up the run that a series is in, and some that follow it. Where the row of
// series rotted it is the one of names, and where that rotted too, the key alone if they
// agree about it. There is none if the series is in none.
func runsOf(ctx context.Context, db raw, id int64) (found []run, err error) {
	var rotted gathered
	take := func(row runRow) {
		if r, ok := row.run(); ok {
			found = append(found, r)
		} else {
			rotted.take(row)
		}
	}
	for _, table := range []string{"series", "names"} {
		found = nil
		if err := eachRun(ctx, db, take, `SELECT id, key, crc FROM `+table+` WHERE id >= (SELECT max(id) FROM `+table+` WHERE id <= ?)
			ORDER BY id LIMIT ?`, id, runsAhead); err != nil {
			return nil, err
		}
		if len(found) > 0 && found[0].key(id) != "" {
			return found, nil
		}
		if names, err := db.hasTable(ctx, "names"); err != nil || !names {
			return nil, err
		}
	}
	if key := rotted.keys[id]; key != "" {
		return []run{{id, []string{key}}}, nil
	}
	return nil, nil
}

// gathered is what is found of the keys, in whatever order, where not all rows are good.
type gathered struct {
	keys    map[int64]string
	rotten  map[int64]string // texts of rows whose CRC is wrong, by the number of the first series
	highest int64            // number that any row speaks of; none is given twice
}

// take takes a row in. Of two that both have a wrong CRC, what they agree about is
// believed.
func (g *gathered) take(row runRow) {
	r, ok := row.run()
	if !ok {
		r = g.agreed(row)
	}
	if g.keys == nil {
		g.keys = map[int64]string{}
	}
	for i, key := range r.keys {
		if id := r.first + int64(i); key != "" && g.keys[id] == "" {
			g.keys[id] = key
		}
	}
	g.highest = max(g.highest, r.end()-1)
}

func (g *gathered) agreed(row runRow) run {
	text, ok := row.keys.(string)
	if !ok || row.id < 1 || row.id > maxSeriesID {
		return run{}
	}
	other, twice := g.rotten[row.id]
	if !twice {
		if g.rotten == nil {
			g.rotten = map[int64]string{}
		}
		g.rotten[row.id] = text
		g.highest = max(g.highest, row.id+int64(strings.Count(text, "\n")))
		return run{}
	}
	return run{row.id, agreement(text, other)}
}

// agreement returns the lines of a that are those of b too, "" for the others.
func agreement(a, b string) []string {
	lines, others := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range lines {
		if i >= len(others) || lines[i] != others[i] {
			lines[i] = ""
		}
	}
	return lines
}

// runs returns what was gathered, in the order of the numbers.
func (g *gathered) runs() (all []run) {
	for _, id := range slices.Sorted(maps.Keys(g.keys)) {
		if n := len(all); n > 0 && all[n-1].end() == id {
			all[n-1].keys = append(all[n-1].keys, g.keys[id])
		} else {
			all = append(all, run{id, []string{g.keys[id]}})
		}
	}
	return all
}

// putRun writes series to both tables, in as many rows as it takes. A row that stands in
// the way has rotted: nobody knew its series.
func (w *writer) putRun(r run) error {
	for len(r.keys) > 0 {
		n, size := 1, len(r.keys[0])
		for n < len(r.keys) && size+1+len(r.keys[n]) <= maxRun {
			size += 1 + len(r.keys[n])
			n++
		}
		text := strings.Join(r.keys[:n], "\n")
		crc := runCRC(r.first, text)
		_, err1 := w.exec(`INSERT OR REPLACE INTO series VALUES (?, ?, ?)`, r.first, text, crc)
		_, err2 := w.exec(`INSERT OR REPLACE INTO names VALUES (?, ?, ?)`, r.first, text, crc)
		if err := errors.Join(err1, err2); err != nil {
			return err
		}
		r = run{r.first + int64(n), r.keys[n:]}
	}
	return nil
}
