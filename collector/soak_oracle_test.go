package collector

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"collectord/collector/journal"
	"collectord/collector/point"
	"collectord/collector/schedule"
)

const (
	// soakPass is how long a poll may take when every request is answered, slowly.
	soakPass = 2 * time.Minute
	// soakClear is how long before it all must have been well, so that no poll of an
	// earlier tick, no rest and no retry is left of what was not.
	soakClear = 6 * time.Minute
	// soakOnTime is how late the poll of a tick may begin and still carry its time.
	soakOnTime = time.Minute
	// soakLate is how long after the next tick an answer may still come: the last
	// pass begins before half of the interval is over, and takes its retries.
	soakLate = 6 * time.Minute
)

// soakCounted are the counts of a series: by account, and by the time of the tick.
type soakCounted map[soakAccount]map[int64]int64

// judge holds the series against the ledger.
func (s *soak) judge() {
	if s.t.Failed() {
		return
	}
	s.judgeDelivery()
	counted := s.counted()
	s.judgeSound(counted)
	s.judgeWhole(counted)
	s.judgeTicks(counted)
	s.judgeMissed(counted)
	s.judgeStates()
}

// complain fails the test, in full for the first few of a kind.
func (s *soak) complain(format string, args ...any) {
	const most = 20
	if s.events["complaints"]++; s.events["complaints"] <= most {
		s.t.Errorf(format, args...)
	}
	s.t.Fail()
}

// judgeDelivery: what is in the journal is in InfluxDB, line by line, and nothing else.
func (s *soak) judgeDelivery() {
	j, err := journal.Open(context.Background(), journal.Options{Path: JournalPath(s.dir + "/state"), ReadOnly: true})
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = j.Close() }()
	written := make(map[string]bool)
	for p, err := range j.Points(context.Background(), journal.Filter{}) {
		if err != nil {
			s.t.Fatal(err)
		}
		series, _ := p.Series()
		key := fmt.Sprint(series, " ", p.Time.Unix())
		if written[key] {
			s.complain("twice in the journal: %s", key)
		}
		written[key] = true
		fields, _ := p.FieldSet()
		if line := string(point.AppendLine(nil, series, fields, p.Time.Unix())); s.influx.rows[key] != line {
			s.complain("the journal has %s, InfluxDB has %q", line, s.influx.rows[key])
		}
	}
	for key, line := range s.influx.rows {
		if !written[key] {
			s.complain("InfluxDB has %s, the journal has not", line)
		}
	}
	stats, err := j.Stats(context.Background())
	if err != nil || stats.Refused != 0 || stats.Rotten != 0 || stats.Dropped != 0 || j.Damaged() != "" {
		s.complain("the journal ends with %+v, %v", stats, err)
	}
	if ticks, err := j.OpenTicks(context.Background()); err != nil || len(ticks) > 0 {
		s.complain("ticks are open at the end: %+v, %v", ticks, err)
	}
}

// counted reads the profile points of InfluxDB. An account has one at a time.
func (s *soak) counted() soakCounted {
	all := make(soakCounted)
	for _, p := range s.influx.points {
		if p.Measurement != point.Profile {
			continue
		}
		a := soakAccountOf(p)
		n, _ := must(p.Field("followers")).Int()
		if all[a] == nil {
			all[a] = make(map[int64]int64)
		}
		if before, there := all[a][p.Time.Unix()]; there {
			s.complain("%s has two points at %v: %d and %d", a.label(), p.Time, before, n)
		}
		all[a][p.Time.Unix()] = n
	}
	return all
}

func soakAccountOf(p point.Point) (a soakAccount) {
	a.network = p.Tag("network")
	_, _ = fmt.Sscanf(strings.TrimPrefix(p.Tag("account"), a.network), "%d", &a.n) // a label of another form is account 0, of which there is one
	return a
}

