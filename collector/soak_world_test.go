package collector

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"time"

	"collectord/networks"
	"collectord/networks/all"
	"collectord/networks/sim"
)

// soakNetworks are the networks of the soak: with batches and without, with a pool of
// tokens, a token that is made by the daemon, one that stands still, and none.
func soakNetworks() []string {
	return []string{"vk", "bluesky", "mastodon", "telegram", "github", "twitch"}
}

// soakSize is how many accounts a network has.
const soakSize = 12

// soakBase is below every count that a network tells in a soak. A count says in which
// answer it was told, and of whom: soakBase + answer*1000 + account.
const soakBase = 10_000_000_000

func soakCount(answer, account int) int64 { return soakBase + int64(answer)*1000 + int64(account) }

// soakAnswer is an answer that a network gave, in the order of soakWorld.ledger.
type soakAnswer struct {
	network string
	at      time.Time
	whole   bool   // it reached the client to its last byte
	counts  []int  // accounts whose count it told
	zeros   []int  // accounts of which it told 0
	fault   string // of the weather
}

// soakWorld is the simulated networks behind a transport that fails, and the ledger of
// what they answered.
type soakWorld struct {
	*sim.World
	weathers map[string]soakWeather
	handlers map[string]http.Handler
	serving  map[string]*sync.Mutex
	asleep   *soakSleep
	doom     soakDoom
	rng      *rand.Rand

	mu       sync.Mutex
	ledger   []soakAnswer
	asked    map[string]int
	hits     map[string]int
	flaps    map[soakAccount]bool
	patients map[soakAccount]bool       // accounts that something is wrong with
	ill      map[soakAccount][]soakSpan // accounts whose state was not plainly ok
	token    map[string][]soakSpan      // networks whose token was in trouble
	deaths   map[int64]bool             // instants at which a daemon was killed
}

// soakAccount is an account by its network and number.
type soakAccount struct {
	network string
	n       int
}

func (a soakAccount) label() string { return a.network + " " + itoa(a.n) }

// sim is the account as the world has it.
func (a soakAccount) sim() sim.Account {
	s := sim.Account{Network: a.network, ID: itoa(700_000_000 + a.n), Handle: fmt.Sprintf("some_name_%d", a.n),
		Name: "Name " + itoa(a.n), Type: networks.Person}
	switch a.network {
	case "vk":
		if a.n%2 == 1 {
			s.Type = networks.Group
		}
	case "bluesky":
		s.ID, s.Handle = fmt.Sprintf("did:plc:%024d", 700_000_000+a.n), fmt.Sprintf("name%d.bsky.social", a.n)
	case "mastodon":
		s.Host = fmt.Sprintf("server%d.example", a.n%2)
	case "telegram":
		s.ID, s.Type = itoa(-1_001_700_000_000-a.n), networks.Channel
	case "github":
		s.Handle = fmt.Sprintf("some-name-%d", a.n)
	}
	return s
}

// key finds the account in the world, under whatever handle.
func (a soakAccount) key() string {
	s := a.sim()
	if s.Host != "" {
		return s.ID + "@" + s.Host
	}
	return s.ID
}

func newSoakWorld(seed uint64, from, to time.Time) *soakWorld {
	w := &soakWorld{World: sim.NewWorld(seed), weathers: make(map[string]soakWeather), handlers: make(map[string]http.Handler),
		serving: make(map[string]*sync.Mutex), rng: rand.New(rand.NewPCG(seed, 1)), asked: make(map[string]int), hits: make(map[string]int),
		flaps: make(map[soakAccount]bool), patients: make(map[soakAccount]bool), ill: make(map[soakAccount][]soakSpan), token: make(map[string][]soakSpan), deaths: make(map[int64]bool)}
	kinds := []string{"500", "429", "html", "slow", "slow", "hang", "cut", "refused", "flaky"}
	for i, network := range soakNetworks() {
		w.weathers[network] = newSoakWeather(seed, uint64(i), kinds, from, to)
		w.handlers[network] = all.Simulators()[network](w.World)
		w.serving[network] = new(sync.Mutex)
		for n := range soakSize {
			w.Add(soakAccount{network, n}.sim())
		}
	}
	return w
}

