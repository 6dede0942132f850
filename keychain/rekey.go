package keychain

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"filippo.io/age"
)

// How a new key takes the place of the old one.
//
//	lock ─ key file: new, old ─ a copy of each dump for the new key, read back ─ sync
//	                                                                              │
//	  unlock ─ key file: new ─ sync ─ the dumps for the old key removed ◄─────────┘
//
// No dump is for a key that is not in the file, and no dump is removed before its copy
// can be read; so after each of these steps everything can be read, by this process and
// all others, and another Rekey does what is left. Whoever lists dumps before it reads
// the keys finds the key of every dump that is still there.

// Rekeyed is what Rekey did.
type Rekeyed struct {
	Key      string   // the file that the key is in
	Dumps    int      // how many dumps were encrypted for it
	SetAside []string // the files of damaged dumps, under their new names: no key opens them
	Left     []string // the files of dumps for keys that are not at hand: they stay as they are
	// Spare is how many older keys are left in a credential: nothing needs them, and
	// only its owner can take them out.
	Spare int
}

// damagedExt ends the name of a dump that was set aside.
const damagedExt = ".damaged"

// Rekey puts a new key in place of the old one: every dump that can be read is
// encrypted anew, and the old key leaves its file. Cut short at any moment it loses
// nothing, and called again it goes on with the key that it had made. Others may use
// the keychain meanwhile; their changes wait for as long as writing 50 small files
// takes. A key that is a credential is not replaced, which is an ErrKey that says how
// to; where its owner has put a new one before the old one, the dumps are encrypted for
// that. The other errors are those of LoadLast, and about the disk.
func (k *KeyChain) Rekey() (Rekeyed, error) {
	unlock, err := k.lock()
	if err != nil {
		return Rekeyed{}, err
	}
	defer unlock()
	r, err := k.disk.rekeying()
	if err != nil {
		return Rekeyed{}, err
	}
	for _, step := range r.steps() {
		if err := step(); err != nil {
			return r.done, fmt.Errorf("keychain: rekey: %w; everything can be read as before; run it again", err)
		}
	}
	return r.done, k.sync()
}

// rekeying is a change of the key under way.
type rekeying struct {
	disk  disk
	file  string   // the one that the keys are in, symbolic links followed
	have  keys     // all that are at hand
	to    key      // the new one
	made  bool     // it is not in the file yet
	ids   []dumpID // of the dumps that another of the keys opens
	moved []dumpID // those of them that have a copy by now
	done  Rekeyed
}

// rekeying finds out what there is to do. The caller holds the lock.
func (d disk) rekeying() (*rekeying, error) {
	ids, err := d.ids()
	if err != nil {
		return nil, err
	}
	have, err := d.readKeys()
	if err != nil {
		return nil, err
	}
	if _, _, _, err := d.newest(ids, have); err != nil {
		return nil, err
	}
	if len(have) == 0 { // a keychain that nothing was ever put into
		have, err = d.makeKey()
		if err != nil {
			return nil, err
		}
		return &rekeying{disk: d, file: d.keyPath(), have: have, to: have[0], done: Rekeyed{Key: d.keyPath()}}, nil
	}
	r := &rekeying{disk: d, have: have, to: have[0], done: Rekeyed{Key: have[0].path}}
	if r.file, err = filepath.EvalSymlinks(r.to.path); err != nil {
		return nil, fmt.Errorf("keychain: key: %w", err)
	}
	if alone := len(have.of(r.to.path)) == 1; alone && r.foreign() {
		return nil, mistakef(ErrKey, "keychain: the key is a credential, %s, and not ours to replace. Put a new identity, "+
			"as age-keygen makes it, before the old one into the file that the unit's LoadCredential= or "+
			"LoadCredentialEncrypted= names, restart the unit, and run this again: it encrypts the dumps for the new one; "+
			"then take the old one out of the file", r.to.path)
	} else if alone {
		identity, err := age.GenerateX25519Identity()
		if err != nil {
			return nil, fmt.Errorf("keychain: key: %w", err)
		}
		r.to, r.made = newKey(r.to.path, identity), true
	}
	r.sort(ids)
	return r, nil
}

