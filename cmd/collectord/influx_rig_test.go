package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"collectord/collector/point"
	"collectord/internal/faultproxy"
	"collectord/internal/influxdtest"
)

// awayRig is a daemon that polls simulated networks every second and delivers to a real
// InfluxDB through a proxy that breaks things.
type awayRig struct {
	t       *testing.T
	db      *influxdtest.Server
	proxy   *faultproxy.Proxy
	address string // of InfluxDB, as the config has it
	servers *simulators
	dir     string
	page    string // of the daemon that runs
	daemon  *process
	logs    string // of the daemons that have ended
}

// newAwayRig makes a rig. The daemon is not started; an address of "" is the proxy's.
func newAwayRig(t *testing.T, address string, opts ...faultproxy.Option) *awayRig {
	t.Helper()
	return newAwayRigWith(t, influxdtest.Start(t), address, opts...)
}

func newAwayRigWith(t *testing.T, db *influxdtest.Server, address string, opts ...faultproxy.Option) *awayRig {
	t.Helper()
	servers, err := startSimulators(t.Context(), scriptWorld())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(servers.stop)
	r := &awayRig{t: t, db: db, proxy: faultproxy.Start(t, db.URL, opts...), servers: servers, dir: t.TempDir(), page: freeAddress(t)}
	if address == "" {
		address = r.proxy.URL
	}
	if err := os.WriteFile(filepath.Join(r.dir, "token"), []byte("any"), 0o600); err != nil {
		t.Fatal(err)
	}
	r.configure(address)
	assignTo(t, r.dir, "vk", "vk-good-token")
	return r
}

