package status

import (
	"math"
	"net/url"
	"testing"
	"time"
)

func TestNumbers(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0", 7: "7", 999: "999", 1000: "1,000", -1000: "-1,000", -999: "-999", 1234567: "1,234,567",
		math.MaxInt64: "9,223,372,036,854,775,807", math.MinInt64: "-9,223,372,036,854,775,808",
	} {
		if got := thousands(n); got != want {
			t.Errorf("thousands(%d) = %q, want %q", n, got, want)
		}
	}
	for _, c := range []struct {
		n                    *int64
		count, signed, trend string
	}{
		{nil, "–", "–", ""}, {num(0), "0", "0", ""}, {num(1500), "1,500", "+1,500", "up"}, {num(-56), "-56", "-56", "down"},
	} {
		if count(c.n) != c.count || signed(c.n) != c.signed || trend(c.n) != c.trend {
			t.Errorf("%s: %q %q %q", c.count, count(c.n), signed(c.n), trend(c.n))
		}
	}
	for n, want := range map[int64]string{1: "1 point", 0: "0 points", 2000: "2,000 points"} {
		if got := plural(n, "point", "points"); got != want {
			t.Errorf("plural(%d) = %q", n, got)
		}
	}
	for n, want := range map[int64]string{
		0: "0 B", 999: "999 B", 1000: "1.0 kB", 9949: "9.9 kB", 9951: "10 kB", 48_300_000: "48 MB",
		999_600: "1.0 MB", 10_000_000_000: "10 GB", math.MaxInt64: "9.2 EB",
	} {
		if got := size(n); got != want {
			t.Errorf("size(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestTimes(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 ms", 340 * time.Millisecond: "340 ms", 1240 * time.Millisecond: "1.2 s", 2 * time.Second: "2 s",
		9999 * time.Millisecond: "9.9 s", 12 * time.Second: "12 s", 3 * time.Minute: "3 min",
	} {
		if got := span(d); got != want {
			t.Errorf("span(%v) = %q, want %q", d, got, want)
		}
	}
	for d, want := range map[time.Duration]string{
		0: "now", 999 * time.Millisecond: "now", -30 * time.Second: "30 s ago", 45 * time.Second: "in 45 s",
		719*time.Second + 9e8: "in 12 min", 59*time.Second + 6e8: "in 1 min", 119*time.Minute + 59*time.Second: "in 2 h",
		-26 * time.Hour: "26 h ago", -50 * time.Hour: "2 d ago", -800 * day: "2 y ago",
	} {
		if got := relative(testNow, testNow.Add(d)); got != want {
			t.Errorf("relative(%v) = %q, want %q", d, got, want)
		}
	}
	moscow := time.FixedZone("MSK", 3*3600)
	got := momentOf(testNow, testNow.Add(-3*time.Minute).In(moscow))
	want := moment{"2026-03-12T13:57:00Z", "2026-03-12 13:57:00 UTC", "3 min ago"}
	if got != want {
		t.Errorf("moment = %+v", got)
	}
	if momentOf(testNow, time.Time{}) != (moment{}) {
		t.Error("the zero time is known")
	}
}

func TestLinks(t *testing.T) {
	for link, want := range map[string]string{
		"https://vk.com/durov": "https://vk.com/durov", "http://a/?b=c&d": "http://a/?b=c&d",
		"javascript:alert(1)": "", "JavaScript:alert(1)": "", "data:text/html,x": "", "//evil.example": "", "": "",
		"https:///nohost": "", "https://%zz": "",
	} {
		if got := webLink(link); got != want {
			t.Errorf("webLink(%q) = %q", link, got)
		}
	}
	for raw, want := range map[string]string{
		"http://u:p@h:1/x": "http://h:1/x", "http://h": "http://h", "://": "",
	} {
		if got := publicURL(raw); got != want {
			t.Errorf("publicURL(%q) = %q", raw, got)
		}
	}
	for _, label := range []string{"РИА Новости", "a/b", "..", ".", "a//b", "100%", "?", "#", hostile} {
		u, err := url.Parse(accountPath("vk", label))
		if err != nil || u.Path != "/accounts/vk/"+label {
			t.Errorf("%q: %v, %v", label, u, err)
		}
	}
}

func TestSince(t *testing.T) {
	for s, want := range map[string]time.Time{
		"30d": testNow.AddDate(0, 0, -30), "2w": testNow.AddDate(0, 0, -14), "90m": testNow.Add(-90 * time.Minute),
		"1d12h": testNow.Add(-36 * time.Hour), "24h": testNow.Add(-day), "1y": testNow.Add(-365 * day), "45s": testNow.Add(-45 * time.Second),
		"2026-03-01T00:00:00Z":      time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC),
		"2026-03-01T03:00:00+03:00": time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC),
		"2026-03-01T03:00:00 03:00": time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), // the + of a query
		"2026-03-01":                time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC),
		"1700000000":                time.Unix(1700000000, 0), "0": time.Unix(0, 0), "all": {},
	} {
		got, err := ParseSince(testNow, s)
		if err != nil || !got.Equal(want) {
			t.Errorf("ParseSince(%q) = %v, %v, want %v", s, got, err, want)
		}
	}
	for _, s := range []string{
		"", "d", "-1d", "30x", "30d5", "0d", "1.5d", "1700000000000", "-5", "99999999999999999999d",
		"9999999w", "200y1d", "yesterday", "2026-13-01", "30 d", "٣d",
	} {
		if got, err := ParseSince(testNow, s); err == nil {
			t.Errorf("ParseSince(%q) = %v", s, got)
		}
	}
}

func FuzzSince(f *testing.F) {
	f.Add("30d")
	f.Add("1w2d3h4m5s")
	f.Add("2026-03-01T03:00:00+03:00")
	f.Fuzz(func(t *testing.T, s string) {
		got, err := ParseSince(testNow, s)
		if err == nil && (got.Year() < 0 || got.Year() > 9999) {
			t.Errorf("ParseSince(%q) = %v", s, got)
		}
		if age, ok := parseAge(s); ok && age <= 0 {
			t.Errorf("parseAge(%q) = %v", s, age)
		}
	})
}
