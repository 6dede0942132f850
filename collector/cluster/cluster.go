// Package cluster lets several machines share the work of one config, by way of the
// key-value buckets of NATS JetStream. A daemon without a cluster section never comes
// here.
//
// Every node runs the same config and the same schedules. What they agree on is who
// polls which piece of a tick, and who uses which token:
//
//	tick ── cut ──► pieces ── Claim ──► lease ── poll ── Check ──► journal ── Done
//	                   ▲                  │
//	                   └─ free again ◄────┴─ not renewed: its node died, or was cut off
//
// # Leases
//
// A lease is a key with a time to live, made by compare-and-set and renewed four times
// in its life. NATS counts the life from when it stored the key; the holder counts from
// before it asked, by the clock that nobody can set, and stops an eighth early. So a
// holder knows that its lease is over before anybody else can get it, whatever the
// clocks of the nodes say. A process that was stopped and wakes looks at the clock and
// finds its leases over; what it has in hand then it asks NATS about ([Claim.Check])
// and, where somebody else was let in, throws away.
//
// What no lease can rule out: between the last look and the write is a moment, and a
// process may be stopped in it. Then two nodes write the same point, of the same series
// and time, and InfluxDB keeps the one that came later.
//
// # Buckets
//
//	NAME_batches   NETWORK.UNIXTIME.CUT.INDEX   who polls a piece, or that it is done, with its counts
//	               NETWORK.UNIXTIME.missed-HASH.0   when the poll is that is made up for missed ticks
//	NAME_tokens    token.SLOT, renew.SLOT       who uses a token; who renews one
//	               want.SLOT                    somebody waits for a token
//	               state.SLOT                   what the network told the one who used it last
//	               spent.NETWORK.SLOT.DAY.NODE  what a node has spent with it
//	NAME_nodes     NODE                         a heartbeat: version, config, what it holds
//	NAME_accounts  NETWORK.HASH                 what is remembered of an account: who polls it next must know it
//	NAME_keychain  dump                         the newest dump, encrypted; the key is not here
//
// Keys with a time to live need nats-server 2.11.
//
// # Names
//
// A heartbeat is made by compare-and-set too, so that one process has a node's name. What
// is counted by node, what it has spent and which tokens are bound to it, would hold for
// neither of two. The second one waits, and says so.
//
// # What nodes tell each other
//
// Who polls an account next knows what is remembered of it (Remember), who uses a token next
// knows what the network told the last one (TellState), who wants a token says so (Take),
// and who missed a tick finds out whether anybody polled it (Polled) and agrees with the
// others on one poll where nobody did (Agree).
//
// # When NATS is away
//
// A node that has had no answer for two thirds of a lease is out of touch. It claims
// nothing more, and delivers what it has. With Options.Solo it polls everything by
// itself until NATS is back: other nodes may do the same, with points that overwrite
// each other, and a token's limit holds for each node alone.
package cluster

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"
)

// Options is what a Cluster is made with. Servers, Name and Node are needed.
type Options struct {
	Servers []string // nats://host:4222 or tls://host:4222
	Name    string   // of the cluster: the buckets begin with it
	Node    string   // of this node
	// CredentialsFile is a NATS credentials file; "" for none.
	CredentialsFile string
	// User and PasswordFile are for servers that know users; each may be "".
	User, PasswordFile string
	// CAFile, CertFile and KeyFile are for TLS; each may be "".
	CAFile, CertFile, KeyFile string
	// Replicas is on how many servers each bucket is.
	Replicas int
	// Lease is how long what a silent node holds stays its own, in whole seconds.
	Lease time.Duration
	// Solo makes a node that is out of touch poll everything by itself.
	Solo    bool
	Version string // of the program, for the other nodes to see
	// Tell hears what an operator wants to know; it must not block. Nil: nobody does.
	Tell func(Event)
	// Account hears what another node remembers of an account, in any order, also at the
	// start; it must not block. Nil: nobody does.
	Account func(value []byte)
	// Keychain hears that the shared dump is another; it must not block. Nil: nobody does.
	Keychain func()
}

// Event is something that an operator wants to know. Exactly one field is set.
type Event struct {
	InTouch   bool       // NATS answers, at first or again
	Lost      error      // NATS does not answer any more, and why
	TakeOver  *TakeOver  // this node went on with another's piece
	Broken    error      // what keeps the buckets from being used; it is tried again
	Namesake  bool       // another process has this node's name: nothing is claimed here
	Named     bool       // and it has it no more
	Differing *Differing // nodes whose configs are another
}

// TakeOver is that one node went on with what another had begun.
type TakeOver struct {
	At   time.Time `json:"at"`
	From string    `json:"from"`
	What string    `json:"what"` // "vk 2026-11-22T03:00:00Z 4"
}

// Cluster is this node's part in a cluster. Its methods may be called at the same time.
type Cluster struct {
	opts  Options
	nonce string // tells this process from others of the same name, earlier and later
	conn  *nats.Conn
	js    jetstream.JetStream

	spending    sync.Mutex       // one sum at a time; guards lostSpent
	lostSpent   map[string]int64 // by token and day: what this node spent that its journal has lost
	statesMoved chan struct{}
	left        chan struct{} // poked when a token has no user any more

	mu        sync.Mutex
	buckets   *buckets // nil until NATS has answered for the first time
	ready     chan struct{}
	changed   chan struct{} // closed, and another made, when a mirror changes
	answered  time.Time     // when NATS last did
	lost      time.Time     // since when it does not; zero while in touch
	never     bool          // NATS has not answered since the start
	refusal   error         // why a server could not be reached last
	leases    map[*lease]bool
	tokens    map[string]*tokenLease
	alone     map[Piece]Tally // done without NATS
	rows      map[string][]byte
	telling   int // rows under way
	rowsMoved chan struct{}
	states    map[string]tokenState // by slot: what the others have not been told yet
	hash      string                // of the config
	started   time.Time
	takeOver  *TakeOver
	takeOvers int64
	done      int64 // pieces
	dropped   int64
	skew      time.Duration
	name      name
	differ    differing
}

