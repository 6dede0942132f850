// Package natstest runs real NATS servers with JetStream for a test: three processes
// that form a cluster, on free ports of 127.0.0.1, with their data in the test's
// temporary folder.
//
//	servers := natstest.Start(t, 3)
//	connect to servers.URLs()
//	servers.Kill(servers.Leader(t, "KV_smm_batches")); servers.Restart(t, 0)
//
// [Secure] has them want TLS, passwords or credentials.
//
// [Wire] stands between a node and a server, and can be cut.
//
// The server is built from the module proxy, once for a machine; a test binary that
// finds it built shares it. Where it cannot be built the test is skipped with a word, and
// fails where CI is set. The processes end with the test.
package natstest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"collectord/internal/toolbuild"
)

const (
	// startTimeout bounds the wait for the servers to elect a leader. It takes 2 to 5 s.
	startTimeout = 60 * time.Second
	attempts     = 5 // somebody else may take a free port before a server does
)

// errEnded is that a server ended by itself.
var errEnded = errors.New("a server ended at its start")

// Servers is a running cluster.
type Servers struct {
	binary string
	dir    string
	nodes  []*server
	scheme string // of addresses for clients
	more   string // of the config file
}

type server struct {
	name                     string
	client, cluster, monitor string // addresses
	process                  *toolbuild.Process
}

// Start runs a cluster of n servers for the length of the test, and waits until it takes
// streams.
func Start(tb testing.TB, n int) *Servers {
	tb.Helper()
	return start(tb, n, "nats://", "")
}

func start(tb testing.TB, n int, scheme, more string) *Servers {
	tb.Helper()
	binary, err := toolbuild.Tool{Name: "nats-server", Command: "github.com/nats-io/nats-server/v2", ModFile: "tools/nats/go.mod"}.Build(tb.Context())
	if err != nil {
		if os.Getenv("CI") != "" {
			tb.Fatalf("natstest: nats-server could not be built: %v", err)
		}
		tb.Skipf("natstest: nats-server could not be built: %v", err)
	}
	s := &Servers{binary: binary, scheme: scheme, more: more}
	tb.Cleanup(s.killAll)
	for range attempts {
		s.dir, s.nodes = tb.TempDir(), nil
		for i := range n {
			s.nodes = append(s.nodes, &server{name: fmt.Sprintf("n%d", i), client: free(tb), cluster: free(tb), monitor: free(tb)})
		}
		for i := range n {
			s.start(tb, i)
		}
		if err = s.waitReady(tb.Context()); !errors.Is(err, errEnded) {
			break
		}
		s.killAll()
	}
	if err != nil {
		tb.Fatalf("natstest: %v", err)
	}
	return s
}

func (s *Servers) killAll() {
	for i := range s.nodes {
		s.Kill(i)
	}
}

// free is an address of 127.0.0.1 where nothing listens.
func free(tb testing.TB) string {
	tb.Helper()
	address, err := toolbuild.FreeAddress(tb.Context())
	if err != nil {
		tb.Fatalf("natstest: %v", err)
	}
	return address
}

// Dir is the folder in which the servers keep what they are given.
func (s *Servers) Dir() string { return s.dir }

// URLs are the addresses for clients.
func (s *Servers) URLs() []string {
	urls := make([]string, len(s.nodes))
	for i, n := range s.nodes {
		urls[i] = s.scheme + n.client
	}
	return urls
}

// Kill ends a server at once, as kill -9 does. Its data stay.
func (s *Servers) Kill(i int) {
	if p := s.nodes[i].process; p != nil {
		p.End(os.Kill)
		s.nodes[i].process = nil
	}
}

// Restart starts a server again that was killed, on its port and its data.
func (s *Servers) Restart(tb testing.TB, i int) {
	tb.Helper()
	s.Kill(i)
	s.start(tb, i)
}

const config = `
server_name: %[1]s
listen: %[2]q
http: %[3]q
jetstream: {store_dir: %[4]q, max_memory_store: 64MB, max_file_store: 1GB}
%[5]s`

const clustered = `cluster: {name: test, listen: %q, routes: [%s], no_advertise: true}
`

func (s *Servers) start(tb testing.TB, i int) {
	tb.Helper()
	n := s.nodes[i]
	peers := ""
	if len(s.nodes) > 1 {
		routes := make([]string, len(s.nodes))
		for j, other := range s.nodes {
			routes[j] = fmt.Sprintf("%q", "nats://"+other.cluster)
		}
		peers = fmt.Sprintf(clustered, n.cluster, strings.Join(routes, ", "))
	}
	file := filepath.Join(s.dir, n.name+".conf")
	text := fmt.Sprintf(config, n.name, n.client, n.monitor, filepath.Join(s.dir, n.name), peers)
	if err := os.WriteFile(file, []byte(text+s.more), 0o600); err != nil {
		tb.Fatal(err)
	}
	var err error
	if n.process, err = toolbuild.Start(s.binary, "-c", file); err != nil {
		tb.Fatalf("natstest: %v", err)
	}
}

// WaitReady waits until all servers run and have elected who leads.
func (s *Servers) WaitReady(tb testing.TB) {
	tb.Helper()
	if err := s.waitReady(tb.Context()); err != nil {
		tb.Fatalf("natstest: %v", err)
	}
}

// waitReady is WaitReady. The error is errEnded, with what the server said, where one of
// them will not be ready any more.
func (s *Servers) waitReady(ctx context.Context) error {
	for deadline := time.Now().Add(startTimeout); ; {
		ready := 0
		for i := range s.nodes {
			ok, err := s.ready(ctx, i)
			if err != nil {
				return err
			}
			if ok {
				ready++
			}
		}
		if ready == len(s.nodes) {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%d of %d servers are ready after %v", ready, len(s.nodes), startTimeout)
		}
		<-time.After(50 * time.Millisecond)
	}
}

// ready reports whether a server runs and knows who leads.
func (s *Servers) ready(ctx context.Context, i int) (bool, error) {
	p := s.nodes[i].process
	if p == nil {
		return false, nil
	}
	select {
	case <-p.Ended():
		return false, fmt.Errorf("%w:\n%s", errEnded, p.Output())
	default:
	}
	var info struct {
		Meta *struct {
			Leader string `json:"leader"`
		} `json:"meta_cluster"`
	}
	err := s.ask(ctx, i, "jsz", &info)
	return err == nil && (len(s.nodes) == 1 || info.Meta != nil && info.Meta.Leader != ""), nil
}

// Leader is the number of the server that leads a stream; -1 where nobody knows.
func (s *Servers) Leader(tb testing.TB, stream string) int {
	tb.Helper()
	for i, n := range s.nodes {
		if n.process == nil {
			continue
		}
		var info struct {
			Accounts []struct {
				Streams []struct {
					Name    string `json:"name"`
					Cluster struct {
						Leader string `json:"leader"`
					} `json:"cluster"`
				} `json:"stream_detail"`
			} `json:"account_details"`
		}
		if s.ask(tb.Context(), i, "jsz?streams=1", &info) != nil {
			continue
		}
		for _, a := range info.Accounts {
			for _, st := range a.Streams {
				for j, other := range s.nodes {
					if st.Name == stream && st.Cluster.Leader == other.name && other.process != nil {
						return j
					}
				}
			}
		}
	}
	return -1
}

func (s *Servers) ask(ctx context.Context, i int, path string, into any) error {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.nodes[i].monitor+"/"+path, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }() // what was read is judged
	if resp.StatusCode != http.StatusOK {
		return errors.New(resp.Status)
	}
	return json.NewDecoder(resp.Body).Decode(into)
}
