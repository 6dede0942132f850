// Package collector is the flow: at a tick, poll; what is answered, into the
// journal; from there, to InfluxDB.
//
//	config ──► schedule ── tick ──► poll ──► networks/NAME ──► the network
//	               ▲                 │ ▲
//	       slots on disk             │ └── keychain
//	                                 ▼
//	                              journal ──► influx ──► InfluxDB
//	                                 │
//	                                 └──► status (page, JSON, metrics)
//
// One direction: nothing below calls back up, nothing above waits for InfluxDB.
//
// A [Collector] has the networks: each one goroutine that waits for ticks and one
// for every poll under way. A [Daemon] has everything that `collectord run` is: the
// journal, the keychain, a Collector, the delivery, the page and the watch over the
// config file.
//
// The promises, and where they are kept:
//
//   - An answer is on disk before anything else happens with it: ticking.answer
//     writes the journal first and changes memory after it.
//   - A budget is never exceeded: what a request may cost is on disk before it is
//     made (network.spend, poll.Ledger).
//   - A poll cut short goes on where it stopped: the tick is a row that is opened
//     before the first request and closed after the last answer (network.resume).
//   - A missed tick is noticed, counted and made up once: the next tick of every
//     schedule is on disk (network.advance).
//   - A full disk stops the journal, not the process: network.durably waits.
//   - An edit of the config touches what it changes: network.configure.
package collector

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"collectord/collector/cluster"
	"collectord/collector/config"
	"collectord/collector/journal"
	"collectord/collector/poll"
	"collectord/collector/transport"
	"collectord/networks"
)

// Options is what a Collector is made with. All of it is needed but HTTP and Purse.
type Options struct {
	Journal *journal.Journal
	// Purse is the journal that keeps what tokens spent, where it is another; it may be
	// open for reading only.
	Purse     *journal.Journal
	Tokens    poll.Tokens
	Log       *zap.Logger
	HTTP      *http.Client // for all networks; nil: one with bounds on every phase
	UserAgent string
	// Cluster is where other machines share the work; nil: there are none.
	Cluster *cluster.Cluster
}

// Collector polls the accounts of a config.
type Collector struct {
	opts   Options
	newest map[string]time.Time // of the points of each network, as remembered at the start
	slots  map[string]map[string]time.Time
	spent  map[string][]poll.Spent // by network

	mu       sync.Mutex
	memory   *recollection // while a config is being taken
	absent   absent
	heard    map[journal.AccountKey]journal.Account // by other nodes, of accounts that are not in the config
	order    []string                               // of networks, as in the config
	networks map[string]*network
	running  map[string]bool // networks whose loop was started
	launch   func(*network)  // starts the loop of a network; nil before Run and after it
	loops    sync.WaitGroup
}

// New returns a Collector for a config, with what the journal remembers.
func New(ctx context.Context, cfg *config.Config, opts Options) (*Collector, error) {
	if opts.HTTP == nil {
		opts.HTTP = newHTTP()
	}
	if opts.Purse == nil {
		opts.Purse = opts.Journal
	}
	c := &Collector{opts: opts, networks: make(map[string]*network), running: make(map[string]bool),
		absent: newAbsent(), heard: make(map[journal.AccountKey]journal.Account)}
	m, err := recollect(ctx, opts.Journal)
	if err != nil {
		return nil, err
	}
	c.memory, c.newest = &m, m.newest()
	if c.slots, err = opts.Journal.Slots(ctx); err != nil {
		return nil, err
	}
	if c.spent, err = readSpent(ctx, opts.Purse); err != nil {
		return nil, err
	}
	c.Configure(cfg)
	c.absent.leave(m)
	return c, nil
}

// Configure takes a config, before or during Run. What it does not change goes on
// undisturbed; a network that it drops finishes the poll under way.
func (c *Collector) Configure(cfg *config.Config) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.order = c.order[:0]
	kept := make(map[string]bool, len(cfg.Networks))
	for _, n := range cfg.Networks {
		c.order = append(c.order, n.Name)
		kept[n.Name] = true
		c.configure(n, cfg.Bound)
	}
	for name := range c.slots {
		if !kept[name] { // ticks of a network that nobody wanted polled are not missed
			c.networkOf(name)
			delete(c.slots, name)
		}
	}
	for name, n := range c.networks {
		if !kept[name] {
			n.forgetTicks()
			n.dismiss(func(a *account) { c.forget(name, a) })
		}
	}
	c.memory = nil
	c.runMissing()
}

// configure makes or changes one network. The caller holds c.mu.
func (c *Collector) configure(cfg config.Network, bound map[string]string) {
	n := c.networkOf(cfg.Name)
	if n.ledger == nil {
		n.ledger, n.spentBefore = poll.NewLedger(cfg.Descriptor.Spending, c.spent[cfg.Name]), c.spent[cfg.Name]
	}
	n.ledger.SetBudget(cfg.Budget)
	poller := n.poller
	if poller == nil || !samePoller(n.cfg, cfg) {
		poller = c.poller(cfg, n.ledger)
	}
	n.bind(bound)
	n.configure(cfg, poller, func(a *config.Account) *account { return c.remember(cfg.Name, a) }, func(a *account) { c.forget(cfg.Name, a) })
}

