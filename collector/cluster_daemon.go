package collector

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"sync"
	"time"

	"go.uber.org/zap"

	"collectord/collector/cluster"
	"collectord/collector/config"
	"collectord/collector/status"
	"collectord/keychain"
)

// openCluster makes this daemon a node, where the config says so.
func (d *Daemon) openCluster(cfg *config.Cluster) error {
	if cfg == nil {
		return nil
	}
	d.dumpMoved = make(chan struct{}, 1)
	opts := clusterOptions(cfg)
	opts.Version, opts.Tell, opts.Account = d.opts.Version, d.tellCluster, func(row []byte) { d.collector.hear(row) }
	opts.Keychain = func() {
		select {
		case d.dumpMoved <- struct{}{}:
		default:
		}
	}
	var err error
	if d.cluster, err = cluster.Open(opts); err != nil {
		return withHint(err)
	}
	d.sharedKeys = &sharedKeys{keys: d.keys, cluster: d.cluster}
	d.keys.TakeTurns(d.sharedKeys.turn)
	return nil
}

// clusterOptions are what the config says of a node.
func clusterOptions(cfg *config.Cluster) cluster.Options {
	return cluster.Options{
		Servers: cfg.NATS, Name: cfg.Name, Node: cfg.Node, CredentialsFile: cfg.CredentialsFile, User: cfg.User, PasswordFile: cfg.PasswordFile,
		CAFile: cfg.CAFile, CertFile: cfg.CertFile, KeyFile: cfg.KeyFile, Replicas: cfg.Replicas, Lease: cfg.Lease, Solo: cfg.Solo,
	}
}

// TryCluster reaches the NATS servers of a config once and returns which of them answered.
// The error says what to do about it.
func TryCluster(ctx context.Context, cfg *config.Cluster) (report string, err error) {
	report, err = cluster.Try(ctx, clusterOptions(cfg))
	return report, withHint(err)
}

// withHint says in an error of the cluster what to do about it.
func withHint(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w; hint: %s", err, cmp.Or(cluster.Hint(err), natsHint))
}

// tellCluster logs what an operator wants to know of the cluster.
func (d *Daemon) tellCluster(e cluster.Event) {
	log := d.log.Named("cluster")
	switch {
	case e.InTouch:
		log.Info("NATS answers; work is shared")
	case e.Lost != nil:
		doing := "no piece of a tick is claimed until it does; what is in the journal is delivered"
		if d.sharing.Solo {
			doing = "everything is polled here until it does (cluster.on_loss: solo)"
		}
		log.Error("NATS does not answer", zap.Error(e.Lost), zap.String("meanwhile", doing),
			zap.String("hint", cmp.Or(cluster.Hint(e.Lost), natsHint)))
	case e.TakeOver != nil:
		log.Warn("a node left a piece of a tick unfinished; this one goes on with it",
			zap.String("from", e.TakeOver.From), zap.String("piece", e.TakeOver.What),
			zap.String("hint", "see why that node ended or was cut off"))
	case e.Broken != nil:
		log.Error("the buckets cannot be used", zap.Error(e.Broken), zap.String("hint", cmp.Or(cluster.Hint(e.Broken), natsHint)))
	case e.Namesake:
		log.Error("another process has this node's name; nothing is claimed here while it does", zap.String("node", d.cluster.Name()),
			zap.String("hint", "give each machine a cluster.node of its own, and restart this one"))
	case e.Differing != nil && len(e.Differing.Nodes) > 0:
		log.Warn("other nodes have another config; a tick whose accounts differ is polled by each alone",
			zap.Strings("nodes", e.Differing.Nodes), zap.String("hint", "take the same config to all machines"))
	case e.Differing != nil:
		log.Info("all nodes have the same config; ticks are shared")
	case e.Named:
		log.Info("this node has its name to itself; work is shared", zap.String("node", d.cluster.Name()))
	}
}

// runCluster starts what a node does beside polling.
func (d *Daemon) runCluster(ctx context.Context, tasks *sync.WaitGroup) {
	if d.cluster == nil {
		return
	}
	tasks.Go(func() { d.cluster.Run(ctx) })
	tasks.Go(func() { d.shareKeys(ctx) })
}

// closeCluster gives back what this node holds.
func (d *Daemon) closeCluster() {
	if d.cluster != nil {
		d.cluster.Close()
	}
}

// fingerprint tells one meaning of a config from another: the same on every node whose
// config polls the same accounts in the same way.
func fingerprint(cfg *config.Config) string {
	sum := sha256.New()
	for i := range cfg.Networks {
		n := &cfg.Networks[i]
		_, _ = fmt.Fprintf(sum, "%q %q %q %v %v %v\n", n.Name, n.Schedule, n.Tokens, n.Spread, n.RequestsPerSecond, n.Budget)
		for j := range n.Accounts {
			a := &n.Accounts[j]
			_, _ = fmt.Fprintf(sum, "%q %q %q %q %q\n", a.Label, asked(a.Ref()), a.Schedule, a.Tokens, a.Tags)
		}
	}
	_, _ = fmt.Fprintf(sum, "%v", cfg.Bound) // in the order of keys
	return hex.EncodeToString(sum.Sum(nil)[:6])
}

