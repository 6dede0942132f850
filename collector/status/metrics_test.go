package status

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
)

func TestMetrics(t *testing.T) {
	src := newFake(testNow)
	src.overview.Networks[0].Tokens = append(src.overview.Networks[0].Tokens, Token{Slot: "vk", State: "ok"}) // named twice
	src.overview.Networks[0].Totals.Results["bad\xffkind"] = 1
	measure(&src.overview)
	src.overview.Influx.Backlog, src.overview.Influx.Oldest = 3, testNow
	w := get(t, newHandler(t, src), "GET", "/metrics")
	body := w.Body.String()
	if w.Code != 200 {
		t.Fatalf("%d %s", w.Code, body)
	}
	for _, want := range []string{
		`collectord_polls_total{network="vk"} 75`,
		`collectord_cluster_nats_up 1`, `collectord_cluster_nodes 2`, `collectord_cluster_pieces_held 2`, `collectord_cluster_pieces_done_total 7`,
		`collectord_cluster_tokens_held 1`, `collectord_cluster_take_overs_total 3`, `collectord_cluster_dropped_answers_total 1000`,
		`collectord_cluster_config_differs 1`, `collectord_cluster_name_taken 0`, `collectord_cluster_clock_skew_seconds -1.5`,
		`collectord_requests_total{network="vk",outcome="ok"} 2`,
		`collectord_requests_total{network="vk",outcome="temporary"} 1`,
		`collectord_requests_total{network="bluesky",outcome="ok"} 0`,
		`collectord_request_duration_seconds_bucket{network="vk",le="0.25"} 2`,
		`collectord_request_duration_seconds_bucket{network="vk",le="+Inf"} 3`,
		`collectord_request_duration_seconds_sum{network="vk"} 100.25`,
		`collectord_request_duration_seconds_count{network="bluesky"} 0`,
		`collectord_poll_duration_seconds_bucket{network="vk",le="5"} 1`,
		`collectord_poll_duration_seconds_count{network="vk"} 1`,
		`collectord_made_up_polls_total{network="vk"} 1`,
		`collectord_delivery_requests_total{outcome="ok"} 1`,
		`collectord_delivery_requests_total{outcome="unreachable"} 1`,
		`collectord_delivery_duration_seconds_count 2`,
		`collectord_delivery_last_success_timestamp_seconds 1.7733`,
		`collectord_journal_max_bytes 1e+10`,
		`collectord_journal_mended_total 2`,
		`collectord_journal_damaged 0`,
		`collectord_config_reloads_total{result="ok"} 5`,
		`collectord_config_reloads_total{result="refused"} 1`,
		`collectord_config_info{hash="`,
		`collectord_retries_total{network="vk"} 4`,
		`collectord_results_total{kind="ok",network="vk"} 440`,
		`collectord_results_total{kind="not_found",network="vk"} 75`,
		`collectord_results_total{kind="ok",network="bluesky"} 0`,
		`collectord_accounts{network="vk",state="ok"} 3`,
		`collectord_accounts{network="vk",state="taken_over"} 0`,
		`collectord_accounts{network="twitter",state="unknown"} 1`,
		`collectord_ticks_skipped_total{network="vk"} 2`,
		`collectord_ticks_missed_total{network="twitter"} 4`,
		`collectord_poll_running{network="bluesky"} 1`,
		`collectord_last_poll_duration_seconds{network="vk"} 1.24`,
		`collectord_last_poll_timestamp_seconds{network="vk"} 1.77332112e+09`,
		`collectord_limiter_wait_seconds_total{network="vk"} 90`,
		`collectord_token_state{network="vk",slot="vk:second",state="parked"} 1`,
		`collectord_token_state{network="vk",slot="vk:second",state="ok"} 0`,
		`collectord_token_expiry_timestamp_seconds{network="vk",slot="vk"} 1.7734068e+09`,
		`collectord_spent_today{network="twitter",slot="tw",unit="USD"} 0.04`,
		`collectord_spent_today{network="bluesky",slot="",unit="requests"} 1`,
		`collectord_budget{network="twitter",slot="tw",unit="USD"} 10`,
		`collectord_allowance{network="vk",slot="vk",unit="requests"} 5000`,
		`collectord_influxdb_up 1`,
		`collectord_backlog_points 3`,
		`collectord_backlog_oldest_timestamp_seconds 1.773324e+09`,
		`collectord_delivered_points_total 12411`,
		`collectord_refused_points_total 0`,
		`collectord_journal_bytes 4.83e+07`,
		`collectord_config_last_reload_successful 1`,
		`collectord_config_last_reload_success_timestamp_seconds 1.773252e+09`,
		`collectord_build_info{goversion="go1.`,
		`go_goroutines `, `process_resident_memory_bytes `,
	} {
		if !strings.Contains(body, "\n"+want) {
			t.Errorf("%s is missing", want)
		}
	}
	for _, never := range []string{"hunter2", "Durov", "РИА", `expiry_timestamp_seconds{network="vk",slot="vk:second"}`, `collectord_budget{network="vk"`} {
		if strings.Contains(body, never) {
			t.Errorf("%s is among the metrics", never)
		}
	}
	problems, err := promlint.New(strings.NewReader(body)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("promlint: %s: %s", p.Metric, p.Text)
	}
	lines := strings.Count(body, "\ncollectord_")
	src.accounts = many(500).accounts
	if now := strings.Count(get(t, newHandler(t, src), "GET", "/metrics").Body.String(), "\ncollectord_"); now != lines {
		t.Errorf("%d series, %d with more accounts", lines, now)
	}
}

