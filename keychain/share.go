package keychain

import (
	"context"
	"fmt"
	"io"
	"os"
)

// This file is for machines that share one keychain: they have the same key, and hand
// each other encrypted dumps.

// TakeTurns has every renewal ask first. Turn returns when no other machine renews the
// slot, and what the others have saved is merged; the keychain calls done after the new
// value is saved. It is called before any renewal begins.
func (k *KeyChain) TakeTurns(turn func(ctx context.Context, slot string) (done func(), err error)) {
	k.renewals.mu.Lock()
	defer k.renewals.mu.Unlock()
	k.renewals.turn = turn
}

// takeTurn waits for this machine's turn to renew a slot.
func (k *KeyChain) takeTurn(ctx context.Context, slot string) (done func(), err error) {
	k.renewals.mu.Lock()
	turn := k.renewals.turn
	k.renewals.mu.Unlock()
	if turn == nil {
		return func() {}, nil
	}
	done, err = turn(ctx, slot)
	if err != nil {
		return nil, fmt.Errorf("keychain: %s: %w", slot, err)
	}
	return done, nil
}

// Stamps tells the values of all slots apart without showing them: a slot that gets
// another value gets another stamp. A slot that was emptied has the stamp of that.
func (k *KeyChain) Stamps() map[string]string {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.now.stamps()
}

// Sealed returns the dump that the keychain holds, as its file is, with its stamps. It
// is nil where there is no dump.
func (k *KeyChain) Sealed() (file []byte, stamps map[string]string, err error) {
	if err := k.sync(); err != nil {
		return nil, nil, err
	}
	k.mu.RLock()
	id, stamps := k.id, k.now.stamps()
	k.mu.RUnlock()
	if id == "" {
		return nil, stamps, nil
	}
	f, err := os.Open(k.disk.dumpPath(id))
	if err != nil {
		return nil, nil, fmt.Errorf("keychain: dump: %w", err)
	}
	defer func() { _ = f.Close() }() // it was only read
	if file, err = io.ReadAll(io.LimitReader(f, maxDump)); err != nil {
		return nil, nil, fmt.Errorf("keychain: dump: %w", err)
	}
	return file, stamps, nil
}

// Merge takes over what another machine's dump has that is newer, slot by slot, in a
// dump of its own. Base are the stamps that both had when they last agreed, nil where
// nobody knows: then the later change of a slot counts, and that it was deleted is one.
// Ahead is true where the keychain knows something that the dump does not. The error is
// an ErrKey where the dump is for another key.
func (k *KeyChain) Merge(file []byte, base map[string]string) (ahead bool, err error) {
	ks, err := k.disk.readKeys()
	if err != nil {
		return false, err
	}
	if len(ks) == 0 {
		return false, mistakef(ErrKey, "keychain: the machines share a keychain, and this one has no key for it: %s", k.disk.missingKey())
	}
	theirs, err := decrypt(file, ks.identities())
	if err != nil {
		return false, mistakef(ErrKey, "keychain: the shared dump: %v with the key %s; all machines need the same one", err, ks.paths())
	}
	if err := k.sync(); err != nil {
		return false, err
	}
	k.mu.RLock()
	_, behind, ahead := merge(k.now, theirs, base)
	k.mu.RUnlock()
	if !behind {
		return ahead, nil
	}
	err = k.changeAll(func(next *content, _ dumpID) error {
		merged, _, more := merge(*next, theirs, base) // it may have moved
		next.slots, next.emptied, ahead = merged.slots, merged.emptied, more
		return nil
	})
	return ahead, err
}

// merge joins two states of a keychain that were one at base. Behind and ahead say
// whether mine and theirs lack something of the result.
func merge(mine, theirs content, base map[string]string) (merged content, behind, ahead bool) {
	merged = content{slots: make(map[string]record, len(mine.slots)), emptied: make(map[string]string)}
	ours, others := mine.stamps(), theirs.stamps()
	pick := func(slot string) {
		from, stamp := mine, ours[slot]
		switch was := base[slot]; {
		case ours[slot] == others[slot]:
		case ours[slot] == was, others[slot] != was && others[slot] > ours[slot]: // they changed it, or both did and they later
			from, stamp = theirs, others[slot]
		}
		if r, held := from.slots[slot]; held {
			merged.slots[slot] = r
		} else if stamp != "" {
			merged.emptied[slot] = stamp
		}
		behind = behind || stamp != ours[slot]
		ahead = ahead || stamp != others[slot]
	}
	for slot := range ours {
		pick(slot)
	}
	for slot := range others {
		if _, done := ours[slot]; !done {
			pick(slot)
		}
	}
	return merged, behind, ahead
}