// foreign reports whether the file of the key belongs to somebody else.
func (r *rekeying) foreign() bool { return r.to.path != r.disk.keyPath() }

// sort tells the dumps to encrypt anew from those that no key at hand opens.
func (r *rekeying) sort(ids []dumpID) {
	for _, id := range ids {
		switch {
		case id.tag() == r.to.tag:
		case r.have.has(id.tag()):
			r.ids = append(r.ids, id)
		default:
			r.done.Left = append(r.done.Left, r.disk.dumpPath(id))
		}
	}
}

// steps are what there is to do, in order.
func (r *rekeying) steps() []func() error {
	each := func(do func(dumpID) error) (steps []func() error) {
		for _, id := range r.ids {
			steps = append(steps, func() error { return do(id) })
		}
		return steps
	}
	sync := func() error { return syncFolder(r.disk.folder()) }
	return slices.Concat(
		[]func() error{r.tidy, r.addKey},
		each(r.copy), []func() error{sync},
		each(r.remove), []func() error{sync},
		[]func() error{r.dropKeys},
	)
}

// tidy removes what a killed process left of a key's file: it holds a key, too.
func (r *rekeying) tidy() error {
	if r.foreign() {
		return nil
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(r.file), "."+filepath.Base(r.file)+"*"))
	for _, path := range append(left, r.file+".new") {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return err
}

// addKey puts the new key before those in the file.
func (r *rekeying) addKey() error {
	if !r.made {
		return nil
	}
	old, err := os.ReadFile(r.file)
	if err != nil {
		return err
	}
	if err := r.disk.write(r.file, slices.Concat(r.to.text(), old)); err != nil {
		return err
	}
	r.have, err = r.disk.readKeys() // what is in use from now on is what is on the disk
	if err == nil && r.have[0].tag != r.to.tag {
		err = fmt.Errorf("%s was changed by somebody else", r.file)
	}
	return err
}

// copy encrypts one dump for the new key, under a name of its own. A damaged dump is
// set aside. One that the disk does not hand out may be whole, and only the old key opens
// it: that ends the change.
func (r *rekeying) copy(id dumpID) error {
	c, err := r.disk.read(id, r.have)
	if errors.Is(err, ErrDamaged) && !errors.Is(err, errUnread) {
		path := r.disk.dumpPath(id)
		r.done.SetAside = append(r.done.SetAside, path+damagedExt)
		return os.Rename(path, path+damagedExt)
	}
	if err != nil {
		return err
	}
	next := id.under(r.to.tag)
	if _, err := r.disk.read(next, r.have); err != nil { // else it is there since the last time
		if err := r.disk.writeDump(next, c, r.to); err != nil {
			return err
		}
		if _, err := r.disk.read(next, keys{r.to}); err != nil {
			return err
		}
	}
	r.moved = append(r.moved, id)
	r.done.Dumps++
	return nil
}

// remove removes a dump that has a copy.
func (r *rekeying) remove(id dumpID) error {
	if !slices.Contains(r.moved, id) {
		return nil
	}
	return os.Remove(r.disk.dumpPath(id))
}

// dropKeys leaves the new key alone in the file.
func (r *rekeying) dropKeys() error {
	older := len(r.have.of(r.to.path)) - 1
	if r.foreign() || older == 0 {
		r.done.Spare = older
		return nil
	}
	text, err := os.ReadFile(r.file)
	if err != nil {
		return err
	}
	return r.disk.write(r.file, firstIdentity(text))
}

// firstIdentity is a key's file up to the first identity.
func firstIdentity(text []byte) []byte {
	end := 0
	for line := range bytes.Lines(text) {
		end += len(line)
		if isIdentity(string(line)) {
			break
		}
	}
	return text[:end]
}
