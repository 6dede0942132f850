package status

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

const (
	day  = 24 * time.Hour
	week = 7 * day
	year = 365 * day
)

var errSince = errors.New(`since: a duration such as "24h", "30d" or "2w", an RFC 3339 time, a unix time or "all" was expected`)

// ParseSince reads where a series is to begin: a duration before now in units
// from seconds to years ("90m", "1d12h", "30d", "2w", "1y"), an RFC 3339 time, a
// date, a unix time in seconds, or "all" for the zero time.
func ParseSince(now time.Time, s string) (time.Time, error) {
	if s == "all" {
		return time.Time{}, nil
	}
	if unix, err := strconv.ParseInt(s, 10, 64); err == nil {
		// Beyond the year 9999 it is no time in seconds (milliseconds, perhaps).
		if unix < 0 || unix > 253402300799 {
			return time.Time{}, errSince
		}
		return time.Unix(unix, 0), nil
	}
	// In a query an unescaped + means a space: 2026-01-01T00:00:00+03:00.
	if t, err := time.Parse(time.RFC3339, strings.ReplaceAll(s, " ", "+")); err == nil {
		return t, nil
	}
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return t, nil
	}
	d, ok := parseAge(s)
	if !ok {
		return time.Time{}, errSince
	}
	return now.Add(-d), nil
}

// parseAge reads a positive duration of whole units: "1d12h".
func parseAge(s string) (age time.Duration, ok bool) {
	units := map[byte]time.Duration{
		's': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': day, 'w': week, 'y': year,
	}
	for s != "" {
		digits := len(s) - len(strings.TrimLeft(s, "0123456789"))
		n, err := strconv.ParseInt(s[:digits], 10, 64)
		if err != nil || digits == len(s) {
			return 0, false
		}
		unit := units[s[digits]]
		const most = 200 * year
		if unit == 0 || n > int64(most/unit) {
			return 0, false
		}
		age += time.Duration(n) * unit
		if age > most {
			return 0, false
		}
		s = s[digits+1:]
	}
	return age, age > 0
}
