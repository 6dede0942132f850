package status

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.uber.org/zap"
)

// metricsHandler answers /metrics from a registry of its own. A Source that does
// not answer makes the scrape fail, so that Prometheus notices.
func metricsHandler(src Source, log *zap.Logger) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		newCollector(src),
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{
		ErrorLog:      promLog{log},
		ErrorHandling: promhttp.HTTPErrorOnError,
		// Scrapes at the same time wait for nobody: more than these are refused.
		MaxRequestsInFlight: 8,
	})
}

// promLog passes promhttp's errors on to zap.
type promLog struct{ log *zap.Logger }

// Println logs what went wrong with a scrape.
func (l promLog) Println(v ...any) {
	l.log.Error("the metrics cannot be sent", zap.String("error", strings.TrimSpace(fmt.Sprintln(v...))),
		zap.String("hint", "see whether the journal can be read, and whether several scrape at the same time"))
}

// collector makes the metrics from the Source while Prometheus waits. There is no
// series per account: those are InfluxDB's.
type collector struct {
	src   Source
	descs map[string]*prometheus.Desc
}

// metric names one metric and says what it counts.
type metric struct {
	name, help string
	labels     []string
}

func networkMetrics() []metric {
	network, spending := []string{"network"}, []string{"network", "slot", "unit"}
	return []metric{
		{"polls_total", "Polls finished since the start.", network},
		{"made_up_polls_total", "Polls made up for missed ticks since the start.", network},
		{"requests_total", "Requests made to the network since the start, by ok or the kind of error.", []string{"network", "outcome"}},
		{"request_duration_seconds", "Time that answers of the network took, failures among them.", network},
		{"retries_total", "Requests made again since the start.", network},
		{"results_total", "Accounts answered for since the start, by ok or the kind of error.", []string{"network", "kind"}},
		{"accounts", "Accounts in the config, by their state; unknown before the first answer.", []string{"network", "state"}},
		{"ticks_skipped_total", "Ticks skipped because the poll before was still running.", network},
		{"ticks_missed_total", "Ticks missed while the daemon was down.", network},
		{"poll_running", "1 while a poll is under way.", network},
		{"poll_duration_seconds", "Duration of polls, waits for limits and repeated questions included.", network},
		{"last_poll_duration_seconds", "Duration of the last poll.", network},
		{"poll_failed_accounts", "Accounts that the last poll got no answer for.", network},
		{"last_poll_timestamp_seconds", "Scheduled time of the last poll.", network},
		{"next_poll_timestamp_seconds", "Time of the next poll.", network},
		{"limiter_wait_seconds_total", "Time that requests waited for the limit of their token, since the start.", network},
		{"token_state", "1 for the state that the token is in, 0 for the others.", []string{"network", "slot", "state"}},
		{"token_expiry_timestamp_seconds", "Time at which the token expires; absent if it does not or nobody knows.", []string{"network", "slot"}},
		{"limit_used_ratio", "Share of a limit that is used up, from 0 to 1, as the network's answers last told it; absent where they do not.", []string{"network", "slot", "limit"}},
		{"spent_today", "What the token has spent on the network's day; the slot is empty for a network without tokens.", spending},
		{"budget", "The most that the token may spend a day; absent without a budget.", spending},
		{"allowance", "What the network allows the token a day; absent where it publishes nothing.", spending},
	}
}

func daemonMetrics() []metric {
	return []metric{
		{"influxdb_up", "1 while InfluxDB takes points; absent without an influxdb section.", nil},
		{"backlog_points", "Points not yet delivered to InfluxDB.", nil},
		{"backlog_oldest_timestamp_seconds", "Time of the oldest point not yet delivered; absent when there is none.", nil},
		{"delivery_requests_total", "Requests to InfluxDB since the start, by ok or why they came to nothing.", []string{"outcome"}},
		{"delivery_duration_seconds", "Time that answers of InfluxDB took, failures among them.", nil},
		{"delivery_last_success_timestamp_seconds", "Time at which InfluxDB last took points; absent before the first.", nil},
		{"delivered_points_total", "Points delivered to InfluxDB since the start.", nil},
		{"refused_points_total", "Points that InfluxDB refused for good since the start.", nil},
		{"journal_points", "Points in the journal.", nil},
		{"journal_bytes", "Size of the journal on disk.", nil},
		{"journal_max_bytes", "The greatest size that the journal may have; absent without a bound.", nil},
		{"journal_refused_points", "Points set aside in the journal because InfluxDB refused them.", nil},
		{"journal_rotten_rows", "Rows set aside because their checksum is wrong.", nil},
		{"journal_dropped_points_total", "Undelivered points dropped to keep the journal's greatest size.", nil},
		{"journal_mended_total", "Times that the journal was mended, or put back, while it was open.", nil},
		{"journal_damaged", "1 if a damaged journal was set aside since the start.", nil},
		{"journal_up", "1 while the journal takes writes.", nil},
		{"config_last_reload_successful", "1 if the config file and the config in force agree.", nil},
		{"config_last_reload_success_timestamp_seconds", "Time at which the config in force was taken.", nil},
		{"config_reloads_total", "Changed config files since the start, by result: ok, or refused for a mistake.", []string{"result"}},
		{"config_info", "1, labelled with the hash of the config in force.", []string{"hash"}},
		{"start_timestamp_seconds", "Time at which the daemon started.", nil},
		{"build_info", "1, labelled with the version of the program and of Go.", []string{"version", "goversion"}},
	}
}