// networkOf is the network with that name, new if need be. The caller holds c.mu.
func (c *Collector) networkOf(name string) *network {
	n := c.networks[name]
	if n == nil {
		n = &network{
			name: name, log: c.opts.Log.With(zap.String("network", name)), journal: c.opts.Journal, purse: c.opts.Purse,
			cluster: c.opts.Cluster,
			reload:  make(chan struct{}, 1), moved: make(chan struct{}), next: c.slots[name], repeats: c.newest[name],
		}
		c.networks[name] = n
	}
	return n
}

// samePoller reports whether two configs of a network ask it in the same way.
func samePoller(a, b config.Network) bool {
	return networkOptions(a) == networkOptions(b) && a.RequestsPerSecond == b.RequestsPerSecond &&
		equal(a.Tokens, b.Tokens)
}

func equal(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func networkOptions(n config.Network) networks.Options {
	return networks.Options{BaseURL: n.BaseURL, AuthURL: n.AuthURL, OAuthURL: n.OAuthURL, APIVersion: n.APIVersion}
}

func (c *Collector) poller(cfg config.Network, ledger *poll.Ledger) *poll.Poller {
	opts := networkOptions(cfg)
	opts.HTTP, opts.UserAgent = c.opts.HTTP, c.opts.UserAgent
	return poll.New(poll.Options{
		Network: cfg.Descriptor.New(opts), Descriptor: cfg.Descriptor, Tokens: c.opts.Tokens,
		Slots: cfg.Tokens, PerSecond: cfg.RequestsPerSecond, Ledger: ledger, Leases: c.leases(),
	})
}

// Run polls at every tick until ctx ends, and returns when the last poll has.
func (c *Collector) Run(ctx context.Context) {
	c.abandonDropped(ctx)
	c.mu.Lock()
	c.launch = func(n *network) { c.loops.Go(func() { n.run(ctx) }) }
	c.runMissing()
	c.mu.Unlock()
	<-ctx.Done()
	c.mu.Lock()
	c.launch = nil
	c.mu.Unlock()
	c.loops.Wait()
}

// runMissing starts the loops of configured networks that have none. The caller
// holds c.mu.
func (c *Collector) runMissing() {
	if c.launch == nil {
		return
	}
	for _, name := range c.order {
		if !c.running[name] {
			c.running[name] = true
			c.launch(c.networks[name])
		}
	}
}

// abandonDropped closes the ticks that were cut short of networks that are not in the
// config: they would stay open until the network comes back.
func (c *Collector) abandonDropped(ctx context.Context) {
	ticks, err := c.opts.Journal.OpenTicks(ctx)
	if err != nil {
		return // the networks that run say so
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, t := range ticks {
		if !slices.Contains(c.order, t.Network) {
			c.networkOf(t.Network).abandon(ctx, t, "its network is not in the config any more")
		}
	}
}

// look makes every network look at its schedules now: the clock was set.
func (c *Collector) look() {
	for _, n := range c.configured() {
		n.poke()
	}
}

// configured returns the networks in the order of the config.
func (c *Collector) configured() []*network {
	c.mu.Lock()
	defer c.mu.Unlock()
	ns := make([]*network, 0, len(c.order))
	for _, name := range c.order {
		ns = append(ns, c.networks[name])
	}
	return ns
}

// blocked returns why polls wait for the journal, nil if none does.
func (c *Collector) blocked() error {
	for _, n := range c.configured() {
		if err := n.blocked.Load(); err != nil {
			return *err
		}
	}
	return nil
}

// Once polls every account now, once, in one tick of each network. It returns when
// every account has been answered for or given up. Each, if not nil, is called
// after every request with the number of accounts it was about.
func (c *Collector) Once(ctx context.Context, each func(accounts int)) error {
	at := time.Now().Truncate(time.Second)
	for _, n := range c.configured() {
		if free, ok := n.freeTime(ctx, at); ok && free.After(at) {
			at = free
		}
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	var first error
	for _, n := range c.configured() {
		wg.Go(func() {
			if err := n.once(ctx, at, each); err != nil {
				mu.Lock()
				defer mu.Unlock()
				if first == nil {
					first = err
				}
			}
		})
	}
	wg.Wait()
	return first
}

// newHTTP is the client of all networks: many hosts, and some requests at once to each.
func newHTTP() *http.Client {
	t := transport.New()
	t.ForceAttemptHTTP2 = true
	t.MaxIdleConns = 256
	t.MaxIdleConnsPerHost = 16
	t.ResponseHeaderTimeout = 30 * time.Second
	return &http.Client{Transport: t}
}
