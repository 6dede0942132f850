package journal

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"syscall"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"collectord/collector/point"
)

// PointError is returned by Record and EndTick for a point that cannot be written
// as a line, or whose time is not that of its tick. Nothing was recorded; the
// batch without that point may be.
type PointError struct {
	Index int // in the points given
	Point point.Point
	Err   error
}

// Error says which point and what is wrong with it.
func (e *PointError) Error() string {
	return fmt.Sprintf("point %d of %s: %v", e.Index, e.Point.Tag("account"), e.Err)
}

// Unwrap returns the cause.
func (e *PointError) Unwrap() error { return e.Err }

// errRepair is what SQLite says of a file whose pages are broken.
var errRepair = errors.New("damaged")

// code returns SQLite's extended result code, 0 if err has none.
func code(err error) int {
	var e *sqlite.Error
	if errors.As(err, &e) {
		return e.Code()
	}
	return 0
}

// isDamage reports whether err says that the file is no database, or a broken one:
// one that lacks a table or a column is broken too, for every statement is ours.
func isDamage(err error) bool {
	switch code(err) & 0xff {
	case lib.SQLITE_CORRUPT, lib.SQLITE_NOTADB:
		return true
	case lib.SQLITE_ERROR:
		return strings.Contains(err.Error(), "no such ")
	}
	return errors.Is(err, errRepair)
}

// isFull reports whether err is about a disk that takes no more, or a file that another
// process keeps locked.
func isFull(err error) bool {
	switch c := code(err); c & 0xff {
	case lib.SQLITE_FULL, lib.SQLITE_READONLY, lib.SQLITE_CANTOPEN, lib.SQLITE_PERM, lib.SQLITE_BUSY:
		return true
	case lib.SQLITE_IOERR:
		return c != lib.SQLITE_IOERR_READ && c != lib.SQLITE_IOERR_SHORT_READ
	}
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EROFS)
}

// explain wraps what SQLite said: the place, and ErrFull where that is it.
func (j *Journal) explain(op string, err error) error {
	var pe *PointError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &pe), errors.Is(err, ErrClosed), errors.Is(err, ErrReadOnly),
		errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("journal: %s: %w", op, err)
	case isFull(err):
		return fmt.Errorf("journal: %s: %s: %w: %w", op, j.opts.Path, ErrFull, err)
	case errors.Is(err, fs.ErrPermission): // a backup that root copied back, mostly
		return fmt.Errorf("journal: %s: %w; what is in %s has to belong to the user that collectord runs as",
			op, err, filepath.Dir(j.opts.Path))
	}
	return fmt.Errorf("journal: %s: %s: %w", op, j.opts.Path, err)
}
