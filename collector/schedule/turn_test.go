package schedule

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// turns is a schedule that is asked now and then, by a clock that may be set.
type turns struct {
	s     Schedule
	now   time.Time
	next  time.Time
	first time.Time // the time before which a tick has had its poll
}

func drawTurns(t *rapid.T) *turns {
	expr := rapid.SampledFrom([]string{
		"@every 10s", "@every 5m", "@every 7h13m", "* * * * *", "*/5 * * * *", "0 * * * *", "30 2 * * *",
		"CRON_TZ=Europe/Berlin 30 2 * * *", "CRON_TZ=Europe/Berlin */20 1-3 * * *", "CRON_TZ=Australia/Lord_Howe 15 * * * *",
		"CRON_TZ=America/Los_Angeles 0 2 * * 0", "CRON_TZ=Asia/Kathmandu 0 0 1 * *",
	}).Draw(t, "schedule")
	s, err := Parse(expr)
	if err != nil {
		t.Fatal(err)
	}
	year := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	now := year.Add(time.Duration(rapid.Int64Range(0, int64(366*24*time.Hour)).Draw(t, "start")))
	return &turns{s: s, now: now, next: s.Next(now), first: now}
}

// ticks are the ticks of a stretch of time by a plain walk: after from, up to to.
func (c *turns) ticks(from, to time.Time) (n int) {
	for at := c.s.Next(from); !at.After(to) && n < 100_000; at = c.s.Next(at) {
		n++
	}
	return n
}

// A clock that only goes on, however it does: in small steps, with the machine asleep, by
// a jump. Every tick is polled for or counted as missed, and none is both.
func TestTurnLosesNoTick(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawTurns(t)
		start, due, missed := c.now, 0, 0
		for _, step := range rapid.SliceOfN(rapid.OneOf(
			rapid.Int64Range(0, int64(2*time.Minute)), rapid.Int64Range(0, int64(30*time.Hour)),
		), 1, 60).Draw(t, "steps") {
			if rapid.Bool().Draw(t, "on time") { // as the loop does: it wakes up for the tick
				c.now = c.next.Add(time.Duration(rapid.Int64Range(0, int64(time.Second)).Draw(t, "late")))
			} else {
				c.now = c.now.Add(time.Duration(step))
			}
			turn := c.s.Turn(c.next, c.now)
			if turn.SetBack {
				t.Fatalf("at %v it takes the clock for set back; it waited for %v", c.now, c.next)
			}
			if turn.Due && (c.now.Before(c.next) || c.now.Sub(c.next) > Late) {
				t.Fatalf("at %v it polls for %v", c.now, c.next)
			}
			if turn.Due {
				due++
			}
			if turn.Due && turn.Missed > 0 {
				t.Fatalf("at %v a tick is both: %+v", c.now, turn)
			}
			missed += turn.Missed
			if c.next = turn.Next; !c.next.After(c.now) {
				t.Fatalf("at %v it waits for %v", c.now, c.next)
			}
		}
		if want := c.ticks(start, c.now); due+missed != want {
			t.Fatalf("%s: %d polled and %d missed from %v to %v, want %d in all", c.s, due, missed, start, c.now, want)
		}
	})
}

// A clock that is set at will: the schedule never waits for more than its next tick and
// the moment that a clock may be off, and polls for no tick in the future.
func TestTurnIsNeverSilent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawTurns(t)
		jumps := rapid.SampledFrom([]time.Duration{time.Second, Late - time.Second, Late, Late + time.Second, time.Hour, 25 * time.Hour, 31 * 24 * time.Hour})
		for range rapid.IntRange(1, 40).Draw(t, "looks") {
			by := jumps.Draw(t, "by")
			if rapid.Bool().Draw(t, "back") {
				by = -by
			}
			c.now = c.now.Add(by)
			waited := c.next
			turn := c.s.Turn(waited, c.now)
			switch {
			case turn.Due && waited.After(c.now):
				t.Fatalf("at %v it polls for %v", c.now, waited)
			case !turn.Next.After(c.now):
				t.Fatalf("at %v it waits for %v", c.now, turn.Next)
			case c.s.Next(c.now.Add(Late)).Before(turn.Next):
				t.Fatalf("at %v it waits for %v, over other ticks", c.now, turn.Next)
			case turn.SetBack && (by > 0 || !c.s.Next(c.now).Before(waited)):
				t.Fatalf("at %v it takes the clock for set back; it waited for %v", c.now, waited)
			}
			c.next = turn.Next
		}
	})
}

// A clock that is put back by a moment, again and again: no tick has two polls.
func TestTurnRepeatsNothingAfterAMoment(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawTurns(t)
		var polled []time.Time
		for range rapid.IntRange(1, 40).Draw(t, "ticks") {
			c.now = c.next.Add(time.Duration(rapid.Int64Range(0, int64(time.Second)).Draw(t, "late")))
			for range 2 { // the tick, and a look after the clock was put back
				turn := c.s.Turn(c.next, c.now)
				if turn.Due {
					if slices.ContainsFunc(polled, c.next.Equal) {
						t.Fatalf("%s: two polls for %v", c.s, c.next)
					}
					polled = append(polled, c.next)
				}
				c.next = turn.Next
				c.now = c.now.Add(-time.Duration(rapid.Int64Range(0, int64(Late-time.Second)).Draw(t, "back")))
			}
		}
		if len(polled) == 0 {
			t.Fatal("no poll at all")
		}
	})
}
