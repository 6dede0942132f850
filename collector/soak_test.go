package collector

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"collectord/collector/point"
)

// The long form of TestSoak:
//
//	go test ./collector -run 'TestSoak$' -v -timeout 30m -soak 24h -seed 7
var (
	soakFor  = flag.Duration("soak", 2*time.Hour, "how long TestSoak runs, in simulated time")
	soakSeed = flag.Uint64("seed", 1, "which course of misfortunes TestSoak takes")
)

// soak is one run: a world in which everything goes wrong, a daemon in it that is
// stopped, killed, edited and suspended, and the ledger of all that was answered, which
// judges the series at the end.
type soak struct {
	t       *testing.T
	rng     *rand.Rand
	dir     string
	began   time.Time
	end     time.Time // of misfortune; what follows is fair
	world   *soakWorld
	influx  *soakInflux
	log     *soakLog
	keys    soakKeys
	conf    soakConfig
	daemon  *soakDaemon // nil while down
	spans   []soakSpan  // of daemons, the one that runs last
	asleep  []soakSpan  // suspensions
	machine soakSleep   // the one under way
	events  map[string]int
	mending []soakMending // to come, by soak.later
}

// soakSpan is a stretch of time; end is zero while it lasts.
type soakSpan struct{ begin, end time.Time }

func (s soakSpan) holds(from, to time.Time) bool {
	return !s.begin.After(from) && (s.end.IsZero() || s.end.After(to))
}

func (s soakSpan) touches(from, to time.Time) bool {
	return !s.begin.After(to) && (s.end.IsZero() || !s.end.Before(from))
}

// TestSoak lets a daemon live through a day in which everything goes wrong at random,
// and holds the series in InfluxDB against what the networks answered: every answer
// that reached the daemon whole is one point, at the time of its tick; no point says
// what no network said; and no tick is missing that the daemon could have polled.
//
// The seed decides which misfortunes come when. How goroutines interleave at one
// instant it does not decide, so that a failure may take a few runs to come again.
func TestSoak(t *testing.T) {
	length, seed := *soakFor, *soakSeed
	began := time.Now()
	var s *soak
	synctest.Test(t, func(t *testing.T) {
		s = newSoak(t, length, seed)
		s.start()
		s.suffer()
		s.recover()
		s.judge()
	})
	if s != nil {
		t.Logf("seed %d: %v in %v: %s", seed, length, time.Since(began).Round(100*time.Millisecond), s.summary())
	}
}

func newSoak(t *testing.T, length time.Duration, seed uint64) *soak {
	s := &soak{t: t, rng: rand.New(rand.NewPCG(seed, 0)), dir: t.TempDir(), began: time.Now(), events: make(map[string]int)}
	s.end = s.began.Add(length)
	s.log = &soakLog{shared: &soakLogged{asleep: &s.machine}}
	s.world = newSoakWorld(seed, s.began, s.end)
	s.influx = newSoakInflux(t, seed, s.began, s.end)
	s.world.asleep, s.influx.asleep = &s.machine, &s.machine
	s.keys.fill(s)
	s.conf.fill(s)
	return s
}

// suffer lets one misfortune follow another. Those of networks and of InfluxDB have a
// course of their own beside it (soakWeather).
func (s *soak) suffer() {
	misfortunes := []struct {
		name   string
		weight int
		do     func()
	}{
		{"stop", 3, s.stopForAWhile},
		{"crash", 3, s.crashForAWhile},
		{"crash at an answer", 5, func() { s.crashAt(&s.world.doom) }},
		{"crash at a delivery", 3, func() { s.crashAt(&s.influx.doom) }},
		{"edit", 8, s.conf.edit},
		{"broken config", 3, s.conf.breakIt},
		{"token", 5, s.keys.trouble},
		{"accounts", 12, func() { s.world.trouble(s) }},
		{"suspension", 1, s.suspend},
	}
	total := 0
	for _, m := range misfortunes {
		total += m.weight
	}
	for time.Until(s.end) > 0 {
		time.Sleep(time.Duration(20+s.rng.IntN(460)) * time.Second)
		s.heal(time.Now())
		n := s.rng.IntN(total)
		for _, m := range misfortunes {
			if n -= m.weight; n < 0 {
				s.events[m.name]++
				m.do()
				break
			}
		}
		if s.t.Failed() {
			return
		}
	}
}

