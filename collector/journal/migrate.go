package journal

import (
	"context"
)

// migrate brings a file of an older version up to date, in one transaction that reads
// no points but the newest. What is no good file of such a version is left to look.
func (w *writer) migrate() error {
	var v, want any
	if err := w.one(versionQuery, nil, &v); err != nil || !isOlder(v) {
		return nil //nolint:nilerr // look says what is wrong
	}
	if err := w.one(`SELECT max(value) FROM meta WHERE name = 'schema'`, nil, &want); err != nil {
		return nil //nolint:nilerr // likewise
	}
	if sum, err := w.schemaSum(); err != nil || want != sum {
		return nil //nolint:nilerr // likewise
	}
	return w.transact(func(w *writer) error {
		from, _ := v.(int64) // isOlder has seen it
		if err := w.migrateFrom(from); err != nil {
			return err
		}
		sum, err := w.schemaSum()
		if err != nil {
			return err
		}
		_, err = w.exec(`INSERT OR REPLACE INTO meta VALUES ('version', ?), ('schema', ?)`, version, sum)
		return err
	})
}

// migrateFrom makes the tables of a version those of the present one.
func (w *writer) migrateFrom(from int64) error {
	ctx := context.Background()
	all, err := w.seriesBefore(ctx, from)
	if err != nil {
		return err
	}
	tables := `DROP TABLE series;` + schemaSeries
	if from < 2 {
		tables += schemaSpent
	}
	if from < 3 {
		tables += schemaSpans
	} else {
		tables = `DROP TABLE names;` + tables
	}
	if _, err := w.conn.ExecContext(ctx, tables); err != nil {
		return err
	}
	for _, r := range all {
		if err := w.putRun(r); err != nil {
			return err
		}
	}
	if from >= 3 {
		return nil
	}
	var top int64
	if err := w.one(`SELECT coalesce(max(seq), 0) FROM points`, nil, &top); err != nil {
		return err
	}
	return w.forgetSpans(all, top)
}

// seriesBefore reads the series of a file up to version 3, which had a row for each with
// its key twice, and from version 3 on once more in names.
func (w *writer) seriesBefore(ctx context.Context, from int64) ([]run, error) {
	tables := []string{"key, crc FROM series", "copy, crc FROM series", "key, crc FROM names"}
	if from < 3 {
		tables = tables[:2]
	}
	var g gathered
	for _, t := range tables {
		if err := onRaw(w.conn, func(db raw) error { return eachRun(ctx, db, g.take, `SELECT id, `+t) }); err != nil {
			return nil, err
		}
	}
	return g.runs(), nil
}
