package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"collectord/collector"
	"collectord/collector/journal"
	"collectord/internal/influxdtest"
	"collectord/networks/all"
	"collectord/networks/sim"
)

// ledger is what simulated networks have answered. In every answer all accounts of
// the network have one count, which no other answer has: a point says by its count
// which answer it came of.
type ledger struct {
	world *sim.World

	mu      sync.Mutex
	answers map[string][]answered // by network; the count is ledgerBase and the index
	// sent, if not nil, is called when an answer with a count is with the client whole.
	sent func(network string)
	// asked gets a word when a network is asked, if nobody has taken the one before.
	asked chan struct{}
}

// answered is one answer of a network.
type answered struct {
	at      time.Time
	life    int  // of the daemon that asked
	counted bool // the answer held the count
}

// ledgerBase is that of a network's first answer: so many digits are in no id.
const ledgerBase = 700_000_000

// serve puts a simulator behind the ledger; life is the number of the daemon's life.
func (l *ledger) serve(network string, h http.Handler, life func() int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		select {
		case l.asked <- struct{}{}:
		default:
		}
		rec := httptest.NewRecorder()
		counted := l.answer(network, h, rec, req, life())
		for name, values := range rec.Header() {
			w.Header()[name] = values
		}
		w.Header().Set("Content-Length", strconv.Itoa(rec.Body.Len()))
		w.WriteHeader(rec.Code)
		_, _ = w.Write(rec.Body.Bytes())          // the client may be dead
		_ = http.NewResponseController(w).Flush() // likewise
		l.mu.Lock()
		sent := l.sent
		l.mu.Unlock()
		if sent != nil && counted {
			sent(network)
		}
	})
}

// answer lets the simulator answer with a new count.
func (l *ledger) answer(network string, h http.Handler, rec *httptest.ResponseRecorder, req *http.Request, life int) (counted bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	count := int64(ledgerBase + len(l.answers[network]))
	for _, a := range l.world.Accounts(network) {
		name := a.Handle
		if a.Host != "" {
			name += "@" + a.Host
		}
		l.world.Update(network, name, func(a *sim.Account) { a.Followers = count })
	}
	h.ServeHTTP(rec, req)
	counted = bytes.Contains(rec.Body.Bytes(), strconv.AppendInt(nil, count, 10))
	l.answers[network] = append(l.answers[network], answered{time.Now(), life, counted})
	return counted
}

// killAccounts are the accounts of killConfig that have a count, by network and
// schedule.
var killAccounts = map[string]map[string][]string{
	"vk":       {"@every 1s": {"РИА Новости", `a,b=c "d"`}, "@every 3s": {"seldom"}},
	"bluesky":  {"@every 1s": {"bsky.app"}},
	"mastodon": {"@every 2s": {"all_ok@a.example"}},
}

const killConfig = `
influxdb: {url: %[1]q, org: smm, bucket: %[2]q, token: any}
web: {listen: ""}
log: {level: debug}  # where nothing that is said again is left out
networks:
  vk:
    schedule: "@every 1s"
    base_url: %[3]s
    requests_per_second: 100
    accounts:
      РИА Новости: {handle: ria, tags: {team: "news, a=b"}}
      'a,b=c "d"': durov
      closed: closed
      nobody: nobody_of_that_name
      seldom: {handle: all_ok, schedule: "@every 3s"}
  bluesky:
    schedule: "@every 1s"
    base_url: %[4]s
    requests_per_second: 100
    accounts: [bsky.app]
  mastodon:
    schedule: "@every 2s"
    base_url: %[5]s
    requests_per_second: 100
    accounts: [all_ok@a.example]
`

// killRig is a daemon that is killed again and again on the same state: simulated
// networks with a ledger before it and a real InfluxDB behind it.
type killRig struct {
	t      *testing.T
	dir    string
	db     *influxdtest.Server
	ledger *ledger
	random *rand.Rand

	mu      sync.Mutex
	lives   int
	now     *process             // the life that goes on
	armed   string               // the kill point that strikes next
	struck  chan struct{}        // told by strike
	skipped map[string]bool      // ticks that a daemon said it skipped, as tickName
	told    []logLine            // polls that a daemon said are over
	before  map[string]int64     // what the last export had
	cut     map[string]time.Time // polls that a daemon said it abandons
}

