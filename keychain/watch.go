package keychain

import (
	"context"
	"slices"
	"time"

	"github.com/fsnotify/fsnotify"
)

// watchEvery is how often the folder is looked at where nothing tells of changes,
// as on network file systems.
const watchEvery = time.Second

// Change is what Watch tells of.
type Change struct {
	// Slots are those that hold something else than before, sorted.
	Slots []string
	// Warnings name damaged dumps that were passed over.
	Warnings []error
	// Err is why the newest dump could not be loaded; the keychain holds what it
	// held. It is told once until the text changes or loading works again.
	Err error
}

// Watch takes over what other processes change, within 2 s, and calls changed
// after each change, one call at a time, from the goroutine that called Watch. It
// returns nil when ctx ends, or an error if it cannot begin.
func (k *KeyChain) Watch(ctx context.Context, changed func(Change)) error {
	if err := k.disk.prepare(); err != nil {
		return err
	}
	var events <-chan fsnotify.Event
	var faults <-chan error
	// Without a watcher (no more inotify instances) the ticks do.
	if w, err := fsnotify.NewWatcher(); err == nil {
		defer func() { _ = w.Close() }()
		if w.Add(k.disk.folder()) == nil {
			events, faults = w.Events, w.Errors
		}
	}
	ticks := time.NewTicker(watchEvery)
	defer ticks.Stop()
	told := ""
	for {
		told = k.look(told, changed)
		select {
		case <-ctx.Done():
			return nil
		case <-ticks.C:
		case <-events:
		case _, ok := <-faults: // an overflow: the next look sees everything
			if !ok {
				faults = nil
			}
		}
	}
}

// look loads the newest dump if it is another one, and tells of it.
func (k *KeyChain) look(told string, changed func(Change)) string {
	before := k.Stamps()
	if err := k.sync(); err != nil {
		if err.Error() != told {
			changed(Change{Err: err})
		}
		return err.Error()
	}
	if slots := differing(before, k.Stamps()); len(slots) > 0 {
		changed(Change{Slots: slots, Warnings: k.Warnings()})
	}
	return ""
}

// differing lists the slots that hold something else, sorted.
func differing(before, after map[string]string) []string {
	var slots []string
	for slot, stamp := range after {
		if before[slot] != stamp {
			slots = append(slots, slot)
		}
	}
	for slot := range before {
		if _, ok := after[slot]; !ok {
			slots = append(slots, slot)
		}
	}
	slices.Sort(slots)
	return slots
}