// The parts of a lease.
const (
	renewals  = 4 // a lease is renewed so often in its life
	marginPer = 8 // the holder stops this part of it early
	// mostIdle is how long a token stays with a node that has nothing to ask.
	mostIdle = 10 * time.Second
	// longestRequest bounds one exchange with NATS.
	longestRequest = 3 * time.Second
)

// buckets are the key-value buckets of a cluster.
type buckets struct{ batches, tokens, nodes, accounts, keychain *bucket }

// Open makes a node. It does not wait for NATS, which may come later; the error is about
// the files that Options names.
func Open(opts Options) (*Cluster, error) {
	c := &Cluster{
		opts: opts, nonce: nuid.Next(), ready: make(chan struct{}), changed: make(chan struct{}), never: true,
		leases: make(map[*lease]bool), tokens: make(map[string]*tokenLease), alone: make(map[Piece]Tally),
		rows: make(map[string][]byte), rowsMoved: make(chan struct{}, 1), started: time.Now(),
		states: make(map[string]tokenState), statesMoved: make(chan struct{}, 1),
		left: make(chan struct{}, 1), lostSpent: make(map[string]int64),
	}
	c.lost = c.started
	if c.opts.Tell == nil {
		c.opts.Tell = func(Event) {}
	}
	if err := c.opts.files(); err != nil {
		return nil, err
	}
	conn, err := nats.Connect(strings.Join(opts.Servers, ","), c.dialing()...)
	if err != nil {
		return nil, fmt.Errorf("cluster: %w", err)
	}
	c.conn = conn
	if c.js, err = jetstream.New(conn, jetstream.WithDefaultTimeout(longestRequest)); err != nil {
		conn.Close()
		return nil, fmt.Errorf("cluster: %w", err)
	}
	return c, nil
}

// Run keeps this node in the cluster until ctx ends; what it holds is free for others
// then. It returns when all it started has ended.
func (c *Cluster) Run(ctx context.Context) {
	var tasks sync.WaitGroup
	defer tasks.Wait()
	tasks.Go(func() { c.setUp(ctx) })
	tasks.Go(func() { c.sendRows(ctx) })
	tasks.Go(func() { c.sendStates(ctx) })
	pace := time.NewTicker(c.opts.Lease / renewals)
	defer pace.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-pace.C:
			c.beat(ctx)
		case <-c.left:
			c.dropIdle(ctx)
		}
	}
}

// Close gives back what this node holds and leaves the cluster.
func (c *Cluster) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), longestRequest)
	defer cancel()
	c.mu.Lock()
	held := slices.Collect(maps.Keys(c.leases))
	b := c.buckets
	c.mu.Unlock()
	if c.InTouch() {
		c.flushStates(ctx) // before another node can have the tokens
	}
	var each sync.WaitGroup
	for _, l := range held {
		each.Go(func() { l.release(ctx) })
	}
	each.Wait()
	c.giveNameBack(ctx)
	if b != nil {
		for _, one := range b.all() {
			each.Go(one.stop)
		}
		each.Wait()
	}
	c.conn.Close()
}

func (b *buckets) all() []*bucket {
	return []*bucket{b.batches, b.tokens, b.nodes, b.accounts, b.keychain}
}

// setUp makes the buckets, or finds them, and begins to watch them.
func (c *Cluster) setUp(ctx context.Context) {
	told := ""
	for {
		b, err := c.open(ctx)
		if err == nil {
			c.mu.Lock()
			c.buckets = b
			c.mu.Unlock()
			c.heard()
			c.beat(ctx)
			close(c.ready)
			return
		}
		if err = c.forbidden(err); c.conn.IsConnected() && ctx.Err() == nil && err.Error() != told {
			told = err.Error()
			c.opts.Tell(Event{Broken: err})
		}
		if sleep(ctx, time.Second) != nil {
			return
		}
	}
}

// markerLife is how long the trace of a key that ran out stays: who watches sees it at
// once.
const markerLife = time.Minute

func (c *Cluster) open(ctx context.Context) (b *buckets, err error) {
	b = &buckets{}
	defer func() {
		if err != nil {
			for _, one := range b.all() {
				if one != nil {
					one.stop()
				}
			}
		}
	}()
	for _, want := range []struct {
		suffix string
		leases bool
		to     **bucket
		heard  func(key string, e entry)
		keep   bool
	}{
		{"batches", true, &b.batches, nil, true},
		{"tokens", true, &b.tokens, nil, true},
		{"nodes", true, &b.nodes, c.heardNode, true},
		{"accounts", false, &b.accounts, c.heardRow, false},
		{"keychain", false, &b.keychain, c.heardDump, false},
	} {
		cfg := jetstream.KeyValueConfig{Bucket: c.opts.Name + "_" + want.suffix, History: 1, Replicas: c.opts.Replicas}
		if want.leases {
			cfg.LimitMarkerTTL = markerLife
		}
		if *want.to, err = c.openBucket(ctx, cfg, want.keep, want.heard); err != nil {
			return b, err
		}
	}
	return b, nil
}

// sleep waits for d or for the end of ctx, whose error it returns then.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
