package collector

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"collectord/collector/config"
	"collectord/collector/journal"
	"collectord/internal/natstest"
	"collectord/keychain"
	"collectord/networks/all"
	"collectord/networks/sim"
)

// The long form is go test ./collector -fleet -run 'OneMakeUp|MissedHereAlone|Differing|BudgetOfAll' .
var fleetLong = flag.Bool("fleet", false, "let several daemons miss ticks, differ and spend as well: a minute")

// long ends a test that takes its time, unless it is asked for. What it shows of single
// nodes the tests of collector/cluster show in a moment.
func long(t *testing.T) bool {
	t.Helper()
	if !*fleetLong {
		t.Log("no fleet was started: see -fleet, and TestAgree, TestWanted and TestSpendAgain of collector/cluster")
	}
	return *fleetLong
}

// fleet is some daemons of one process that share the work by way of a real NATS server,
// each with a wire to it that can be cut, against simulated networks without a socket. It
// is for the race detector, and for what processes would take longer to show.
type fleet struct {
	t       *testing.T
	servers *natstest.Servers
	world   *sim.World
	nodes   map[string]*machine

	mu    sync.Mutex
	asked []question
	slow  time.Duration // an answer takes so long
	// answer, if not nil, answers in the place of the simulator; nil for a request is that
	// the simulator does.
	answer func(q question) *http.Response
}

// question is one request for profiles.
type question struct {
	node, token string
	at          time.Time
	accounts    int
}

// machine is one daemon, and what is left of those before it.
type machine struct {
	*Daemon
	fleet *fleet
	name  string
	dir   string
	wire  *natstest.Wire
	logs  *observer.ObservedLogs
	stop  func()
}

// fleetLease is the shortest there is.
const fleetLease = 2 * time.Second

// newFleet makes the folders of some nodes. They are started one by one.
func newFleet(t *testing.T, names ...string) *fleet {
	t.Helper()
	f := &fleet{t: t, servers: natstest.Start(t, 1), world: sim.NewWorld(1), nodes: make(map[string]*machine)}
	for _, name := range names {
		f.nodes[name] = &machine{fleet: f, name: name, dir: t.TempDir(), wire: natstest.Connect(t, f.servers.URLs()[0])}
	}
	return f
}

// crowd has the simulated VK know accounts u1, u2 and so on, and returns them for a config.
func (f *fleet) crowd(n int) string {
	labels := make([]string, n)
	for i := range labels {
		labels[i] = "u" + itoa(i+1)
		f.world.Add(sim.Account{Network: "vk", ID: itoa(i + 1), Handle: labels[i], Type: "person", Name: "User", Followers: int64(i + 1)})
	}
	return "[" + strings.Join(labels, ", ") + "]"
}

// assign puts tokens into the first node's keychain, and its key into all of them: what
// the others have they get by way of NATS.
func (f *fleet) assign(first string, tokens map[string]string) {
	f.t.Helper()
	keys := f.nodes[first].keychain()
	defer keys.Close()
	for slot, value := range tokens {
		f.world.AllowToken("vk", value)
		if err := keys.Assign(slot, keychain.Bare(value)); err != nil {
			f.t.Fatal(err)
		}
	}
	key, err := os.ReadFile(filepath.Join(f.nodes[first].dir, "keychain.key"))
	if err != nil {
		f.t.Fatal(err)
	}
	for _, m := range f.nodes {
		if err := os.WriteFile(filepath.Join(m.dir, "keychain.key"), key, 0o600); err != nil {
			f.t.Fatal(err)
		}
	}
}

func (m *machine) keychain() *keychain.KeyChain {
	m.fleet.t.Helper()
	var formats []keychain.Format
	for _, d := range all.List() {
		formats = append(formats, d.Slots...)
	}
	keys, err := keychain.Open(keychain.Options{Dir: m.dir, Formats: formats})
	if err == nil {
		err = keys.LoadLast()
	}
	if err != nil {
		m.fleet.t.Fatal(err)
	}
	return keys
}

