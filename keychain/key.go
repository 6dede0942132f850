package keychain

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"filippo.io/age"
)

// keyName is the name of the key's file, in the state folder and among systemd's
// credentials.
const keyName = "keychain.key"

// key is one age identity.
type key struct {
	path     string
	identity *age.X25519Identity
	tag      string // tells its dumps from those of other keys
}

// keys are the identities at hand. The first one encrypts; all of them decrypt,
// so that a key that came into use as a credential reads what the file's key wrote.
type keys []key

func (ks keys) identities() []age.Identity {
	ids := make([]age.Identity, len(ks))
	for i, k := range ks {
		ids[i] = k.identity
	}
	return ids
}

func (ks keys) has(tag string) bool {
	for _, k := range ks {
		if k.tag == tag {
			return true
		}
	}
	return false
}

// paths names the files, for errors.
func (ks keys) paths() string {
	var paths []string
	for _, k := range ks {
		paths = append(paths, k.path)
	}
	return strings.Join(paths, " and ")
}

// readKeys reads the credential's key and the state folder's, whichever there are.
// None is no error.
func (d disk) readKeys() (keys, error) {
	var ks keys
	for _, from := range []struct {
		path string
		mask fs.FileMode
		ours bool
	}{
		// systemd lets the service's user read a credential by an ACL, which shows
		// as a bit of the group (systemd.io/CREDENTIALS, read 2026-11-21).
		{d.credential(), 0o007, false},
		{d.keyPath(), 0o077, true},
	} {
		if from.path == "" {
			continue
		}
		k, err := readKey(from.path, from.mask)
		switch {
		case err == nil:
			ks = append(ks, k)
		case !errors.Is(err, fs.ErrNotExist):
			return nil, err
		}
	}
	return ks, nil
}

func (d disk) keyPath() string { return filepath.Join(d.state, keyName) }

func (d disk) credential() string {
	if d.credentials == "" {
		return ""
	}
	return filepath.Join(d.credentials, keyName)
}

// readKey reads an identity file as age-keygen writes it. Whoever can read the
// file can read every token, so one that others can read is refused.
func readKey(path string, mask fs.FileMode) (key, error) {
	f, err := os.Open(path)
	if err != nil {
		return key{}, fmt.Errorf("keychain: key: %w", err)
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return key{}, fmt.Errorf("keychain: key: %w", err)
	}
	if info.Mode().Perm()&mask != 0 {
		return key{}, mistakef(ErrKey, "keychain: key %s can be read or written by others (mode %04o); "+
			"mend it with: chmod 600 %s", path, info.Mode().Perm(), path)
	}
	identity, err := parseKey(f)
	if err != nil {
		return key{}, mistakef(ErrKey, "keychain: key %s: %v", path, err)
	}
	return newKey(path, identity), nil
}

// parseKey takes the first identity. Its errors repeat nothing of the file.
func parseKey(r io.Reader) (*age.X25519Identity, error) {
	lines := bufio.NewScanner(io.LimitReader(r, 64<<10))
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		identity, err := age.ParseX25519Identity(line)
		if err != nil {
			return nil, errors.New("a line is not an X25519 identity of age (AGE-SECRET-KEY-1...)")
		}
		return identity, nil
	}
	return nil, errors.New("there is no age identity (AGE-SECRET-KEY-1...) in it")
}

func newKey(path string, identity *age.X25519Identity) key {
	sum := sha256.Sum256([]byte(identity.Recipient().String()))
	return key{path, identity, hex.EncodeToString(sum[:4])}
}

// makeKey writes a new identity into the state folder. The caller holds the lock
// and has found neither a key nor a dump. A key that another process wrote all the
// same is kept: a link does not replace what is there.
func (d disk) makeKey() (key, error) {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		return key{}, fmt.Errorf("keychain: key: %w", err)
	}
	var text bytes.Buffer
	fmt.Fprintf(&text, "# created: %s\n# public key: %s\n%s\n",
		time.Now().UTC().Format(time.RFC3339), identity.Recipient(), identity)
	path := d.keyPath()
	fresh := path + ".new"
	if err := d.write(fresh, text.Bytes()); err != nil {
		return key{}, fmt.Errorf("keychain: key: %w", err)
	}
	if err := os.Link(fresh, path); err != nil && !errors.Is(err, fs.ErrExist) {
		// Some file systems have no links; under the lock a rename does as well.
		if err := os.Rename(fresh, path); err != nil {
			return key{}, fmt.Errorf("keychain: key: %w", err)
		}
	} else if err := os.Remove(fresh); err != nil {
		return key{}, fmt.Errorf("keychain: key: %w", err)
	}
	if err := syncFolder(d.state); err != nil {
		return key{}, fmt.Errorf("keychain: key: %w", err)
	}
	return readKey(path, 0o077)
}
