package rest

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	// maxHint is the longest wait that is believed: a network that says more, or a
	// wrong clock, must not stop an account for a year.
	maxHint = 25 * time.Hour
	// maxSkew is by how much this machine's clock may differ from the server's before a
	// time that the server names is measured by the server's own clock. Less is the
	// way of the answer, and the whole seconds of its Date.
	maxSkew = 5 * time.Second
	// firstEpoch is the smallest number that is a time where seconds to go are documented:
	// as a wait it would be of 31 years.
	firstEpoch = 1e9
	// lastEpoch is past every year that counts, and no int64 further on.
	lastEpoch = 1e12
)

// Form is how a network writes when to ask again.
type Form uint8

// The forms. Seconds and Epoch can hardly be taken for each other, so either is understood
// where the other is documented: as seconds to go nobody believes what is a time, and no
// clock shows so early a time as what are seconds to go.
const (
	Seconds Form = iota + 1 // to go, perhaps with a fraction: "17", "312.5"
	Minutes                 // to go: "19"
	Epoch                   // Unix time in seconds: "1700000900"
	Time                    // RFC 3339, or as HTTP writes dates: "2026-11-22T12:05:00.250Z"
	Wait                    // seconds to go, or a date as HTTP writes it (RFC 9110 section 10.2.3)
)

// Hint is where in an answer a network says when to ask again, and how it writes that.
type Hint struct {
	Header string
	Form   Form
}

// Until reads the hint: the zero time where there is none or it makes no sense. It is
// never before now, nor more than 25 hours after it. A time that the server names is
// measured by the server's clock (the header Date), so that a wrong clock of this machine
// makes no wait longer or shorter.
func (h Hint) Until(header http.Header, now time.Time) time.Time {
	text := header.Get(h.Header)
	if date, err := http.ParseTime(header.Get("Date")); err == nil && now.Sub(date).Abs() > maxSkew {
		if t := h.Form.Until(text, date); !t.IsZero() {
			return now.Add(t.Sub(date))
		}
		return time.Time{}
	}
	return h.Form.Until(text, now)
}

// Until is [Hint.Until] for a text that stands elsewhere, as in the body of an answer.
func (f Form) Until(text string, now time.Time) time.Time {
	text = strings.TrimSpace(text)
	n, err := strconv.ParseFloat(text, 64)
	switch {
	case err != nil && f != Minutes:
		return parseTime(text, now)
	case err != nil, math.IsNaN(n), n < 0:
		return time.Time{}
	case f == Minutes:
		n *= 60
	case n <= lastEpoch && (n > firstEpoch || f == Epoch && n > maxHint.Seconds()):
		return clamp(time.Unix(int64(n), 0), now)
	}
	return now.Add(time.Duration(min(n, maxHint.Seconds()) * float64(time.Second)))
}

func parseTime(text string, now time.Time) time.Time {
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return clamp(t, now)
	}
	if t, err := http.ParseTime(text); err == nil {
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

// RetryAfter reads when to ask again from Retry-After; the zero time where there is none.
func RetryAfter(h http.Header, now time.Time) time.Time {
	return Hint{"Retry-After", Wait}.Until(h, now)
}
