package journal

import "context"

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
		ctx := context.Background()
		if v == int64(1) {
			if _, err := w.conn.ExecContext(ctx, schemaSpent); err != nil {
				return err
			}
		}
		if _, err := w.conn.ExecContext(ctx, schemaSpans); err != nil {
			return err
		}
		if _, _, err := w.exec(`INSERT INTO names SELECT id, key, crc FROM series`); err != nil {
			return err
		}
		var top int64
		if err := w.one(`SELECT coalesce(max(seq), 0) FROM points`, nil, &top); err != nil {
			return err
		}
		if err := w.forgetSpans(top); err != nil {
			return err
		}
		sum, err := w.schemaSum()
		if err != nil {
			return err
		}
		_, _, err = w.exec(`INSERT OR REPLACE INTO meta VALUES ('version', ?), ('schema', ?)`, version, sum)
		return err
	})
}
