package collector

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"collectord/collector/config"
	"collectord/collector/point"
	"collectord/keychain"
	"collectord/networks/all"
	"collectord/networks/sim"
)

var (
	edits    = flag.Int("edits", 1000, "how many edits of the config TestEdits makes")
	editSeed = flag.Uint64("editseed", 0, "the seed of TestEdits; 0: another one each time")
)

// edited is a config that is edited at random: accounts of two networks with a schedule
// each. The still ones are never touched.
type edited struct {
	random   *rand.Rand
	accounts map[string]map[string]string // network → label → schedule
	rate     int                          // of the networks: a new one means a new poller
}

const stillAccounts = 4

func newEdited(seed uint64) *edited {
	e := &edited{random: rand.New(rand.NewPCG(seed, 0)), rate: 1000, accounts: map[string]map[string]string{"vk": {}, "bluesky": {}}}
	for i := range stillAccounts {
		e.accounts["vk"]["still"+itoa(i)] = editSchedules()[i%2]
	}
	return e
}

func editSchedules() []string {
	return []string{"@every 1m", "@every 5m", "*/2 * * * *", "*/3 * * * *", "@every 7m"}
}

// edit changes something; it returns the text of the config, and whether it is right.
func (e *edited) edit() (text string, good bool) {
	vk, bluesky := e.accounts["vk"], e.accounts["bluesky"]
	pick := func() string { return "some" + itoa(e.random.IntN(20)) }
	schedule := func() string { return editSchedules()[e.random.IntN(len(editSchedules()))] }
	switch e.random.IntN(10) {
	case 0, 1, 2:
		vk[pick()] = schedule()
	case 3, 4:
		delete(vk, pick())
	case 5:
		bluesky[pick()] = schedule()
	case 6:
		clear(bluesky) // the network goes
	case 7:
		e.rate = 1000 + e.random.IntN(3)
	case 8:
		return []string{"networks: {blusky: {}}", "networks: [", "networks: {vk: {accounts: {a: {handle: a, schedule: '99 * * * *'}}}}", ""}[e.random.IntN(3)], false
	}
	var b strings.Builder
	b.WriteString("networks:\n")
	for _, network := range slices.Sorted(maps.Keys(e.accounts)) {
		if len(e.accounts[network]) == 0 {
			continue
		}
		fmt.Fprintf(&b, "  %s:\n    base_url: http://%s\n    requests_per_second: %d\n    accounts:\n", network, network, e.rate)
		for _, label := range slices.Sorted(maps.Keys(e.accounts[network])) {
			handle := label
			if network == "bluesky" {
				handle += ".bsky.social"
			}
			fmt.Fprintf(&b, "      %s: {handle: %s, schedule: %q}\n", label, handle, e.accounts[network][label])
		}
	}
	return b.String(), true
}

// expected notes the ticks that the config in force has in a stretch of time: of every
// account, after from and up to to.
func (e *edited) expected(cfg *config.Config, from, to time.Time, want map[string]bool) {
	for _, n := range cfg.Networks {
		for _, a := range n.Accounts {
			for at := a.Schedule.Next(from); !at.After(to); at = a.Schedule.Next(at) {
				want[fmt.Sprint(n.Name, " ", a.Label, " ", at.Unix())] = true
			}
		}
	}
}

func editWorld(r *rig) {
	for i := range 20 {
		r.world.Add(sim.Account{Network: "vk", ID: itoa(100 + i), Handle: "some" + itoa(i), Name: "S", Type: "person", Followers: 5})
		r.world.Add(sim.Account{Network: "bluesky", ID: fmt.Sprintf("did:plc:%024d", i), Handle: "some" + itoa(i) + ".bsky.social", Name: "S", Type: "person", Followers: 5})
	}
	for i := range stillAccounts {
		r.world.Add(sim.Account{Network: "vk", ID: itoa(1 + i), Handle: "still" + itoa(i), Name: "S", Type: "person", Followers: 5})
	}
}

// TestEdits edits the config of a running collector at random moments, many of them in
// the middle of a poll, wrongly at times. Every account that the config names at a tick
// is polled for at that tick, once, and at no other time; at the end nothing is left over.
//
//	go test ./collector -run TestEdits -edits 20000 -editseed 7
func TestEdits(t *testing.T) {
	seed := *editSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d", seed)
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		editWorld(r)
		for _, network := range []string{"vk", "bluesky"} { // a poll takes 5 to 10 s, of 60 between two ticks
			r.world.Break(network, func(http.ResponseWriter, *http.Request) bool { time.Sleep(5 * time.Second); return false })
		}
		e := newEdited(seed)
		text, _ := e.edit()
		for text == "" || !strings.Contains(text, "still0") {
			text, _ = e.edit()
		}
		r.start(text)
		want, inForce, since := make(map[string]bool), r.config(text), time.Now()
		broken, during := 0, 0
		var goroutines int
		var heap uint64
		for i := range *edits {
			time.Sleep(time.Duration(e.random.Int64N(int64(12 * time.Second))))
			synctest.Wait()
			e.expected(inForce, since, time.Now(), want)
			since = time.Now()
			if r.polling() {
				during++
			}
			text, good := e.edit()
			cfg, err := config.Parse("test.yaml", []byte(text), config.Env{Networks: all.List()})
			if good != (err == nil) {
				t.Fatalf("edit %d: %v\n%s", i, err, text)
			}
			if err != nil {
				broken++
				continue
			}
			r.collector.Configure(cfg)
			inForce = cfg
			if goroutines == 0 && i >= *edits/10 {
				goroutines, heap = r.settled()
			}
		}
		time.Sleep(15 * time.Second)
		e.expected(inForce, since, time.Now(), want)
		if after, now := r.settled(); after > goroutines+2 || now > heap+heap/2+8<<20 {
			t.Errorf("%d goroutines and %d kB of heap, after a tenth of the edits %d and %d kB", after, now>>10, goroutines, heap>>10)
		}
		r.compare(want)
		if broken == 0 || during == 0 {
			t.Errorf("%d broken edits and %d during a poll: nothing was tested", broken, during)
		}
		if n := r.collector.Networks(r.keys)[0]; n.Skipped != 0 || n.Missed != 0 {
			t.Errorf("%d ticks skipped and %d missed, want none", n.Skipped, n.Missed)
		}
		t.Logf("%d edits, %d broken, %d during a poll; %d points", *edits, broken, during, len(want))
		r.halt()
	})
}

