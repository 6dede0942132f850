// Package schedule turns a cron expression into ticks.
//
// An expression is one that robfig/cron/v3 reads: five fields (minute, hour, day
// of month, month, day of week), a descriptor (@hourly, @daily ...), or @every and
// a duration; a zone may stand before it. Its parser stands behind a guard here:
// it panics on "TZ=UTC", takes "@every -1h" for every second and "*/61" for every
// hour, and accepts dates that never come. Its runner and its reckoning of time
// are not used, because they skip a tick in spring and repeat it in autumn.
//
//	"0 * * * *"                           each hour, in the machine's own zone
//	"CRON_TZ=Europe/Moscow 30 9 * * 1-5"  half past nine in Moscow, on work days
//	"@every 15m"                          at :00, :15, :30 and :45
//
// Without CRON_TZ= (or TZ=, the same) a schedule is in the machine's local zone,
// [time.Local]. As at robfig, a day matches if its day of the month or its day of
// the week does, where both fields are restricted, and Sunday is 0.
//
// @every D fires at the multiples of D since 1970-01-01T00:00:00Z, whatever the
// zone: a restart does not move the ticks, and equal schedules of many accounts
// fall together, so that one request may serve them all.
//
// # When the clocks change
//
// A tick that does not exist runs at the change; one that exists twice runs once,
// the first time. In other words, the tick called 02:30 is the first moment at
// which the clock on the wall shows 02:30 or later. Several ticks in one gap are
// one tick.
//
// A schedule whose hour field allows every hour (*, 0-23, @hourly) names no time
// of day. It keeps the pace of real time: in autumn both 02:30s are ticks, an hour
// apart, for to leave one out would lose a poll.
//
//	Europe/Berlin     2026-03-29 02:00 -> 03:00     2026-10-25 03:00 -> 02:00
//	"30 2 * * *"      03:00 CEST                    02:30 CEST
//	"*/20 2 * * *"    03:00 CEST                    02:00, 02:20, 02:40 CEST
//	"30 * * * *"      01:30, 03:00, 03:30           02:30 CEST, 02:30 CET, 03:30
//	"*/15 * * * *"    every 15 minutes              every 15 minutes
//
// The time zone database is part of the program, for systems that have none.
package schedule

import (
	"hash/fnv"
	"time"
	_ "time/tzdata" // minimal systems have no zone files
)

// Schedule is a parsed expression: a small value to be copied freely, safe for
// concurrent use. Two schedules are the same if their Strings are. The zero
// Schedule never fires.
type Schedule struct {
	expr  string
	every time.Duration // of @every; 0 for fields
	fields
	loc *time.Location
}

// String returns the expression as it was given, without the blanks around it.
func (s Schedule) String() string { return s.expr }

// lastSecond is the last second of the year 9999, after which there are no ticks:
// RFC 3339 has no way to write them.
const lastSecond = 253402300799

// Next returns the first tick strictly after a moment: whole seconds, in UTC. It
// is the zero time for the zero Schedule, and where there is no tick before the
// year 10000.
func (s Schedule) Next(after time.Time) time.Time {
	from := after.Unix() // rounds down, for times before 1970 too
	if s.expr == "" || from > lastSecond {
		return time.Time{}
	}
	tick, ok := int64(0), true
	switch {
	case s.every > 0:
		tick = s.nextMultiple(from)
	case s.anyHour():
		tick, ok = s.nextReal(from)
	default:
		tick, ok = s.nextNamed(from)
	}
	if !ok || tick > lastSecond {
		return time.Time{}
	}
	return time.Unix(tick, 0).UTC()
}

// nextMultiple returns the first multiple of @every's duration after from.
func (s Schedule) nextMultiple(from int64) int64 {
	d := int64(s.every / time.Second)
	return from - mod(from, d) + d
}

// Missed counts the ticks after from, up to and including to. It stops at most.
func (s Schedule) Missed(from, to time.Time, most int) int {
	if s.every > 0 {
		d := int64(s.every / time.Second)
		last, first := to.Unix()-mod(to.Unix(), d), from.Unix()-mod(from.Unix(), d)
		return int(max(0, min((last-first)/d, int64(most))))
	}
	n := 0
	for n < most {
		from = s.Next(from)
		if from.IsZero() || from.After(to) {
			break
		}
		n++
	}
	return n
}

// Offset returns how long after its tick the poll of key starts, where polls are
// spread over a while: a whole number of milliseconds in [0, spread), always the
// same for the same key and spread, on every machine and in every version.
func Offset(key string, spread time.Duration) time.Duration {
	steps := spread / time.Millisecond
	if steps <= 0 {
		return 0
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(key)) // never fails
	return time.Duration(h.Sum64()%uint64(steps)) * time.Millisecond
}

// mod is the remainder of n by d that is never negative.
func mod(n, d int64) int64 { return ((n % d) + d) % d }