// RoundTrip answers as the network whose name is the host does in today's weather.
func (w *soakWorld) RoundTrip(req *http.Request) (*http.Response, error) {
	network := req.URL.Hostname()
	if w.handlers[network] == nil {
		return nil, fmt.Errorf("no simulator for %s", network)
	}
	w.asleep.wait()
	w.mu.Lock()
	w.asked[network]++
	draw := soakDraw(uint64(len(network)), w.asked[network])
	fault := w.weathers[network].at(time.Now())
	if fault == "flaky" && draw%2 == 0 {
		fault = ""
	}
	if fault != "" {
		w.hits[fault]++
	}
	w.mu.Unlock()
	resp, err := w.answer(req, network, fault, draw)
	if err == nil {
		w.doom.strike()
	}
	return resp, err
}

func (w *soakWorld) answer(req *http.Request, network, fault string, draw uint64) (*http.Response, error) {
	switch fault {
	case "500":
		return soakReply(502, "<html><body>502 Bad Gateway</body></html>", "Content-Type", "text/html"), nil
	case "html":
		return soakReply(200, "<!DOCTYPE html><title>Maintenance</title>", "Content-Type", "text/html"), nil
	case "429", "flaky":
		return soakReply(429, `{"message":"slow down"}`, "Retry-After", strconv.FormatUint(draw%40, 10)), nil
	case "refused":
		return nil, errors.New("connect: connection refused")
	case "hang":
		<-req.Context().Done()
		return nil, req.Context().Err()
	case "slow":
		select {
		case <-time.After(time.Duration(draw%4000) * time.Millisecond):
		case <-req.Context().Done():
			return nil, req.Context().Err()
		}
	}
	return w.serve(req, network, fault, draw)
}

