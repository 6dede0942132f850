package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"collectord/internal/influxdtest"
	"collectord/internal/natstest"
	"collectord/networks/all"
	"collectord/networks/sim"
)

// clusterRig is three machines that share the work: daemons with states of their own,
// real NATS servers between them, a real InfluxDB behind them, and a simulated network
// that knows who asks with which token.
type clusterRig struct {
	t        *testing.T
	servers  *natstest.Servers
	db       *influxdtest.Server
	world    *sim.World
	network  *httptest.Server
	accounts int
	every    time.Duration
	nodes    []*clusterNode

	mu    sync.Mutex
	asked []asking
	gone  []broken      // guarded by nothing: of the test's own goroutine
	slow  time.Duration // an answer takes so long
}

// asking is one request for profiles.
type asking struct {
	node, token string
	from, to    time.Time
}

type clusterNode struct {
	name, dir, page string
	daemon          *process
	wires           []*natstest.Wire
}

const clusterConfig = `
influxdb: {url: %[1]q, org: smm, bucket: %[2]q, token: any}
web: {listen: %[3]q}
contact: %[4]s@example.org
cluster: {nats: [%[5]s], node: %[4]s, lease: %[6]s, replicas: %[11]d, on_loss: %[12]s}
keychain: {autocomplete: "@every 1h"}
networks:
  vk:
    schedule: "@every %[7]s"
    base_url: %[8]s
    auth_url: %[8]s
    requests_per_second: %[10]d
    token: [%[9]s]
    accounts_files: [accounts.csv]
`

// clusterOptions are what the tests want different.
type clusterOptions struct {
	accounts, tokens, nats int
	every                  time.Duration
	lease                  string
	perSecond              int
	loss                   string
	wired                  bool // the daemons reach NATS by wires that can be cut
	renewed                bool // one token more, which has to be renewed all the time
	nodes                  int
}

func newClusterRig(t *testing.T, o clusterOptions) *clusterRig {
	t.Helper()
	r := &clusterRig{t: t, db: influxdtest.Start(t), servers: natstest.Start(t, o.nats), world: sim.NewWorld(1), accounts: o.accounts, every: o.every}
	simulated := http.NewServeMux()
	simulated.Handle("/method/", all.Simulators()["vk"](r.world))
	simulated.Handle("/", sim.VKAuth(r.world))
	r.network = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) { r.answer(simulated, w, req) }))
	t.Cleanup(r.network.Close)
	t.Cleanup(r.sayWhy)
	var list bytes.Buffer
	for i := range o.accounts {
		id := fmt.Sprint(1000 + i)
		r.world.Add(sim.Account{Network: "vk", ID: id, Handle: "user" + id, Type: "person", Name: "User", Followers: int64(1000 + i)})
		_, _ = fmt.Fprintf(&list, "account %06d,id%s\n", i, id)
	}
	var slots []string
	for i := range o.tokens {
		r.world.AllowToken("vk", fmt.Sprintf("good-token-%d", i))
		slots = append(slots, fmt.Sprintf("%q", fmt.Sprintf("vk:t%d", i)))
	}
	if o.renewed {
		r.world.VKApp(sim.VKApp{ID: "71", User: "1", Life: 8 * time.Second})
		slots = append(slots, `"vk:renewed"`)
	}
	for i := range max(1, o.nodes) {
		r.addNode(o, i, strings.Join(slots, ", "), list.Bytes())
	}
	r.fillKeychain(o)
	return r
}

// addNode makes the folder of a node.
func (r *clusterRig) addNode(o clusterOptions, i int, slots string, accounts []byte) {
	r.t.Helper()
	n := &clusterNode{name: string(rune('a' + i)), dir: r.t.TempDir(), page: freeAddress(r.t)}
	var urls []string
	for _, url := range r.servers.URLs() {
		if o.wired {
			wire := natstest.Connect(r.t, url)
			n.wires, url = append(n.wires, wire), wire.URL
		}
		urls = append(urls, fmt.Sprintf("%q", url))
	}
	replicas, loss := min(3, o.nats), o.loss
	if loss == "" {
		loss = "pause"
	}
	text := fmt.Sprintf(clusterConfig, r.db.URL, r.db.Database, n.page, n.name, strings.Join(urls, ", "), o.lease,
		o.every, r.network.URL, slots, o.perSecond, replicas, loss)
	for name, content := range map[string][]byte{"config.yaml": []byte(text), "accounts.csv": accounts} {
		if err := os.WriteFile(filepath.Join(n.dir, name), content, 0o600); err != nil {
			r.t.Fatal(err)
		}
	}
	r.nodes = append(r.nodes, n)
}

