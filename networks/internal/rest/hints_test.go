package rest_test

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"collectord/networks/internal/rest"
)

func TestReset(t *testing.T) {
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	const longest = 25 * time.Hour
	epoch := func(d time.Duration) string { return strconv.FormatInt(now.Add(d).Unix(), 10) }
	none := time.Duration(-1)
	for in, want := range map[string]time.Duration{
		"": none, "soon": none, "-1": none, "NaN": none, "-Inf": none, "12:00": none,
		"0": 0, "5": 5 * time.Second, " 5 ": 5 * time.Second, "0.5": 500 * time.Millisecond,
		"90000": longest, "90001": longest, "999999999": longest, "1e300": longest, "Inf": longest, "1780315200000": longest,
		epoch(time.Minute): time.Minute, epoch(-time.Minute): 0, epoch(48 * time.Hour): longest,
		"2026-06-01T12:05:00Z": 5 * time.Minute, "2026-06-01T12:05:00.250Z": 5*time.Minute + 250*time.Millisecond,
		"2026-06-01T15:05:00+03:00": 5 * time.Minute, "2026-06-01T11:00:00Z": 0, "2030-01-01T00:00:00Z": longest,
		"Mon, 01 Jun 2026 12:01:00 GMT": time.Minute, "Mon, 01 Jun 2020 12:01:00 GMT": 0,
	} {
		for _, name := range []string{"X-Reset", "Retry-After"} {
			h := http.Header{}
			h.Set(name, in)
			got := rest.Reset(h, name, now)
			if name == "Retry-After" {
				got = rest.RetryAfter(h, now)
			}
			switch {
			case want == none && !got.IsZero():
				t.Errorf("%s: %q = %v, want none", name, in, got)
			case want != none && !got.Equal(now.Add(want)):
				t.Errorf("%s: %q = %v, want in %v", name, in, got, want)
			}
		}
	}
}