// configure writes a config with InfluxDB at that address.
func (r *awayRig) configure(address string) {
	r.t.Helper()
	r.address = address
	text := fmt.Sprintf(e2eConfig, address, r.db.Database, r.servers.addresses["vk"], r.servers.addresses["bluesky"])
	text = strings.NewReplacer("@every 2s", "@every 1s", "token: any", "token_file: token", `listen: ""`, `listen: "`+r.page+`"`).Replace(text)
	if err := os.WriteFile(filepath.Join(r.dir, "config.yaml"), []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

func (r *awayRig) start() {
	r.t.Helper()
	r.daemon = startProcess(r.t, r.dir, "run")
	eventually(r.t, 20*time.Second, "the page is there", func() bool {
		_, err := get("http://" + r.page + "/api/v1/status")
		return err == nil
	})
}

// end ends the daemon in order and keeps what it logged.
func (r *awayRig) end() {
	r.t.Helper()
	r.daemon.end()
	r.logs += r.daemon.stderr.String()
}

// command runs collectord and returns its standard output.
func (r *awayRig) command(args ...string) string {
	r.t.Helper()
	cmd := exec.Command("collectord", args...)
	cmd.Dir = r.dir
	out, err := cmd.Output()
	if err != nil {
		r.t.Fatalf("%v: %v", args, err)
	}
	return string(out)
}

// write writes a line into InfluxDB, not by way of the daemon.
func (r *awayRig) write(line string) {
	r.t.Helper()
	resp, err := http.Post(r.db.URL+"/api/v2/write?precision=s&bucket="+r.db.Database, "text/plain", strings.NewReader(line))
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusNoContent {
		r.t.Fatalf("%q: %s", line, resp.Status)
	}
}

// awayStatus is what these tests read of /api/v1/status.
type awayStatus struct {
	InfluxDB struct {
		State     string `json:"state"`
		Error     string `json:"error"`
		Hint      string `json:"hint"`
		Backlog   int64  `json:"backlog"`
		Delivered int64  `json:"delivered"`
	} `json:"influxdb"`
	Journal struct {
		Points  int64 `json:"points"`
		Bytes   int64 `json:"bytes"`
		Refused int64 `json:"refused"`
	} `json:"journal"`
	Networks []struct {
		Name    string `json:"name"`
		Skipped int64  `json:"ticks_skipped"`
		Missed  int64  `json:"ticks_missed"`
		Totals  struct {
			Polls int64 `json:"polls"`
		} `json:"totals"`
	} `json:"networks"`
}

func (r *awayRig) status() (s awayStatus) {
	r.t.Helper()
	body, err := get("http://" + r.page + "/api/v1/status")
	if err == nil {
		err = json.Unmarshal(body, &s)
	}
	if err != nil {
		r.t.Fatalf("status: %v: %s", err, body)
	}
	return s
}

// see waits until the page shows a state, an error and a hint with that in them.
func (r *awayRig) see(state, text, hint string) {
	r.t.Helper()
	eventually(r.t, 20*time.Second, fmt.Sprintf("the page shows %q, %q and %q", state, text, hint), func() bool {
		s := r.status().InfluxDB
		return s.State == state && strings.Contains(s.Error, text) && strings.Contains(s.Hint, hint)
	})
}

// pointText is a point as text that is the same for the same point, however it was
// read.
func pointText(measurement string, tags map[string]string, at time.Time, fields map[string]string) string {
	var b strings.Builder
	b.WriteString(measurement)
	for _, m := range []map[string]string{tags, fields} {
		for _, key := range slices.Sorted(maps.Keys(m)) {
			fmt.Fprintf(&b, " %s=%s", key, m[key])
		}
		b.WriteString(" |")
	}
	return b.String() + at.UTC().Format(time.RFC3339)
}

// parsed reads the line protocol of an export.
func parsed(t *testing.T, lines string) []point.Point {
	t.Helper()
	var points []point.Point
	for line := range strings.Lines(lines) {
		p, err := point.Parse([]byte(strings.TrimSuffix(line, "\n")))
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		points = append(points, p)
	}
	return points
}

func tagsOf(p point.Point) map[string]string {
	tags := map[string]string{}
	for _, tag := range p.Tags {
		tags[tag.Key] = tag.Value
	}
	return tags
}

// journalled counts the journal's points by what they say.
func (r *awayRig) journalled() map[string]int {
	r.t.Helper()
	all := map[string]int{}
	for _, p := range parsed(r.t, r.command("export", "--format", "lp")) {
		fields := map[string]string{}
		for _, f := range p.Fields {
			fields[f.Key()] = fmt.Sprint(f.Value())
		}
		all[pointText(p.Measurement, tagsOf(p), p.Time, fields)]++
	}
	return all
}

// delivered counts InfluxDB's points by what they say.
func (r *awayRig) delivered() map[string]int {
	r.t.Helper()
	all := map[string]int{}
	for _, measurement := range []string{"profile", "profile_info", "account_state", "poll"} {
		for _, row := range r.db.Query(r.t, fmt.Sprintf("SELECT * FROM %q GROUP BY *", measurement)) {
			tags, fields := map[string]string{}, map[string]string{}
			for key, value := range row.Tags {
				if value != "" { // InfluxDB names the tags of the other series too
					tags[key] = value
				}
			}
			for key, value := range row.Values {
				if value != nil {
					fields[key] = fmt.Sprint(value)
				}
			}
			all[pointText(measurement, tags, row.Time, fields)]++
		}
	}
	return all
}

// compare demands that InfluxDB has every point of the journal, once, and no other.
func (r *awayRig) compare() {
	r.t.Helper()
	want, got := r.journalled(), r.delivered()
	for point, n := range want {
		if n != 1 || got[point] != 1 {
			r.t.Errorf("%d in the journal, %d in InfluxDB: %s", n, got[point], point)
		}
	}
	for point := range got {
		if want[point] == 0 {
			r.t.Errorf("in InfluxDB, not in the journal: %s", point)
		}
	}
	r.t.Logf("%d points in the journal, %d in InfluxDB", len(want), len(got))
	if len(want) < 10 {
		r.t.Errorf("only %d points", len(want))
	}
}

// ticksWereKept demands that no network left a hole of three seconds in its polls, of
// which there is one a second, but where the daemon was ended.
func (r *awayRig) ticksWereKept() {
	r.t.Helper()
	times := map[string][]time.Time{}
	for _, p := range parsed(r.t, r.command("export", "--format", "lp", "--measurement", "poll")) {
		times[p.Tag("network")] = append(times[p.Tag("network")], p.Time)
	}
	for network, at := range times {
		slices.SortFunc(at, time.Time.Compare)
		holes := 0
		for i := 1; i < len(at); i++ {
			if at[i].Sub(at[i-1]) > 3*time.Second {
				holes++
			}
		}
		if holes > strings.Count(r.logs, "collectord stopped")-1 {
			r.t.Errorf("%s: %d holes in its %d polls", network, holes, len(at))
		}
	}
	if len(times) != 2 {
		r.t.Errorf("polls of %d networks", len(times))
	}
}