// logLine is as much of a line of the log as the rig looks at.
type logLine struct {
	Level, Message, Network string
	Tick                    time.Time
	OK, Accounts            int
}

func tickName(network string, at time.Time) string { return network + at.UTC().Format(" 15:04:05") }

// newKillRig makes the rig. The daemon writes to the address that front makes of
// InfluxDB's own; nil: to InfluxDB itself.
func newKillRig(t *testing.T, front func(*killRig, string) string) *killRig {
	t.Helper()
	r := &killRig{t: t, dir: t.TempDir(), db: influxdtest.Start(t), struck: make(chan struct{}, 1), skipped: map[string]bool{}, cut: map[string]time.Time{},
		ledger: &ledger{world: scriptWorld(), answers: map[string][]answered{}, asked: make(chan struct{}, 1)}}
	address := map[string]string{}
	for name := range killAccounts {
		server := httptest.NewServer(r.ledger.serve(name, all.Simulators()[name](r.ledger.world), r.life))
		t.Cleanup(server.Close)
		address[name] = server.URL
	}
	url := r.db.URL
	if front != nil {
		url = front(r, url)
	}
	text := fmt.Sprintf(killConfig, url, r.db.Database, address["vk"], address["bluesky"], address["mastodon"])
	if err := os.WriteFile(filepath.Join(r.dir, "config.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	assignTo(t, r.dir, "vk", "vk-good-token")
	seed := uint64(time.Now().UnixNano())
	r.random = rand.New(rand.NewPCG(seed, 0))
	t.Logf("seed %d", seed)
	return r
}

// life returns the number of the life that goes on.
func (r *killRig) life() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lives
}

// start begins a life.
func (r *killRig) start() *process {
	r.mu.Lock()
	r.lives++
	r.mu.Unlock()
	p := startProcess(r.t, r.dir, "run")
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = p
	return p
}

// kill ends a life and takes note of what the daemon had said in it. That it is dead
// already, by the hand of a kill point, is as good.
func (r *killRig) kill(p *process) {
	r.t.Helper()
	_ = p.cmd.Process.Kill()
	if err := p.cmd.Wait(); err == nil || p.cmd.ProcessState.ExitCode() >= 0 {
		r.t.Fatalf("it had ended by itself: %v\n%s", err, p.stderr)
	}
	r.note(p)
}

func (r *killRig) note(p *process) {
	r.t.Helper()
	for _, text := range bytes.Split(p.stderr.Bytes(), []byte("\n")) {
		var l logLine
		if json.Unmarshal(text, &l) != nil {
			continue // the last line, cut off
		}
		switch {
		case l.Level == "error":
			r.t.Fatalf("after a kill it complains:\n%s", p.stderr)
		case l.Message == "poll":
			r.told = append(r.told, l)
		case strings.HasPrefix(l.Message, "a tick was skipped"):
			r.skipped[tickName(l.Network, l.Tick)] = true
		case strings.HasPrefix(l.Message, "a poll that was cut short is not gone on with"):
			r.cut[tickName(l.Network, l.Tick)] = l.Tick
		}
	}
}

// exported reads the journal's profile points with the program itself: the count by
// network, account and time. A point that is there twice fails the test.
func (r *killRig) exported() map[string]int64 {
	r.t.Helper()
	cmd := exec.Command("collectord", "export")
	cmd.Dir = r.dir
	out, err := cmd.Output()
	if err != nil {
		r.t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(out)).ReadAll()
	if err != nil {
		r.t.Fatal(err)
	}
	points := make(map[string]int64, len(rows))
	for _, row := range rows[1:] {
		key := pointName(row[1], row[2], row[0])
		if _, twice := points[key]; twice {
			r.t.Errorf("two points for %s", key)
		}
		if points[key], err = strconv.ParseInt(row[5], 10, 64); err != nil {
			r.t.Errorf("%s: %v", key, err)
		}
	}
	return points
}

func pointName(network, account, at string) string { return network + "\t" + account + "\t" + at }

// grown demands that the journal has everything that it had the last time.
func (r *killRig) grown() map[string]int64 {
	r.t.Helper()
	now := r.exported()
	for key, count := range r.before {
		if got, ok := now[key]; !ok || got != count {
			r.t.Errorf("%s was %d and is %d (%t): lost", key, count, got, ok)
		}
	}
	r.before = now
	return now
}

// settle lets the daemon live undisturbed for a while, until InfluxDB has what the
// journal has, ends it in good order and checks everything.
func (r *killRig) settle() {
	r.t.Helper()
	before := len(r.grown())
	p := r.start()
	points := map[string]int64{}
	eventually(r.t, 60*time.Second, "the daemon goes on, and InfluxDB has all that the journal has", func() bool {
		points = r.exported()
		return len(points) >= before+5 && r.db.Count(r.t, "profile", "followers") >= int64(len(points))
	})
	p.end()
	r.note(p)
	points = r.grown()
	r.sameInInflux(points)
	r.fromTheLedger(points)
	r.everyTick(points)
}

// sameInInflux compares InfluxDB with the journal, point by point.
func (r *killRig) sameInInflux(points map[string]int64) {
	r.t.Helper()
	rows := r.db.Query(r.t, `SELECT followers FROM profile GROUP BY network, account`)
	for _, row := range rows {
		key := pointName(row.Tags["network"], row.Tags["account"], row.Time.UTC().Format(time.RFC3339))
		if count, ok := points[key]; !ok || count != row.Int(r.t, "followers") {
			r.t.Errorf("InfluxDB has %d for %s, the journal %d (%t)", row.Int(r.t, "followers"), key, count, ok)
		}
	}
	if len(rows) != len(points) {
		r.t.Errorf("InfluxDB has %d points, the journal %d", len(rows), len(points))
	}
}

// mostInFlight is how many answers of one network can be under way at once: the
// polls of two schedules, each with a request for persons and one for communities.
const mostInFlight = 4

// fromTheLedger demands that every point came of an answer, that no answer made
// points at two times, and that answers without a point are no more than can have been
// under way when a life ended.
func (r *killRig) fromTheLedger(points map[string]int64) {
	r.t.Helper()
	type answer struct {
		network string
		count   int64
	}
	times := map[answer]string{}
	for key, count := range points {
		part := strings.Split(key, "\t")
		a := answer{part[0], count}
		n := count - ledgerBase
		if n < 0 || n >= int64(len(r.ledger.answers[a.network])) {
			r.t.Errorf("%s is %d, which nobody answered", key, count)
			continue
		}
		if times[a] != "" && times[a] != part[2] {
			r.t.Errorf("one answer of %s made points at %s and at %s", a.network, times[a], part[2])
		}
		times[a] = part[2]
	}
	inFlight := 0
	for network, answers := range r.ledger.answers {
		lost := map[int]int{} // by life
		for i, a := range answers {
			if a.counted && times[answer{network, int64(ledgerBase + i)}] == "" {
				inFlight++
				if lost[a.life]++; lost[a.life] > mostInFlight {
					r.t.Errorf("%s: an answer of life %d of %d made no point, more than can be under way at its end", network, a.life, r.lives)
				}
			}
		}
	}
	r.t.Logf("%d lives, %d answers made %d points, %d answers were under way at a kill", r.lives, len(times), len(points), inFlight)
}

// everyTick looks through the ticks of every schedule: none is missing that was not
// made up for, none is open, each has the points of all its accounts, but for polls
// that their next tick has overtaken.
func (r *killRig) everyTick(points map[string]int64) {
	r.t.Helper()
	j, err := journal.Open(r.t.Context(), journal.Options{Path: collector.JournalPath(filepath.Join(r.dir, "state")), ReadOnly: true})
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = j.Close() }() // only read
	total, made, overtaken := 0, 0, 0
	for network, specs := range killAccounts {
		ticks := r.ticksOf(j, network)
		for i, tick := range ticks {
			total++
			if tick.MadeUp {
				made++
			}
			if tick.Closed.IsZero() && i < len(ticks)-len(specs) {
				r.t.Errorf("%s: the tick at %v is open", network, tick.Time)
			}
			if _, ok := r.cut[tickName(network, tick.Time)]; ok {
				overtaken++
			} else if !tick.Closed.IsZero() {
				r.whole(points, tick)
			}
		}
		for spec := range specs {
			r.noGap(network, spec, ticks)
		}
	}
	for _, l := range r.told {
		tick, ok, err := j.Tick(r.t.Context(), l.Network, l.Tick)
		if err != nil || !ok || tick.Closed.IsZero() || tick.OK != l.OK {
			r.t.Errorf("the daemon said that %s at %v had %d answers; the journal has %+v, %v", l.Network, l.Tick, l.OK, tick, err)
		}
	}
	r.t.Logf("%d ticks, %d of them made up for missed ones, %d overtaken by the next, %d skipped", total, made, overtaken, len(r.skipped))
}