// judgeSound: every point says what a network answered, whole, about that account, in
// the time of that tick; and the tick was one.
func (s *soak) judgeSound(counted soakCounted) {
	for a, counts := range counted {
		for unix, n := range counts {
			at := time.Unix(unix, 0)
			sched, due := s.conf.had(a, at)
			if !due && !s.madeUp(at) {
				s.complain("%s has a point at %v, when no tick was due", a.label(), at)
			}
			if n == 0 {
				s.judgeZero(a, at, s.latest(sched, due, at), counts)
				continue
			}
			answer := int(n-soakBase) / 1000
			if n < soakBase || answer >= len(s.world.ledger) || int(n-soakBase)%1000 != a.n {
				s.complain("%s has a count at %v that nobody told: %d", a.label(), at, n)
				continue
			}
			x := s.world.ledger[answer]
			if !x.whole || x.network != a.network || !slices.Contains(x.counts, a.n) {
				s.complain("%s has the count %d at %v, of the answer %+v", a.label(), n, at, x)
			}
			if x.at.Before(at) || x.at.After(s.latest(sched, due, at)) && !s.slept(at, x.at) {
				s.complain("%s has at %v what was answered at %v", a.label(), at, x.at)
			}
		}
	}
}

// madeUp reports whether a poll may have been made up at a time: when a daemon began
// or a machine woke up. A poll that finds its second taken takes the next.
func (s *soak) madeUp(at time.Time) bool {
	just := func(then time.Time) bool { d := at.Sub(then); return d > -time.Second && d < 5*time.Second }
	return slices.ContainsFunc(s.spans, func(x soakSpan) bool { return just(x.begin) }) ||
		slices.ContainsFunc(s.asleep, func(x soakSpan) bool { return just(x.end) })
}

// latest is when the last answer of a tick may come.
func (s *soak) latest(sched schedule.Schedule, due bool, at time.Time) time.Time {
	if !due {
		return at.Add(time.Hour + soakLate) // until the next tick, whichever it was
	}
	return sched.Next(at).Add(soakLate)
}

func (s *soak) slept(from, to time.Time) bool {
	return slices.ContainsFunc(s.asleep, func(x soakSpan) bool { return x.touches(from, to) })
}

// judgeZero: a zero was told in the time of the tick, and twice unless the account had
// zero before. Where the poll was undisturbed both were told before the poll was over.
func (s *soak) judgeZero(a soakAccount, at, latest time.Time, counts map[int64]int64) {
	told, over := 0, at.Add(soakPass)
	if s.world.weathers[a.network].fair(at, over) && !s.slept(at, over) &&
		slices.ContainsFunc(s.spans, func(x soakSpan) bool { return x.holds(at, over) }) {
		latest = over
	}
	for _, x := range s.world.ledger {
		intime := !x.at.Before(at) && (!x.at.After(latest) || s.slept(at, x.at))
		if x.network == a.network && x.whole && intime && slices.Contains(x.zeros, a.n) {
			told++
		}
	}
	before, last := int64(-1), int64(0)
	for unix, n := range counts {
		if unix < at.Unix() && unix > last {
			before, last = n, unix
		}
	}
	if told == 0 || told < 2 && before > 0 {
		s.complain("%s has zero at %v, told %d times; before it had %d", a.label(), at, told, before)
	}
}

// judgeWhole: every count that was told, in an answer that came whole to a daemon that
// lived on, is one point.
func (s *soak) judgeWhole(counted soakCounted) {
	points := make(map[int64]int)
	for _, counts := range counted {
		for _, n := range counts {
			points[n]++
		}
	}
	for i, x := range s.world.ledger {
		if !x.whole {
			continue
		}
		for _, n := range x.counts {
			switch got := points[soakCount(i, n)]; {
			case got > 1:
				s.complain("%s: what was told at %v is %d points", soakAccount{x.network, n}.label(), x.at, got)
			case got == 0 && !s.world.deaths[x.at.UnixNano()]:
				s.complain("%s: what was told at %v is lost: %d (%s)", soakAccount{x.network, n}.label(), x.at, soakCount(i, n), x.fault)
			}
		}
	}
}