// sharedKeys keeps a keychain one with those of the other nodes.
type sharedKeys struct {
	keys    *keychain.KeyChain
	cluster *cluster.Cluster

	mu   sync.Mutex
	base map[string]string // stamps when this node and the shared dump last agreed; nil: not since the start
	told string
}

// turn waits until no other node renews the slot, and takes what they have saved. What
// is saved in the turn is with the others before the turn ends.
func (s *sharedKeys) turn(ctx context.Context, slot string) (done func(), err error) {
	end, err := s.cluster.Turn(ctx, slot)
	if err != nil {
		return nil, err
	}
	if err := s.agree(ctx); err != nil {
		end()
		return nil, err
	}
	return func() {
		defer end()
		ctx, cancel := context.WithTimeout(context.Background(), agreeFor)
		defer cancel()
		_ = s.agree(ctx) // shareKeys tries again, and says so
	}, nil
}

const (
	// agreeFor bounds one exchange of dumps.
	agreeFor = 10 * time.Second
	// agreeTries is how often two nodes may change the shared dump in each other's way.
	agreeTries = 10
)

// agree takes what the shared dump has that is newer, and puts the keychain's own in its
// place where that has.
func (s *sharedKeys) agree(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range agreeTries {
		shared, revision, err := s.cluster.Dump(ctx)
		if err != nil {
			return err
		}
		ahead := true
		if revision > 0 {
			if ahead, err = s.keys.Merge(shared, s.base); err != nil {
				return err
			}
		}
		file, stamps, err := s.keys.Sealed()
		if err != nil {
			return err
		}
		if ahead && file != nil {
			ok, err := s.cluster.SetDump(ctx, file, revision)
			if err != nil {
				return err
			}
			if !ok {
				continue // another node was faster
			}
		}
		s.base = stamps
		return nil
	}
	return fmt.Errorf("the shared dump of the keychain changed %d times in a row", agreeTries)
}

// stale reports whether the keychain holds something else than when it last agreed.
func (s *sharedKeys) stale() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.base == nil || !maps.Equal(s.base, s.keys.Stamps())
}

// shareEvery is how often it is looked whether the keychain has changed.
const shareEvery = time.Second

// shareKeys keeps the keychain one with the other nodes'.
func (d *Daemon) shareKeys(ctx context.Context) {
	s := d.sharedKeys
	look := time.NewTicker(shareEvery)
	defer look.Stop()
	for moved := false; ; { // until it has been taken: NATS may have been away again
		select {
		case <-ctx.Done():
			return
		case <-d.dumpMoved:
			moved = true
		case <-look.C:
		}
		for _, slot := range d.keys.Slots() { // for who looks at this node's page
			d.sharedStates().learn(slot, d.log)
		}
		if !d.cluster.InTouch() || !moved && !s.stale() {
			continue
		}
		before := d.keys.Stamps()
		err := s.agree(ctx)
		moved = moved && err != nil
		switch {
		case err != nil && ctx.Err() == nil && err.Error() != s.told:
			s.told = err.Error()
			d.log.Error("the keychain is not shared", zap.Error(err),
				zap.String("hint", "see that all nodes have the same keychain.key; docs/cluster.md says how"))
		case err == nil:
			s.told = ""
			if now := d.keys.Stamps(); !maps.Equal(before, now) {
				d.log.Info("tokens were taken from the other nodes' keychain", zap.Int("slots", len(d.keys.Slots())))
			}
		}
	}
}

// freshFor is for how many leases a node that was heard of is there.
const freshFor = 2

// tellNodes tells what this node knows of the others; nil where there is no cluster.
func (d *Daemon) tellNodes() *status.Cluster {
	if d.cluster == nil {
		return nil
	}
	v := d.cluster.View()
	c := &status.Cluster{Name: v.Name, Node: v.Node, State: status.ClusterShared, Since: v.Since}
	switch {
	case v.Alone:
		c.State = status.ClusterAlone
	case !v.InTouch:
		c.State = status.ClusterCutOff
	case v.Namesake:
		c.State = status.ClusterNameTaken
	}
	own := ""
	for _, n := range v.Nodes {
		if n.Nonce == v.Nonce {
			own = n.ConfigHash
		}
	}
	fresh := time.Now().Add(-freshFor * d.sharing.Lease)
	for _, n := range v.Nodes {
		told := status.Node{Name: n.Name, Version: n.Version, ConfigHash: n.ConfigHash, ConfigDiffers: own != "" && n.ConfigHash != own,
			Started: n.Started, Seen: n.Seen, Holding: n.Holding, Tokens: n.Tokens, TakeOvers: n.TakeOvers, Done: n.Done, Dropped: n.Dropped,
			Skew: time.Duration(n.SkewMS) * time.Millisecond, Here: n.Nonce == v.Nonce, Fresh: n.Nonce == v.Nonce || n.Seen.After(fresh)}
		if t := n.TakeOver; t != nil {
			told.TakeOver = &status.TakeOver{At: t.At, From: t.From, What: t.What}
		}
		c.Nodes = append(c.Nodes, told)
	}
	return c
}