// serve lets the simulator answer, with counts that were never told before, and writes
// into the ledger what it told.
func (w *soakWorld) serve(req *http.Request, network, fault string, draw uint64) (*http.Response, error) {
	w.serving[network].Lock()
	defer w.serving[network].Unlock()
	w.mu.Lock()
	n := len(w.ledger)
	w.ledger = append(w.ledger, soakAnswer{network: network, at: time.Now(), fault: fault})
	flaps := maps.Clone(w.flaps)
	w.mu.Unlock()
	for i := range soakSize {
		a := soakAccount{network, i}
		w.Update(network, a.key(), func(s *sim.Account) {
			s.Followers = soakCount(n, i)
			if flaps[a] && draw%3 != 0 { // it comes back now and then
				s.Followers = 0
			}
		})
	}
	rec := httptest.NewRecorder()
	w.handlers[network].ServeHTTP(rec, req)
	resp := rec.Result()
	whole := rec.Body.Bytes()
	if fault == "cut" {
		resp.Body = io.NopCloser(io.MultiReader(bytes.NewReader(whole[:int(draw%uint64(len(whole)+1))]), soakBroken{}))
		resp.ContentLength = -1
		return resp, nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ledger[n].whole = true
	w.ledger[n].counts, w.ledger[n].zeros = soakTold(whole, n, flaps, network)
	return resp, nil
}

type soakBroken struct{}

func (soakBroken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// soakTold reads of whom an answer tells: those whose count stands in it, and those
// that stand in it with a zero.
func soakTold(body []byte, answer int, flaps map[soakAccount]bool, network string) (counts, zeros []int) {
	for _, text := range regexp.MustCompile(`[0-9]{11,}`).FindAll(body, -1) {
		v, err := strconv.ParseInt(string(text), 10, 64)
		if err != nil || v < soakBase || int(v-soakBase)/1000 != answer {
			continue
		}
		if n := int(v-soakBase) % 1000; !slices.Contains(counts, n) {
			counts = append(counts, n)
		}
	}
	for n := range soakSize {
		a := soakAccount{network, n}
		if flaps[a] && !slices.Contains(counts, n) && bytes.Contains(body, []byte(a.sim().ID)) {
			zeros = append(zeros, n)
		}
	}
	return counts, zeros
}

// trouble lets something happen to a few accounts, for a while. The oracle knows when.
func (w *soakWorld) trouble(s *soak) {
	for range 1 + w.rng.IntN(5) {
		w.befall(s)
	}
}

func (w *soakWorld) befall(s *soak) {
	network := soakNetworks()[w.rng.IntN(len(soakNetworks()))]
	a := soakAccount{network, w.rng.IntN(soakSize)}
	if w.patients[a] {
		return
	}
	w.patients[a] = true
	from := time.Now()
	switch kind := w.rng.IntN(4); {
	case kind == 3 && slices.Contains([]string{"bluesky", "mastodon", "github"}, network):
		w.flap(a, true)
	case kind == 2:
		w.Update(network, a.key(), func(s *sim.Account) { s.Handle = "re" + s.Handle })
	case kind == 1:
		w.Update(network, a.key(), func(s *sim.Account) { s.State = sim.Private })
	default:
		w.Update(network, a.key(), func(s *sim.Account) { s.State = sim.NotFound })
	}
	s.later(time.Duration(1+w.rng.IntN(40))*time.Minute, func() {
		w.flap(a, false)
		w.Update(a.network, a.key(), func(s *sim.Account) { s.State, s.Handle = sim.OK, a.sim().Handle })
		w.ill[a] = append(w.ill[a], soakSpan{from, time.Now()})
		delete(w.patients, a)
	})
}

func (w *soakWorld) flap(a soakAccount, on bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.flaps[a] = on
}

// note remembers when a network's token was in trouble.
func (w *soakWorld) note(network string, from, to time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.token[network] = append(w.token[network], soakSpan{from, to})
}

// died remembers an instant: what was answered in it may be lost.
func (w *soakWorld) died(at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.deaths[at.UnixNano()] = true
}

func (w *soakWorld) total() (whole, counts int) {
	for _, a := range w.ledger {
		if a.whole {
			whole++
			counts += len(a.counts)
		}
	}
	return whole, counts
}

func (w *soakWorld) requests() (n int) {
	for _, asked := range w.asked {
		n += asked
	}
	return n
}

func (w *soakWorld) faults() map[string]int { return w.hits }

// soakWeather is when something fails, and how.
type soakWeather []soakStorm

type soakStorm struct {
	soakSpan
	kind string
}

// newSoakWeather draws fair weather of 10 to 70 minutes and foul of up to 25.
func newSoakWeather(seed, of uint64, kinds []string, from, to time.Time) (storms soakWeather) {
	rng := rand.New(rand.NewPCG(seed, 100+of))
	for at := from; ; {
		at = at.Add(time.Duration(10*60+rng.IntN(60*60)) * time.Second)
		end := at.Add(time.Duration(30+rng.IntN(25*60)) * time.Second)
		if end.After(to) {
			return storms
		}
		storms = append(storms, soakStorm{soakSpan{at, end}, kinds[rng.IntN(len(kinds))]})
		at = end
	}
}

// at is the kind of the storm there is, "" where there is none.
func (w soakWeather) at(t time.Time) string {
	for _, s := range w {
		if s.touches(t, t) {
			return s.kind
		}
	}
	return ""
}

// fair reports whether every request between two times is answered in the end. Slow
// answers are answers.
func (w soakWeather) fair(from, to time.Time) bool {
	return !slices.ContainsFunc(w, func(s soakStorm) bool { return s.kind != "slow" && s.touches(from, to) })
}

// soakDraw is a number that is always the same for the n-th request of somebody.
func soakDraw(of uint64, n int) uint64 { return rand.New(rand.NewPCG(of, uint64(n))).Uint64() }

// soakSleep makes whoever waits for it wait until a time.
type soakSleep struct {
	mu    sync.Mutex
	until time.Time
}

func (s *soakSleep) set(until time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.until = until
}

func (s *soakSleep) wait() {
	s.mu.Lock()
	until := s.until
	s.mu.Unlock()
	time.Sleep(time.Until(until))
}

// soakDoom is an end that comes with an answer.
type soakDoom struct {
	mu   sync.Mutex
	left int // answers before it
	do   func()
	died chan time.Time
}

func (d *soakDoom) set(left int, do func()) <-chan time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.left, d.do, d.died = left, do, make(chan time.Time, 1)
	return d.died
}

// clear takes the end back. It is false where it has come.
func (d *soakDoom) clear() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	there := d.do != nil
	d.do = nil
	return there
}

func (d *soakDoom) strike() {
	d.mu.Lock()
	do := d.do
	if d.left--; d.left >= 0 {
		do = nil
	} else {
		d.do = nil
	}
	d.mu.Unlock()
	if do != nil {
		do()
		d.died <- time.Now()
	}
}
