package collector

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"collectord/collector/config"
	"collectord/collector/journal"
	"collectord/collector/point"
	"collectord/collector/status"
	"collectord/keychain"
	"collectord/networks/all"
	"collectord/networks/sim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rig is the flow from a config to a journal, against simulated networks, without
// a socket: it runs in a synctest bubble, where a day takes a moment.
type rig struct {
	t       *testing.T
	world   *sim.World
	dir     string
	logs    *observer.ObservedLogs
	log     *zap.Logger
	keys    *keychain.KeyChain
	journal *journal.Journal
	headers func(http.Header) // if not nil, has the last word on every answer's

	collector *Collector
	stop      func()
}

func newRig(t *testing.T) *rig {
	t.Helper()
	core, logs := observer.New(zapcore.DebugLevel)
	r := &rig{t: t, world: sim.NewWorld(1), dir: t.TempDir(), logs: logs, log: zap.New(core)}
	var formats []keychain.Format
	for _, d := range all.List() {
		formats = append(formats, d.Slots...)
	}
	keys, err := keychain.Open(keychain.Options{Dir: r.dir, Formats: formats})
	if err != nil {
		t.Fatal(err)
	}
	r.keys = keys
	r.world.AllowToken("vk", "good-token")
	if err := keys.Assign("vk", keychain.Bare("good-token")); err != nil {
		t.Fatal(err)
	}
	r.open()
	return r
}

func (r *rig) open() {
	r.t.Helper()
	j, err := journal.Open(r.t.Context(), journal.Options{Path: filepath.Join(r.dir, "journal.db")})
	if err != nil {
		r.t.Fatal(err)
	}
	r.journal = j
}

// RoundTrip answers as the simulated network whose name is the host.
func (r *rig) RoundTrip(req *http.Request) (*http.Response, error) {
	simulate := all.Simulators()[req.URL.Hostname()]
	if simulate == nil {
		return nil, fmt.Errorf("no simulator for %s", req.URL.Hostname())
	}
	w := httptest.NewRecorder()
	done := make(chan struct{})
	go func() {
		defer close(done)
		simulate(r.world).ServeHTTP(w, req)
	}()
	select {
	case <-done:
		resp := w.Result()
		if r.headers != nil {
			r.headers(resp.Header)
		}
		return resp, nil
	case <-req.Context().Done():
		<-done
		return nil, req.Context().Err()
	}
}

func (r *rig) config(text string) *config.Config {
	r.t.Helper()
	cfg, err := config.Parse("test.yaml", []byte(text), config.Env{Networks: all.List()})
	if err != nil {
		r.t.Fatal(err)
	}
	return cfg
}

// start runs a collector on the config until halt.
func (r *rig) start(text string) {
	r.t.Helper()
	c, err := New(r.t.Context(), r.config(text), Options{Journal: r.journal, Tokens: Tokens(r.keys, r.log), Log: r.log, HTTP: &http.Client{Transport: r}})
	if err != nil {
		r.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(r.t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.Run(ctx)
	}()
	r.collector = c
	r.stop = func() { cancel(); <-done }
}

// halt stops the collector and closes the journal, as the end of the process does.
func (r *rig) halt() {
	r.t.Helper()
	r.stop()
	if err := r.journal.Close(); err != nil {
		r.t.Error(err)
	}
}

// points are the journal's points of a measurement, in order of arrival.
func (r *rig) points(measurement string) []point.Point {
	r.t.Helper()
	var points []point.Point
	for p, err := range r.journal.Points(r.t.Context(), journal.Filter{Measurement: measurement}) {
		if err != nil {
			r.t.Fatal(err)
		}
		points = append(points, p)
	}
	return points
}

// lines are points as text: "15:04:05 label followers=100".
func lines(points []point.Point) []string {
	texts := make([]string, len(points))
	for i, p := range points {
		var b strings.Builder
		b.WriteString(p.Time.UTC().Format("15:04:05"))
		if label := p.Tag("account"); label != "" {
			b.WriteString(" " + label)
		}
		for _, f := range p.Fields {
			if f.Key() != "duration_ms" {
				fmt.Fprintf(&b, " %s=%v", f.Key(), f.Value())
			}
		}
		texts[i] = b.String()
	}
	return texts
}

func (r *rig) wantLines(measurement string, want ...string) {
	r.t.Helper()
	got := lines(r.points(measurement))
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		r.t.Errorf("%s:\n%s\nwant:\n%s", measurement, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// wantLog demands a log line that holds the text in its message.
func (r *rig) wantLog(text string) {
	r.t.Helper()
	for _, e := range r.logs.All() {
		if strings.Contains(e.Message, text) {
			return
		}
	}
	r.t.Errorf("no log line says %q", text)
}

// account is what the status page says of an account.
func (r *rig) account(label string) status.Account {
	r.t.Helper()
	for _, a := range r.collector.Accounts() {
		if a.Label == label {
			return a
		}
	}
	r.t.Fatalf("no account %q", label)
	return status.Account{}
}

func itoa(n int) string { return strconv.Itoa(n) }
