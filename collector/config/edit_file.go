package config

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
	"github.com/google/renameio/v2"
)

// editWait is how long an edit waits for another one to end.
const editWait = 10 * time.Second

// errOtherwise is why an edit is given up: somebody else saved the file meanwhile.
var errOtherwise = errors.New("the file was changed by somebody else just now; nothing was written, try again")

// editFile is a config file that is being edited: the file itself where path is a link.
type editFile struct {
	target string
	src    []byte
	lock   *flock.Flock
}

// openForEdit locks and reads a config file. The lock is on the folder, since the file
// itself is replaced.
func openForEdit(path string) (*editFile, error) {
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil, err
	}
	f := &editFile{target: target, lock: flock.New(filepath.Dir(target), flock.SetFlag(os.O_RDONLY))}
	ctx, cancel := context.WithTimeout(context.Background(), editWait)
	defer cancel()
	const again = 20 * time.Millisecond
	if _, err := f.lock.TryLockContext(ctx, again); err != nil {
		return nil, fmt.Errorf("%s: cannot be locked against other edits: %w", target, err)
	}
	if f.src, err = readFile(target); err != nil {
		return nil, errors.Join(err, f.lock.Close())
	}
	return f, nil
}

func (f *editFile) close() { _ = f.lock.Close() } // closing lets go of it, whatever it says

// replace puts another content in the place of the file's, whole or not at all, with
// its mode and owner.
func (f *editFile) replace(after []byte) (err error) {
	info, err := os.Stat(f.target)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s: not a file that can be replaced", f.target)
	}
	if now, err := readFile(f.target); err != nil || !bytes.Equal(now, f.src) {
		return errors.Join(errOtherwise, err)
	}
	tmp, err := renameio.NewPendingFile(f.target, renameio.WithTempDir(filepath.Dir(f.target)), renameio.WithStaticPermissions(info.Mode().Perm()))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, tmp.Cleanup()) }()
	if err := keepOwner(tmp.File, info); err != nil {
		return fmt.Errorf("the file would not keep its owner; run this as its owner: %w", err)
	}
	if _, err := tmp.Write(after); err != nil {
		return err
	}
	if err := tmp.CloseAtomicallyReplace(); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(f.target))
}

// syncFolder makes a rename in a folder outlast a power cut.
func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