// ticksOf returns the ticks of a network in the order of time.
func (r *killRig) ticksOf(j *journal.Journal, network string) (ticks []journal.Tick) {
	r.t.Helper()
	first := r.ledger.answers[network][0].at.Truncate(time.Second).Add(-5 * time.Second)
	for at := first; at.Before(time.Now().Add(2 * time.Second)); at = at.Add(time.Second) {
		tick, ok, err := j.Tick(r.t.Context(), network, at)
		if err != nil {
			r.t.Fatal(err)
		}
		if ok {
			ticks = append(ticks, tick)
		}
	}
	return ticks
}

// whole demands that a tick has a point of every account that has a count.
func (r *killRig) whole(points map[string]int64, tick journal.Tick) {
	r.t.Helper()
	if tick.OK != tick.Accounts || tick.Failed != 0 {
		r.t.Errorf("%s at %v: %d of %d accounts were answered for, %d failed", tick.Network, tick.Time, tick.OK, tick.Accounts, tick.Failed)
	}
	for spec, labels := range killAccounts[tick.Network] {
		if !slices.Contains(tick.Specs, spec) || tick.Accounts < len(labels) {
			continue
		}
		for _, label := range labels {
			if _, ok := points[pointName(tick.Network, label, tick.Time.UTC().Format(time.RFC3339))]; !ok {
				r.t.Errorf("%s at %v has no point of %s", tick.Network, tick.Time, label)
			}
		}
	}
}

