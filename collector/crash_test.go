package collector

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"collectord/collector/journal"
	"collectord/collector/point"
	"collectord/collector/schedule"
	"collectord/networks/sim"

	"go.uber.org/zap"
)

// Two schedules of a network fall together after an absence: the tick of the one is
// due, the other's was missed. Each poll has a time and a tick of its own.
func TestMissedAndDueAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		for _, a := range []sim.Account{
			{Network: "vk", Handle: "often", ID: "1", Type: "person", Followers: 10},
			{Network: "vk", Handle: "seldom", ID: "2", Type: "person", Followers: 20},
		} {
			r.world.Add(a)
		}
		const config = `
networks:
  vk:
    base_url: http://vk
    accounts: {often: {handle: often, schedule: "@every 1s"}, seldom: {handle: seldom, schedule: "@every 10s"}}
`
		time.Sleep(time.Until(time.Now().Truncate(time.Minute).Add(time.Minute)))
		begun := time.Now()
		r.start(config)
		time.Sleep(1500 * time.Millisecond)
		r.halt()
		time.Sleep(8600 * time.Millisecond) // 10.1 s since it began
		r.open()
		r.start(config)
		time.Sleep(500 * time.Millisecond)
		due, ok, err := r.journal.Tick(t.Context(), "vk", begun.Add(10*time.Second))
		if err != nil || !ok || due.MadeUp || due.Accounts != 1 || due.OK != 1 || len(due.Specs) != 1 || due.Specs[0] != "@every 10s" {
			t.Errorf("the tick that was due: %+v %v %v", due, ok, err)
		}
		time.Sleep(time.Second)
		made, ok, err := r.journal.Tick(t.Context(), "vk", begun.Add(9*time.Second)) // in each second to come a tick is due
		if err != nil || !ok || !made.MadeUp || made.OK != 1 {
			t.Errorf("the one made up for those missed: %+v %v %v", made, ok, err)
		}
		r.halt()
	})
}

// A tick that is begun leaves the slots of other schedules on disk as they are: one of
// them may be due as well, and a crash before it is begun must find it missed.
func TestTickStoresItsOwnSlots(t *testing.T) {
	at := time.Unix(1_800_000_000, 0)
	j := &job{tick: journal.Tick{Specs: []string{"a", "gone"}}, next: map[string]time.Time{"a": at, "b": at}}
	if got := j.slots(); len(got) != 1 || !got["a"].Equal(at) {
		t.Errorf("slots: %v", got)
	}
}

// A made-up poll takes no second in which a tick will be due: that one would find its
// row taken, and both would count in one.
func TestFreeTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		at := time.Now().Truncate(time.Minute)
		for _, c := range []struct {
			specs []string
			taken []int // seconds from at on
			want  int
		}{
			{specs: []string{"@every 1s"}, want: 0},
			{specs: []string{"@every 1h"}, taken: []int{0, 1}, want: 2},
			{specs: []string{"@every 2s"}, taken: []int{0}, want: 1},
			{specs: []string{"@every 1s"}, taken: []int{0}, want: -1},
			{specs: []string{"@every 1s", "@every 3s"}, taken: []int{0, -1, -2}, want: -3},
		} {
			n := &network{name: "vk", log: zap.NewNop(), journal: r.journal, specs: map[string]schedule.Schedule{}}
			for _, spec := range c.specs {
				s, err := schedule.Parse(spec)
				if err != nil {
					t.Fatal(err)
				}
				n.specs[spec] = s
			}
			for _, second := range c.taken {
				n.hold(at.Add(time.Duration(second) * time.Second))
			}
			got, ok := n.freeTime(t.Context(), at)
			if want := at.Add(time.Duration(c.want) * time.Second); !ok || !got.Equal(want) {
				t.Errorf("%v with %v taken: %v %t, want %v", c.specs, c.taken, got.Sub(at), ok, want.Sub(at))
			}
		}
		if err := r.journal.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

// The slots are kept, by a reload, while a tick is begun and not yet on disk: a crash now
// must find it missed. Once it is there, the slot is the next one.
func TestSlotsKeptWhileATickBegins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		const spec = "@every 1m"
		every, err := schedule.Parse(spec)
		if err != nil {
			t.Fatal(err)
		}
		at := time.Now().Truncate(time.Minute)
		n := &network{
			name: "vk", log: zap.NewNop(), journal: r.journal,
			specs: map[string]schedule.Schedule{spec: every}, next: map[string]time.Time{spec: at},
		}
		kept := func() time.Time {
			n.keepSlots(t.Context())
			slots, err := r.journal.Slots(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return slots["vk"][spec]
		}
		kept()
		if due, _ := n.advance(at); len(due) != 1 {
			t.Fatalf("due: %v", due)
		}
		if got := kept(); !got.Equal(at) {
			t.Errorf("before the tick is on disk: %v, want %v", got, at)
		}
		j := n.join([]string{spec})
		j.tick = journal.Tick{Network: "vk", Time: at, Specs: []string{spec}}
		if err := r.journal.BeginTick(t.Context(), j.tick, j.slots()); err != nil {
			t.Fatal(err)
		}
		if got := kept(); !got.Equal(at.Add(time.Minute)) {
			t.Errorf("after: %v, want the next one", got)
		}
		if err := r.journal.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

// A poll of two schedules is cut short, and goes on when the next tick of the one is
// due: its accounts are failed ones of that poll, not forgotten ones.
func TestResumedForOneOfTwoSchedules(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		for _, a := range []sim.Account{
			{Network: "vk", Handle: "often", ID: "1", Type: "person", Followers: 10},
			{Network: "vk", Handle: "seldom", ID: "2", Type: "person", Followers: 20},
		} {
			r.world.Add(a)
		}
		at := time.Now().Truncate(time.Second).Add(time.Second)
		time.Sleep(time.Until(at))
		tick := journal.Tick{Network: "vk", Time: at, Specs: []string{"@every 1s", "@every 10s"}, Accounts: 2}
		next := map[string]time.Time{"@every 1s": at.Add(time.Second), "@every 10s": at.Add(10 * time.Second)}
		if err := r.journal.BeginTick(t.Context(), tick, next); err != nil {
			t.Fatal(err)
		}
		time.Sleep(1500 * time.Millisecond)
		r.start(`
networks:
  vk:
    base_url: http://vk
    requests_per_second: 1000
    accounts: {often: {handle: often, schedule: "@every 1s"}, seldom: {handle: seldom, schedule: "@every 10s"}}
`)
		time.Sleep(300 * time.Millisecond)
		r.halt()
		r.wantLog("not gone on with")
		r.open()
		found := false
		for _, p := range r.points("poll") {
			if p.Time.Equal(at) {
				found = true
				if got := lines([]point.Point{p})[0]; !strings.Contains(got, "accounts=2 ok=1 failed=1") {
					t.Errorf("the poll that was cut short: %s", got)
				}
			}
		}
		if !found {
			t.Error("the poll that was cut short has no end")
		}
		if err := r.journal.Close(); err != nil {
			t.Fatal(err)
		}
	})
}
