package schedule

import (
	"math/bits"
	"time"
)

// fields are the sets of an expression, as robfig's parser makes them: bit n
// stands for the value n, star for a * in the field.
type fields struct {
	minute, hour, dom, month, dow uint64
}

const (
	star     = 1 << 63 // robfig's starBit
	allHours = 1<<24 - 1

	// lookback is longer than any jump of a clock: Pacific/Apia left out a whole day
	// on 2011-12-30, others had one twice.
	lookback = 48 * 60 * 60
	// farthestEast is more than any zone is ahead of UTC, in seconds.
	farthestEast = 16 * 60 * 60
)

// anyHour reports whether the schedule names no hour.
func (f fields) anyHour() bool { return f.hour&allHours == allHours }

// matchesDay says whether the day is one of the schedule's. If a star stands in
// either field the other one decides; else either may.
func (f fields) matchesDay(day time.Time) bool {
	dom, dow := f.dom>>day.Day()&1 == 1, f.dow>>day.Weekday()&1 == 1
	if (f.dom|f.dow)&star != 0 {
		return dom && dow
	}
	return dom || dow
}

// nextWall returns the first reading of a wall clock after another that the fields
// match. A reading is the number of seconds since 1970-01-01 00:00 on that clock.
func (f fields) nextWall(after int64) (reading int64, ok bool) {
	t := time.Unix(after-mod(after, 60)+60, 0).UTC()
	year, month, day := t.Date()
	hour, minute := t.Hour(), t.Minute()
	// 29 February may be eight years away, over a year such as 2100; a month that
	// does not match is one step.
	for limit := year + 9; year < limit; {
		date := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
		if f.matchesMonth(date) && f.matchesDay(date) {
			if of, ok := f.nextOfDay(hour, minute); ok {
				return date.Unix() + of, true
			}
		}
		next := date.AddDate(0, 0, 1)
		if !f.matchesMonth(date) {
			next = time.Date(year, month+1, 1, 0, 0, 0, 0, time.UTC)
		}
		year, month, day = next.Date()
		hour, minute = 0, 0
	}
	return 0, false
}

func (f fields) matchesMonth(day time.Time) bool { return f.month>>day.Month()&1 == 1 }

// nextOfDay returns the first match at or after a time of day, in seconds.
func (f fields) nextOfDay(hour, minute int) (seconds int64, ok bool) {
	hours := f.hour & allHours >> hour << hour
	if hours>>hour&1 == 1 {
		if minutes := f.minute &^ star >> minute << minute; minutes != 0 {
			return int64(hour*3600 + bits.TrailingZeros64(minutes)*60), true
		}
		hours &^= 1 << hour
	}
	if hours == 0 {
		return 0, false
	}
	return int64(bits.TrailingZeros64(hours)*3600 + bits.TrailingZeros64(f.minute&^star)*60), true
}

// nextNamed returns the first tick of a schedule that names hours. Such a tick is
// the first moment at which the wall clock shows its reading or a later one: in a
// gap that is the change, and of two equal readings the first.
func (s Schedule) nextNamed(from int64) (tick int64, ok bool) {
	reading, ok := s.nextWall(s.highest(from))
	if !ok {
		return 0, false
	}
	at := max(from+1, reading-farthestEast)
	for {
		offset, end := s.zone(at)
		switch tick = reading - offset; {
		case tick < at:
			return at, true
		case tick < end:
			return tick, true
		}
		at = end
	}
}

// highest returns the highest reading that the wall clock has shown up to a
// moment. It is above the present one after the clocks were put back.
func (s Schedule) highest(at int64) int64 {
	t := time.Unix(at, 0).In(s.loc)
	_, offset := t.Zone()
	reading := at + int64(offset)
	for edge := at - lookback; ; {
		start, _ := t.ZoneBounds()
		if start.Unix() <= edge || start.After(t) { // it is the year 1 where there is none
			return reading
		}
		t = start.Add(-time.Second).In(s.loc)
		_, offset = t.Zone()
		reading = max(reading, t.Unix()+int64(offset))
	}
}

// nextReal returns the first tick of a schedule that keeps the pace of real time:
// every moment whose reading matches, and the end of a gap with a match in it.
func (s Schedule) nextReal(from int64) (tick int64, ok bool) {
	offset, end := s.zone(from)
	for {
		reading, ok := s.nextWall(from + offset)
		if !ok {
			return 0, false
		}
		if tick = reading - offset; tick < end {
			return tick, true
		}
		after, next := s.zone(end)
		if reading < end+after { // it is in the gap
			return end, true
		}
		from, offset, end = end-1, after, next
	}
}

// zone returns how many seconds the zone is ahead of UTC at a moment, and until
// when, at least.
func (s Schedule) zone(at int64) (offset, end int64) {
	t := time.Unix(at, 0).In(s.loc)
	_, seconds := t.Zone()
	_, bound := t.ZoneBounds()
	switch {
	case bound.IsZero():
		end = 1 << 62
	case bound.Unix() > at:
		end = bound.Unix()
	default:
		// In years for which there is a rule and no table, package time puts the end of
		// a leap year a day too early (Go 1.26, zoneinfo.go, tzset). No clock changes
		// on that day.
		end = at + 3600
	}
	return int64(seconds), end
}