// start runs a node with some networks.
func (f *fleet) start(name, networks string) *machine {
	f.t.Helper()
	m := f.nodes[name]
	if m.Daemon != nil {
		before := *m
		m = &before
		f.nodes[name] = m
	}
	text := fmt.Sprintf("state_dir: %q\nweb: {listen: ''}\nkeychain: {autocomplete: '@every 1h'}\ncluster: {nats: [%q], name: fleet, node: %s, lease: %v}\nnetworks:\n%s\n",
		m.dir, m.wire.URL, name, fleetLease, networks)
	cfg, err := config.Parse("test.yaml", []byte(text), config.Env{Networks: all.List()})
	if err != nil {
		f.t.Fatal(err)
	}
	core, logs := observer.New(zapcore.InfoLevel)
	m.logs = logs
	m.Daemon, err = NewDaemon(f.t.Context(), DaemonOptions{Config: cfg, Keys: m.keychain(), Log: zap.New(core), Level: zap.NewAtomicLevel(),
		Version: "test", HTTP: &http.Client{Transport: m}, Load: func() (*config.Config, error) { return cfg, nil }})
	if err != nil {
		f.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	d := m.Daemon
	go func() {
		defer close(done)
		if err := d.Run(ctx); err != nil {
			f.t.Errorf("%s: %v", name, err)
		}
	}()
	m.stop = sync.OnceFunc(func() { cancel(); <-done })
	f.t.Cleanup(func() {
		m.wire.Mend()
		m.stop()
		m.sayWhy()
	})
	return m
}

// kill ends a node so that nobody hears of it, as kill -9 does.
func (m *machine) kill() {
	m.wire.Cut()
	m.stop()
	m.wire.Mend()
}

// killAll kills all nodes at the same time.
func (f *fleet) killAll() {
	var each sync.WaitGroup
	for _, m := range f.nodes {
		each.Go(m.kill)
	}
	each.Wait()
}

func (m *machine) sayWhy() {
	if !m.fleet.t.Failed() {
		return
	}
	for _, e := range m.logs.All() {
		m.fleet.t.Logf("%s: %s %s %s %v", m.name, e.Time.Format("05.000"), e.Level, e.Message, e.ContextMap())
	}
}

// RoundTrip answers a node's request as the simulated network whose name is the host.
func (m *machine) RoundTrip(req *http.Request) (*http.Response, error) {
	f := m.fleet
	body := ""
	if req.Body != nil {
		text, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		body = string(text)
		req.Body = io.NopCloser(strings.NewReader(body))
	}
	q := question{node: m.name, token: strings.TrimPrefix(req.Header.Get("Authorization"), "Bearer "), at: time.Now(),
		accounts: strings.Count(body+req.URL.RawQuery, "%2C") + 1}
	f.mu.Lock()
	f.asked = append(f.asked, q)
	answer, slow := f.answer, f.slow
	f.mu.Unlock()
	if err := wait(req.Context(), slow); err != nil {
		return nil, err
	}
	if answer != nil {
		if resp := answer(q); resp != nil {
			resp.Request = req
			return resp, nil
		}
	}
	w := httptest.NewRecorder()
	all.Simulators()[req.URL.Hostname()](f.world).ServeHTTP(w, req)
	return w.Result(), nil
}

// pause sets how long an answer takes.
func (f *fleet) pause(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.slow = d
}

// answers sets fleet.answer.
func (f *fleet) answers(by func(q question) *http.Response) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answer = by
}

// questions are the requests for profiles so far, of one node or of all ("").
func (f *fleet) questions(node string) []question {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(f.asked), func(q question) bool { return node != "" && q.node != node })
}

// eventually waits for something.
func (f *fleet) eventually(within time.Duration, what string, ok func() bool) {
	f.t.Helper()
	for deadline := time.Now().Add(within); !ok(); <-time.After(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			f.t.Fatalf("not within %v: %s", within, what)
		}
	}
}

// said reports how often a node's log says something.
func (m *machine) said(text string) int { return m.logs.FilterMessageSnippet(text).Len() }

// profiles are the times of the follower counts in a node's journal, by label.
func (m *machine) profiles() map[string][]int64 {
	m.fleet.t.Helper()
	got := make(map[string][]int64)
	for p, err := range m.journal.Points(context.Background(), journal.Filter{Measurement: "profile"}) {
		if err != nil {
			m.fleet.t.Fatal(err)
		}
		got[p.Tag("account")] = append(got[p.Tag("account")], p.Time.Unix())
	}
	return got
}

// holds reports whether a node uses a slot's token, by its own word.
func (m *machine) holds(slot string) bool {
	for _, n := range m.cluster.View().Nodes {
		if n.Name == m.name && slices.Contains(n.Tokens, slot) {
			return true
		}
	}
	return false
}
