package journal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/gofrs/flock"
)

// quickCheckSize is up to what size, in bytes, open has SQLite walk every page. A
// larger file is looked at in a few places, so that opening takes milliseconds,
// and damage elsewhere is found when it is met.
const quickCheckSize = 4 << 20

// Open opens the journal, making the file and its folder if there are none. It
// reads no more than a few pages of a large file.
//
// The error is ErrLocked if another process writes it, and says which; ErrFull if
// the disk takes no more; fs.ErrNotExist for a file that is missing with ReadOnly.
// A damaged file is no error: see Damaged.
func Open(ctx context.Context, o Options) (*Journal, error) {
	j := &Journal{opts: o}
	if err := ctx.Err(); err != nil {
		return nil, j.explain("open", err)
	}
	if o.Path == "" {
		return nil, errors.New("journal: open: no path")
	}
	if o.ReadOnly {
		return j, j.explain("open", j.openBeside(ctx))
	}
	if err := j.openAlone(ctx); err != nil {
		return nil, j.explain("open", errors.Join(err, j.Close()))
	}
	return j, nil
}

// openBeside opens the readers alone.
func (j *Journal) openBeside(ctx context.Context) (err error) {
	if _, err := os.Stat(j.opts.Path); err != nil {
		return err
	}
	if j.readers, err = openReaders(j.opts.Path); err != nil {
		return err
	}
	var tables int
	if err := j.readers.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema`).Scan(&tables); err != nil {
		return errors.Join(err, j.Close())
	}
	if tables == 0 { // the daemon is making it at this moment
		return errors.Join(&fs.PathError{Op: "open", Path: j.opts.Path, Err: fs.ErrNotExist}, j.Close())
	}
	var v any
	err = j.readers.QueryRowContext(ctx, versionQuery).Scan(&v)
	if err == nil || errors.Is(err, sql.ErrNoRows) {
		if isOlder(v) { // what it lacks is no point; the daemon will bring it up to date
			v = int64(version)
		}
		err = checkVersion(v)
	}
	if err != nil {
		return errors.Join(err, j.Close())
	}
	return nil
}

// openAlone takes the lock and opens the writer and the readers.
func (j *Journal) openAlone(ctx context.Context) error {
	if err := os.MkdirAll(filepath.Dir(j.opts.Path), 0o700); err != nil {
		return err
	}
	if err := j.takeLock(); err != nil {
		return err
	}
	if err := j.finishExchange(); err != nil {
		return err
	}
	err := j.openFile(ctx)
	if isDamage(err) {
		err = j.exchange(ctx)
	}
	return err
}

// openFile opens the file, making it if there is none, and takes a look at it.
func (j *Journal) openFile(ctx context.Context) (err error) {
	if err := createFile(j.opts.Path); err != nil {
		return err
	}
	if err := checkLength(j.opts.Path); err != nil {
		return err
	}
	w, err := openWriter(ctx, j.opts.Path)
	if err != nil {
		return err
	}
	err = w.layOut()
	if err == nil {
		err = w.look()
	}
	if err != nil {
		return errors.Join(err, w.close())
	}
	if j.readers, err = openReaders(j.opts.Path); err != nil {
		return errors.Join(err, w.close())
	}
	if j.file, err = os.Stat(j.opts.Path); err != nil {
		return errors.Join(err, w.close())
	}
	j.writer = w
	return nil
}

// createFile makes an empty file, which is an empty database, that nobody else can
// read. SQLite gives its log the same mode.
func createFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return syncFolder(path)
}

// syncFolder makes the names in the folder of path durable.
func syncFolder(path string) error {
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// layOut makes the tables of a new file, and brings an older one up to date.
func (w *writer) layOut() error {
	var n int
	if err := w.one(`SELECT count(*) FROM sqlite_schema`, nil, &n); err != nil {
		return err
	}
	if n > 0 {
		return w.migrate()
	}
	return w.transact(func(w *writer) error {
		ctx := context.Background()
		if _, err := w.conn.ExecContext(ctx, "PRAGMA application_id = "+strconv.Itoa(applicationID)); err != nil {
			return err
		}
		if _, err := w.conn.ExecContext(ctx, schema); err != nil {
			return err
		}
		if err := w.setSpan(0, span{}); err != nil {
			return err
		}
		sum, err := w.schemaSum()
		if err != nil {
			return err
		}
		_, err = w.exec(`INSERT INTO meta VALUES ('version', ?), ('schema', ?)`, version, sum)
		return err
	})
}

// schemaSum is the CRC32C of the definitions of all tables.
func (w *writer) schemaSum() (int64, error) {
	var all string
	err := w.one(`SELECT group_concat(sql, ';') FROM (SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name)`, nil, &all)
	return checksum([]byte(all)), err
}

// look reads a little of everything; of a small file, all of it.
func (w *writer) look() error {
	var v, want any
	if err := w.one(versionQuery, nil, &v); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if err := checkVersion(v); err != nil {
		return err
	}
	if err := w.one(`SELECT max(value) FROM meta WHERE name = 'schema'`, nil, &want); err != nil {
		return err
	}
	sum, err := w.schemaSum()
	if err != nil {
		return err
	}
	if want != sum {
		return fmt.Errorf("%w: the tables are not those of a journal", errRepair)
	}
	for _, q := range []string{
		`SELECT max(length(fields)) FROM (SELECT fields FROM points ORDER BY seq LIMIT 100)`,
		`SELECT max(length(fields)) FROM (SELECT fields FROM points ORDER BY seq DESC LIMIT 100)`,
		`SELECT max(length(fields)) FROM (SELECT fields FROM points ORDER BY time DESC, series DESC LIMIT 100)`,
	} {
		var n any
		if err := w.one(q, nil, &n); err != nil {
			return err
		}
	}
	return w.quickCheck()
}

// quickCheck has SQLite walk every page of a small file.
func (w *writer) quickCheck() error {
	var pages, size int64
	if err := w.one("PRAGMA page_count", nil, &pages); err != nil {
		return err
	}
	if err := w.one("PRAGMA page_size", nil, &size); err != nil {
		return err
	}
	if pages*size > quickCheckSize {
		return nil
	}
	var verdict string
	if err := w.one("PRAGMA quick_check(1)", nil, &verdict); err != nil {
		return err
	}
	if verdict != "ok" {
		return fmt.Errorf("%w: %s", errRepair, verdict)
	}
	return nil
}

// isOlder reports whether versionQuery found a version that migrate knows.
func isOlder(v any) bool {
	n, ok := v.(int64)
	return ok && n >= 1 && n < version
}

const versionQuery = `SELECT value FROM meta WHERE name = 'version'`

// checkVersion takes what versionQuery found, nil for nothing.
func checkVersion(v any) error {
	switch n, ok := v.(int64); {
	case !ok:
		return fmt.Errorf("%w: no version", errRepair)
	case isOlder(v): // migrate would have brought it up to date
		return fmt.Errorf("%w: the tables are not those of version %d", errRepair, n)
	case n != version:
		return fmt.Errorf("version %d of the journal: this collectord knows version %d", n, version)
	}
	return nil
}

// checkLength finds a file that was cut short. Its first page says how many there
// are; while there is a log, the rest of them may be in it.
func checkLength(path string) error {
	if log, err := os.Stat(path + "-wal"); err == nil && log.Size() > 0 {
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // only read
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return err
	}
	// https://www.sqlite.org/fileformat.html#the_database_header (read 2026-11-21):
	// page size at 16, two bytes, 1 meaning 65,536; pages at 28, four bytes.
	var head [100]byte
	if _, err := f.ReadAt(head[:], 0); err != nil {
		return fmt.Errorf("%w: %d bytes are no database", errRepair, info.Size())
	}
	size := int64(head[16])<<8 | int64(head[17])
	if size == 1 {
		size = 65_536
	}
	pages := int64(head[28])<<24 | int64(head[29])<<16 | int64(head[30])<<8 | int64(head[31])
	if want := size * pages; info.Size() < want {
		return fmt.Errorf("%w: %d bytes long, %d expected", errRepair, info.Size(), want)
	}
	return nil
}

// takeLock makes this process the one that writes, and writes down who it is.
func (j *Journal) takeLock() error {
	path := j.opts.Path + ".lock"
	lock := flock.New(path, flock.SetPermissions(0o600))
	ok, err := lock.TryLock()
	if err != nil {
		return errors.Join(err, lock.Close())
	}
	if !ok {
		who := "its process is not known"
		if b, err := os.ReadFile(path); err == nil && len(b) > 0 {
			who = "its process is " + strings.TrimSpace(string(b))
		}
		return errors.Join(fmt.Errorf("%w (%s, see %s)", ErrLocked, who, path), lock.Close())
	}
	j.lock = lock
	return os.WriteFile(path, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o600)
}

// Close waits for what is under way, brings the write-ahead log home and lets go
// of the lock. It may be called more than once.
func (j *Journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	err := j.closeFile()
	if j.lock != nil {
		err = errors.Join(err, j.lock.Close())
		j.lock = nil
	}
	if err != nil {
		return fmt.Errorf("journal: close: %s: %w", j.opts.Path, err)
	}
	return nil
}

// closeFile closes the connections. The caller holds mu.
func (j *Journal) closeFile() error {
	j.pool.Lock()
	defer j.pool.Unlock()
	return j.closeConnections()
}

// closeConnections is closeFile for a caller that holds pool too.
func (j *Journal) closeConnections() error {
	var errs []error
	if j.readers != nil {
		errs = append(errs, j.readers.Close())
		j.readers = nil
	}
	if j.writer != nil {
		errs = append(errs, j.writer.close())
		j.writer = nil
	}
	return errors.Join(errs...)
}
