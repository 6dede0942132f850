// Package influxdtest runs a real InfluxDB 1.8.10 for a test: a process of its
// own, on free ports of 127.0.0.1, with its data in the test's temporary folder.
// It speaks the write and query API of InfluxDB 2 as well, so that the code under
// test meets the answers of a server rather than what a fake believes they are.
//
//	db := influxdtest.Start(t)          // running, with an empty database
//	write to db.URL, bucket db.Database
//	rows := db.Query(t, `SELECT * FROM profile`)
//	db.Kill(); db.Restart(t)            // as after a crash, on the same data
//
// The server is built from the module proxy, once for a machine; a test binary
// that finds it built shares it. Where it cannot be built the test is skipped
// with a word, and fails where CI is set. The process ends with the test.
//
// [StartVictoria] runs a VictoriaMetrics in the same way, which takes the same writes;
// it comes from Debian's package victoria-metrics.
package influxdtest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"collectord/internal/toolbuild"
)

const (
	// startTimeout bounds the wait for /health. A start takes 0.1 s on an idle
	// machine and 6 s with Flux; the rest is room for a loaded one.
	startTimeout = 60 * time.Second
	pollEvery    = 20 * time.Millisecond
	attempts     = 5 // another process may take a free port before influxd does
)

func influxd() toolbuild.Tool {
	return toolbuild.Tool{Name: "influxd", Command: "github.com/influxdata/influxdb/cmd/influxd", ModFile: "tools/influxd/go.mod"}
}

// Option changes how the server is started.
type Option func(*Server)

// WithAuth switches authentication on, with one user, who may do everything.
// Token is "user:password" then.
func WithAuth(user, password string) Option {
	return func(s *Server) { s.user, s.password = user, password }
}

// WithoutDatabase leaves the database to be made by [Server.Exec].
func WithoutDatabase() Option {
	return func(s *Server) { s.bare = true }
}

// WithHTTP adds lines to the [http] part of the server's configuration:
// `max-body-size = 2000`.
func WithHTTP(lines string) Option {
	return func(s *Server) { s.http = lines }
}

// WithFlux starts the server ready for [Server.Flux].
func WithFlux() Option {
	return func(s *Server) { s.flux = true }
}

// Server is a running InfluxDB.
type Server struct {
	URL      string // http://127.0.0.1:PORT
	Database string // the bucket's name
	Token    string // what to send as token; empty without WithAuth

	user, password string
	bare           bool
	http           string
	flux           bool
	binary, dir    string
	address        string // 127.0.0.1:PORT
	client         *http.Client
	process        *toolbuild.Process
}

// Start runs an InfluxDB for the length of the test and makes its database.
func Start(tb testing.TB, opts ...Option) *Server {
	tb.Helper()
	binary, err := influxd().Build(tb.Context())
	if err != nil {
		missing(tb, "InfluxDB could not be built", err)
	}
	s := &Server{
		Database: "followers", binary: binary, dir: tb.TempDir(),
		client: &http.Client{Transport: &http.Transport{}, Timeout: time.Minute},
	}
	for _, opt := range opts {
		opt(s)
	}
	tb.Cleanup(func() {
		s.Kill()
		s.client.CloseIdleConnections()
	})
	if err := s.startOnFreePort(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	s.prepare(tb)
	return s
}

// Launch is Start for a program that is no test: an InfluxDB with its data in dir and no
// database yet, which runs until Kill.
func Launch(ctx context.Context, dir string) (*Server, error) {
	binary, err := influxd().Build(ctx)
	if err != nil {
		return nil, err
	}
	s := &Server{
		Database: "followers", binary: binary, dir: dir,
		client: &http.Client{Transport: &http.Transport{}, Timeout: time.Minute},
	}
	return s, s.startOnFreePort(ctx)
}

// missing skips the test, but not in CI.
func missing(tb testing.TB, what string, err error) {
	tb.Helper()
	if os.Getenv("CI") != "" {
		tb.Fatalf("influxdtest: %s: %v", what, err)
	}
	tb.Skipf("influxdtest: %s: %v", what, err)
}

// prepare makes the user first: with authentication on and nobody there yet
// InfluxDB takes nothing but that.
func (s *Server) prepare(tb testing.TB) {
	tb.Helper()
	if s.user != "" {
		s.Exec(tb, fmt.Sprintf(`CREATE USER %q WITH PASSWORD '%s' WITH ALL PRIVILEGES`, s.user, s.password))
		s.Token = s.user + ":" + s.password
	}
	if !s.bare {
		s.Exec(tb, fmt.Sprintf("CREATE DATABASE %q", s.Database))
	}
}

func (s *Server) startOnFreePort(ctx context.Context) error {
	var err error
	for range attempts {
		if s.address, err = toolbuild.FreeAddress(ctx); err != nil {
			return fmt.Errorf("influxdtest: %w", err)
		}
		s.URL = "http://" + s.address
		if err = s.start(ctx); err == nil {
			return nil
		}
	}
	return err
}

// Stop ends the server in good order. Its data stay.
func (s *Server) Stop() { s.end(os.Interrupt) }

// Kill ends the server at once, as kill -9 does. Its data stay.
func (s *Server) Kill() { s.end(os.Kill) }

func (s *Server) end(signal os.Signal) {
	if s.process == nil {
		return
	}
	s.process.End(signal)
	s.process = nil
	s.client.CloseIdleConnections()
}

// Restart starts the server again, after Stop or Kill or while it runs, on the
// same port and the same data.
func (s *Server) Restart(tb testing.TB) {
	tb.Helper()
	s.Stop()
	if err := s.start(tb.Context()); err != nil {
		tb.Fatal(err)
	}
}

const config = `reporting-disabled = true
bind-address = "127.0.0.1:0"

[meta]
  dir = %[1]q

[data]
  dir = %[2]q
  wal-dir = %[3]q
  query-log-enabled = false

[monitor]
  store-enabled = false

[http]
  bind-address = %[4]q
  flux-enabled = %[7]t
  log-enabled = false
  auth-enabled = %[5]t
  ping-auth-enabled = false
  %[6]s

[logging]
  level = "warn"
  suppress-logo = true
`

func (s *Server) start(ctx context.Context) error {
	file := filepath.Join(s.dir, "influxdb.conf")
	text := fmt.Sprintf(config, filepath.Join(s.dir, "meta"), filepath.Join(s.dir, "data"),
		filepath.Join(s.dir, "wal"), s.address, s.user != "", s.http, s.flux)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return fmt.Errorf("influxdtest: %w", err)
	}
	p, err := toolbuild.Start(s.binary, "run", "-config", file)
	if err != nil {
		return fmt.Errorf("influxdtest: %w", err)
	}
	if err := waitHealthy(ctx, s.client, s.URL, p); err != nil {
		p.End(os.Kill)
		return fmt.Errorf("influxdtest: %w\n%s", err, p.Output())
	}
	s.process = p
	return nil
}

func waitHealthy(ctx context.Context, client *http.Client, address string, p *toolbuild.Process) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return errors.New("the server does not answer /health")
		case <-p.Ended():
			return errors.New("the server ended at its start")
		case <-tick.C:
			if healthy(ctx, client, address) {
				return nil
			}
		}
	}
}

func healthy(ctx context.Context, client *http.Client, address string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"/health", nil)
	if err != nil {
		return false
	}
	resp, err := client.Do(req)
	if err != nil {
		return false
	}
	return resp.Body.Close() == nil && resp.StatusCode == http.StatusOK
}
