package journal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// A damaged file is exchanged for one that holds whatever could be saved of it:
//
//	1. PATH is read, row by row, into PATH.salvaging        a crash here: begin anew
//	2. PATH.salvaging, closed and fsynced, becomes PATH.salvaged
//	3. PATH, -wal and -shm become PATH.damaged-TIME...      a crash here: Open goes on
//	4. PATH.salvaged becomes PATH                           at 3
//
// The names change in this order so that the log of the one file never stands
// beside the other: SQLite would play it back into it.

// repair exchanges the file while the journal is open. The caller holds mu; cause
// is what led here.
func (j *Journal) repair(cause error) error {
	j.pool.Lock()
	defer j.pool.Unlock()
	if j.repairs >= maxRepairs {
		return fmt.Errorf("mended %d times already: %w", j.repairs, cause)
	}
	j.repairs++
	// What closing says of a broken file is no news.
	_ = j.closeConnections()
	if err := j.exchange(context.Background()); err != nil {
		return fmt.Errorf("%w; while mending: %w", cause, err)
	}
	j.series.forget()
	return nil
}

// repairRead is repair for a reader that met damage at the given generation; if the
// file was mended since, there is nothing to do.
func (j *Journal) repairRead(generation int, cause error) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.writable(); err != nil {
		return err
	}
	j.pool.RLock()
	mended := j.repairs != generation
	j.pool.RUnlock()
	if mended {
		return nil
	}
	return j.repair(cause)
}

// exchange does the steps above and opens what came of them. Nothing is open.
func (j *Journal) exchange(ctx context.Context) error {
	if err := j.salvaged(func(temp string) error { return salvageTo(ctx, j.opts.Path, temp) }); err != nil {
		return err
	}
	if err := j.finishExchange(); err != nil {
		return err
	}
	return j.openFile(ctx)
}

// salvaged does steps 1 and 2: fill writes an empty file, and has it on disk when it
// returns nil.
func (j *Journal) salvaged(fill func(temp string) error) error {
	temp, done := j.opts.Path+".salvaging", j.opts.Path+".salvaged"
	if err := removeDatabase(temp); err != nil {
		return err
	}
	if err := createFile(temp); err != nil {
		return err
	}
	if err := fill(temp); err != nil {
		return errors.Join(err, removeDatabase(temp))
	}
	if err := os.Rename(temp, done); err != nil {
		return err
	}
	if err := syncFolder(done); err != nil {
		return errors.Join(err, os.Remove(done))
	}
	return nil
}

// finishExchange does steps 3 and 4 if step 2 was done.
func (j *Journal) finishExchange() error {
	path := j.opts.Path
	if _, err := os.Stat(path + ".salvaged"); errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	aside, err := asideName(path, time.Now())
	if err != nil {
		return err
	}
	// A crash between two of these leaves the rest under another second's name.
	for _, end := range []string{"", "-wal", "-shm"} {
		err := os.Rename(path+end, aside+end)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err == nil {
			j.damaged.Store(&aside)
		}
	}
	if err := syncFolder(path); err != nil {
		return err
	}
	if err := os.Rename(path+".salvaged", path); err != nil {
		return err
	}
	return syncFolder(path)
}

// stillThere puts the file back if somebody deleted or exchanged it: SQLite would go on
// writing to one that has no name, and all of it would be gone with the process. What
// stands in its place is set aside. The caller holds mu.
func (j *Journal) stillThere() error {
	info, err := os.Stat(j.opts.Path)
	if err == nil && os.SameFile(info, j.file) {
		return nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	j.pool.Lock()
	defer j.pool.Unlock()
	if j.repairs >= maxRepairs {
		return fmt.Errorf("deleted or exchanged %d times", j.repairs)
	}
	if err := os.MkdirAll(filepath.Dir(j.opts.Path), 0o700); err != nil {
		return err
	}
	// The copy has its name before the connections are closed: a file that has none goes
	// with them, and a crash in between must leave what Open finds.
	ctx := context.Background()
	if err := j.salvaged(func(temp string) error {
		if _, err := j.writer.conn.ExecContext(ctx, "VACUUM INTO ?", temp); err != nil {
			return err
		}
		return syncFile(temp)
	}); err != nil {
		return err
	}
	j.repairs++
	_ = j.closeConnections() // what it says of a file without a name is no news
	if info == nil {         // what is left of it is in the copy
		if err := removeDatabase(j.opts.Path); err != nil {
			return err
		}
	}
	if err := j.finishExchange(); err != nil {
		return err
	}
	return j.openFile(ctx)
}

// asideName is a name that no file has yet.
func asideName(path string, now time.Time) (string, error) {
	base := path + ".damaged-" + now.UTC().Format("20060102T150405Z")
	name := base
	for i := 2; ; i++ {
		free := true
		for _, end := range []string{"", "-wal", "-shm"} {
			_, err := os.Lstat(name + end)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return "", err
			}
			free = free && err != nil
		}
		if free {
			return name, nil
		}
		name = fmt.Sprintf("%s-%d", base, i)
	}
}

func removeDatabase(path string) error {
	for _, end := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(path + end); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// salvageTo copies what can be read of the database at from into a fresh one at
// to. What cannot be read is no error; what cannot be written is.
func salvageTo(ctx context.Context, from, to string) (err error) {
	w, err := openWriter(ctx, to)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	if err := w.layOut(); err != nil {
		return err
	}
	// One fsync at the end is enough: until then the file counts for nothing.
	if _, err := w.conn.ExecContext(ctx, "PRAGMA synchronous = off"); err != nil {
		return err
	}
	// With writable_schema SQLite reads files that are too short for their first page
	// and tables whose definition is odd (https://www.sqlite.org/pragma.html, read
	// 2026-11-21); nothing is written.
	old, err := sql.Open("sqlite", dsn(from, map[string][]string{"mode": {"ro"}, "_pragma": {"writable_schema(1)"}}))
	if err != nil {
		return err
	}
	old.SetMaxOpenConns(1)
	defer func() { _ = old.Close() }() // it is broken; what it says is no news
	s := &salvage{path: from, old: old, w: w, first: map[tickKey]int64{}}
	if err := s.all(ctx); err != nil {
		return err
	}
	if _, err := w.conn.ExecContext(ctx, "PRAGMA synchronous = full; PRAGMA wal_checkpoint(truncate)"); err != nil {
		return err
	}
	return syncFile(to)
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
