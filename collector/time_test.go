package collector

import (
	"flag"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/robfig/cron/v3"

	"collectord/collector/point"
	"collectord/collector/schedule"
	"collectord/networks/sim"
)

// life runs a collector on vkConfig in a bubble of its own, for a while and on the state
// of the lives before it. Each bubble's clock begins at 2000-01-01T00:00:00Z: a second
// life is one after the clock was set back, to the second.
func life(t *testing.T, dir string, f func(r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		vkWorld(r)
		if err := r.journal.Close(); err != nil {
			t.Fatal(err)
		}
		r.dir = dir
		r.open()
		f(r)
		r.halt()
	})
}

// clocks are the times of day of a measurement's points, in order of arrival and each
// once.
func (r *rig) clocks(measurement string) []string {
	r.t.Helper()
	var texts []string
	for _, p := range r.points(measurement) {
		if text := p.Time.UTC().Format("15:04:05"); !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	return texts
}

func TestClockSetBackByAnHour(t *testing.T) {
	dir := t.TempDir()
	life(t, dir, func(r *rig) {
		r.start(vkConfig)
		time.Sleep(65 * time.Minute)
	})
	life(t, dir, func(r *rig) { // at 00:00 again
		r.start(vkConfig)
		time.Sleep(5 * time.Minute)
		r.wantLog("the clock was set back")
		time.Sleep(70 * time.Minute)
		want := []string{"00:10:00", "00:20:00", "00:30:00", "00:40:00", "00:50:00", "01:00:00",
			"00:10:01", "00:20:01", "00:30:01", "00:40:01", "00:50:01", "01:00:01", "01:10:00"}
		for _, m := range []string{point.Profile, point.Poll} {
			if got := r.clocks(m); !slices.Equal(got, want) {
				t.Errorf("%s at %v, want %v", m, got, want)
			}
		}
		if n := len(r.points(point.Profile)); n != 2*len(want) {
			t.Errorf("%d points, want %d: each account once a poll", n, 2*len(want))
		}
		if n := r.collector.Networks(r.keys)[0]; n.Missed != 0 || n.Skipped != 0 {
			t.Errorf("%d ticks missed and %d skipped, want none", n.Missed, n.Skipped)
		}
	})
}

// A wrong clock of a year ahead leaves a next tick, a last one and a poll cut short that
// are all far in the future. None of them may keep an account silent.
func TestClockSetBackByAYear(t *testing.T) {
	dir := t.TempDir()
	life(t, dir, func(r *rig) {
		time.Sleep(366 * day)
		r.start(vkConfig)
		time.Sleep(15 * time.Minute)
		r.world.Break("vk", func(_ http.ResponseWriter, req *http.Request) bool {
			<-req.Context().Done()
			return false
		})
		time.Sleep(5*time.Minute + 5*time.Second) // the poll of 00:20 is cut short
	})
	life(t, dir, func(r *rig) {
		r.start(vkConfig)
		time.Sleep(21 * time.Minute)
		r.wantLog("the clock was set back")
		r.wantLog("is not gone on with")
		var years []int
		for _, p := range r.points(point.Profile) {
			years = append(years, p.Time.Year())
		}
		if want := []int{2001, 2001, 2000, 2000, 2000, 2000}; !slices.Equal(years, want) {
			t.Errorf("points of the years %v, want %v", years, want)
		}
		if open, err := r.journal.OpenTicks(r.t.Context()); err != nil || len(open) != 0 {
			t.Errorf("ticks that stay open: %v, %v", open, err)
		}
	})
}

// A clock that goes back by seconds, as at a leap second or when NTP steps it, repeats
// no tick.
func TestClockSetBackByAMoment(t *testing.T) {
	dir := t.TempDir()
	life(t, dir, func(r *rig) {
		r.start(strings.ReplaceAll(vkConfig, "10m", "20s"))
		time.Sleep(21 * time.Second)
	})
	life(t, dir, func(r *rig) {
		r.start(strings.ReplaceAll(vkConfig, "10m", "20s"))
		time.Sleep(61 * time.Second)
		if got, want := r.clocks(point.Poll), []string{"00:00:20", "00:00:40", "00:01:00"}; !slices.Equal(got, want) {
			t.Errorf("polls at %v, want %v", got, want)
		}
	})
}

// The account that spoils batches rests for a day, and no longer because the clock was
// wrong when its rest began.
func TestRestFromAWrongClock(t *testing.T) {
	now := time.Now()
	for until, want := range map[time.Duration]bool{-time.Second: false, time.Hour: true, spoilerRest: true, spoilerRest + time.Hour: false, 365 * day: false} {
		a := &account{odd: &odd{skipUntil: now.Add(until)}}
		if got := a.leftOut(now); got != want {
			t.Errorf("left out until in %v: %v, want %v", until, got, want)
		}
	}
}

var year = flag.Bool("year", false, "poll for a whole simulated year, through the journal, which takes some minutes")

// yearSpecs are schedules of every kind, in zones of every kind: hours named and not, half
// hours, zones without a change, with one of half an hour, and on the other half of the
// earth.
func yearSpecs() []string {
	zoned := func(zone string, exprs ...string) []string {
		for i := range exprs {
			exprs[i] = "CRON_TZ=" + zone + " " + exprs[i]
		}
		return exprs
	}
	return slices.Concat(
		[]string{"@every 1h", "@every 6h", "@every 7h13m", "@every 24h"},
		zoned("UTC", "0 * * * *", "30 4 * * *", "0 0 1 * *", "0 12 29 2 *", "*/45 6 * * 1-5"),
		zoned("Europe/Berlin", "30 2 * * *", "0 2,3 * * *", "*/20 2 * * *", "0 * * * *", "15 0-23 * * *", "0 3 * * 0", "59 23 31 * *"),
		zoned("Europe/Moscow", "30 9 * * 1-5", "0 0 * * *"),
		zoned("America/Los_Angeles", "30 1 * * *", "0 2 * * *", "5 2 8-14 3 *"),
		zoned("Australia/Lord_Howe", "15 2 * * *", "45 1 * * *", "30 */6 * * *"),
		zoned("Africa/Cairo", "0 0 * * *", "30 * * * 5"),
		zoned("America/Sao_Paulo", "0 0 1,15 * *"),
		zoned("Asia/Kathmandu", "0 6 * * *"),
		zoned("America/Santiago", "0 0 * * *", "*/30 0 * * 6,0"),
	)
}

// yearTicks are a year's ticks of a schedule by a way of its own: the clock on the wall
// is looked at minute by minute, and robfig's cron says which readings match, in UTC,
// where no clock changes.
func yearTicks(t *testing.T, spec string, from, to time.Time) []int64 {
	t.Helper()
	if d, ok := strings.CutPrefix(spec, "@every "); ok {
		every, err := time.ParseDuration(d)
		if err != nil {
			t.Fatal(err)
		}
		var ticks []int64
		for at := int64(0); at <= to.Unix(); at += int64(every.Seconds()) {
			if at > from.Unix() {
				ticks = append(ticks, at)
			}
		}
		return ticks
	}
	zone, expr, _ := strings.Cut(strings.TrimPrefix(spec, "CRON_TZ="), " ")
	loc, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	pattern, err := cron.ParseStandard("TZ=UTC " + expr)
	if err != nil {
		t.Fatal(err)
	}
	hour := strings.Fields(expr)[1]
	keepsPace := hour == "*" || hour == "0-23"
	matches := make(map[int64]bool)
	for at := pattern.Next(from.Add(-3 * day)); at.Before(to.Add(3 * day)); at = pattern.Next(at) {
		matches[at.Unix()] = true
	}
	var ticks []int64
	shown, last := make(map[int64]bool), int64(0)
	for at := from.Add(-2 * day); !at.After(to); at = at.Add(time.Minute) {
		_, offset := at.In(loc).Zone()
		reading := at.Unix() + int64(offset)
		due := false
		if matches[reading] {
			due = keepsPace || !shown[reading]
			shown[reading] = true
		}
		for left := last + 60; last > 0 && left < reading; left += 60 { // not on any clock: it jumped
			due = due || matches[left] && !shown[left]
		}
		if last = reading; due && at.After(from) {
			ticks = append(ticks, at.Unix())
		}
	}
	return ticks
}

// TestYear lets a network wait for its ticks for a year, as its loop does, and compares
// what it would have polled for with the oracle: none missing, none twice. With -year, it
// polls for them and compares the points of the journal.
//
//	go test ./collector -run TestYear -year -timeout 1h
func TestYear(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		specs, from := yearSpecs(), time.Now()
		to := from.Add(366 * day)
		var config strings.Builder
		config.WriteString("networks:\n  vk:\n    base_url: http://vk\n    accounts:\n")
		for i, spec := range specs {
			id := itoa(i + 1)
			r.world.Add(sim.Account{Network: "vk", ID: id, Handle: "user" + id, Name: "U", Type: "person", Followers: 1})
			fmt.Fprintf(&config, "      %q: {handle: user%s, schedule: %q}\n", spec, id, spec)
		}
		got := make(map[string][]int64)
		if *year {
			r.start(config.String())
			time.Sleep(to.Sub(from) + time.Second)
			for _, p := range r.points(point.Profile) {
				got[p.Tag("account")] = append(got[p.Tag("account")], p.Time.Unix())
			}
			r.halt()
		} else {
			got = r.waitedFor(config.String(), to)
		}
		ticks := 0
		for _, spec := range specs {
			want := yearTicks(t, spec, from, to)
			if ticks += len(want); !slices.Equal(got[spec], want) {
				t.Errorf("%s: %d ticks, want %d", spec, len(got[spec]), len(want))
			}
		}
		t.Logf("%d ticks of %d schedules in %v", ticks, len(specs), to.Sub(from))
	})
}

// waitedFor are the ticks that a network of a config finds due up to a time, by schedule.
func (r *rig) waitedFor(text string, to time.Time) map[string][]int64 {
	r.t.Helper()
	got := make(map[string][]int64)
	n := &network{log: r.log, specs: make(map[string]schedule.Schedule)}
	for _, a := range r.config(text).Networks[0].Accounts {
		n.specs[a.Schedule.String()] = a.Schedule
	}
	n.schedule(time.Now())
	for {
		time.Sleep(time.Until(slices.MinFunc(slices.Collect(maps.Values(n.next)), time.Time.Compare)))
		if time.Now().After(to) {
			break
		}
		due, overdue := n.advance(time.Now())
		for at, specs := range due {
			for _, spec := range specs {
				got[spec] = append(got[spec], at.Unix())
			}
		}
		if len(overdue) > 0 {
			r.t.Fatalf("at %v the network has missed ticks of %v", time.Now(), overdue)
		}
	}
	if err := r.journal.Close(); err != nil {
		r.t.Error(err)
	}
	return got
}
