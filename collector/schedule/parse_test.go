package schedule

import (
	"strings"
	"testing"
	"time"
)

// TestParseErrors holds every text that a person may see, because the text is
// what mends the config.
func TestParseErrors(t *testing.T) {
	const (
		layout = `(minute hour day-of-month month day-of-week)`
		words  = `@yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly or @every DURATION`
		whole  = `; a duration of whole seconds such as 15m or 1h30m expected`
		iana   = `; a name of the IANA database such as Europe/Berlin or UTC expected`
		behind = `nothing behind the time zone; 5 fields ` + layout + ` or ` + words + ` expected`
	)
	for _, c := range []struct{ expr, want string }{
		{"", `"": empty; 5 fields ` + layout + ` or ` + words + ` expected`},
		{" \t\n", `"": empty; 5 fields ` + layout + ` or ` + words + ` expected`},
		{"0 * * *", `"0 * * *": 5 fields expected ` + layout + `, got 4`},
		{"hourly", `"hourly": 5 fields expected ` + layout + `, got 1`},
		{"0 0 * * * *", `"0 0 * * * *": 5 fields expected ` + layout + `, got 6; there is no field for seconds, @every 30s does that`},
		{"0 0 * * * * *", `"0 0 * * * * *": 5 fields expected ` + layout + `, got 7`},

		{"60 * * * *", `"60 * * * *": minute "60": 0 to 59 expected, got "60"`},
		{"x * * * *", `"x * * * *": minute "x": 0 to 59 expected, got "x"`},
		{"-1 * * * *", `"-1 * * * *": minute "-1": 0 to 59 expected, got "-1"`},
		{"+5 * * * *", `"+5 * * * *": minute "+5": 0 to 59 expected, got "+5"`},
		{"1.5 * * * *", `"1.5 * * * *": minute "1.5": 0 to 59 expected, got "1.5"`},
		{"99999999999999999999 * * * *", `"99999999999999999999 * * * *": minute "99999999999999999999": 0 to 59 expected, got "99999999999999999999"`},
		{"*/61 * * * *", `"*/61 * * * *": minute "*/61": a step of 1 to 60 expected behind the /, got "61"`},
		{"*/0 * * * *", `"*/0 * * * *": minute "*/0": a step of 1 to 60 expected behind the /, got "0"`},
		{"*/ * * * *", `"*/ * * * *": minute "*/": a step of 1 to 60 expected behind the /, got ""`},
		{"1/2/3 * * * *", `"1/2/3 * * * *": minute "1/2/3": a step of 1 to 60 expected behind the /, got "2/3"`},
		{"30-20 * * * *", `"30-20 * * * *": minute "30-20": the range 30-20 runs backwards`},
		{"1-2-3 * * * *", `"1-2-3 * * * *": minute "1-2-3": 0 to 59 expected, got "2-3"`},
		{"*-5 * * * *", `"*-5 * * * *": minute "*-5": 0 to 59 expected, got "*"`},
		{", * * * *", `", * * * *": minute ",": 0 to 59 expected, got ""`},
		{"1,,2 * * * *", `"1,,2 * * * *": minute "1,,2": 0 to 59 expected, got ""`},
		{"0 24 * * *", `"0 24 * * *": hour "24": 0 to 23 expected, got "24"`},
		{"0 */25 * * *", `"0 */25 * * *": hour "*/25": a step of 1 to 24 expected behind the /, got "25"`},
		{"0 0 0 * *", `"0 0 0 * *": day-of-month "0": 1 to 31 expected, got "0"`},
		{"0 0 L * *", `"0 0 L * *": day-of-month "L": 1 to 31 expected, got "L"`},
		{"0 0 1 13 *", `"0 0 1 13 *": month "13": 1 to 12 or jan to dec expected, got "13"`},
		{"0 0 1 may-feb *", `"0 0 1 may-feb *": month "may-feb": the range may-feb runs backwards`},
		{"0 0 * * 7", `"0 0 * * 7": day-of-week "7": 0 to 6 or sun to sat expected (Sunday is 0), got "7"`},
		{"0 0 * * friday", `"0 0 * * friday": day-of-week "friday": 0 to 6 or sun to sat expected (Sunday is 0), got "friday"`},
		{"0 0 * * 5#2", `"0 0 * * 5#2": day-of-week "5#2": 0 to 6 or sun to sat expected (Sunday is 0), got "5#2"`},

		{"0 0 31 2 *", `"0 0 31 2 *": never fires: month "2" has no day "31"`},
		{"0 0 31 feb,apr,6,9,11 *", `"0 0 31 feb,apr,6,9,11 *": never fires: month "feb,apr,6,9,11" has no day "31"`},
		{"* * 30-31 2 ?", `"* * 30-31 2 ?": never fires: month "2" has no day "30-31"`},

		{"@hourli", `"@hourli": unknown descriptor; ` + words + ` expected`},
		{"@Hourly", `"@Hourly": unknown descriptor; ` + words + ` expected`},
		{"@hourly *", `"@hourly *": unknown descriptor; ` + words + ` expected`},
		{"@reboot", `"@reboot": unknown descriptor; ` + words + ` expected`},
		{"@", `"@": unknown descriptor; ` + words + ` expected`},
		{"@every15m", `"@every15m": unknown descriptor; ` + words + ` expected`},
		{"@every", `"@every": @every without a duration` + whole},
		{"@every x", `"@every x": @every "x"` + whole},
		{"@every 15", `"@every 15": @every "15"` + whole},
		{"@every 1d", `"@every 1d": @every "1d"` + whole},
		{"@every 1h 30m", `"@every 1h 30m": @every "1h 30m"` + whole},
		{"@every -1h", `"@every -1h": @every -1h is shorter than 1s` + whole},
		{"@every 0s", `"@every 0s": @every 0s is shorter than 1s` + whole},
		{"@every 999ms", `"@every 999ms": @every 999ms is shorter than 1s` + whole},
		{"@every 1500ms", `"@every 1500ms": @every 1500ms has a part of a second` + whole},
		{"@every 9999999h", `"@every 9999999h": @every "9999999h"` + whole},

		{"TZ=UTC", `"TZ=UTC": ` + behind},
		{"CRON_TZ=Europe/Paris", `"CRON_TZ=Europe/Paris": ` + behind},
		{"TZ=", `"TZ=": TZ= without a zone; a name such as Europe/Berlin expected behind it`},
		{"CRON_TZ= * * * * *", `"CRON_TZ= * * * * *": CRON_TZ= without a zone; a name such as Europe/Berlin expected behind it`},
		{"TZ=0", `"TZ=0": unknown time zone "0"` + iana},
		{"CRON_TZ=Mars/Phobos @daily", `"CRON_TZ=Mars/Phobos @daily": unknown time zone "Mars/Phobos"` + iana},
		{"TZ=../../etc/passwd @daily", `"TZ=../../etc/passwd @daily": unknown time zone "../../etc/passwd"` + iana},
		{"TZ=UTC TZ=UTC @daily", `"TZ=UTC TZ=UTC @daily": 5 fields expected ` + layout + `, got 2`},
		{"tz=UTC @daily", `"tz=UTC @daily": 5 fields expected ` + layout + `, got 2`},
		{"TZ=UTC 0 * * *", `"TZ=UTC 0 * * *": 5 fields expected ` + layout + `, got 4`},
		{"0\x00 * * * *", `"0\x00 * * * *": minute "0\x00": 0 to 59 expected, got "0\x00"`},
	} {
		s, err := Parse(c.expr)
		switch {
		case err == nil:
			t.Errorf("Parse(%q) = %v, want an error", c.expr, s)
		case err.Error() != c.want:
			t.Errorf("Parse(%q):\n got %s\nwant %s", c.expr, err, c.want)
		case s != Schedule{}:
			t.Errorf("Parse(%q) returned a schedule beside its error", c.expr)
		}
	}
}

