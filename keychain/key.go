package keychain

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
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
// so that a key that came into use as a credential reads what the file's key wrote,
// and a new key what the old one did.
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
	return strings.Join(slices.Compact(paths), " and ")
}

// of returns the keys that are in one file.
func (ks keys) of(path string) keys {
	return slices.DeleteFunc(slices.Clone(ks), func(k key) bool { return k.path != path })
}

// readKeys reads the credential's key and the state folder's, whichever there are.
// None is no error.
func (d disk) readKeys() (keys, error) {
	var ks keys
	for _, from := range []struct {
		path string
		mask fs.FileMode
	}{
		// systemd lets the service's user read a credential by an ACL, which shows
		// as a bit of the group (systemd.io/CREDENTIALS, read 2026-11-21).
		{d.credential(), 0o007},
		{d.keyPath(), 0o077},
	} {
		if from.path == "" {
			continue
		}
		more, err := readKey(from.path, from.mask)
		switch {
		case err == nil:
			ks = append(ks, more...)
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

// readKey reads an identity file as age-keygen writes it, or several of them one
// after the other. Whoever can read the file can read every token, so one that others
// can read is refused.
func readKey(path string, mask fs.FileMode) (keys, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("keychain: key: %w", err)
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("keychain: key: %w", err)
	}
	if info.Mode().Perm()&mask != 0 {
		return nil, mistakef(ErrKey, "keychain: key %s can be read or written by others (mode %04o); "+
			"mend it with: chmod 600 %s", path, info.Mode().Perm(), path)
	}
	identities, err := parseKey(f)
	if err != nil {
		return nil, mistakef(ErrKey, "keychain: key %s: %v", path, err)
	}
	var ks keys
	for _, identity := range identities {
		if k := newKey(path, identity); !ks.has(k.tag) {
			ks = append(ks, k)
		}
	}
	return ks, nil
}

// maxKey bounds what is read of a key's file, in bytes.
const maxKey = 64 << 10

// parseKey reads the identities, the newest of which is the first. Its errors repeat
// nothing of the file.
func parseKey(r io.Reader) ([]*age.X25519Identity, error) {
	var identities []*age.X25519Identity
	lines := bufio.NewScanner(io.LimitReader(r, maxKey))
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if !isIdentity(line) {
			continue
		}
		identity, err := age.ParseX25519Identity(line)
		if err != nil {
			return nil, errors.New("a line is not an X25519 identity of age (AGE-SECRET-KEY-1...)")
		}
		identities = append(identities, identity)
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(identities) == 0 {
		return nil, errors.New("there is no age identity (AGE-SECRET-KEY-1...) in it")
	}
	return identities, nil
}

// isIdentity reports whether a line is meant to be one: it is no comment.
func isIdentity(line string) bool {
	line = strings.TrimSpace(line)
	return line != "" && !strings.HasPrefix(line, "#")
}

func newKey(path string, identity *age.X25519Identity) key {
	sum := sha256.Sum256([]byte(identity.Recipient().String()))
	return key{path, identity, hex.EncodeToString(sum[:4])}
}

// text is the key as age-keygen writes it.
func (k key) text() []byte {
	return fmt.Appendf(nil, "# created: %s\n# public key: %s\n%s\n",
		time.Now().UTC().Format(time.RFC3339), k.identity.Recipient(), k.identity)
}

// makeKey writes a new identity into the state folder. The caller holds the lock
// and has found neither a key nor a dump. A key that another process wrote all the
// same is kept: a link does not replace what is there.
func (d disk) makeKey() (keys, error) {
	path := d.keyPath()
	fresh := path + ".new"
	identity, err := age.GenerateX25519Identity()
	if err == nil {
		err = d.write(fresh, newKey(path, identity).text())
	}
	if err != nil {
		return nil, fmt.Errorf("keychain: key: %w", err)
	}
	if err := os.Link(fresh, path); err != nil && !errors.Is(err, fs.ErrExist) {
		// Some file systems have no links; under the lock a rename does as well.
		if err := os.Rename(fresh, path); err != nil {
			return nil, fmt.Errorf("keychain: key: %w", err)
		}
	} else if err := os.Remove(fresh); err != nil {
		return nil, fmt.Errorf("keychain: key: %w", err)
	}
	if err := syncFolder(d.state); err != nil {
		return nil, fmt.Errorf("keychain: key: %w", err)
	}
	return readKey(path, 0o077)
}
