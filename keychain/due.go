package keychain

import (
	"context"
	"time"
)

// Due is when AutocompleteDue next has something to do, the zero time for never. A
// token falls due some time before its Window's By, so that a network that is away for
// a while costs nothing: Options.Ahead, or half of its time where that is shorter. A
// renewal that failed is due when its rest is over, one that was refused for good when
// another value is assigned.
func (k *KeyChain) Due() time.Time {
	var first time.Time
	for _, slot := range k.candidates() {
		at := k.due(slot)
		if !at.IsZero() && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	return first
}

// AutocompleteDue is Autocomplete for what has fallen due by now: for a caller who
// asks Due when to call next.
func (k *KeyChain) AutocompleteDue(ctx context.Context) ([]Outcome, error) {
	return k.autocomplete(ctx, "overdue", func(slot string) bool {
		at := k.due(slot)
		return !at.IsZero() && !at.After(time.Now())
	})
}

// due is when the slot's renewal falls due, the zero time for never.
func (k *KeyChain) due(slot string) time.Time {
	if k.hasUnsaved(slot) {
		return time.Now()
	}
	r, held := k.record(slot)
	at := k.dueRefresh(slot, r, held)
	if at.IsZero() {
		at = k.dueMaking(slot, r, held)
	}
	if f, failed := k.lastFailure(slot, r); failed && !at.IsZero() {
		at = later(at, f.again)
	}
	return at
}

// dueRefresh is when the slot's Refresher falls due.
func (k *KeyChain) dueRefresh(slot string, r record, held bool) time.Time {
	if !held {
		return time.Time{}
	}
	_, w := k.refresher(slot, r)
	if w == (Window{}) {
		return time.Time{}
	}
	return k.unlessRefused(slot, r.stamp, later(w.From, w.By.Add(-k.margin(r.assigned, w.By))))
}

// dueMaking is when the slot's Maker falls due: at once where there is no token that
// is good, never where nobody knows when it ends.
func (k *KeyChain) dueMaking(slot string, r record, held bool) time.Time {
	_, rawSlot, ok := k.maker(slot)
	if !ok {
		return time.Time{}
	}
	raw, _ := k.record(rawSlot)
	switch end := r.known(); {
	case !held || k.State(slot).Name == Dead:
		return k.unlessRefused(rawSlot, raw.stamp, raw.assigned)
	case !end.IsZero():
		return k.unlessRefused(rawSlot, raw.stamp, end.Add(-k.margin(r.assigned, end)))
	}
	return time.Time{}
}

// margin is how long before its end what began at from falls due.
func (k *KeyChain) margin(from, end time.Time) time.Duration {
	return max(0, min(k.opts.Ahead, end.Sub(from)/2))
}

// unlessRefused is at, or later where the network has refused to renew the value.
func (k *KeyChain) unlessRefused(slot, stamp string, at time.Time) time.Time {
	in := k.disk.readIntent(slot)
	switch {
	case in.Stamp != stamp || !in.Refused:
		return at
	case in.State.Until.IsZero():
		return time.Time{}
	}
	return later(at, in.State.Until)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