func TestParseLongErrorIsCut(t *testing.T) {
	_, err := Parse(strings.Repeat("ж ", 5000))
	if err == nil || len(err.Error()) > 400 || !strings.Contains(err.Error(), "got 5000") {
		t.Errorf("Parse of 15 kB: %v", err)
	}
}

func TestParseGood(t *testing.T) {
	at := time.Date(2026, 5, 14, 10, 17, 30, 0, time.UTC) // a Thursday
	for _, c := range []struct{ expr, next string }{
		{"* * * * *", "2026-05-14T10:18:00Z"},
		{"? ? ? ? ?", "2026-05-14T10:18:00Z"},
		{"  0   *\t* * *  ", "2026-05-14T11:00:00Z"},
		{"*/15 * * * *", "2026-05-14T10:30:00Z"},
		{"*/60 * * * *", "2026-05-14T11:00:00Z"},
		{"0 */24 * * *", "2026-05-15T00:00:00Z"},
		{"50/5 * * * *", "2026-05-14T10:50:00Z"},
		{"10-20/3,40 * * * *", "2026-05-14T10:19:00Z"},
		{"18-18 10-10 * * *", "2026-05-14T10:18:00Z"}, // a range of one
		{"17 10 * * *", "2026-05-15T10:17:00Z"},
		{"0 0 1 jan ?", "2027-01-01T00:00:00Z"},
		{"0 0 29 2 *", "2028-02-29T00:00:00Z"},
		{"0 0 13 * FRI", "2026-05-15T00:00:00Z"},    // either will do
		{"0 0 13 * *", "2026-06-13T00:00:00Z"},      // only one is restricted
		{"0 0 */2 * fri", "2026-05-15T00:00:00Z"},   // robfig: a stepped * is a restriction
		{"0 0 31 2 mon", "2027-02-01T00:00:00Z"},    // never the 31st, but Mondays
		{"0 0 * * sun-tue", "2026-05-17T00:00:00Z"}, //
		{"0 0 29-31 2 */1", "2028-02-29T00:00:00Z"}, //
		{"@yearly", "2027-01-01T00:00:00Z"},         //
		{"@annually", "2027-01-01T00:00:00Z"},       //
		{"@monthly", "2026-06-01T00:00:00Z"},        //
		{"@weekly", "2026-05-17T00:00:00Z"},         //
		{"@daily", "2026-05-15T00:00:00Z"},          //
		{"@midnight", "2026-05-15T00:00:00Z"},       //
		{"@hourly", "2026-05-14T11:00:00Z"},         //
		{"@every 1s", "2026-05-14T10:17:31Z"},       //
		{"@every  90m", "2026-05-14T10:30:00Z"},     // multiples since 1970
		{"@every 1h0m0.0s", "2026-05-14T11:00:00Z"}, //
		{"@every 24h", "2026-05-15T00:00:00Z"},      // midnight in UTC
		{"TZ=Asia/Tokyo 0 0 * * *", "2026-05-14T15:00:00Z"},
		{"CRON_TZ=Asia/Kathmandu @hourly", "2026-05-14T11:15:00Z"}, // UTC+5:45
		{"CRON_TZ=Asia/Tokyo\t0 0 * * *", "2026-05-14T15:00:00Z"},
		{"CRON_TZ=Asia/Tokyo @every 24h", "2026-05-15T00:00:00Z"},
	} {
		s, err := parseIn(c.expr, time.UTC)
		if err != nil {
			t.Errorf("Parse(%q): %v", c.expr, err)
			continue
		}
		if got := s.Next(at).Format(time.RFC3339); got != c.next {
			t.Errorf("%q: Next = %s, want %s", c.expr, got, c.next)
		}
		if want := strings.TrimSpace(c.expr); s.String() != want {
			t.Errorf("String = %q, want %q", s, want)
		}
	}
}