// fillKeychain gives the first node the tokens and all the same key: what the others
// have they get by way of NATS.
func (r *clusterRig) fillKeychain(o clusterOptions) {
	r.t.Helper()
	assign := func(slot, value string) {
		cmd := exec.Command("collectord", "keychain", "assign", slot, "--from", "-")
		cmd.Dir, cmd.Stdin = r.nodes[0].dir, strings.NewReader(value)
		if out, err := cmd.CombinedOutput(); err != nil {
			r.t.Fatalf("%v: %s", err, out)
		}
	}
	for i := range o.tokens {
		assign(fmt.Sprintf("vk:t%d", i), fmt.Sprintf("good-token-%d\n", i))
	}
	if o.renewed {
		login, err := json.Marshal(r.world.VKLogin("71"))
		if err != nil {
			r.t.Fatal(err)
		}
		assign("vk:renewed", string(login))
	}
	key, err := os.ReadFile(filepath.Join(r.nodes[0].dir, "state", "keychain.key"))
	if err != nil {
		r.t.Fatal(err)
	}
	for _, n := range r.nodes[1:] {
		if err := os.MkdirAll(filepath.Join(n.dir, "state"), 0o700); err != nil {
			r.t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(n.dir, "state", "keychain.key"), key, 0o600); err != nil {
			r.t.Fatal(err)
		}
	}
}

// answer lets the simulator answer, and notes who asked.
func (r *clusterRig) answer(simulated http.Handler, w http.ResponseWriter, req *http.Request) {
	if !strings.HasPrefix(req.URL.Path, "/method/users") && !strings.HasPrefix(req.URL.Path, "/method/groups") {
		simulated.ServeHTTP(w, req)
		return
	}
	a := asking{token: strings.TrimPrefix(req.Header.Get("Authorization"), "Bearer "), from: time.Now()}
	if _, by, ok := strings.Cut(req.UserAgent(), "(+"); ok {
		a.node, _, _ = strings.Cut(by, "@")
	}
	r.mu.Lock()
	at := len(r.asked)
	r.asked = append(r.asked, a)
	slow := r.slow
	r.mu.Unlock()
	<-time.After(slow)
	simulated.ServeHTTP(w, req)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked[at].to = time.Now()
}

// slower sets how long an answer takes.
func (r *clusterRig) slower(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.slow = d
}

// requests are those that were made so far.
func (r *clusterRig) requests() []asking {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.asked)
}

// node is the node of that name.
func (r *clusterRig) node(name string) *clusterNode { return r.nodes[int(name[0]-'a')] }

func (r *clusterRig) start(nodes ...*clusterNode) {
	r.t.Helper()
	for _, n := range nodes {
		n.daemon = startProcess(r.t, n.dir, "run")
	}
}

// together waits until every node sees all of them.
func (r *clusterRig) together() {
	r.t.Helper()
	for _, n := range r.nodes {
		eventually(r.t, 30*time.Second, "node "+n.name+" sees all nodes", func() bool { return len(r.view(n).Nodes) == len(r.nodes) })
	}
}

// clusterStatus is what the tests read of a node's /api/v1/status.
type clusterStatus struct {
	State string `json:"state"`
	Nodes []struct {
		Node      string   `json:"node"`
		Holding   []string `json:"holding"`
		Tokens    []string `json:"tokens"`
		Differs   bool     `json:"config_differs"`
		TakeOvers int64    `json:"take_overs"`
		Dropped   int64    `json:"dropped_answers"`
		SkewMS    int64    `json:"clock_skew_ms"`
		Last      *struct {
			From string `json:"from"`
			What string `json:"what"`
		} `json:"last_take_over"`
	} `json:"nodes"`
}

func (r *clusterRig) view(n *clusterNode) clusterStatus {
	var s struct {
		Cluster clusterStatus `json:"cluster"`
	}
	if body, err := get("http://" + n.page + "/api/v1/status"); err != nil || json.Unmarshal(body, &s) != nil {
		return clusterStatus{}
	}
	return s.Cluster
}

// nextTick waits for the next tick and returns its time.
func (r *clusterRig) nextTick() time.Time {
	next := time.Now().Truncate(r.every).Add(r.every)
	<-time.After(time.Until(next))
	return next
}

// asker waits until somebody asks, after a time, and returns the node's name.
func (r *clusterRig) asker(after time.Time, not ...string) (name string) {
	r.t.Helper()
	eventually(r.t, 2*r.every, "a node asks", func() bool {
		for _, a := range r.requests() {
			if a.from.After(after) && !slices.Contains(not, a.node) {
				name = a.node
				return true
			}
		}
		return false
	})
	return name
}

func (r *clusterRig) signal(n *clusterNode, s syscall.Signal) {
	r.t.Helper()
	r.gone = append(r.gone, broken{n.name, time.Now()})
	if err := n.daemon.cmd.Process.Signal(s); err != nil {
		r.t.Fatal(err)
	}
}

// kill ends a node as kill -9 does.
func (r *clusterRig) kill(n *clusterNode) {
	r.t.Helper()
	r.signal(n, syscall.SIGKILL)
	_ = n.daemon.cmd.Wait() // it ends with the signal
}

// whole waits until InfluxDB has a point of every account at a tick.
func (r *clusterRig) whole(tick time.Time, within time.Duration) {
	r.t.Helper()
	got := int64(0)
	for deadline := time.Now().Add(within); time.Now().Before(deadline); <-time.After(100 * time.Millisecond) {
		if got = r.pointsAt(tick); got == int64(r.accounts) {
			r.t.Logf("the tick of %s was whole %v after it", tick.UTC().Format(time.TimeOnly), time.Since(tick).Round(10*time.Millisecond))
			return
		}
	}
	r.t.Errorf("the tick of %s has %d points of %d accounts after %v", tick.UTC().Format(time.TimeOnly), got, r.accounts, within)
	r.t.FailNow()
}

