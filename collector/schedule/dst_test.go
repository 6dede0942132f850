package schedule

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// TestClockChanges lists all the ticks of a stretch of time around a change of the
// clocks, as they read on the wall there.
func TestClockChanges(t *testing.T) {
	for _, c := range []struct {
		name, zone, expr string
		from, to         string // after from, up to and including to
		want             string
	}{
		// 2026-03-29 02:00 CET -> 03:00 CEST
		{"spring, in the gap", "Europe/Berlin", "30 2 * * *", "2026-03-28T00:00:00+01:00", "2026-03-31T00:00:00+02:00",
			"28T02:30+01:00 29T03:00+02:00 30T02:30+02:00"},
		{"spring, start of the gap", "Europe/Berlin", "0 2 * * *", "2026-03-28T12:00:00+01:00", "2026-03-30T12:00:00+02:00",
			"29T03:00+02:00 30T02:00+02:00"},
		{"spring, end of the gap", "Europe/Berlin", "0 3 * * *", "2026-03-28T12:00:00+01:00", "2026-03-30T12:00:00+02:00",
			"29T03:00+02:00 30T03:00+02:00"},
		{"spring, in and at the end of the gap", "Europe/Berlin", "0 2,3 * * *", "2026-03-28T12:00:00+01:00", "2026-03-29T12:00:00+02:00",
			"29T03:00+02:00"},
		{"spring, many in the gap", "Europe/Berlin", "*/20 2 * * *", "2026-03-28T12:00:00+01:00", "2026-03-30T12:00:00+02:00",
			"29T03:00+02:00 30T02:00+02:00 30T02:20+02:00 30T02:40+02:00"},
		{"spring, every minute of some hours", "Europe/Berlin", "59 1-3 * * *", "2026-03-28T12:00:00+01:00", "2026-03-29T12:00:00+02:00",
			"29T01:59+01:00 29T03:00+02:00 29T03:59+02:00"},
		{"spring, hourly", "Europe/Berlin", "@hourly", "2026-03-29T00:30:00+01:00", "2026-03-29T05:00:00+02:00",
			"29T01:00+01:00 29T03:00+02:00 29T04:00+02:00 29T05:00+02:00"},
		{"spring, half past every hour", "Europe/Berlin", "30 * * * *", "2026-03-29T01:00:00+01:00", "2026-03-29T05:00:00+02:00",
			"29T01:30+01:00 29T03:00+02:00 29T03:30+02:00 29T04:30+02:00"},
		{"spring, quarters", "Europe/Berlin", "*/15 * * * *", "2026-03-29T01:30:00+01:00", "2026-03-29T03:30:00+02:00",
			"29T01:45+01:00 29T03:00+02:00 29T03:15+02:00 29T03:30+02:00"},
		{"spring, a weekday that is not that day", "Europe/Berlin", "30 2 * * 1", "2026-03-28T12:00:00+01:00", "2026-03-30T12:00:00+02:00",
			"30T02:30+02:00"},

		// 2026-10-25 03:00 CEST -> 02:00 CET
		{"autumn, doubled", "Europe/Berlin", "30 2 * * *", "2026-10-24T00:00:00+02:00", "2026-10-27T00:00:00+01:00",
			"24T02:30+02:00 25T02:30+02:00 26T02:30+01:00"},
		{"autumn, first of the doubled", "Europe/Berlin", "0 2 * * *", "2026-10-24T12:00:00+02:00", "2026-10-26T12:00:00+01:00",
			"25T02:00+02:00 26T02:00+01:00"},
		{"autumn, end of the doubled", "Europe/Berlin", "0 3 * * *", "2026-10-24T12:00:00+02:00", "2026-10-26T12:00:00+01:00",
			"25T03:00+01:00 26T03:00+01:00"},
		{"autumn, asked between the two", "Europe/Berlin", "30 2 * * *", "2026-10-25T02:45:00+02:00", "2026-10-26T12:00:00+01:00",
			"26T02:30+01:00"},
		{"autumn, asked just after the change", "Europe/Berlin", "*/20 2 * * *", "2026-10-25T02:00:00+01:00", "2026-10-26T02:00:00+01:00",
			"26T02:00+01:00"},
		{"autumn, other hours", "Europe/Berlin", "0 */2 * * *", "2026-10-25T00:30:00+02:00", "2026-10-25T06:00:00+01:00",
			"25T02:00+02:00 25T04:00+01:00 25T06:00+01:00"},
		{"autumn, hourly", "Europe/Berlin", "0 * * * *", "2026-10-25T01:30:00+02:00", "2026-10-25T04:00:00+01:00",
			"25T02:00+02:00 25T02:00+01:00 25T03:00+01:00 25T04:00+01:00"},
		{"autumn, hourly written out", "Europe/Berlin", "30 0-23 * * *", "2026-10-25T01:30:00+02:00", "2026-10-25T03:30:00+01:00",
			"25T02:30+02:00 25T02:30+01:00 25T03:30+01:00"},

		{"America, spring", "America/Los_Angeles", "0 2 * * *", "2026-03-07T12:00:00-08:00", "2026-03-09T12:00:00-07:00",
			"08T03:00-07:00 09T02:00-07:00"},
		{"America, autumn", "America/Los_Angeles", "30 1 * * *", "2026-10-31T12:00:00-07:00", "2026-11-02T12:00:00-08:00",
			"01T01:30-07:00 02T01:30-08:00"},
		{"by a rule and no table", "America/Los_Angeles", "30 1 * * *", "2106-11-06T12:00:00-07:00", "2106-11-08T12:00:00-08:00",
			"07T01:30-07:00 08T01:30-08:00"},
		{"the end of a leap year by a rule", "America/Los_Angeles", "0 */12 * * *", "2108-12-30T12:00:00-08:00", "2109-01-01T12:00:00-08:00",
			"31T00:00-08:00 31T12:00-08:00 01T00:00-08:00 01T12:00-08:00"},
		{"the end of a leap year, hourly", "America/Los_Angeles", "0 * * * *", "2108-12-31T22:30:00-08:00", "2109-01-01T01:00:00-08:00",
			"31T23:00-08:00 01T00:00-08:00 01T01:00-08:00"},

		// Half an hour: 2026-10-04 02:00 +10:30 -> 02:30 +11; 2026-04-05 02:00 +11 -> 01:30 +10:30
		{"half an hour, spring", "Australia/Lord_Howe", "15 2 * * *", "2026-10-03T12:00:00+10:30", "2026-10-05T12:00:00+11:00",
			"04T02:30+11:00 05T02:15+11:00"},
		{"half an hour, spring, behind the gap", "Australia/Lord_Howe", "45 2 * * *", "2026-10-03T12:00:00+10:30", "2026-10-04T12:00:00+11:00",
			"04T02:45+11:00"},
		{"half an hour, spring, hourly", "Australia/Lord_Howe", "0 * * * *", "2026-10-04T00:30:00+10:30", "2026-10-04T04:00:00+11:00",
			"04T01:00+10:30 04T02:30+11:00 04T03:00+11:00 04T04:00+11:00"},
		{"half an hour, autumn", "Australia/Lord_Howe", "*/15 1 * * *", "2026-04-04T12:00:00+11:00", "2026-04-06T01:00:00+10:30",
			"05T01:00+11:00 05T01:15+11:00 05T01:30+11:00 05T01:45+11:00 06T01:00+10:30"},
		{"half an hour, autumn, quarters", "Australia/Lord_Howe", "*/15 * * * *", "2026-04-05T01:15:00+11:00", "2026-04-05T02:00:00+10:30",
			"05T01:30+11:00 05T01:45+11:00 05T01:30+10:30 05T01:45+10:30 05T02:00+10:30"},

		// Midnight: Santiago 2026-09-06 00:00 -04 -> 01:00 -03; 2026-04-05 00:00 -03 -> 04-04 23:00 -04
		{"no midnight", "America/Santiago", "@daily", "2026-09-05T12:00:00-04:00", "2026-09-07T12:00:00-03:00",
			"06T01:00-03:00 07T00:00-03:00"},
		{"no midnight, weekly", "America/Santiago", "@weekly", "2026-09-01T12:00:00-04:00", "2026-09-13T12:00:00-03:00",
			"06T01:00-03:00 13T00:00-03:00"},
		{"two evenings", "America/Santiago", "30 23 * * *", "2026-04-04T12:00:00-03:00", "2026-04-06T00:00:00-04:00",
			"04T23:30-03:00 05T23:30-04:00"},
		{"midnight after two evenings", "America/Santiago", "0 0 * * *", "2026-04-04T12:00:00-03:00", "2026-04-06T00:00:00-04:00",
			"05T00:00-04:00 06T00:00-04:00"},
		{"no midnight in Beirut", "Asia/Beirut", "0 0 * * *", "2026-03-28T12:00:00+02:00", "2026-03-30T12:00:00+03:00",
			"29T01:00+03:00 30T00:00+03:00"},
		{"no first of the month", "America/Asuncion", "@monthly", "2017-09-15T00:00:00-04:00", "2017-11-15T00:00:00-03:00",
			"01T01:00-03:00 01T00:00-03:00"},

		// Samoa left out the whole of 2011-12-30.
		{"no such day", "Pacific/Apia", "0 12 * * *", "2011-12-28T13:00:00-10:00", "2011-12-31T13:00:00+14:00",
			"29T12:00-10:00 31T00:00+14:00 31T12:00+14:00"},
		{"no such day, hourly", "Pacific/Apia", "0 * * * *", "2011-12-29T22:30:00-10:00", "2011-12-31T01:00:00+14:00",
			"29T23:00-10:00 31T00:00+14:00 31T01:00+14:00"},
		// Liberia was 44 minutes and 30 seconds behind UTC: 1972-01-07 00:00 -> 00:44:30
		{"reckoned from UTC by seconds", "Africa/Monrovia", "0 0 * * *", "1972-01-06T12:00:00Z", "1972-01-08T12:00:00Z",
			"07T00:44+00:00 08T00:00+00:00"},
		{"@every knows no clock", "Europe/Berlin", "@every 1h", "2026-10-25T01:30:00+02:00", "2026-10-25T03:00:00+01:00",
			"25T02:00+02:00 25T02:00+01:00 25T03:00+01:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := mustParse(t, "CRON_TZ="+c.zone+" "+c.expr)
			var got []string
			at, to := instant(t, c.from), instant(t, c.to)
			n := s.Missed(at, to, 100)
			for {
				if at = s.Next(at); at.IsZero() || at.After(to) {
					break
				}
				got = append(got, at.In(s.loc).Format("02T15:04-07:00"))
			}
			if text := strings.Join(got, " "); text != c.want {
				t.Errorf("%s in %s:\n got %s\nwant %s", c.expr, c.zone, text, c.want)
			}
			if n != len(got) {
				t.Errorf("Missed = %d, want %d", n, len(got))
			}
		})
	}
}

