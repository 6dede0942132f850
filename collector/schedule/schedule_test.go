package schedule

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestNextProperties holds for every schedule, zone and moment: ticks come later
// and later, none is between a moment and its Next, Next of just before a tick is
// the tick, and Missed counts what Next steps through.
func TestNextProperties(t *testing.T) {
	zones := zoneNames(t)
	rapid.Check(t, func(t *rapid.T) {
		s, err := Parse(fmt.Sprintf("TZ=%s %s", rapid.SampledFrom(zones).Draw(t, "zone"), expression().Draw(t, "fields")))
		if err != nil {
			t.Skip(err) // 30 February
		}
		from := time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "from"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanoseconds"))
		at := from
		for range 20 {
			next := s.Next(at)
			if !next.After(at) || next.Nanosecond() != 0 || next.Location() != time.UTC {
				t.Fatalf("%q: Next(%v) = %v", s, at, next)
			}
			if again := s.Next(next.Add(-time.Second)); !again.Equal(next) {
				t.Fatalf("%q: a second before %v Next is %v", s, next, again)
			}
			between := at.Add(time.Duration(rapid.Int64Range(0, int64(next.Sub(at))-1).Draw(t, "between")))
			if again := s.Next(between); !again.Equal(next) {
				t.Fatalf("%q: Next(%v) = %v, but Next(%v) = %v", s, at, next, between, again)
			}
			at = next
		}
		if n := s.Missed(from, at, 1000); n != 20 {
			t.Fatalf("%q: Missed(%v, %v) = %d, want 20", s, from, at, n)
		}
		if n := s.Missed(from, at.Add(-time.Nanosecond), 1000); n != 19 {
			t.Fatalf("%q: Missed up to just before the 20th = %d", s, n)
		}
		if n := s.Missed(from, at, 7); n != 7 {
			t.Fatalf("%q: Missed of at most 7 = %d", s, n)
		}
	})
}

// expression draws five fields.
func expression() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		field := func(name string, low, high int) string {
			n := rapid.IntRange(low, high)
			switch rapid.IntRange(0, 4).Draw(t, name+" form") {
			case 0:
				return fmt.Sprint(n.Draw(t, name))
			case 1:
				a := n.Draw(t, name)
				return fmt.Sprintf("%d-%d", a, rapid.IntRange(a, high).Draw(t, name+" to"))
			case 2:
				return fmt.Sprintf("*/%d", rapid.IntRange(1, high-low+1).Draw(t, name+" step"))
			case 3:
				return fmt.Sprintf("%d,%d", n.Draw(t, name), n.Draw(t, name+" too"))
			}
			return "*"
		}
		return field("minute", 0, 59) + " " + field("hour", 0, 23) + " " + field("dom", 1, 31) + " " +
			field("month", 1, 12) + " " + field("dow", 0, 6)
	})
}

// TestEveryIsAligned: whenever the program starts, @every fires at the same
// moments.
func TestEveryIsAligned(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64Range(1, 1e6).Draw(t, "seconds")) * time.Second
		s, err := Parse("@every " + d.String())
		if err != nil {
			t.Fatal(err)
		}
		at := time.Unix(rapid.Int64Range(-1e10, 1e10).Draw(t, "at"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanoseconds"))
		next := s.Next(at)
		if next.Unix()%int64(d/time.Second) != 0 || !next.After(at) || next.Sub(at) > d {
			t.Fatalf("@every %v: Next(%v) = %v", d, at, next)
		}
		steps := rapid.IntRange(0, 1000).Draw(t, "steps")
		if n := s.Missed(at, next.Add(time.Duration(steps)*d), 1e6); n != steps+1 {
			t.Fatalf("@every %v: Missed = %d, want %d", d, n, steps+1)
		}
		if n := s.Missed(next, at, 10); n != 0 {
			t.Fatalf("@every %v: Missed of a time backwards = %d", d, n)
		}
	})
}

func TestMissed(t *testing.T) {
	s := mustParse(t, "TZ=UTC 0 * * * *")
	noon := time.Date(2026, 5, 14, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		from, to time.Time
		most     int
		want     int
	}{
		{noon, noon, 9, 0},
		{noon, noon.Add(time.Hour), 9, 1},                                    // to is one
		{noon, noon.Add(time.Hour - 1), 9, 0},                                //
		{noon.Add(-1), noon, 9, 1},                                           // from is none
		{noon, noon.Add(5 * time.Hour), 3, 3},                                //
		{noon, noon.Add(5 * time.Hour), 0, 0},                                //
		{noon, noon.Add(5 * time.Hour), -1, 0},                               //
		{noon.Add(time.Hour), noon, 9, 0},                                    //
		{noon, noon.AddDate(1, 0, 0), 1e6, 365 * 24},                         //
		{noon.Add(30 * time.Minute), noon.Add(100*time.Minute + 30), 1e6, 1}, //
	} {
		if got := s.Missed(c.from, c.to, c.most); got != c.want {
			t.Errorf("Missed(%v, %v, %d) = %d, want %d", c.from, c.to, c.most, got, c.want)
		}
	}
	if n := mustParse(t, "@every 1h").Missed(noon, noon.Add(5*time.Hour), -1); n != 0 {
		t.Errorf("@every: Missed of at most -1 = %d", n)
	}
}

