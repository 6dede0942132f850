package keychain

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"sync"
	"time"
)

// sync takes over what other processes have changed. Dumps do not change, so one
// that is in memory is not read again.
func (k *KeyChain) sync() (err error) {
	for range 3 { // dumps are pruned while others read
		err = k.syncOnce()
		if !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	return err
}

func (k *KeyChain) syncOnce() error {
	k.mu.RLock()
	seen, changes := k.seen, k.changes
	k.mu.RUnlock()
	ids, err := k.disk.ids()
	if err != nil {
		return err
	}
	if len(ids) == 0 || ids[0] == seen {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.states, _ = k.disk.readStates()
		return nil
	}
	ks, err := k.disk.readKeys()
	if err != nil {
		return err
	}
	id, c, warnings, err := k.disk.newest(ids, ks)
	if err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	// Read under the lock, so that a state set meanwhile is not taken back.
	states, err := k.disk.readStates()
	if err != nil {
		warnings = append(warnings, err)
	}
	k.states = states
	if k.changes != changes { // by somebody who looked later than this
		return nil
	}
	k.hold(ids[0], id, c, warnings)
	return nil
}

// hold replaces what is here, for a caller who holds k.mu.
func (k *KeyChain) hold(seen, id dumpID, c content, warnings []error) {
	k.changes++
	k.seen, k.id, k.now, k.warnings = seen, id, c, warnings
	k.hidden = sync.OnceValue(c.hider)
}

// lock is held around every change to the folder.
func (k *KeyChain) lock() (unlock func(), err error) {
	k.write.Lock()
	if err := k.disk.prepare(); err != nil {
		k.write.Unlock()
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), lockPatience)
	defer cancel()
	release, err := k.disk.lock(ctx, "lock")
	if err != nil {
		k.write.Unlock()
		return nil, err
	}
	return func() { release(); k.write.Unlock() }, nil
}

// change makes one change to what the newest dump holds and writes the next one.
// What do gets is a copy; when it fails nothing has changed.
func (k *KeyChain) change(do func(slots map[string]record, id dumpID) error) error {
	return k.changeAll(func(next *content, id dumpID) error {
		before := maps.Clone(next.slots)
		if err := do(next.slots, id); err != nil {
			return err
		}
		next.note(before, id)
		return nil
	})
}

// changeAll is change for what is more than slots.
func (k *KeyChain) changeAll(do func(next *content, id dumpID) error) error {
	unlock, err := k.lock()
	if err != nil {
		return err
	}
	defer unlock()
	if err := k.sync(); err != nil {
		return err
	}
	ids, err := k.disk.ids()
	if err != nil {
		return err
	}
	ks, err := k.keysToWrite(ids)
	if err != nil {
		return err
	}
	last, id, next := k.next(ids, ks[0].tag)
	if err := do(&next, id); err != nil {
		return err
	}
	if err := k.disk.writeDump(id, next, ks[0]); err != nil {
		return err
	}
	k.mu.Lock()
	k.hold(id, id, next, nil)
	k.mu.Unlock()
	k.disk.prune(append([]dumpID{id}, ids...), last)
	return nil
}

// next is what the next dump begins with: the id of the dump before it, its own id,
// and a copy of what is held.
func (k *KeyChain) next(ids []dumpID, tag string) (last, id dumpID, next content) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	newest := k.seen
	if len(ids) > 0 && ids[0] > newest {
		newest = ids[0]
	}
	for _, stamp := range k.now.stamps() { // of another machine, whose clock is ahead
		if len(stamp) >= len(idTime) && dumpID(stamp) > newest {
			newest = dumpID(stamp)
		}
	}
	id = nextID(time.Now(), newest, tag)
	next = k.now.clone()
	if next.slots == nil {
		next.slots = make(map[string]record)
	}
	next.time = id.time()
	return k.id, id, next
}

// keysToWrite returns the keys, the one to encrypt with first. A key is made where
// there is neither a key nor anything that one could open.
func (k *KeyChain) keysToWrite(ids []dumpID) (keys, error) {
	ks, err := k.disk.readKeys()
	if err != nil || len(ks) > 0 {
		return ks, err
	}
	if len(ids) > 0 {
		return nil, mistakef(ErrKey, "keychain: there are %d dumps in %s, but no key: %s",
			len(ids), k.disk.folder(), k.disk.missingKey())
	}
	made, err := k.disk.makeKey()
	if err != nil {
		return nil, err
	}
	return made, nil
}
