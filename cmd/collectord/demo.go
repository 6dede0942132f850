package main

import (
	"context"
	_ "embed" // for demo.yaml
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"collectord/collector"
	"collectord/collector/config"
	"collectord/collector/journal"
	"collectord/collector/point"
	"collectord/keychain"
	"collectord/networks/all"
	"collectord/networks/sim"
)

//go:embed demo.yaml
var demoConfig []byte

const (
	demoSeed    = 20200629
	demoHistory = 8 * 24 * time.Hour // what the journal begins with,
	demoStep    = 4 * time.Hour      // so far apart: a second or so of writing
)

func newDemoCommand(env *environment) *cobra.Command {
	var listen string
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "See the whole pipeline at work, with simulated networks",
		Long: `Run the real daemon on an embedded config: simulated networks in the same process,
the keychain, the journal, the status page. It needs no token, no InfluxDB and no
internet, and leaves nothing behind. Every count it shows is made up.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return demo(cmd.Context(), env, listen) },
	}
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:9184", "where the status page is")
	return cmd
}

// demo runs the daemon against simulators until ctx ends.
func demo(ctx context.Context, env *environment, listen string) (err error) {
	dir, err := os.MkdirTemp("", "collectord-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	world := demoWorld(time.Now())
	servers, err := startSimulators(ctx, world)
	if err != nil {
		return err
	}
	defer servers.stop()
	demoEnv := *env
	demoEnv.Getenv = servers.variables(dir, listen)
	cfg, err := config.Parse("demo.yaml", demoConfig, demoEnv.configEnv())
	if err != nil {
		return err
	}
	keys, err := demoKeys(cfg, &demoEnv)
	if err != nil {
		return err
	}
	if err := demoPast(ctx, cfg, world); err != nil {
		return unlessEnded(ctx, err)
	}
	log, level, err := newLog(cfg.Log, env.Stderr, new(mask))
	if err != nil {
		return err
	}
	return runDemo(ctx, env, collector.DaemonOptions{
		Config: cfg, Keys: keys, Log: log, Level: level, Version: version,
		Load: func() (*config.Config, error) { return config.Parse("demo.yaml", demoConfig, demoEnv.configEnv()) },
	})
}

// runDemo runs the daemon and says where to look.
func runDemo(ctx context.Context, env *environment, opts collector.DaemonOptions) error {
	opts.Listening = func(addr string) {
		_, _ = fmt.Fprintf(env.Stdout, `collectord demo: simulated networks, real daemon. Every count is made up.

  status page   http://%[1]s/
  accounts      http://%[1]s/api/v1/accounts
  metrics       http://%[1]s/metrics

Polls every few seconds. Ctrl-C ends it and leaves nothing behind.
`, addr)
	}
	d, err := collector.NewDaemon(ctx, opts)
	if err != nil {
		opts.Keys.Close()
		return unlessEnded(ctx, err)
	}
	return d.Run(ctx)
}

// simulators are the HTTP servers of the simulated networks, on loopback.
type simulators struct {
	addresses map[string]string // by network
	servers   []*http.Server
	serving   sync.WaitGroup
}

func startSimulators(ctx context.Context, world *sim.World) (*simulators, error) {
	s := &simulators{addresses: make(map[string]string)}
	var listen net.ListenConfig
	for name, simulate := range all.Simulators() {
		l, err := listen.Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			s.stop()
			return nil, err
		}
		server := &http.Server{Handler: simulate(world), ReadHeaderTimeout: 10 * time.Second}
		s.addresses[name] = "http://" + l.Addr().String()
		s.servers = append(s.servers, server)
		s.serving.Go(func() { _ = server.Serve(l) }) // it ends when the demo closes it
	}
	return s, nil
}

func (s *simulators) stop() {
	for _, server := range s.servers {
		_ = server.Close() // nobody is served any more
	}
	s.serving.Wait()
}

// variables are what demo.yaml refers to: DEMO_DIR, DEMO_LISTEN, and DEMO_ and a
// network's name in capitals for its address.
func (s *simulators) variables(dir, listen string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		switch name {
		case "DEMO_DIR":
			return dir, true
		case "DEMO_LISTEN":
			return listen, true
		}
		network, ok := strings.CutPrefix(name, "DEMO_")
		address, known := s.addresses[strings.ToLower(network)]
		return address, ok && known
	}
}

// demoKeys fills a keychain with tokens that the simulators take.
func demoKeys(cfg *config.Config, env *environment) (*keychain.KeyChain, error) {
	keys, err := openKeychain(cfg, env)
	if err != nil {
		return nil, err
	}
	for slot, v := range map[string]map[string]string{
		"tw": {"consumer_key": "demo-consumer-key", "consumer_secret": "demo-consumer-secret",
			"access_token": "demo-access-token", "access_secret": "demo-access-secret"},
		"ig": {"access_token": "demo-graph-token", "ig_user_id": "17841400000000001"},
	} {
		if err := keys.Assign(slot, keychain.Mapping(v)); err != nil {
			return nil, err
		}
	}
	if err := keys.Assign("vk", keychain.Bare("demo-service-key")); err != nil {
		return nil, err
	}
	return keys, nil
}

// demoPast writes a simulated week into the journal, so that there is something to
// look at.
func demoPast(ctx context.Context, cfg *config.Config, world *sim.World) (err error) {
	j, err := collector.OpenJournal(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	now := time.Now().Truncate(demoStep)
	for at := now.Add(-demoHistory); !at.After(now); at = at.Add(demoStep) {
		for _, n := range cfg.Networks {
			b := journal.Batch{Network: n.Name, Time: at}
			for _, a := range n.Accounts {
				if p, ok := pastPoint(world, n.Name, a, at); ok {
					b.Points = append(b.Points, p)
				}
			}
			if err := recordPast(ctx, j, b); err != nil {
				return err
			}
		}
	}
	return nil
}

func recordPast(ctx context.Context, j *journal.Journal, b journal.Batch) error {
	tick := journal.Tick{Network: b.Network, Time: b.Time, Accounts: len(b.Points), Started: b.Time}
	if err := j.BeginTick(ctx, tick, nil); err != nil {
		return err
	}
	if err := j.Record(ctx, b); err != nil {
		return err
	}
	return j.EndTick(ctx, b.Network, b.Time, nil)
}

func pastPoint(world *sim.World, network string, a config.Account, at time.Time) (point.Point, bool) {
	known, ok := world.ByHandle(network, a.Ref.Name)
	if !ok || known.State != "" {
		return point.Point{}, false
	}
	tags := []point.Tag{{Key: "network", Value: network}, {Key: "account", Value: a.Label}, {Key: "id", Value: known.ID}, {Key: "type", Value: known.Type}}
	for _, t := range a.Tags {
		tags = append(tags, point.Tag(t))
	}
	return point.Point{Measurement: point.Profile, Tags: tags, Time: at,
		Fields: []point.Field{point.Int("followers", world.Count(known, at))}}, true
}
