package collector

import (
	"context"
	"errors"
	"slices"
	"time"

	"go.uber.org/zap"

	"collectord/collector/config"
	"collectord/keychain"
	"collectord/networks"
)

// renewPause is the least time between two rounds of renewals that are not on the
// schedule. A token that lives for a minute stands it.
const renewPause = 30 * time.Second

// renewTokens makes and refreshes tokens: on the schedule of keychain.autocomplete,
// and between when one falls due, since some live for an hour and a schedule may be a
// day's. It looks often enough to see what a person assigned, and tells of the tokens
// that end without anybody to renew them.
func (d *Daemon) renewTokens(ctx context.Context) {
	var scheduled, last time.Time
	told := make(expiries)
	for {
		switch now, due := time.Now(), d.keys.Due(); {
		case !now.Before(scheduled):
			d.complete(ctx, d.keys.Autocomplete)
			last, scheduled = time.Now(), d.nextAutocomplete()
		case !due.IsZero() && !now.Before(due) && now.Sub(last) >= renewPause:
			d.complete(ctx, d.keys.AutocompleteDue)
			last = time.Now()
		}
		d.tellExpiries(told)
		t := time.NewTimer(time.Until(d.nextRenewal(scheduled, last)))
		select {
		case <-ctx.Done():
			t.Stop()
			return
		case <-d.newSchedule:
			t.Stop()
			scheduled = d.nextAutocomplete()
		case <-t.C:
		}
	}
}

func (d *Daemon) nextAutocomplete() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.autocomplete.Next(time.Now())
}

// nextRenewal is when to look after the tokens next.
func (d *Daemon) nextRenewal(scheduled, last time.Time) time.Time {
	next := time.Now().Add(longestWait)
	if scheduled.Before(next) {
		next = scheduled
	}
	due := d.keys.Due()
	if soonest := last.Add(renewPause); due.Before(soonest) && !due.IsZero() {
		due = soonest
	}
	if !due.IsZero() && due.Before(next) {
		next = due
	}
	return next
}

// complete renews tokens and says what came of it.
func (d *Daemon) complete(ctx context.Context, renew func(context.Context) ([]keychain.Outcome, error)) {
	outcomes, err := renew(ctx)
	if err != nil && ctx.Err() == nil {
		d.log.Error("tokens are not refreshed", zap.Error(err), zap.String("hint", "`collectord keychain check` says what is wrong with the keychain"))
	}
	for _, o := range outcomes {
		if o.Err == nil {
			d.log.Info("a token was refreshed", zap.String("slot", o.Slot))
		} else if ctx.Err() == nil {
			d.log.Error("a token was not refreshed; the one there stays", zap.String("slot", o.Slot), zap.Error(o.Err),
				zap.String("hint", "it is tried again; if it stays: "+d.replacing(o.Slot)))
			if p := (*keychain.Panic)(nil); errors.As(o.Err, &p) {
				d.log.Debug("the stack of the panic", zap.String("slot", o.Slot), zap.ByteString("stack", p.Stack))
			}
		}
	}
}

// expiryDays are how many days before the end of a token it is told: each once, until
// the slot gets a token that lives longer.
func expiryDays() []int { return []int{14, 7, 3, 1} }

// expiries are how many of expiryDays a slot's token has behind it.
type expiries map[string]int

// passed notes how many the token has behind it by now, and reports whether they have
// become more since they were told.
func (e expiries) passed(slot string, end time.Time) (n int, more bool) {
	for _, days := range expiryDays() {
		if !end.IsZero() && time.Until(end) <= time.Duration(days)*day {
			n++
		}
	}
	if n < e[slot] { // there is another token
		e[slot] = n
	}
	return n, n > e[slot]
}

// tellExpiries tells of the tokens that end and that nobody renews, or whose renewal
// fails.
func (d *Daemon) tellExpiries(told expiries) {
	for _, info := range d.keys.Show() {
		n, more := told.passed(info.Slot, info.ExpiresAt)
		if !more || info.Renewable && info.RenewalError == nil {
			continue
		}
		told[info.Slot] = n
		days, _ := info.DaysLeft()
		fields := []zap.Field{zap.String("slot", info.Slot), zap.Int("days", days), zap.Time("expires", info.ExpiresAt),
			zap.String("hint", d.replacing(info.Slot))}
		if info.RenewalError != nil {
			fields = append(fields, zap.NamedError("renewal", info.RenewalError))
		}
		switch {
		case !info.ExpiresAt.After(time.Now()):
			d.log.Error("a token has expired, and was not renewed", fields...)
		case n == len(expiryDays()):
			d.log.Error("a token is about to expire, and is not renewed", fields...)
		default:
			d.log.Warn("a token expires, and is not renewed", fields...)
		}
	}
}

// replacing is the command that gets another token into a slot.
func (d *Daemon) replacing(slot string) string {
	kind, _, err := keychain.ParseSlot(slot)
	d.mu.Lock()
	cfg := d.cfg
	d.mu.Unlock()
	i := slices.IndexFunc(cfg.Networks, func(n config.Network) bool {
		l, ok := n.Descriptor.New(networks.Options{}).(networks.LoginNetwork)
		return ok && slices.ContainsFunc(l.Logins(), func(l networks.Login) bool { return l.Slot == kind })
	})
	switch {
	case err != nil || i < 0:
		return "store another one: collectord keychain assign " + slot
	case slot == cfg.Networks[i].Descriptor.Slots[0].Slot:
		return "log in again: collectord keychain login " + cfg.Networks[i].Name
	}
	return "log in again: collectord keychain login " + cfg.Networks[i].Name + " --slot " + slot
}