// later has something mended at the first misfortune after a time.
func (s *soak) later(after time.Duration, mend func()) {
	s.mending = append(s.mending, soakMending{time.Now().Add(after), mend})
}

type soakMending struct {
	at time.Time
	do func()
}

// heal does the mending that is due.
func (s *soak) heal(now time.Time) {
	due := slices.Clone(s.mending)
	s.mending = slices.DeleteFunc(s.mending, func(m soakMending) bool { return !m.at.After(now) })
	for _, m := range due {
		if !m.at.After(now) {
			m.do()
		}
	}
}

// start begins a daemon on what is on disk.
func (s *soak) start() {
	s.daemon = startSoakDaemon(s)
	s.spans = append(s.spans, soakSpan{begin: time.Now()})
}

// down notes that the daemon has ended, which it did at an instant.
func (s *soak) down(at time.Time) {
	s.spans[len(s.spans)-1].end = at
	s.daemon = nil
}

func (s *soak) stopForAWhile() {
	at := time.Now()
	s.daemon.stop()
	s.down(at)
	s.away()
}

func (s *soak) crashForAWhile() {
	at := time.Now()
	s.world.died(at)
	s.daemon.crash()
	s.daemon.wait()
	s.down(at)
	s.away()
}

// crashAt lets the daemon die at one of the next answers of a network or of InfluxDB:
// the other side has done its part, and nothing of it is on disk here.
func (s *soak) crashAt(doom *soakDoom) {
	d := s.daemon
	died := doom.set(s.rng.IntN(25), func() {
		s.world.died(time.Now())
		d.crash()
	})
	select {
	case <-d.ended:
	case <-time.After(20 * time.Minute):
		if doom.clear() {
			return
		}
		<-d.ended
	}
	d.wait()
	s.down(<-died)
	s.away()
}

// away is the time until somebody starts the daemon again: mostly systemd, at once.
func (s *soak) away() {
	wait := time.Duration(s.rng.IntN(20_000)) * time.Millisecond
	if s.rng.IntN(4) == 0 {
		wait += time.Duration(s.rng.IntN(50)) * time.Minute
	}
	time.Sleep(wait)
	s.start()
}

// suspend freezes the daemon where it waits for a network, for InfluxDB or writes a
// line about a poll, as a machine does that sleeps: its schedules wake up hours late.
func (s *soak) suspend() {
	until := time.Now().Add(time.Duration(30+s.rng.IntN(180)) * time.Minute)
	s.asleep = append(s.asleep, soakSpan{time.Now(), until})
	s.machine.set(until)
	time.Sleep(time.Until(until))
}

// soakAfter is longer than the longest interval of a schedule.
const soakAfter = 40 * time.Minute

// recover mends everything, waits for more than the longest interval, and ends the
// daemon when InfluxDB has everything.
func (s *soak) recover() {
	if s.t.Failed() {
		s.daemon.stop()
		return
	}
	s.heal(time.Now().Add(day))
	time.Sleep(max(time.Until(s.end), 0) + soakAfter) // the last misfortune may have lasted longer
	if _, err := s.daemon.journal.MarkResend(context.Background(), nil); err != nil {
		s.t.Error(err)
	}
	time.Sleep(90 * time.Second) // and stop between two ticks
	at := time.Now()
	s.daemon.stop()
	s.down(at)
}

func (s *soak) summary() string {
	answers, told := s.world.total()
	polls, profiles := s.influx.count(point.Poll), s.influx.count(point.Profile)
	return fmt.Sprintf("%d daemons, %d ticks, %d profile points of %d points, %d requests answered whole of %d, %d counts told; "+
		"%d InfluxDB requests; faults of networks %v; of InfluxDB %v; events %v",
		len(s.spans), polls, profiles, s.influx.count(""), answers, s.world.requests(), told, s.influx.requests, s.world.faults(), s.influx.faults, s.events)
}