// polling reports whether a poll is under way.
func (r *rig) polling() bool {
	for _, n := range r.collector.Networks(r.keys) {
		if n.Running {
			return true
		}
	}
	return false
}

// settled returns how many goroutines there are while no poll is under way, and how much
// memory is in use.
func (r *rig) settled() (goroutines int, heap uint64) {
	for r.polling() {
		time.Sleep(time.Second)
	}
	synctest.Wait()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return runtime.NumGoroutine(), m.HeapAlloc
}

// compare demands that the profile points are those wanted, each once.
func (r *rig) compare(want map[string]bool) {
	r.t.Helper()
	got := make(map[string]int)
	for _, p := range r.points(point.Profile) {
		got[fmt.Sprint(p.Tag("network"), " ", p.Tag("account"), " ", p.Time.Unix())]++
	}
	for key := range want {
		if got[key] != 1 {
			r.t.Errorf("%d points for %s, want 1", got[key], key)
		}
	}
	for key := range got {
		if !want[key] {
			r.t.Errorf("a point for %s, which no config asked for", key)
		}
	}
}

// A network that leaves the config in the middle of its poll and is back before the poll
// is over goes on as if nothing had been.
func TestNetworkLeavesAndComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		vkWorld(r)
		r.world.Break("vk", func(http.ResponseWriter, *http.Request) bool { time.Sleep(20 * time.Second); return false })
		r.start(vkConfig)
		time.Sleep(10*time.Minute + 5*time.Second)
		for range 3 {
			r.collector.Configure(r.config("networks: {}"))
			time.Sleep(time.Second)
			r.collector.Configure(r.config(vkConfig))
			time.Sleep(time.Second)
		}
		time.Sleep(12 * time.Minute)
		if got, want := r.clocks(point.Poll), []string{"00:10:00", "00:20:00"}; !slices.Equal(got, want) {
			t.Errorf("polls at %v, want %v", got, want)
		}
		if n := r.collector.Networks(r.keys)[0]; n.Skipped != 0 || n.Missed != 0 {
			t.Errorf("%d ticks skipped and %d missed, want none", n.Skipped, n.Missed)
		}
		if n := r.world.Requests("vk"); n > 4 {
			t.Errorf("%d requests for two polls, want 4 at most", n)
		}
		r.halt()
	})
}

// The poll of a network that is cut short, and gone from the config at the next start, is
// over: its tick does not stay open until the network comes back.
func TestOpenTickOfADroppedNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		vkWorld(r)
		r.world.Break("vk", func(_ http.ResponseWriter, req *http.Request) bool { <-req.Context().Done(); return false })
		r.start(vkConfig)
		time.Sleep(10*time.Minute + 5*time.Second)
		r.halt()
		r.open()
		r.start("networks: {}")
		time.Sleep(time.Second)
		r.wantLog("is not gone on with")
		tick, ok, err := r.journal.Tick(t.Context(), "vk", time.Date(2000, 1, 1, 0, 10, 0, 0, time.UTC))
		if err != nil || !ok || tick.Closed.IsZero() {
			t.Errorf("the tick is %+v, %v, %v; want it closed", tick, ok, err)
		}
		r.wantLines(point.Poll, "00:10:00 accounts=2 ok=0 failed=2 requests=0 retries=0")
		r.halt()
	})
}

// An edit that comes while the one before is being put into force is not lost: the file
// changes right after it was read.
func TestEditDuringReload(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "config.yaml")
	write := func(text string) {
		if err := os.WriteFile(path, []byte("state_dir: "+dir+"\nweb: {listen: ''}\nlog: {level: "+text+"}\n"), 0o600); err != nil {
			t.Error(err)
		}
	}
	load := func() (*config.Config, error) { return config.Load(path, config.Env{Networks: all.List()}) }
	write("info")
	if err := os.Chtimes(path, time.Time{}, time.Now().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	cfg, err := load()
	if err != nil {
		t.Fatal(err)
	}
	keys, err := keychain.Open(keychain.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	levels, reload := make(chan string, 100), make(chan struct{}, 1)
	edit := sync.OnceFunc(func() { write("warn") })
	d, err := NewDaemon(t.Context(), DaemonOptions{
		Config: cfg, Keys: keys, Log: zap.NewNop(), Level: zap.NewAtomicLevel(), Reload: reload,
		Load: func() (*config.Config, error) {
			cfg, err := load()
			edit()
			if err == nil {
				levels <- cfg.Log.Level
			}
			return cfg, err
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := d.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	defer running.Wait()
	defer cancel()
	reload <- struct{}{}
	for late := time.After(10 * time.Second); ; {
		select {
		case level := <-levels:
			if level == "warn" {
				return
			}
		case <-late:
			t.Fatal("the edit was never read")
		}
	}
}