// parseIn is Parse on a machine in that zone.
func parseIn(expr string, local *time.Location) (Schedule, error) {
	s, err := Parse(expr)
	if s.loc == time.Local {
		s.loc = local
	}
	return s, err
}

// TestGuardedRecovers gives the parser what makes it panic, past the checks that
// stand before it.
func TestGuardedRecovers(t *testing.T) {
	for _, expr := range []string{"TZ=UTC", "CRON_TZ=", "@every -1h"} {
		if f, err := guarded(expr); err == nil {
			t.Errorf("guarded(%q) = %+v, want an error", expr, f)
		}
	}
}

// TestErrorsAreShort: an error repeats no more than a line of what it is about.
func TestErrorsAreShort(t *testing.T) {
	long := strings.Repeat("\xdd", 5000)
	for _, expr := range []string{long, "@every " + long, "@every " + strings.Repeat("0", 5000) + "s", "TZ=" + long, "CRON_TZ=" + long + " @daily",
		long + " * * * *", "*/" + long + " * * * *", "5-" + strings.Repeat("0", 5000) + "1 * * * *", "0 0 " + strings.Repeat("31,", 2000) + "31 2 *"} {
		if _, err := Parse(expr); err == nil || len(err.Error()) > 2000 || strings.Contains(err.Error(), "\xdd") {
			t.Errorf("Parse(%.20q): %.300v", expr, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"0 * * * *", "*/15 1,2 3-4 jan-dec/2 sun", "@every 1h30m", "@daily", "CRON_TZ=Europe/Berlin 30 2 * * *",
		"TZ=UTC", "CRON_TZ=", "@every -1h", "@every 1500ms", "0 0 31 2 *", ", * * * *", "1-2-3/4/5 * * * *", "TZ=Local @hourly",
		"0 0 29 2 *", "* * * * 0,6", "@every 290y", "? ? ? ? ?",
	} {
		f.Add(seed, int64(1_700_000_000))
	}
	f.Fuzz(func(t *testing.T, expr string, unix int64) {
		s, err := Parse(expr)
		if err != nil {
			if text := err.Error(); strings.ContainsAny(text, "\n\r\x00") || len(text) > 2000 {
				t.Errorf("Parse(%q): the error is no short line: %q", expr, text)
			}
			return
		}
		after := time.Unix(unix%lastSecond, 0)
		next := s.Next(after)
		if next.IsZero() {
			if after.Year() < 9000 && s.every < 100*365*24*time.Hour {
				t.Errorf("%q never fires after %v", expr, after)
			}
			return
		}
		if !next.After(after) || next.Nanosecond() != 0 {
			t.Errorf("%q: Next(%v) = %v", expr, after, next)
		}
		again, err := Parse(s.String())
		if err != nil || !again.Next(after).Equal(next) {
			t.Errorf("%q: parsed from its own String: %v, %v", expr, again, err)
		}
	})
}
