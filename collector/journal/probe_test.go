package journal

import (
	"errors"
	"io/fs"
	"strings"
	"syscall"
	"testing"
)

// TestForeignFile: a file that is another user's, such as a backup that root copied back,
// says what to mend. (Root, who may run the tests, is refused nothing.)
func TestForeignFile(t *testing.T) {
	j := &Journal{opts: Options{Path: "/var/lib/collectord/journal.db"}}
	err := j.explain("open", &fs.PathError{Op: "open", Path: j.opts.Path, Err: syscall.EACCES})
	if !errors.Is(err, fs.ErrPermission) || strings.Count(err.Error(), j.opts.Path) != 1 ||
		!strings.Contains(err.Error(), "what is in /var/lib/collectord has to belong to the user that collectord runs as") {
		t.Error(err)
	}
}

func TestWritable(t *testing.T) {
	j := open(t, temp(t))
	for range 2 {
		if err := j.Writable(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if err := j.outside("test", "PRAGMA query_only = 1"); err != nil {
		t.Fatal(err)
	}
	if err := j.Writable(t.Context()); !errors.Is(err, ErrFull) {
		t.Errorf("not writable: %v", err)
	}
	beside := openWith(t, Options{Path: j.Path(), ReadOnly: true})
	if err := beside.Writable(t.Context()); !errors.Is(err, ErrReadOnly) {
		t.Errorf("beside: %v", err)
	}
}