// sayWhy shows what the nodes logged, where the test failed. They have ended by now.
func (r *clusterRig) sayWhy() {
	for _, n := range r.nodes {
		if r.t.Failed() && n.daemon != nil {
			r.t.Logf("node %s:\n%s", n.name, n.daemon.stderr)
		}
	}
}

func (r *clusterRig) pointsAt(tick time.Time) int64 {
	r.t.Helper()
	rows := r.db.Query(r.t, fmt.Sprintf(`SELECT count(followers) AS n FROM profile WHERE time = %ds`, tick.Unix()))
	if len(rows) == 0 {
		return 0
	}
	return rows[0].Int(r.t, "n")
}

// settle demands what holds whatever happened: no point has a time that is no tick, no
// tick from first to last is missing, no token was over its limit or used by two nodes
// at once, and no refresh token was used twice.
func (r *clusterRig) settle(first, last time.Time, perSecond int) {
	r.t.Helper()
	for tick := first; !tick.After(last); tick = tick.Add(r.every) {
		if n := r.pointsAt(tick); n != int64(r.accounts) {
			r.t.Errorf("the tick of %s has %d points of %d accounts", tick.UTC().Format(time.TimeOnly), n, r.accounts)
		}
	}
	rows := r.db.Query(r.t, `SELECT followers FROM profile WHERE account = 'account 000000'`)
	for _, row := range rows {
		if !row.Time.Truncate(r.every).Equal(row.Time) {
			r.t.Errorf("a point has the time %v, which is no tick's", row.Time)
		}
	}
	r.tokens(perSecond)
	stats := r.world.VKAuthStats()
	r.t.Logf("%d renewals", stats.Refreshes)
	if stats.Refreshes == 0 {
		r.t.Error("no token was renewed: the test missed")
	}
	if reuses := stats.Reuses; len(reuses) > 0 {
		r.t.Errorf("refresh tokens were used twice: %v", reuses)
	}
}

// tokens looks at how each token was used.
func (r *clusterRig) tokens(perSecond int) {
	r.t.Helper()
	by := make(map[string][]asking)
	for _, a := range r.requests() {
		by[a.token] = append(by[a.token], a)
	}
	for token, list := range by {
		nodes := make(map[string]int)
		for i, a := range list {
			nodes[a.node]++
			// A pace of 3 a second is a third of a second between two; the line and the
			// scheduler move them by some milliseconds.
			if j := i + perSecond; j < len(list) && list[j].from.Sub(a.from) < 900*time.Millisecond {
				r.t.Errorf("%s: %d requests within %v", token, perSecond+1, list[j].from.Sub(a.from))
			}
			for _, b := range list[i+1:] {
				if b.node != a.node && b.from.Before(a.to) && !a.to.IsZero() && !r.excused(a) {
					r.t.Errorf("%s is used by %s and %s at once", token, a.node, b.node)
				}
			}
		}
		r.t.Logf("%s: %d requests, by node %v", token, len(list), nodes)
	}
}

// paced demands that no token was over its limit for long: single requests are held up on
// their way where the machine is busy, and the next ones are not.
func (r *clusterRig) paced(perSecond int) {
	r.t.Helper()
	const window = 10
	by := make(map[string][]time.Time)
	for _, a := range r.requests() {
		by[a.token] = append(by[a.token], a.from)
	}
	for token, list := range by {
		for i := range list {
			if j := i + window*perSecond; j < len(list) && list[j].Sub(list[i]) < (window-1)*time.Second {
				r.t.Errorf("%s: %d requests within %v", token, window*perSecond+1, list[j].Sub(list[i]))
			}
		}
	}
}

// excused reports whether the request's node was killed, stopped or cut off while it was
// made: the network goes on with it, and nobody waits for the answer.
func (r *clusterRig) excused(a asking) bool {
	return slices.ContainsFunc(r.gone, func(g broken) bool {
		return g.node == a.node && !g.from.Before(a.from.Add(-time.Second)) && g.from.Before(a.to.Add(time.Second))
	})
}

// broken is when something was done to a node.
type broken struct {
	node string
	from time.Time
}

// sealed looks through what the NATS servers have on disk: the dump is there, encrypted,
// and neither a token nor the key.
func (r *clusterRig) sealed() {
	r.t.Helper()
	var all []byte
	err := filepath.WalkDir(r.servers.Dir(), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		all = append(all, b...)
		return err
	})
	if err != nil {
		r.t.Fatal(err)
	}
	if !bytes.Contains(all, []byte("age-encryption.org")) {
		r.t.Error("no dump is with NATS: the test looks in the wrong place")
	}
	for _, secret := range []string{"good-token-", "AGE-SECRET-KEY-"} {
		if bytes.Contains(all, []byte(secret)) {
			r.t.Errorf("%q is with NATS", secret)
		}
	}
}
