package journal

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
)

// raw is the driver's own connection. What reads a row for every account goes by it:
// database/sql takes as long for a row as SQLite does, and a query within another one
// would wait for a second connection, which others that do the same may hold.
type raw struct{ conn driver.QueryerContext }

// onRaw runs f on the connection below one of database/sql, which nobody else uses
// meanwhile.
func onRaw(c *sql.Conn, f func(raw) error) error {
	return c.Raw(func(driven any) error {
		conn, ok := driven.(driver.QueryerContext)
		if !ok {
			return fmt.Errorf("%T makes no queries", driven)
		}
		return f(raw{conn})
	})
}

// readRaw is read for an f that needs a raw connection.
func (j *Journal) readRaw(ctx context.Context, op string, f func(raw) error) error {
	return j.read(op, func(db *sql.DB) error {
		c, err := db.Conn(ctx)
		if err != nil {
			return err
		}
		return errors.Join(onRaw(c, f), c.Close())
	})
}

// rows calls f for every row of a query. The values are the row's own: each is nil, an
// int64, a float64, a string or a []byte that stays as it is. The slice is used again.
func (r raw) rows(ctx context.Context, f func([]driver.Value) error, query string, args ...any) (err error) {
	given := make([]driver.NamedValue, len(args))
	for i, arg := range args {
		if given[i].Value, err = driver.DefaultParameterConverter.ConvertValue(arg); err != nil {
			return err
		}
		given[i].Ordinal = i + 1
	}
	rows, err := r.conn.QueryContext(ctx, query, given)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	values := make([]driver.Value, len(rows.Columns()))
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := rows.Next(values); err == io.EOF { //nolint:errorlint // the driver's word for the end, by contract
			return nil
		} else if err != nil {
			return err
		}
		if err := f(values); err != nil {
			return err
		}
	}
}

// hasTable reports whether there is a table: a file of an older version that nobody has
// brought up to date lacks some.
func (r raw) hasTable(ctx context.Context, name string) (has bool, err error) {
	err = r.rows(ctx, func([]driver.Value) error { has = true; return nil }, `SELECT 1 FROM sqlite_schema WHERE name = ?`, name)
	return has, err
}
