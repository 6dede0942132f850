package rest_test

import (
	"net/http"
	"testing"
	"time"

	"collectord/networks/internal/rest"
)

// FuzzHint: whatever a network hints at, in whatever form and by whatever clock, the
// wait is neither over before it began nor longer than is believed.
func FuzzHint(f *testing.F) {
	for i, s := range []string{"", "0", "30", "1.5", "-1", "1792224000", "1e300", "NaN", "+Inf", "-0", "0x1p70", "2026-11-21T23:15:00Z",
		"2026-11-21T23:15:00.123456Z", "9999-12-31T23:59:59+14:00", "Fri, 31 Dec 1999 23:59:59 GMT", "Sat, 21-Nov-26 23:15:00 GMT", " 7 ", "1000000000", "1e12", "1e-320"} {
		f.Add(uint8(i), s, "", int64(1_792_224_000))
		f.Add(uint8(i), s, "Sat, 21 Nov 2026 23:15:00 GMT", int64(1_792_224_000))
	}
	f.Add(uint8(3), "Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 0001 00:00:00 GMT", int64(0))
	f.Fuzz(func(t *testing.T, form uint8, text, date string, unix int64) {
		now := time.Unix(unix%253402300799, 0)
		header := http.Header{"Retry-After": {text}, "X-Limit": {text}, "Date": {date}}
		for _, until := range []time.Time{
			rest.RetryAfter(header, now),
			rest.Hint{Header: "X-Limit", Form: rest.Form(form % 6)}.Until(header, now),
		} {
			if !until.IsZero() && (until.Before(now) || until.After(now.Add(longest))) {
				t.Errorf("%q by %q at %v is until %v", text, date, now, until)
			}
		}
	})
}