func TestZeroAndEndOfTime(t *testing.T) {
	var none Schedule
	if next := none.Next(time.Now()); !next.IsZero() || none.Missed(time.Time{}, time.Now(), 5) != 0 || none.String() != "" {
		t.Errorf("the zero Schedule fires at %v", next)
	}
	for _, expr := range []string{"0 0 29 2 *", "@every 1h", "* * * * *", "TZ=America/New_York @yearly"} {
		s := mustParse(t, expr)
		for _, at := range []time.Time{{}, time.Unix(-1<<40, 0), time.Unix(0, 0)} {
			if next := s.Next(at); !next.After(at) {
				t.Errorf("%q: Next(%v) = %v", expr, at, next)
			}
		}
		for _, at := range []time.Time{time.Date(9999, 12, 31, 23, 59, 59, 999, time.UTC), time.Unix(1<<55, 0), time.Unix(1<<62, 0)} {
			if next := s.Next(at); !next.IsZero() {
				t.Errorf("%q: Next(%v) = %v, want the zero time", expr, at, next)
			}
		}
	}
	leap := mustParse(t, "TZ=UTC 0 0 29 2 *").Next(time.Date(2096, 3, 1, 0, 0, 0, 0, time.UTC))
	if leap.Year() != 2104 {
		t.Errorf("the leap day after 2096 is %v, want 2104: 2100 has none", leap)
	}
}

// TestOffset holds offsets for ever: another one would move every poll.
func TestOffset(t *testing.T) {
	for _, c := range []struct {
		key    string
		spread time.Duration
		want   time.Duration
	}{
		{"vk/RIA Novosti", time.Minute, 11943 * time.Millisecond},
		{"vk/Pavel Durov", time.Minute, 36277 * time.Millisecond},
		{"", time.Minute, 16037 * time.Millisecond},
		{"x", 0, 0},
		{"x", -time.Minute, 0},
		{"x", time.Millisecond - 1, 0},
	} {
		if got := Offset(c.key, c.spread); got != c.want {
			t.Errorf("Offset(%q, %v) = %v, want %v", c.key, c.spread, got, c.want)
		}
	}
	const spread = 10 * time.Second
	var tenths [10]int
	for i := range 10_000 {
		o := Offset(fmt.Sprintf("vk/account %d", i), spread)
		if o < 0 || o >= spread || o%time.Millisecond != 0 {
			t.Fatalf("Offset = %v, want whole milliseconds in [0, %v)", o, spread)
		}
		tenths[o/time.Second]++
	}
	for i, n := range tenths {
		if n < 800 || n > 1200 {
			t.Errorf("second %d of 10 has %d of 10000 accounts: not spread", i, n)
		}
	}
}

func ExampleParse() {
	s, err := Parse("CRON_TZ=Europe/Berlin 30 2 * * *")
	if err != nil {
		fmt.Println(err)
		return
	}
	at := time.Date(2026, 3, 28, 0, 0, 0, 0, time.UTC)
	for range 3 { // the clocks go forward on the 29th, from 2 to 3
		at = s.Next(at)
		fmt.Println(at.Format(time.RFC3339))
	}
	_, err = Parse("0 * * *")
	fmt.Println(err)
	// Output:
	// 2026-03-28T01:30:00Z
	// 2026-03-29T01:00:00Z
	// 2026-03-30T00:30:00Z
	// "0 * * *": 5 fields expected (minute hour day-of-month month day-of-week), got 4
}

func BenchmarkNext(b *testing.B) {
	for _, expr := range []string{
		"TZ=UTC 0 * * * *", "TZ=Europe/Berlin 0 * * * *", "TZ=Europe/Berlin 30 2 * * *", "TZ=Europe/Berlin 0 0 29 2 *", "@every 15m",
	} {
		b.Run(expr, func(b *testing.B) {
			s := mustParse(b, expr)
			at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
			b.ReportAllocs()
			for b.Loop() {
				s.Next(at)
			}
		})
	}
}
