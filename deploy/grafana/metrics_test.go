package grafana

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap/zaptest"

	"collectord/collector/status"
)

// daemon is a Source that has something to say of everything, so that /metrics
// sends every metric there is.
type daemon struct{ now time.Time }

func (daemon) Accounts(context.Context) ([]status.Account, error) { return nil, nil }
func (daemon) Ready(context.Context) error                        { return nil }
func (daemon) History(context.Context, string, string, time.Time) ([]status.Sample, error) {
	return nil, nil
}

func (d daemon) Overview(context.Context) (status.Overview, error) {
	spending := status.Spending{Unit: "USD", Money: true, Today: 4, Budget: 10, Allowance: 100, Ends: d.now}
	var meters status.Meters
	meters.Request("ok", time.Second)
	meters.Poll(time.Second, false)
	return status.Overview{
		Version: "1.0.0", Started: d.now, ConfigTime: d.now,
		Networks: []status.Network{{
			Name: "twitter", Accounts: 3, States: map[string]int{"ok": 2, "not_found": 1}, NextPoll: d.now, Skipped: 1, Missed: 1,
			Tokens:   []status.Token{{Slot: "tw", State: "ok", Expires: d.now.Add(9 * day), Spending: spending}},
			LastPoll: &status.Poll{Time: d.now, Accounts: 3, OK: 2, Failed: 1, Requests: 2, Retries: 1, Duration: time.Second},
			Totals:   status.Totals{Polls: 9, Requests: 20, Retries: 2, Results: map[string]int64{"ok": 25, "temporary": 2}, LimiterWait: time.Second, Meters: meters},
		}},
		Journal: status.Journal{MaxBytes: 10e9, Points: 1000, Bytes: 1 << 20, Refused: 1, Rotten: 1, Dropped: 1},
		Cluster: &status.Cluster{State: status.ClusterShared, Nodes: []status.Node{{Here: true, Fresh: true}}},
		Influx:  &status.Influx{LastSuccess: d.now, State: "ok", Backlog: 5, Oldest: d.now, Delivered: 990, Refused: 1},
	}, nil
}

// scrape returns what /metrics sends, by name of the series with its labels.
func scrape(t *testing.T) map[string]float64 {
	t.Helper()
	w := httptest.NewRecorder()
	status.Handler(daemon{time.Unix(0, 0).Add(30 * day)}, zaptest.NewLogger(t)).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	series := map[string]float64{}
	for line := range strings.Lines(w.Body.String()) {
		name, number, ok := strings.Cut(strings.TrimSpace(line), " ")
		if i := strings.LastIndexByte(line, '}'); i >= 0 {
			name, number = line[:i+1], strings.TrimSpace(line[i+1:])
		}
		var n float64
		if _, err := fmt.Sscan(number, &n); ok && !strings.HasPrefix(line, "#") && err == nil {
			series[name] = n
		}
	}
	if len(series) < 40 {
		t.Fatalf("/metrics sends %d series", len(series))
	}
	return series
}

var metricName = regexp.MustCompile(`\b(?:collectord|process)_[a-z_]+`)

// TestMetricNames finds a metric in a dashboard or a rule that collectord does not
// send, and one it sends that nobody looks at.
func TestMetricNames(t *testing.T) {
	sent := map[string]bool{}
	for series := range scrape(t) {
		name, _, _ := strings.Cut(series, "{")
		sent[name] = true
	}
	looked := map[string]bool{}
	for _, file := range []string{"dashboards/collectord-metrics.json", "../prometheus/collectord.rules.yml"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range metricName.FindAllString(string(text), -1) {
			looked[name] = true
			if !sent[name] {
				t.Errorf("%s: collectord sends no %s", file, name)
			}
		}
	}
	// What tells nothing that another metric does not tell better, until somebody asks why.
	spare := []string{"collectord_polls_total", "collectord_start_timestamp_seconds", "collectord_config_last_reload_success_timestamp_seconds",
		"collectord_made_up_polls_total", "collectord_config_info", "collectord_config_reloads_total", "collectord_delivery_last_success_timestamp_seconds",
		"collectord_cluster_pieces_held", "collectord_cluster_pieces_done_total", "collectord_cluster_tokens_held"}
	spares := regexp.MustCompile(`^collectord_(delivery|poll|request)_duration_seconds_(bucket|sum|count)$`)
	for name := range sent {
		if strings.HasPrefix(name, "collectord_") && !looked[name] && !slices.Contains(spare, name) && !spares.MatchString(name) {
			t.Errorf("nobody looks at %s", name)
		}
	}
}

// TestMetricQueries runs every PromQL query of the dashboard in promtool, over an
// hour in which every counter grows.
func TestMetricQueries(t *testing.T) {
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("promtool is missing (Debian: prometheus): %v", err)
		}
		t.Skipf("promtool is missing (Debian: prometheus): %v", err)
	}
	var b strings.Builder
	b.WriteString("evaluation_interval: 1m\ntests:\n- interval: 1m\n  input_series:\n")
	for series, value := range scrape(t) {
		step := 0
		if strings.Contains(series, "_total") {
			step = 3
		}
		labels := strings.Replace(strings.TrimSuffix(series, "}"), "{", `{instance="a",job="collectord",`, 1)
		if !strings.Contains(series, "{") {
			labels += `{instance="a",job="collectord"`
		}
		fmt.Fprintf(&b, "  - series: %q\n    values: '%v+%dx60'\n", labels+"}", value, step)
	}
	b.WriteString("  promql_expr_test:\n")
	queries := 0
	for _, p := range load(t, "collectord-metrics.json").Panels {
		for _, q := range p.Targets {
			queries++
			expr := strings.NewReplacer("$instance", ".*", "$network", ".*", "$__rate_interval", "5m").Replace(q.Expr)
			if strings.Contains(expr, "$") {
				t.Errorf("panel %q: what is in %s?", p.Title, expr)
			}
			expr = "count(" + expr + ") > bool 0" // one row that says 1: something came
			fmt.Fprintf(&b, "  - expr: %q\n    eval_time: 1h\n    exp_samples: [{labels: '{}', value: 1}]\n", expr)
			t.Logf("%s %s: %s", p.Title, q.RefID, q.Expr)
		}
	}
	if queries < 30 {
		t.Errorf("only %d queries", queries)
	}
	file := filepath.Join(t.TempDir(), "test.yml")
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), promtool, "test", "rules", file).CombinedOutput(); err != nil {
		t.Errorf("promtool: %v\n%s", err, out)
	}
}
