package keychain

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Outcome is what came of one slot in Autocomplete.
type Outcome struct {
	Slot string
	Err  error // nil: there is a new token, or the one there lives longer
}

// Autocomplete renews every token that falls due before Options.Ahead has passed,
// and makes those that a raw_ slot promises and that are missing. It returns what
// it tried; one slot's failure stops no other. A token that the network leaves as it is
// is no outcome. The error is about the disk.
func (k *KeyChain) Autocomplete(ctx context.Context) ([]Outcome, error) {
	return k.autocomplete(ctx, "due", func(slot string) bool {
		return k.wants(slot, func(w Window) bool {
			now := time.Now()
			return !w.From.After(now) && !w.By.After(now.Add(k.opts.Ahead))
		})
	})
}

// AutocompleteNow is Autocomplete for every token that can be renewed, due or not.
func (k *KeyChain) AutocompleteNow(ctx context.Context) ([]Outcome, error) {
	return k.autocomplete(ctx, "now", func(slot string) bool {
		return k.wants(slot, func(w Window) bool { return !w.From.After(time.Now()) })
	})
}

// autocomplete renews the slots that are wanted. Each is asked for again once nobody
// else can renew it.
func (k *KeyChain) autocomplete(ctx context.Context, mode string, wants func(slot string) bool) ([]Outcome, error) {
	if err := k.LoadLast(); err != nil {
		return nil, err
	}
	slots := slices.DeleteFunc(k.candidates(), func(slot string) bool { return !wants(slot) })
	outcomes := make([]*Outcome, len(slots))
	var all sync.WaitGroup
	underWay := make(chan struct{}, 8)
	for i, slot := range slots {
		all.Go(func() {
			underWay <- struct{}{}
			defer func() { <-underWay }()
			before, _ := k.record(slot)
			_, err := k.renew(ctx, slot, mode, func(record, bool) bool { return wants(slot) })
			after, _ := k.record(slot)
			longer := !before.known().IsZero() && after.end().After(before.end())
			if err != nil || before.stamp != after.stamp || longer {
				outcomes[i] = &Outcome{Slot: slot, Err: err}
			}
		})
	}
	all.Wait()
	var news []Outcome
	for _, o := range outcomes {
		if o != nil {
			news = append(news, *o)
		}
	}
	return news, nil
}

// candidates lists the slots that hold something, and those that a raw_ slot promises,
// sorted.
func (k *KeyChain) candidates() []string {
	slots := k.Slots()
	for _, slot := range slots {
		if target, ok := madeBy(slot); ok {
			slots = append(slots, target)
		}
	}
	slices.Sort(slots)
	return slices.Compact(slots)
}

// wants reports whether the slot is to be renewed: by its Refresher where that can,
// else by its Maker where there is no token or none that is good.
func (k *KeyChain) wants(slot string, due func(Window) bool) bool {
	if k.hasUnsaved(slot) {
		return true
	}
	r, held := k.record(slot)
	if held {
		if _, w := k.refresher(slot, r); w != (Window{}) {
			return due(w)
		}
	}
	if _, _, ok := k.maker(slot); !ok {
		return false
	}
	end := r.known()
	return !held || k.State(slot).Name == Dead || !end.IsZero() && end.Before(time.Now().Add(k.opts.Ahead))
}