// measure gives the overview something in every meter.
func measure(ov *Overview) {
	vk := &ov.Networks[0].Totals.Meters
	vk.Request("ok", 0)
	vk.Request("ok", 250*time.Millisecond) // a bound belongs to its bucket
	vk.Request("temporary", 100*time.Second)
	vk.Poll(1240*time.Millisecond, true)
	ov.Meters = DaemonMeters{Reloads: 5, Refusals: 1, Mended: 2}
	ov.Journal.MaxBytes = 10e9
	ov.Cluster = &Cluster{Name: "smm", Node: "a", State: ClusterShared, Nodes: []Node{
		{Name: "a", Here: true, Fresh: true, Holding: []string{"vk 1", "vk 2"}, Tokens: []string{"vk"}, Done: 7, TakeOvers: 3, Dropped: 1000, Skew: -1500 * time.Millisecond},
		{Name: "b", Fresh: true, ConfigDiffers: true, Done: 100, TakeOvers: 100},
		{Name: "c"}, // long silent
	}}
	ov.Meters.Deliver("ok", time.Second)
	ov.Meters.Deliver("unreachable", time.Minute)
}

// What was cloned stays as it was.
func TestMetersClone(t *testing.T) {
	var ov Overview
	ov.Networks = make([]Network, 1)
	measure(&ov)
	network, daemon := ov.Networks[0].Totals.Meters.Clone(), ov.Meters.Clone()
	measure(&ov)
	ov.Meters.Deliver("ok", 0)
	if network.Outcomes["ok"] != 2 || network.Requests.Count != 3 || network.Requests.Counts[3] != 1 || daemon.Deliveries["ok"] != 1 || daemon.Delivery.Counts[5] != 1 {
		t.Errorf("%+v %+v", network, daemon)
	}
}

func TestMetricsOfNothing(t *testing.T) {
	src := &fakeSource{overview: Overview{ConfigError: "config.yaml:1:1: no"}}
	body := get(t, newHandler(t, src), "GET", "/metrics").Body.String()
	if !strings.Contains(body, "\ncollectord_config_last_reload_successful 0\n") {
		t.Errorf("%s", body)
	}
	for _, absent := range []string{"collectord_backlog", "collectord_cluster", "collectord_influxdb_up", "timestamp_seconds 0", "collectord_start_timestamp"} {
		if strings.Contains(body, "\n"+absent) {
			t.Errorf("%s is among the metrics of nothing", absent)
		}
	}
}

func TestMetricsDescribed(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range append(networkMetrics(), daemonMetrics()...) {
		if seen[m.name] || !strings.HasSuffix(m.help, ".") {
			t.Errorf("%s is there twice, or its help is no sentence", m.name)
		}
		seen[m.name] = true
	}
	src := newFake(time.Now())
	measure(&src.overview)
	body := get(t, newHandler(t, src), "GET", "/metrics").Body.String()
	for name := range seen {
		if name != "backlog_oldest_timestamp_seconds" && !strings.Contains(body, "# HELP collectord_"+name+" ") {
			t.Errorf("collectord_%s is described and never sent", name)
		}
	}
}