// noGap demands that between two ticks of a schedule is no more than its period, or
// that the later one was made up for what was missed between them.
func (r *killRig) noGap(network, spec string, ticks []journal.Tick) {
	r.t.Helper()
	period, err := time.ParseDuration(strings.TrimPrefix(spec, "@every "))
	if err != nil {
		r.t.Fatal(err)
	}
	var last journal.Tick
	for _, tick := range ticks {
		if !slices.Contains(tick.Specs, spec) {
			continue
		}
		if !last.Time.IsZero() && !tick.MadeUp && r.missed(network, period, last, tick) {
			r.t.Errorf("%s: %s: no tick between %v and %v, and none made up for it", network, spec, last.Time, tick.Time)
		}
		last = tick
	}
}

// missed reports whether a schedule left a tick out between two, and did not say that
// it skipped one.
func (r *killRig) missed(network string, period time.Duration, from, to journal.Tick) bool {
	allowed := period
	// The next tick counts from when the schedule was looked at.
	if looked := from.Started.Truncate(time.Second); looked.After(from.Time) {
		allowed += looked.Sub(from.Time)
	}
	if to.Time.Sub(from.Time) <= allowed {
		return false
	}
	for at := from.Time.Add(time.Second); at.Before(to.Time); at = at.Add(time.Second) {
		if r.skipped[tickName(network, at)] {
			return false
		}
	}
	return true
}
