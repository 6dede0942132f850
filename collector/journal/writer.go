package journal

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"path/filepath"
)

// busyMillis is how long a statement waits for another process: the daemon for a
// MarkResend beside it and the other way round. Both take milliseconds.
const busyMillis = "10000"

// maxRepairs is how often one open journal is mended. A disk that breaks a file
// again and again is not to be filled with damaged copies.
const maxRepairs = 3

// writer is the one connection that writes, with its prepared statements.
type writer struct {
	db    *sql.DB
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
}

// dsn is the file as modernc.org/sqlite takes it.
func dsn(path string, query url.Values) string {
	abs, err := filepath.Abs(path)
	if err != nil {
		abs = path
	}
	query.Add("_pragma", "busy_timeout("+busyMillis+")")
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(abs), RawQuery: query.Encode()}
	return u.String()
}

// openWriter opens the file for writing. A commit is on disk when it returns:
// synchronous=FULL fsyncs the write-ahead log at each.
func openWriter(ctx context.Context, path string) (*writer, error) {
	db, err := sql.Open("sqlite", dsn(path, url.Values{"_pragma": {
		"auto_vacuum(incremental)", // before the first table, else without effect
		"journal_mode(wal)",
		"synchronous(full)",
		"journal_size_limit(67108864)", // what a large transaction leaves of the log
	}, "mode": {"rw"}}))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &writer{db: db, conn: conn, stmts: map[string]*sql.Stmt{}}, nil
}

func (w *writer) close() error {
	var errs []error
	for _, s := range w.stmts {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, w.conn.Close(), w.db.Close())...)
}

// exec runs one statement, prepared once, and returns how many rows it changed.
func (w *writer) exec(query string, args ...any) (changed int64, err error) {
	s, err := w.prepare(query) //nolint:sqlclosecheck // kept until close
	if err != nil {
		return 0, err
	}
	res, err := s.ExecContext(context.Background(), args...)
	if err != nil {
		return 0, err
	}
	changed, _ = res.RowsAffected() // the driver knows it, always
	return changed, nil
}

// one scans the one row of a query.
func (w *writer) one(query string, args []any, dest ...any) error {
	s, err := w.prepare(query) //nolint:sqlclosecheck // kept until close
	if err != nil {
		return err
	}
	return s.QueryRowContext(context.Background(), args...).Scan(dest...)
}

func (w *writer) prepare(query string) (*sql.Stmt, error) {
	if s := w.stmts[query]; s != nil {
		return s, nil
	}
	s, err := w.conn.PrepareContext(context.Background(), query)
	if err != nil {
		return nil, err
	}
	w.stmts[query] = s
	return s, nil
}

// count adds n to a counter.
func (w *writer) count(name string, n int64) error {
	if n == 0 {
		return nil
	}
	_, err := w.exec(`INSERT INTO counters VALUES (?, ?) ON CONFLICT DO UPDATE SET value = value + excluded.value`, name, n)
	return err
}

// transact runs f in one transaction, which is on disk when it returns nil and
// was never there when it does not.
func (w *writer) transact(f func(*writer) error) error {
	if _, err := w.conn.ExecContext(context.Background(), "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	err := f(w)
	if err == nil {
		_, err = w.exec("COMMIT")
	}
	if err != nil {
		// SQLite may have rolled back by itself (a full disk); then this says so, and
		// there is nothing to do about it.
		_, _ = w.conn.ExecContext(context.Background(), "ROLLBACK")
	}
	return err
}

// write runs f in one transaction of the one writer. A context that ends does not
// stop it half way: what a network answered is written even while the program
// stops. A damaged file is mended, and f runs again.
func (j *Journal) write(op string, f func(*writer) error) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.writable(); err != nil {
		return j.explain(op, err)
	}
	if err := j.stillThere(); err != nil {
		return j.explain(op, err)
	}
	err := j.writer.transact(f)
	if isDamage(err) {
		if rerr := j.repair(err); rerr != nil {
			return j.explain(op, rerr)
		}
		err = j.writer.transact(f)
	}
	return j.explain(op, err)
}

func (j *Journal) writable() error {
	switch {
	case j.opts.ReadOnly:
		return ErrReadOnly
	case j.writer == nil:
		return ErrClosed
	}
	return nil
}

// read runs f on the connections that read. f takes a bounded time and calls
// nothing that reads or writes the journal. If the file turns out to be damaged,
// it is mended and f runs again.
func (j *Journal) read(op string, f func(*sql.DB) error) error {
	generation, err := j.readOnce(f)
	if !isDamage(err) || j.opts.ReadOnly {
		return j.explain(op, err)
	}
	if err := j.repairRead(generation, err); err != nil {
		return j.explain(op, err)
	}
	_, err = j.readOnce(f)
	return j.explain(op, err)
}

func (j *Journal) readOnce(f func(*sql.DB) error) (generation int, err error) {
	j.pool.RLock()
	defer j.pool.RUnlock()
	if j.readers == nil {
		return j.repairs, ErrClosed
	}
	return j.repairs, f(j.readers)
}

// openReaders opens the connections that read. Each costs its own page cache, so
// they are few.
func openReaders(path string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", dsn(path, url.Values{"mode": {"ro"}, "_pragma": {"query_only(1)"}}))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(4)
	db.SetMaxIdleConns(4)
	return db, nil
}
