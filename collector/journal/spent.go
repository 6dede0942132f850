package journal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"
)

// schemaSpent is what version 2 added. A purse is who spends: the one process that
// writes the journal ("") or one that works beside it (its number), so that each
// knows what the others spent.
const schemaSpent = `
CREATE TABLE spent (network TEXT, slot TEXT, day TEXT, purse TEXT, micros INTEGER, PRIMARY KEY (network, slot, day, purse)) WITHOUT ROWID;
CREATE TABLE paid (network TEXT, slot TEXT, day TEXT, account TEXT, PRIMARY KEY (network, slot, day, account)) WITHOUT ROWID;
`

// keepSpent and keepPaid are how many days are kept: the one for people, the other
// for as long as a day is a day somewhere.
const (
	keepSpent = 62
	keepPaid  = 2
)

// Spent is what a token has spent on a day, or a change of that.
type Spent struct {
	Slot string // "" for a network without tokens
	Day  string // "2006-01-02", in whatever zone the network has
	// Micros counts in millionths of the network's unit. A change may be below 0:
	// something was given back.
	Micros int64
	// Others is what processes beside this one have spent. A change has none.
	Others int64
	// Paid are the accounts, in words of the caller's, that were paid for on that day.
	// Of a change, Unpaid are those that were not after all.
	Paid, Unpaid []string
}

// Spend writes down what a token of a network spends, before the request is made or
// after, and is back when it is on disk. It returns what others have spent on the
// same day. It works in a journal opened with ReadOnly too, beside the daemon.
func (j *Journal) Spend(ctx context.Context, network string, s Spent) (others int64, err error) {
	spend := func(w *writer) error {
		if err := w.spend(network, j.purse(), s); err != nil {
			return err
		}
		return w.one(`SELECT coalesce(sum(micros), 0) FROM spent WHERE network = ? AND slot = ? AND day = ? AND purse <> ?`,
			[]any{network, s.Slot, s.Day, j.purse()}, &others)
	}
	if !j.opts.ReadOnly {
		return others, j.write("spend", spend)
	}
	w, err := openWriter(ctx, j.opts.Path)
	if err == nil {
		err = errors.Join(w.transact(spend), w.close())
	}
	return others, j.explain("spend", err)
}

func (j *Journal) purse() string {
	if j.opts.ReadOnly {
		return strconv.Itoa(os.Getpid())
	}
	return ""
}

// spend adds a change. The first of a new day forgets days that are long over.
func (w *writer) spend(network, purse string, s Spent) error {
	if s.Micros != 0 {
		known, err := w.exec(`UPDATE spent SET micros = micros + ? WHERE network = ? AND slot = ? AND day = ? AND purse = ?`,
			s.Micros, network, s.Slot, s.Day, purse)
		if err == nil && known == 0 {
			err = w.firstSpent(network, purse, s)
		}
		if err != nil {
			return err
		}
	}
	for _, account := range s.Paid {
		if _, err := w.exec(`INSERT OR IGNORE INTO paid VALUES (?, ?, ?, ?)`, network, s.Slot, s.Day, account); err != nil {
			return err
		}
	}
	for _, account := range s.Unpaid {
		if _, err := w.exec(`DELETE FROM paid WHERE network = ? AND slot = ? AND day = ? AND account = ?`, network, s.Slot, s.Day, account); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) firstSpent(network, purse string, s Spent) error {
	day, err := time.Parse(time.DateOnly, s.Day)
	if err != nil {
		return fmt.Errorf("the day of what was spent: %w", err)
	}
	if _, err := w.exec(`INSERT INTO spent VALUES (?, ?, ?, ?, ?)`, network, s.Slot, s.Day, purse, s.Micros); err != nil {
		return err
	}
	if _, err := w.exec(`DELETE FROM spent WHERE network = ? AND day < ?`, network, before(day, keepSpent)); err != nil {
		return err
	}
	_, err = w.exec(`DELETE FROM paid WHERE network = ? AND day < ?`, network, before(day, keepPaid))
	return err
}

func before(day time.Time, days int) string { return day.AddDate(0, 0, -days).Format(time.DateOnly) }

// Spent returns what was spent on a day and later, by network.
func (j *Journal) Spent(ctx context.Context, day string) (map[string][]Spent, error) {
	type key struct{ network, slot, day string }
	var all map[key]*Spent
	at := func(k key) *Spent {
		if all[k] == nil {
			all[k] = &Spent{Slot: k.slot, Day: k.day}
		}
		return all[k]
	}
	err := j.read("spent", func(db *sql.DB) error {
		all = map[key]*Spent{}
		err := eachRow(ctx, db, func(rows *sql.Rows) error {
			var k key
			var purse string
			var micros int64
			err := rows.Scan(&k.network, &k.slot, &k.day, &purse, &micros)
			if s := at(k); purse == j.purse() {
				s.Micros += micros
			} else {
				s.Others += micros
			}
			return err
		}, `SELECT network, slot, day, purse, micros FROM spent WHERE day >= ?`, day)
		if err != nil {
			return err
		}
		return eachRow(ctx, db, func(rows *sql.Rows) error {
			var k key
			var account string
			err := rows.Scan(&k.network, &k.slot, &k.day, &account)
			at(k).Paid = append(at(k).Paid, account)
			return err
		}, `SELECT network, slot, day, account FROM paid WHERE day >= ?`, day)
	})
	if err != nil {
		return nil, err
	}
	byNetwork := make(map[string][]Spent)
	for k, s := range all {
		byNetwork[k.network] = append(byNetwork[k.network], *s)
	}
	return byNetwork, nil
}

func eachRow(ctx context.Context, db *sql.DB, f func(*sql.Rows) error, query string, args ...any) error {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // rows.Err has said it all
	for rows.Next() {
		if err := f(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
