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
	demoSeed = 20200629
	demoDay  = 24 * time.Hour
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
		return listenMistake(listen, err)
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
	defer func() { _ = log.Sync() }()
	return runDemo(ctx, env, collector.DaemonOptions{
		Config: cfg, Keys: keys, Log: log, Level: level, Version: version,
		Load: func() (*config.Config, error) { return config.Parse("demo.yaml", demoConfig, demoEnv.configEnv()) },
	})
}

// listenMistake says what is wrong with --listen, the one part of the demo's config
// that a user gives.
func listenMistake(listen string, err error) error {
	var mistakes config.Mistakes
	if !errors.As(err, &mistakes) || len(mistakes) == 0 {
		return err
	}
	return usage(fmt.Errorf("demo: --listen %q: %s", listen, strings.TrimPrefix(mistakes[0].Msg, `"${DEMO_LISTEN}": `)))
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
	for slot, v := range map[string]string{"vk": "demo-service-key", "yt": "demo-api-key"} {
		if err := keys.Assign(slot, keychain.Bare(v)); err != nil {
			return nil, err
		}
	}
	return keys, nil
}

// demoTimes are the times of the simulated past: a year, the closer the nearer to now,
// so that every period has something to show and writing it takes a second or two.
func demoTimes(now time.Time) []time.Time {
	var times []time.Time
	for _, part := range []struct{ from, to, step time.Duration }{
		{365 * demoDay, 31 * demoDay, 7 * demoDay}, {31 * demoDay, 8 * demoDay, demoDay / 2}, {8 * demoDay, 0, demoDay / 6},
	} {
		for ago := part.from; ago > part.to; ago -= part.step {
			times = append(times, now.Add(-ago))
		}
	}
	return append(times, now)
}

// demoPast writes a simulated year into the journal, so that there is something to
// look at: one network was away for a day, and accounts that are closed now were open.
func demoPast(ctx context.Context, cfg *config.Config, world *sim.World) (err error) {
	j, err := collector.OpenJournal(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	now := time.Now().Truncate(time.Hour)
	first := true
	for _, at := range demoTimes(now) {
		for _, n := range cfg.Networks {
			age := now.Sub(at)
			if n.Name == "twitter" && age > 3*demoDay && age < 4*demoDay {
				continue
			}
			b := journal.Batch{Network: n.Name, Time: at}
			for _, a := range n.Accounts {
				b.Points = append(b.Points, pastPoints(world, n.Name, a, at, age, first)...)
			}
			if err := recordPast(ctx, j, b); err != nil {
				return err
			}
		}
		first = false
	}
	return nil
}

func recordPast(ctx context.Context, j *journal.Journal, b journal.Batch) error {
	if err := j.Record(ctx, b); err != nil {
		return err
	}
	return j.EndTick(ctx, b.Network, b.Time, nil)
}

// demoClosed is how long ago the accounts that are not open any more were closed.
const demoClosed = 2 * demoDay

// pastPoints are what a poll of that age, the first of all or a later one, would have
// written of an account.
func pastPoints(world *sim.World, network string, a config.Account, at time.Time, age time.Duration, first bool) []point.Point {
	known, ok := world.ByHandle(network, a.Ref().Name)
	if !ok {
		return nil
	}
	state := "ok"
	if known.State != "" && age <= demoClosed {
		state = known.State
	}
	tags := []point.Tag{{Key: "network", Value: network}, {Key: "account", Value: a.Label}}
	var points []point.Point
	if first || age == demoClosed && state != "ok" {
		points = append(points, point.Point{Measurement: point.AccountState, Tags: tags, Time: at, Fields: []point.Field{point.String("state", state)}})
	}
	if state != "ok" {
		return points
	}
	tags = append(tags[:2:2], point.Tag{Key: "id", Value: known.ID}, point.Tag{Key: "type", Value: known.Type})
	for _, t := range a.Tags {
		tags = append(tags, point.Tag(t))
	}
	return append(points, point.Point{Measurement: point.Profile, Tags: tags, Time: at,
		Fields: []point.Field{point.Int("followers", world.Count(known, at))}})
}