func clusterMetrics() []metric {
	return []metric{
		{"cluster_nats_up", "1 while NATS answers; absent without a cluster section, as all of these.", nil},
		{"cluster_nodes", "Nodes heard of within two leases, this one among them.", nil},
		{"cluster_pieces_held", "Pieces of ticks that this node polls.", nil},
		{"cluster_pieces_done_total", "Pieces of ticks that this node has polled since its start.", nil},
		{"cluster_tokens_held", "Tokens that this node uses.", nil},
		{"cluster_take_overs_total", "Pieces that another node left unfinished and this one went on with, since its start.", nil},
		{"cluster_dropped_answers_total", "Accounts whose answer was thrown away, because their piece was another node's by then.", nil},
		{"cluster_config_differs", "Nodes whose config is another than this one's.", nil},
		{"cluster_name_taken", "1 while another process has this node's name, and nothing is claimed here.", nil},
		{"cluster_clock_skew_seconds", "How far this machine's clock is ahead of that of the NATS server.", nil},
	}
}

func newCollector(src Source) *collector {
	c := &collector{src: src, descs: map[string]*prometheus.Desc{}}
	for _, m := range slices.Concat(networkMetrics(), daemonMetrics(), clusterMetrics()) {
		c.descs[m.name] = prometheus.NewDesc("collectord_"+m.name, m.help, m.labels, nil)
	}
	return c
}

// Describe sends every metric that Collect may send.
func (c *collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range c.descs {
		ch <- d
	}
}

// Collect asks the Source and sends what it says.
func (c *collector) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), sourceTimeout)
	defer cancel()
	ov, err := c.src.Overview(ctx)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(c.descs["build_info"], err)
		return
	}
	e := emitter{c.descs, ch}
	for i := range ov.Networks {
		e.network(&ov.Networks[i])
	}
	e.journal(&ov.Journal, &ov.Meters)
	if ov.Influx != nil {
		e.influx(ov.Influx, &ov.Meters)
	}
	if ov.Cluster != nil {
		e.cluster(ov.Cluster)
	}
	e.gauge("config_last_reload_successful", truth(ov.ConfigError == ""))
	e.timestamp("config_last_reload_success_timestamp_seconds", ov.ConfigTime)
	e.counter("config_reloads_total", float64(ov.Meters.Reloads), stateOK)
	e.counter("config_reloads_total", float64(ov.Meters.Refusals), "refused")
	e.gauge("config_info", 1, ov.ConfigHash)
	e.timestamp("start_timestamp_seconds", ov.Started)
	e.gauge("build_info", 1, ov.Version, runtime.Version())
}

// emitter sends samples by the names of their metrics.
type emitter struct {
	descs map[string]*prometheus.Desc
	ch    chan<- prometheus.Metric
}

func (e emitter) gauge(name string, v float64, labels ...string) {
	e.ch <- prometheus.MustNewConstMetric(e.descs[name], prometheus.GaugeValue, v, valid(labels)...)
}

func (e emitter) counter(name string, v float64, labels ...string) {
	e.ch <- prometheus.MustNewConstMetric(e.descs[name], prometheus.CounterValue, v, valid(labels)...)
}

// timestamp sends nothing for a time that is unknown: 0 would be 1970.
func (e emitter) timestamp(name string, t time.Time, labels ...string) {
	if !t.IsZero() {
		e.gauge(name, float64(t.UnixMilli())/1000, labels...)
	}
}