// judgeTicks: no account misses a tick that could be polled. It could where the daemon
// was there at the tick, or came back before the next one, and all was well with the
// network until the poll had had its time.
func (s *soak) judgeTicks(counted soakCounted) {
	for a, stays := range s.conf.history {
		for _, stay := range stays {
			for at := stay.schedule.Next(stay.begin.Add(3 * time.Second)); at.Before(s.end.Add(soakAfter)); at = stay.schedule.Next(at) {
				over, ok := s.pollable(a, stay, at)
				if !ok {
					continue
				}
				s.events["ticks of accounts judged"]++
				if over.Sub(at) > soakPass {
					s.events["of these resumed"]++
				}
				if _, there := counted[a][at.Unix()]; !there && !s.log.shared.skipped[soakTick{a.network, at.Unix()}] {
					s.complain("%s has no point at %v, and could have been polled by %v", a.label(), at, over)
				}
			}
		}
	}
}

// pollable returns when the poll of an account's tick was over at the latest, and
// false where it need not have come to a count.
func (s *soak) pollable(a soakAccount, stay soakStay, at time.Time) (over time.Time, ok bool) {
	if !slices.ContainsFunc(s.spans, func(x soakSpan) bool { return x.holds(at.Add(-time.Second), at.Add(time.Second)) }) {
		return over, false
	}
	for _, x := range s.spans {
		begin := x.begin
		if begin.Before(at) {
			begin = at
		}
		if x.holds(begin, begin.Add(soakPass)) {
			over, ok = begin.Add(soakPass), true
			break
		}
	}
	if !ok || !over.Before(stay.schedule.Next(at)) || !stay.holds(at, over) {
		return over, false
	}
	return over, s.well(a, at, over)
}

// well reports whether every request about an account is answered with a count from
// one time to another, and nothing is left of trouble before.
func (s *soak) well(a soakAccount, from, over time.Time) bool {
	clear := from.Add(-soakClear)
	ill := func(spans []soakSpan) bool {
		return slices.ContainsFunc(spans, func(x soakSpan) bool { return x.touches(clear, over) })
	}
	return s.world.weathers[a.network].fair(clear, over) && !ill(s.world.ill[a]) && !ill(s.world.token[a.network]) && !s.slept(clear, over)
}

// judgeMissed: an account that missed ticks while no daemon was there is polled at once
// when one is.
func (s *soak) judgeMissed(counted soakCounted) {
	for a, stays := range s.conf.history {
		for _, stay := range stays {
			for i, x := range s.spans[1:] {
				down, over := s.spans[i].end, x.begin.Add(soakPass)
				missed := stay.schedule.Next(down.Add(time.Second))
				if missed.After(x.begin.Add(-soakOnTime-time.Second)) || !x.holds(x.begin, over) || !stay.holds(down.Add(-3*time.Second), over) || !s.well(a, x.begin, over) {
					continue
				}
				s.events["made-up polls judged"]++
				if !slices.ContainsFunc(slices.Collect(maps.Keys(counted[a])), func(unix int64) bool {
					return unix >= x.begin.Unix() && unix <= x.begin.Unix()+5
				}) {
					s.complain("%s missed ticks from %v on, and no poll was made up for it at %v", a.label(), missed, x.begin)
				}
			}
		}
	}
}

// judgeStates: at the end all is well, and the newest state of every account says so.
func (s *soak) judgeStates() {
	states := make(map[soakAccount]point.Point)
	for _, p := range s.influx.points {
		if a := soakAccountOf(p); p.Measurement == point.AccountState && !p.Time.Before(states[a].Time) {
			states[a] = p
		}
	}
	for a, e := range s.conf.entries {
		if state, _ := must(states[a].Field("state")).Text(); e.schedule != "" && state != "ok" {
			s.complain("%s ends as %q since %v", a.label(), state, states[a].Time)
		}
	}
}