func mustParse(t testing.TB, expr string) Schedule {
	t.Helper()
	s, err := Parse(expr)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func instant(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// TestWildcardPace: a schedule of every hour never leaves more time between two
// polls than on any other day, where clocks change by whole hours.
func TestWildcardPace(t *testing.T) {
	for _, zone := range []string{"Europe/Berlin", "America/New_York", "America/Santiago", "Asia/Beirut", "UTC"} {
		for expr, pace := range map[string]time.Duration{
			"0 * * * *": time.Hour, "30 * * * *": time.Hour, "*/15 * * * *": 15 * time.Minute, "7,37 * * * *": 30 * time.Minute,
		} {
			s := mustParse(t, "TZ="+zone+" "+expr)
			at := s.Next(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
			for at.Year() == 2026 {
				next := s.Next(at)
				if next.Sub(at) > pace {
					t.Errorf("%s: %v between %v and %v", s, next.Sub(at), at, next)
				}
				at = next
			}
		}
	}
}

// TestLocalZone: without a zone in the expression the machine's counts.
func TestLocalZone(t *testing.T) {
	s := mustParse(t, "0 0 * * *")
	if s.loc != time.Local {
		t.Errorf("the zone is %v, want time.Local", s.loc)
	}
	if s := mustParse(t, "TZ=Local 0 0 * * *"); s.loc != time.Local {
		t.Errorf("the zone of TZ=Local is %v, want time.Local", s.loc)
	}
	got := s.Next(time.Date(2026, 5, 14, 10, 0, 0, 0, time.Local))
	if want := time.Date(2026, 5, 15, 0, 0, 0, 0, time.Local); !got.Equal(want) {
		t.Errorf("Next = %v, want %v", got, want)
	}
}

// TestEmbeddedZones: the program finds zones where the system has none, because
// time/tzdata is a part of it.
func TestEmbeddedZones(t *testing.T) {
	if !slices.Contains(zoneNames(t), "Europe/Berlin") {
		t.Fatal("testdata/zones.txt has no Europe/Berlin")
	}
	for _, zone := range zoneNames(t) {
		if _, err := Parse("CRON_TZ=" + zone + " @daily"); err != nil {
			t.Error(err)
		}
	}
}