// valid mends label values that are not UTF-8, for which the client would panic.
func valid(labels []string) []string {
	for i, l := range labels {
		labels[i] = strings.ToValidUTF8(l, "\uFFFD")
	}
	return labels
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func (e emitter) network(n *Network) {
	e.counter("polls_total", float64(n.Totals.Polls), n.Name)
	e.counter("made_up_polls_total", float64(n.Totals.Meters.MadeUp), n.Name)
	e.outcomes("requests_total", n.Totals.Meters.Outcomes, n.Name)
	e.histogram("request_duration_seconds", n.Totals.Meters.Requests, requestBounds(), n.Name)
	e.histogram("poll_duration_seconds", n.Totals.Meters.Polls, pollBounds(), n.Name)
	e.counter("retries_total", float64(n.Totals.Retries), n.Name)
	e.counter("limiter_wait_seconds_total", n.Totals.LimiterWait.Seconds(), n.Name)
	e.counter("ticks_skipped_total", float64(n.Skipped), n.Name)
	e.counter("ticks_missed_total", float64(n.Missed), n.Name)
	e.outcomes("results_total", n.Totals.Results, n.Name)
	e.accounts(n)
	e.gauge("poll_running", truth(n.Running), n.Name)
	e.timestamp("next_poll_timestamp_seconds", n.NextPoll, n.Name)
	if p := n.LastPoll; p != nil {
		e.gauge("last_poll_duration_seconds", p.Duration.Seconds(), n.Name)
		e.gauge("poll_failed_accounts", float64(p.Failed), n.Name)
		e.timestamp("last_poll_timestamp_seconds", p.Time, n.Name)
	}
	e.tokens(n)
}

// outcomes sends a counter by ok or what went wrong, which is its last label. Ok is sent
// from the start on, so that its rate is known from the first failure on.
func (e emitter) outcomes(name string, by map[string]int64, labels ...string) {
	e.counter(name, float64(by[stateOK]), slices.Concat(labels, []string{stateOK})...)
	for outcome, n := range by {
		if outcome != stateOK {
			e.counter(name, float64(n), slices.Concat(labels, []string{outcome})...)
		}
	}
}

// accounts sends every state, so that none is a series that comes and goes.
func (e emitter) accounts(n *Network) {
	by := make(map[string]int)
	for _, st := range states() {
		by[st.Name] = 0
	}
	for state, accounts := range n.States {
		by[stateName(state)] += accounts
	}
	for state, accounts := range by {
		e.gauge("accounts", float64(accounts), n.Name, state)
	}
}

// tokens sends each slot once, however often a pool names it: Prometheus refuses
// a scrape with a series that is there twice.
func (e emitter) tokens(n *Network) {
	seen := make(map[string]bool)
	for _, t := range n.Tokens {
		if seen[t.Slot] {
			continue
		}
		seen[t.Slot] = true
		for _, state := range []string{"ok", "cooling", "parked", "dead", "missing"} {
			e.gauge("token_state", truth(t.State == state), n.Name, t.Slot, state)
		}
		e.timestamp("token_expiry_timestamp_seconds", t.Expires, n.Name, t.Slot)
		e.spending(&t.Spending, n.Name, t.Slot)
		e.usage(t.Usage, n.Name, t.Slot)
	}
	if !seen[""] {
		e.spending(&n.Spending, n.Name, "")
		e.usage(n.Usage, n.Name, "")
	}
}

func (e emitter) spending(s *Spending, network, slot string) {
	if s.Unit == "" {
		return
	}
	e.gauge("spent_today", s.Today, network, slot, s.Unit)
	if s.Budget > 0 {
		e.gauge("budget", s.Budget, network, slot, s.Unit)
	}
	if s.Allowance > 0 {
		e.gauge("allowance", s.Allowance, network, slot, s.Unit)
	}
}

func (e emitter) journal(j *Journal, m *DaemonMeters) {
	if j.MaxBytes > 0 {
		e.gauge("journal_max_bytes", float64(j.MaxBytes))
	}
	e.counter("journal_mended_total", float64(m.Mended))
	e.gauge("journal_damaged", truth(j.DamageAs != ""))
	e.gauge("journal_points", float64(j.Points))
	e.gauge("journal_bytes", float64(j.Bytes))
	e.gauge("journal_refused_points", float64(j.Refused))
	e.gauge("journal_rotten_rows", float64(j.Rotten))
	e.counter("journal_dropped_points_total", float64(j.Dropped))
	e.gauge("journal_up", truth(j.Error == ""))
}

func (e emitter) influx(in *Influx, m *DaemonMeters) {
	e.outcomes("delivery_requests_total", m.Deliveries)
	e.histogram("delivery_duration_seconds", m.Delivery, requestBounds())
	e.timestamp("delivery_last_success_timestamp_seconds", in.LastSuccess)
	e.gauge("influxdb_up", truth(in.State == stateOK))
	e.gauge("backlog_points", float64(in.Backlog))
	if in.Backlog > 0 {
		e.timestamp("backlog_oldest_timestamp_seconds", in.Oldest)
	}
	e.counter("delivered_points_total", float64(in.Delivered))
	e.counter("refused_points_total", float64(in.Refused))
}
