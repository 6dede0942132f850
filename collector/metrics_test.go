package collector

import (
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"collectord/collector/config"
	"collectord/collector/influx"
	"collectord/collector/status"
	"collectord/internal/natstest"
	"collectord/keychain"
	"collectord/networks/sim"
)

// scraped is a whole daemon, the only node of a cluster, on the simulated X and an InfluxDB that takes some points
// and then is away, until /metrics sends what the test waits for.
type scraped struct {
	t      *testing.T
	daemon *Daemon
	level  zap.AtomicLevel
	page   http.Handler
	cfg    func() *config.Config
}

func startScraped(t *testing.T) *scraped {
	t.Helper()
	r := newXRig(t)
	if err := r.journal.Close(); err != nil {
		t.Fatal(err)
	}
	if err := r.keys.Put("tw", keychain.Fresh{Expires: time.Now().Add(10 * day),
		Value: keychain.Mapping(map[string]string{"bearer_token": "bearer"})}); err != nil {
		t.Fatal(err)
	}
	if err := r.keys.Assign("yt", keychain.Bare("AIza-key")); err != nil {
		t.Fatal(err)
	}
	r.world.Update("twitter", "three", func(a *sim.Account) { a.State = sim.Suspended })
	var mu sync.Mutex
	taken := 0
	influxdb := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if taken++; taken > 1 {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(influxdb.Close)
	s := &scraped{t: t, level: zap.NewAtomicLevel()}
	level, nats := "info", natstest.Start(t, 1).URLs()[0]
	s.cfg = func() *config.Config {
		return r.config("state_dir: " + r.dir + "/state\nweb: {listen: ''}\nlog: {level: " + level + "}\n" +
			"cluster: {nats: '" + nats + "', node: a, lease: 2s}\n" +
			"influxdb: {url: '" + influxdb.URL + "', org: o, bucket: b, token: t}\n" +
			strings.Replace(metered, "@every 1h", "@every 1s", 1))
	}
	cfg := s.cfg()
	level = "warn" // of the file from now on
	reload := make(chan struct{}, 1)
	reload <- struct{}{}
	var err error
	s.daemon, err = NewDaemon(t.Context(), DaemonOptions{Config: cfg, Keys: r.keys, Log: r.log, Level: s.level, Version: "1.2.3",
		HTTP: &http.Client{Transport: r}, Reload: reload, Load: func() (*config.Config, error) { return s.cfg(), nil }})
	if err != nil {
		t.Fatal(err)
	}
	s.page = status.Handler(s.daemon, zap.NewNop())
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := s.daemon.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(running.Wait)
	t.Cleanup(cancel)
	return s
}

const metered = `
networks:
  twitter:
    schedule: "@every 1h"
    base_url: http://twitter
    budget: 10
    accounts: [one, two, three]
  youtube:
    schedule: "@every 1h"
    base_url: http://youtube
    accounts: ["@nasa"]
`

// metrics is what /metrics answers.
func (s *scraped) metrics() string {
	w := httptest.NewRecorder()
	s.page.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://localhost/metrics", nil))
	return w.Body.String()
}

// until waits until /metrics sends all of the lines' beginnings.
func (s *scraped) until(want ...string) string {
	s.t.Helper()
	var text string
	for late := time.Now().Add(20 * time.Second); time.Now().Before(late); <-time.After(50 * time.Millisecond) {
		text = s.metrics()
		if !slices.ContainsFunc(want, func(line string) bool { return !strings.Contains(text, "\n"+line) }) {
			return text
		}
	}
	for _, line := range want {
		if !strings.Contains(text, "\n"+line) {
			s.t.Errorf("%s is missing", line)
		}
	}
	return text
}

// TestMetricsOfADaemon: what a daemon at work sends is clean, and holds every metric that
// the alert rules, the dashboard and the documentation speak of.
func TestMetricsOfADaemon(t *testing.T) {
	s := startScraped(t)
	text := s.until("collectord_backlog_oldest_timestamp_seconds ", "collectord_delivery_last_success_timestamp_seconds ",
		`collectord_requests_total{network="twitter",outcome="ok"} `, `collectord_delivery_requests_total{outcome="unavailable"} `,
		`collectord_accounts{network="twitter",state="suspended"} 1`, `collectord_config_reloads_total{result="ok"} 1`,
		`collectord_last_poll_duration_seconds{`, `collectord_poll_duration_seconds_bucket{network="twitter",le="+Inf"} `)
	if s.level.Level() != zap.WarnLevel {
		t.Errorf("log.level is %s after the reload", s.level)
	}
	for _, want := range []string{`collectord_build_info{goversion="go1.`, `collectord_token_state{network="twitter",slot="tw",state="ok"} 1`,
		`collectord_budget{network="twitter",slot="tw",unit="USD"} 10`} {
		if !strings.Contains(text, "\n"+want) {
			t.Errorf("%s is missing", want)
		}
	}
	if strings.Contains(text, "account=") || strings.Contains(text, "bearer_token") {
		t.Error("there is a series for an account, or a secret")
	}
	sent := metricTypes(text)
	for _, file := range []string{"../deploy/prometheus/collectord.rules.yml", "../deploy/grafana/dashboards/collectord-metrics.json"} {
		for _, name := range metricsIn(t, file) {
			if _, ok := sent[name]; !ok {
				t.Errorf("%s asks for %s, which the daemon does not send", file, name)
			}
		}
	}
	documented := metricTable(t)
	for _, name := range slices.Sorted(maps.Keys(sent)) {
		if strings.HasPrefix(name, "collectord_") && documented[family(name, sent)] != sent[name] {
			t.Errorf("docs/metrics.md: %s is a %s, not a %q", name, sent[name], documented[family(name, sent)])
		}
	}
	for name := range documented {
		if _, ok := sent[name]; !ok && name != "collectord_limit_used_ratio" { // the simulated X tells nothing of its limits
			t.Errorf("docs/metrics.md: the daemon sends no %s", name)
		}
	}
	promtool(t, text)
}

// metricTypes are the metrics by name, with their type; a histogram's series have names
// of their own as well.
func metricTypes(text string) map[string]string {
	types := make(map[string]string)
	for line := range strings.Lines(text) {
		if f := strings.Fields(line); len(f) == 4 && f[1] == "TYPE" {
			types[f[2]] = f[3]
			if f[3] == "histogram" {
				types[f[2]+"_bucket"], types[f[2]+"_sum"], types[f[2]+"_count"] = f[3], f[3], f[3]
			}
		}
	}
	return types
}

// family is the name of the metric that a series of a histogram belongs to.
func family(name string, types map[string]string) string {
	for _, end := range []string{"_bucket", "_sum", "_count"} {
		if short, ok := strings.CutSuffix(name, end); ok && types[short] == "histogram" {
			return short
		}
	}
	return name
}

// metricsIn are the metrics that a file names.
func metricsIn(t *testing.T, file string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile(`\bcollectord_[a-z0-9_]+`).FindAllString(string(text), -1)
	slices.Sort(names)
	if names = slices.Compact(names); len(names) < 10 {
		t.Errorf("%s names %d metrics", file, len(names))
	}
	return names
}

// metricTable are the metrics of docs/metrics.md, with their type.
func metricTable(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	table := make(map[string]string)
	for _, row := range regexp.MustCompile("(?m)^\\| `(collectord_[a-z0-9_]+)` \\| ([a-z]+) \\|").FindAllStringSubmatch(string(text), -1) {
		if table[row[1]] != "" {
			t.Errorf("docs/metrics.md has %s twice", row[1])
		}
		table[row[1]] = row[2]
	}
	return table
}

// promtool checks names, units and texts as Prometheus' authors want them.
func promtool(t *testing.T, text string) {
	t.Helper()
	path, err := exec.LookPath("promtool")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("promtool is missing (Debian: prometheus): %v", err)
		}
		t.Skipf("promtool is missing (Debian: prometheus): %v", err)
	}
	cmd := exec.CommandContext(t.Context(), path, "check", "metrics")
	cmd.Stdin = strings.NewReader(text)
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("promtool check metrics: %v\n%s", err, out)
	}
}

// What was delivered to an InfluxDB that is not in the config any more stays counted.
func TestMetersOutliveADelivery(t *testing.T) {
	var m meters
	m.gone(influx.Status{Delivered: 3, Refused: 2})
	m.gone(influx.Status{Delivered: 4})
	m.delivery("ok", time.Second)
	m.reload(true)
	m.reload(false)
	m.reload(false)
	o := status.Overview{Influx: &status.Influx{Delivered: 10, Refused: 1}}
	m.tell(&o)
	if o.Influx.Delivered != 17 || o.Influx.Refused != 3 || o.Meters.Reloads != 1 || o.Meters.Refusals != 2 || o.Meters.Deliveries["ok"] != 1 {
		t.Errorf("%+v %+v", o.Meters, o.Influx)
	}
	m.tell(&status.Overview{}) // nothing is delivered anywhere
}
