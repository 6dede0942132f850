package collector

import (
	"context"
	"maps"
	"slices"
	"testing"
	"time"

	"collectord/collector/journal"
	"collectord/collector/schedule"
)

// ticks are a network's ticks in a node's journal from a time on, by their time.
func (m *machine) ticks(network string, from time.Time) map[int64]journal.Tick {
	m.fleet.t.Helper()
	found := make(map[int64]journal.Tick)
	for at := from.Truncate(time.Second); at.Before(time.Now()); at = at.Add(time.Second) {
		tick, ok, err := m.journal.Tick(context.Background(), network, at)
		if err != nil {
			m.fleet.t.Fatal(err)
		}
		if ok {
			found[at.Unix()] = tick
		}
	}
	return found
}

// TestOneMakeUp: all nodes were down for some ticks. Back again, each a moment after the
// other, they make one poll up, with the time at which it is made, and share it.
func TestOneMakeUp(t *testing.T) {
	if !long(t) {
		return
	}
	t.Parallel()
	f := newFleet(t, "a", "b", "c")
	const every = 3 * time.Second
	networks := "  vk: {schedule: '@every 3s', base_url: 'http://vk', token: [vk, 'vk:2'], accounts: " + f.crowd(1500) + "}"
	f.assign("a", map[string]string{"vk": "good-token", "vk:2": "other-token"})
	names := slices.Sorted(maps.Keys(f.nodes))
	for _, name := range names {
		f.start(name, networks)
	}
	f.eventually(15*time.Second, "a tick is polled", func() bool { return len(f.questions("")) >= 2 })
	f.eventually(15*time.Second, "all know of it", func() bool {
		return !slices.ContainsFunc(names, func(name string) bool { return len(f.nodes[name].ticks("vk", time.Now().Add(-every))) == 0 })
	})
	f.killAll()
	<-time.After(time.Until(time.Now().Truncate(every).Add(2*every + every/2))) // two ticks at the least are over
	back := time.Now()
	for _, name := range names {
		f.start(name, networks)
		<-time.After(100 * time.Millisecond)
	}
	made := make(map[int64]int) // by time: nodes that have it
	f.eventually(15*time.Second, "all have made it up", func() bool {
		clear(made)
		all := 0
		for _, name := range names {
			for at, tick := range f.nodes[name].ticks("vk", back.Add(-every)) {
				if tick.MadeUp && !tick.Closed.IsZero() {
					made[at]++
					all++
				}
			}
		}
		return all == len(names)
	})
	if len(made) != 1 {
		t.Fatalf("it was made up at %v", made)
	}
	for at := range made {
		if when := time.Unix(at, 0); when.Before(back.Truncate(time.Second)) || when.After(time.Now()) {
			t.Errorf("it has the time %v, made after %v", when, back)
		}
		points := make(map[string]int)
		for _, name := range names {
			for label, times := range f.nodes[name].profiles() {
				if slices.Contains(times, at) {
					points[label]++
				}
			}
		}
		for label, n := range points {
			if n != 1 {
				t.Fatalf("%s has %d points of it", label, n)
			}
		}
		if len(points) != 1500 {
			t.Errorf("it has points of %d accounts", len(points))
		}
	}
}

// TestMissedHereAlone: a node that was away for some ticks makes none up where the other
// polled them, and takes its part in the last one: nobody else has its token.
func TestMissedHereAlone(t *testing.T) {
	if !long(t) {
		return
	}
	t.Parallel()
	f := newFleet(t, "a", "b")
	const every = 4 * time.Second
	f.crowd(2)
	networks := "  vk: {schedule: '@every 4s', base_url: 'http://vk', token: vk, accounts: {u1: u1, u2: {handle: u2, token: {slot: 'vk:b', node: b}}}}"
	f.assign("a", map[string]string{"vk": "good-token", "vk:b": "token-of-b"})
	a := f.start("a", networks)
	b := f.start("b", networks)
	f.eventually(15*time.Second, "b polls its account", func() bool { return len(b.profiles()["u2"]) > 0 })
	b.stop()
	<-time.After(time.Until(time.Now().Truncate(every).Add(2*every + time.Second))) // two ticks are over
	back := time.Now()
	b = f.start("b", networks)
	last := back.Truncate(every).Unix()
	f.eventually(every-2*time.Second, "b polls its account in the tick that a polls", func() bool { return slices.Contains(b.profiles()["u2"], last) })
	for _, m := range []*machine{a, b} {
		for at, tick := range m.ticks("vk", back.Add(-2*every)) {
			if tick.MadeUp {
				t.Errorf("%s made one up at %v", m.name, time.Unix(at, 0))
			}
		}
	}
	if b.said("polled by other nodes") != 1 {
		t.Error("b does not say who polled them")
	}
}

// TestLastSlot: the last tick is found however long ago it was.
func TestLastSlot(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for expr, want := range map[string]string{
		"@every 7s": "2026-11-22T12:00:00Z", "CRON_TZ=UTC 0 12 * * *": "2026-11-22T12:00:00Z", "CRON_TZ=UTC 1 12 * * *": "2026-11-21T12:01:00Z",
		"CRON_TZ=UTC 0 0 29 2 *": "2024-02-29T00:00:00Z", "CRON_TZ=UTC 30 3 1 1 *": "2026-01-01T03:30:00Z",
	} {
		s, err := schedule.Parse(expr)
		if err != nil {
			t.Fatal(err)
		}
		if got := lastSlot(s, now).UTC().Format(time.RFC3339); got != want {
			t.Errorf("%s: %s, want %s", expr, got, want)
		}
	}
}
