package keychain

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"github.com/google/renameio/v2"
)

// disk is the folder of the keychain:
//
//	STATE/keychain.key                0600  the key, unless it is a credential
//	STATE/keychain/                   0700
//	    20261121T231500.123456789Z-5e0c1f2a.age   a dump
//	    20261121T231500.123456789Z-5e0c1f2a.age.damaged   one that Rekey set aside
//	    state.json                          what became of each token
//	    vk.intent                           a refresh under way, or cut short
//	    lock, vk.lock                       flock: all changes; one refresh
type disk struct {
	state       string // the state folder
	credentials string // systemd's folder of credentials, may be empty
}

func (d disk) folder() string             { return filepath.Join(d.state, "keychain") }
func (d disk) path(name string) string    { return filepath.Join(d.folder(), name) }
func (d disk) dumpPath(id dumpID) string  { return d.path(string(id) + dumpExt) }
func (d disk) intentPath(s string) string { return d.path(s + ".intent") }

// keepDumps is how many dumps are kept: a day of them where one token is refreshed
// twice an hour.
const keepDumps = 50

// prepare makes the folder.
func (d disk) prepare() error {
	if err := os.MkdirAll(d.state, 0o700); err != nil {
		return fmt.Errorf("keychain: %w", err)
	}
	err := os.Mkdir(d.folder(), 0o700)
	switch {
	case errors.Is(err, fs.ErrExist):
		info, err := os.Stat(d.folder())
		if err != nil {
			return fmt.Errorf("keychain: %w", err)
		}
		if info.Mode().Perm()&0o077 != 0 {
			if err := os.Chmod(d.folder(), info.Mode().Perm()&^0o077); err != nil {
				return fmt.Errorf("keychain: others can read the folder: %w", err)
			}
		}
		return nil
	case err != nil:
		return fmt.Errorf("keychain: %w", err)
	}
	if err := giveTo(d.folder(), d.state); err != nil {
		return fmt.Errorf("keychain: %w", err)
	}
	return syncFolder(d.state)
}

// lockPatience is how long to wait for a lock that another process holds. A change
// takes milliseconds.
const lockPatience = 10 * time.Second

// lock takes the lock of that name: "lock" for changes, "SLOT.lock" for the
// refresh of a slot. The folder must exist.
func (d disk) lock(ctx context.Context, name string) (unlock func(), err error) {
	path := d.path(name)
	l := flock.New(path, flock.SetPermissions(0o600))
	ok, err := l.TryLockContext(ctx, 5*time.Millisecond)
	if err != nil || !ok {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("keychain: %s is held by another process: %w", path, ctx.Err())
		}
		return nil, fmt.Errorf("keychain: lock: %w", err)
	}
	if err := giveTo(path, d.folder()); err != nil {
		_ = l.Unlock()
		return nil, fmt.Errorf("keychain: lock: %w", err)
	}
	return func() { _ = l.Unlock() }, nil
}

