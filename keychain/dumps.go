package keychain

import (
	"errors"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"
)

// Warnings returns what was wrong with dumps that were passed over when the newest
// one was loaded last.
func (k *KeyChain) Warnings() []error {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return slices.Clone(k.warnings)
}

// LoadLast takes the newest dump that can be read; Warnings names those that could
// not. No dump at all is an empty keychain and no error. The error is an ErrKey
// where a key is missing, unsafe or another one, an ErrDamaged where no dump can
// be read, or about the disk; the keychain then holds what it held.
func (k *KeyChain) LoadLast() error {
	return k.sync()
}

// Dump writes a dump of what the keychain holds and returns its id. Changes do so
// by themselves; this one is for a state to come back to (Load).
func (k *KeyChain) Dump() (id string, err error) {
	err = k.change(func(_ map[string]record, next dumpID) error {
		id = string(next)
		return nil
	})
	return id, err
}

// DumpInfo is one saved state of the keychain.
type DumpInfo struct {
	ID    string
	Time  time.Time
	Slots []string // sorted
	Err   error    // why it cannot be read; Slots are unknown then
}

// Dumps lists the saved states, the newest first, those that cannot be read too.
func (k *KeyChain) Dumps() (infos []DumpInfo, err error) {
	for range 3 { // dumps get other names while others change the key
		var whole bool
		if infos, whole, err = k.dumps(); whole {
			break
		}
	}
	return infos, err
}

// dumps lists what there is; whole is false where a dump vanished meanwhile.
func (k *KeyChain) dumps() (infos []DumpInfo, whole bool, err error) {
	ids, err := k.disk.ids()
	if err != nil {
		return nil, true, err
	}
	ks, err := k.disk.readKeys()
	if err != nil {
		return nil, true, err
	}
	infos, whole = make([]DumpInfo, 0, len(ids)), true
	for _, id := range ids {
		c, err := k.disk.read(id, ks)
		if errors.Is(err, fs.ErrNotExist) {
			whole = false
			continue
		}
		infos = append(infos, DumpInfo{ID: string(id), Time: id.time(), Slots: slices.Sorted(maps.Keys(c.slots)), Err: err})
	}
	return infos, whole, nil
}

// Load makes an older dump the newest: it writes a dump of what that one holds. id
// may be shortened to what tells it from the others. The error wraps
// fs.ErrNotExist where there is no such dump. A token that has been refreshed
// since may be dead in an older dump: most networks take a refresh token once.
func (k *KeyChain) Load(id string) error {
	return k.change(func(slots map[string]record, next dumpID) error {
		ids, err := k.disk.ids()
		if err != nil {
			return err
		}
		ids = slices.DeleteFunc(ids, func(d dumpID) bool { return id == "" || !strings.HasPrefix(string(d), id) })
		if len(ids) != 1 {
			return mistakef(fs.ErrNotExist, "keychain: %d dumps have an id that begins so; one was expected", len(ids))
		}
		ks, err := k.disk.readKeys()
		if err != nil {
			return err
		}
		c, err := k.disk.read(ids[0], ks)
		if err != nil {
			return err
		}
		for slot, r := range c.slots { // what comes back is newer than what was there, for other machines too
			if now, held := slots[slot]; !held || now.stamp != r.stamp {
				r.stamp = string(next)
				c.slots[slot] = r
			}
		}
		clear(slots)
		maps.Copy(slots, c.slots)
		return nil
	})
}
