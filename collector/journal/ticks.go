package journal

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"
)

const tickColumns = `network, time, made_up, specs, accounts, ok, failed, requests, retries, started_ms, closed_ms`

// Tick returns a tick as far as recorded, and whether there is one.
func (j *Journal) Tick(ctx context.Context, network string, at time.Time) (Tick, bool, error) {
	all, err := j.ticks(ctx, `network = ? AND time = ?`, network, at.Unix())
	if err != nil || len(all) == 0 {
		return Tick{}, false, err
	}
	return all[0], true, nil
}

// OpenTicks returns the ticks whose poll is not over, oldest first. After a crash
// they are the polls that were cut short.
func (j *Journal) OpenTicks(ctx context.Context) ([]Tick, error) {
	return j.ticks(ctx, `closed_ms = 0 ORDER BY time, network`)
}

func (j *Journal) ticks(ctx context.Context, where string, args ...any) (all []Tick, err error) {
	err = j.read("ticks", func(db *sql.DB) error {
		all = nil
		rows, err := db.QueryContext(ctx, `SELECT `+tickColumns+` FROM ticks WHERE `+where, args...) //nolint:gosec // G202: where is a constant of its two callers
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }() // rows.Err has said it all
		for rows.Next() {
			var t Tick
			var specs string
			var at, started, closed int64
			if err := rows.Scan(&t.Network, &at, &t.MadeUp, &specs, &t.Accounts, &t.OK, &t.Failed,
				&t.Requests, &t.Retries, &started, &closed); err != nil {
				return err
			}
			if err := json.Unmarshal([]byte(specs), &t.Specs); err != nil {
				return err
			}
			t.Time, t.Started, t.Closed = timeOf(at), milliTimeOf(started), milliTimeOf(closed)
			all = append(all, t)
		}
		return rows.Err()
	})
	return all, err
}

// Answered returns the labels of a network that were answered for at a tick: those
// with a profile point of that time and those that Batch.Answered named. Of a tick
// that is closed, only the former are known.
func (j *Journal) Answered(ctx context.Context, network string, at time.Time) (map[string]bool, error) {
	var labels map[string]bool
	err := j.readRaw(ctx, "answered", func(db raw) error {
		labels = map[string]bool{}
		if err := j.withProfile(ctx, db, network, at, labels); err != nil {
			return err
		}
		return db.rows(ctx, func(v []driver.Value) error {
			label, _ := v[0].(string)
			labels[label] = true
			return nil
		}, `SELECT label FROM answers WHERE network = ? AND time = ?`, network, at.Unix())
	})
	return labels, err
}

// withProfile marks the labels that have a profile point at that time. The index
// alone tells.
func (j *Journal) withProfile(ctx context.Context, db raw, network string, at time.Time, labels map[string]bool) error {
	return db.rows(ctx, func(v []driver.Value) error {
		id, _ := v[0].(int64)
		s, ok, err := j.series.get(ctx, db, id)
		if err != nil {
			return err
		}
		if ok && s.isProfile() && s.network() == network {
			labels[strings.Clone(s.label())] = true
		}
		return nil
	}, `SELECT series FROM points WHERE time = ?`, at.Unix())
}

// Slots returns when every schedule is due next: network → expression → time.
func (j *Journal) Slots(ctx context.Context) (map[string]map[string]time.Time, error) {
	var slots map[string]map[string]time.Time
	err := j.read("slots", func(db *sql.DB) error {
		slots = map[string]map[string]time.Time{}
		rows, err := db.QueryContext(ctx, `SELECT network, spec, next FROM slots`)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }() // rows.Err has said it all
		for rows.Next() {
			var network, spec string
			var next int64
			if err := rows.Scan(&network, &spec, &next); err != nil {
				return err
			}
			if slots[network] == nil {
				slots[network] = map[string]time.Time{}
			}
			slots[network][spec] = timeOf(next)
		}
		return rows.Err()
	})
	return slots, err
}

// KeepSlots stores when schedules of a network are due next that have no slot yet, and
// forgets those of its schedules that are not named. A slot that is there stays: it moves
// with the tick that it becomes, in BeginTick, and with nothing else.
func (j *Journal) KeepSlots(_ context.Context, network string, next map[string]time.Time) error {
	return j.write("keep slots", func(w *writer) error {
		specs, err := json.Marshal(slices.AppendSeq([]string{}, maps.Keys(next))) // [] and not null where there are none
		if err != nil {
			return err
		}
		if _, err := w.exec(`DELETE FROM slots WHERE network = ? AND spec NOT IN (SELECT value FROM json_each(?))`, network, string(specs)); err != nil {
			return err
		}
		for spec, t := range next {
			if _, err := w.exec(`INSERT OR IGNORE INTO slots VALUES (?, ?, ?)`, network, spec, unixOf(t)); err != nil {
				return err
			}
		}
		return nil
	})
}

func (w *writer) setSlots(network string, next map[string]time.Time) error {
	for spec, t := range next {
		if _, err := w.exec(`INSERT OR REPLACE INTO slots VALUES (?, ?, ?)`, network, spec, unixOf(t)); err != nil {
			return err
		}
	}
	return nil
}

// Accounts returns what is remembered of every account.
func (j *Journal) Accounts(ctx context.Context) (map[AccountKey]Account, error) {
	var all map[AccountKey]Account
	err := j.readRaw(ctx, "accounts", func(db raw) error {
		all = map[AccountKey]Account{}
		same := texts{}
		return db.rows(ctx, func(v []driver.Value) error {
			r := accountRow{v, same}
			a := Account{
				Network: r.word(0), Label: r.text(1), Asked: r.text(2), Kind: r.word(3), ID: r.text(4), Host: r.word(5), Name: r.text(6),
				State: r.word(7), StateSince: r.time(8), Info: r.text(9), Error: r.text(10), ErrorKind: r.word(11), ErrorAt: r.time(12), SkipUntil: r.time(13),
			}
			all[a.Key()] = a
			return nil
		}, `SELECT network, label, asked, kind, ident, host, name,
			state, state_since, info, error, error_kind, error_at, skip_until FROM accounts`)
	})
	return all, err
}

// accountRow reads the columns of a row of accounts; what a flipped bit made of another
// type is none.
type accountRow struct {
	v    []driver.Value
	same texts
}

// texts holds words that a great many rows have, each once.
type texts map[string]string

func (r accountRow) text(i int) string {
	s, _ := r.v[i].(string)
	return s
}

func (r accountRow) word(i int) string {
	s := r.text(i)
	if known, ok := r.same[s]; ok || len(r.same) > 1000 {
		return cmp.Or(known, s)
	}
	r.same[s] = s
	return s
}

func (r accountRow) time(i int) time.Time {
	unix, _ := r.v[i].(int64)
	return timeOf(unix)
}