// ids lists the dumps, the newest first. No folder means none.
func (d disk) ids() ([]dumpID, error) {
	entries, err := os.ReadDir(d.folder())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("keychain: %w", err)
	}
	var ids []dumpID
	for _, e := range entries {
		if id, ok := parseID(e.Name()); ok {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	slices.Reverse(ids)
	return ids, nil
}

// errUnread is the ErrDamaged of a dump that the disk does not hand out. Another time it
// may.
var errUnread error = &mistake{ErrDamaged, ErrDamaged.Error()}

// read opens one dump. What is wrong with it is an ErrKey, an ErrDamaged, or the
// reason why the file cannot be read at all.
func (d disk) read(id dumpID, ks keys) (content, error) {
	path := d.dumpPath(id)
	f, err := os.Open(path)
	if err != nil {
		return content{}, fmt.Errorf("keychain: dump: %w", err)
	}
	defer func() { _ = f.Close() }()
	file, err := io.ReadAll(io.LimitReader(f, maxDump+1))
	if err != nil {
		return content{}, mistakef(errUnread, "keychain: dump: %v", err) // a bad block: the one before may be good
	}
	if !ks.has(id.tag()) {
		return content{}, mistakef(ErrKey, "keychain: dump %s was encrypted for another key than that of %s", path, ks.paths())
	}
	c, err := decrypt(file, ks.identities())
	if err != nil {
		return content{}, mistakef(ErrDamaged, "keychain: dump %s is damaged: %v", path, err)
	}
	return c, nil
}

// writeDump writes one dump for a key. Where that fails, there is none.
func (d disk) writeDump(id dumpID, c content, to key) error {
	file, err := c.encrypt(to.identity.Recipient())
	if err != nil {
		return fmt.Errorf("keychain: dump: %w", err)
	}
	if err := d.write(d.dumpPath(id), file); err != nil {
		_ = os.Remove(d.dumpPath(id)) // it may be there and not be durable
		return fmt.Errorf("keychain: dump: %w", err)
	}
	return nil
}

// newest opens the newest dump that can be read; id is "" where there is no dump
// at all. Damaged ones are named in warnings and the one before is taken. A dump
// for another key ends the search: what is before it is older than what the owner
// of that key knows, and a change made from there would undo his.
func (d disk) newest(ids []dumpID, ks keys) (id dumpID, c content, warnings []error, err error) {
	if len(ids) == 0 {
		return "", content{}, nil, nil
	}
	if len(ks) == 0 {
		return "", content{}, nil, mistakef(ErrKey, "keychain: there are %d dumps in %s, but no key: %s",
			len(ids), d.folder(), d.missingKey())
	}
	for _, id := range ids {
		c, err := d.read(id, ks)
		switch {
		case err == nil:
			return id, c, warnings, nil
		case errors.Is(err, ErrDamaged):
			warnings = append(warnings, err)
		default: // also where it vanished meanwhile: whoever asked lists them again
			if errors.Is(err, ErrKey) {
				err = mistakef(ErrKey, "%v; %s", err, d.missingKey())
			}
			return "", content{}, warnings, err
		}
	}
	return "", content{}, nil, mistakef(ErrDamaged, "keychain: none of the %d dumps in %s can be read with the key %s: %v; "+
		"put the right key back, or move the folder away to begin anew", len(ids), d.folder(), ks.paths(), errors.Join(warnings...))
}

// missingKey says where the key should be.
func (d disk) missingKey() string {
	text := "the key belongs into " + d.keyPath()
	if d.credentials == "" {
		return text + " (a daemon that takes it from systemd has it in $CREDENTIALS_DIRECTORY; set that, too: " +
			"/run/credentials/collectord.service)"
	}
	return text + " or " + d.credential()
}

// write puts a file there whole or not at all, 0600, on disk when it returns.
// renameio syncs the file; the folder is synced here. A file that root writes for
// the daemon belongs to the owner of the folder.
func (d disk) write(path string, data []byte) error {
	folder := filepath.Dir(path)
	f, err := renameio.NewPendingFile(path, renameio.WithTempDir(folder), renameio.WithStaticPermissions(0o600))
	if err != nil {
		return err
	}
	defer func() { _ = f.Cleanup() }()
	if err := giveTo(f.Name(), folder); err != nil {
		return err
	}
	if _, err := f.Write(data); err != nil {
		return err
	}
	if err := f.CloseAtomicallyReplace(); err != nil {
		return err
	}
	return syncFolder(folder)
}

func syncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	return f.Sync()
}

// prune removes the oldest dumps and what a killed process left behind. The caller
// holds the lock and has just written the newest of ids; last is the dump that was
// read before. Failing is of no matter: the next change prunes again.
func (d disk) prune(ids []dumpID, last dumpID) {
	for i, id := range ids {
		if i >= keepDumps && id != last {
			_ = os.Remove(d.dumpPath(id))
		}
	}
	entries, err := os.ReadDir(d.folder())
	if err != nil {
		return
	}
	for _, e := range entries {
		// renameio names a pending file "." + the name + digits; whoever writes
		// one of these holds the lock.
		if strings.HasPrefix(e.Name(), ".2") || strings.HasPrefix(e.Name(), "."+stateFile) {
			_ = os.Remove(d.path(e.Name()))
		}
	}
}
