package rest

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxHint is the longest wait that is believed: a network that says more, or a
// wrong clock, must not stop an account for a year.
const maxHint = 25 * time.Hour

// RetryAfter reads when to ask again from Retry-After (seconds or a date, RFC
// 9110 section 10.2.3); the zero time where there is none.
func RetryAfter(h http.Header, now time.Time) time.Time {
	return parseReset(h.Get("Retry-After"), now)
}

// Reset reads a reset hint from the header called name, in the forms networks
// use: seconds to go, epoch seconds (X, GitHub, Twitch), RFC 3339 (Mastodon) or
// an HTTP date. The zero time where there is none or it makes no sense.
func Reset(h http.Header, name string, now time.Time) time.Time {
	return parseReset(h.Get(name), now)
}

func parseReset(s string, now time.Time) time.Time {
	s = strings.TrimSpace(s)
	if s == "" {
		return time.Time{}
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil {
		switch {
		case math.IsNaN(f) || f < 0:
			return time.Time{}
		case f > 1e12: // past every year that counts, and no int64 further on
			return now.Add(maxHint)
		case f > 1e9: // epoch seconds
			return clamp(time.Unix(int64(f), 0), now)
		}
		return clamp(now.Add(time.Duration(f*float64(time.Second))), now)
	}
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return clamp(t, now)
	}
	if t, err := http.ParseTime(s); err == nil {
		return clamp(t, now)
	}
	return time.Time{}
}

func clamp(t, now time.Time) time.Time {
	switch {
	case t.Before(now):
		return now
	case t.After(now.Add(maxHint)):
		return now.Add(maxHint)
	}
	return t
}
