package schedule

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/robfig/cron/v3"
)

var long = flag.Bool("long", false, "sweep 30 years of every zone, which takes about a minute")

// margin is how long before and after a change ticks are compared.
const margin = 30 * time.Hour

// TestEveryZone compares the ticks around every change of the clocks in every zone
// with an oracle that shares nothing with Next: it looks at the wall clock minute
// by minute, and has robfig's Next say which readings match, in UTC, where no
// clock changes.
//
// The flag -long makes it 30 years; "go test ./collector/schedule -run EveryZone -long"
// takes about a minute.
func TestEveryZone(t *testing.T) {
	first, last := 2026, 2026
	if *long {
		first, last = 2011, 2041
	}
	exprs := []string{
		"30 2 * * *", "0 0 * * *", "0,59 */3 * * *", "*/20 1-3 * * 0", "0 * * * *", "30 * * * *", "*/15 * * * *", "5 * 1,15,29 * *",
	}
	patterns := make(map[string]cron.Schedule)
	for _, e := range exprs {
		p, err := cron.ParseStandard("TZ=UTC " + e)
		if err != nil {
			t.Fatal(err)
		}
		patterns[e] = p
	}
	seen := make(map[string]bool) // zones that are another's twin in these years
	changes := 0
	for _, name := range zoneNames(t) {
		loc, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		key, at := transitions(loc, first, last)
		if seen[key] {
			continue
		}
		seen[key] = true
		changes += len(at)
		for _, change := range at {
			from, to := change.Add(-margin), change.Add(margin)
			wall := watch(loc, from.Add(-48*time.Hour), to) // to know which readings were there before
			for _, e := range exprs {
				compare(t, name, wall, e, patterns[e], from, to)
			}
		}
	}
	if changes < 50 {
		t.Errorf("only %d changes were found: the sweep tested nothing", changes)
	}
	t.Logf("%d changes in %d different zones", changes, len(seen))
}

func zoneNames(t *testing.T) []string {
	t.Helper()
	b, err := os.ReadFile("testdata/zones.txt")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(b))
}

// transitions finds the changes of a zone's offset to the hour, and a key that equal
// zones share. It looks every 12 hours first: no zone changes twice in that time.
func transitions(loc *time.Location, first, last int) (key string, at []time.Time) {
	const stride = 12 * time.Hour
	offset := func(t time.Time) int {
		_, seconds := t.In(loc).Zone()
		return seconds
	}
	from, end := time.Date(first, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(last+1, 1, 1, 0, 0, 0, 0, time.UTC)
	key = strconv.Itoa(offset(from))
	for t := from; t.Before(end); t = t.Add(stride) {
		before, after := offset(t), offset(t.Add(stride))
		if before == after {
			continue
		}
		hour := t
		for offset(hour) == before {
			hour = hour.Add(time.Hour)
		}
		at = append(at, hour)
		key += fmt.Sprint(" ", hour.Unix(), after)
	}
	return key, at
}

func compare(t *testing.T, name string, wall []minute, expr string, pattern cron.Schedule, from, to time.Time) {
	t.Helper()
	s := mustParse(t, "CRON_TZ="+name+" "+expr)
	want := oracle(wall, pattern, strings.Fields(expr)[1] == "*")
	want = slices.DeleteFunc(want, func(tick int64) bool { return tick <= from.Unix() || tick > to.Unix() })
	var got []int64
	for at := s.Next(from); !at.After(to); at = s.Next(at) {
		got = append(got, at.Unix())
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s around %v:\n got %v\nwant %v", s, from.Add(margin), onWall(got, s.loc), onWall(want, s.loc))
	}
}

func onWall(ticks []int64, loc *time.Location) (texts []string) {
	for _, tick := range ticks {
		texts = append(texts, time.Unix(tick, 0).In(loc).Format("02T15:04-07:00"))
	}
	return texts
}

// minute is a moment and what the clock on the wall shows then, both in seconds.
type minute struct{ at, reading int64 }

// watch looks at a wall clock every minute of a stretch of time.
func watch(loc *time.Location, from, to time.Time) (wall []minute) {
	for at := from.Truncate(time.Minute); !at.After(to); at = at.Add(time.Minute) {
		_, offset := at.In(loc).Zone()
		wall = append(wall, minute{at.Unix(), at.Unix() + int64(offset)})
	}
	return wall
}

// oracle returns the ticks of a stretch of time.
func oracle(wall []minute, pattern cron.Schedule, anyHour bool) []int64 {
	low, high := wall[0].reading, wall[len(wall)-1].reading+86400
	matches := make(map[int64]bool)
	for at := pattern.Next(time.Unix(low-1, 0).UTC()); at.Unix() <= high; at = pattern.Next(at) {
		matches[at.Unix()] = true
	}
	ticks, shown := make(map[int64]bool), make(map[int64]bool)
	for i, m := range wall {
		if matches[m.reading] && (anyHour || !shown[m.reading]) {
			ticks[m.at] = true
		}
		shown[m.reading] = true
		if i == 0 {
			continue
		}
		for left := wall[i-1].reading + 60; left < m.reading; left += 60 {
			if matches[left] && !shown[left] {
				ticks[m.at] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(ticks))
}
