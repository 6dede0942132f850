package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"collectord/internal/influxdtest"
)

// process is collectord as a process of its own.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	stderr *bytes.Buffer
}

// startProcess starts the test binary as collectord in a folder.
func startProcess(t *testing.T, dir string, args ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command("collectord", args...), stderr: new(bytes.Buffer)}
	p.cmd.Dir, p.cmd.Stderr = dir, p.stderr
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill() // it has ended already where the test went well
		_ = p.cmd.Wait()
	})
	return p
}

// end sends SIGTERM and demands that the process ends with 0 within 10 s.
func (p *process) end() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- p.cmd.Wait() }()
	select {
	case err := <-done:
		if err != nil {
			p.t.Errorf("SIGTERM ended it with %v\n%s", err, p.stderr)
		}
	case <-time.After(10 * time.Second):
		p.t.Error("it did not end within 10 s of SIGTERM")
	}
}

// eventually waits for a condition.
func eventually(t *testing.T, within time.Duration, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(within); !ok(); {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", within, what)
		}
		<-time.After(50 * time.Millisecond)
	}
}

const e2eConfig = `
influxdb: {url: "%[1]s", org: smm, bucket: "%[2]s", token: any}
web: {listen: ""}
networks:
  vk:
    schedule: "@every 2s"
    base_url: %[3]s
    requests_per_second: 100
    accounts:
      РИА Новости: {handle: ria, tags: {team: "news, a=b"}}
      'a,b=c "d"': durov
      closed: closed
      nobody: nobody_of_that_name
  bluesky:
    schedule: "@every 2s"
    base_url: %[4]s
    requests_per_second: 100
    accounts: [bsky.app]
`

// The daemon as a program, simulated networks, a real InfluxDB: what was polled is
// read back from there.
func TestThreeTicksIntoInfluxDB(t *testing.T) {
	db := influxdtest.Start(t, influxdtest.WithFlux())
	servers, err := startSimulators(t.Context(), scriptWorld())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(servers.stop)
	dir := t.TempDir()
	text := fmt.Sprintf(e2eConfig, db.URL, db.Database, servers.addresses["vk"], servers.addresses["bluesky"])
	if err := os.WriteFile(filepath.Join(dir, "config.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	assignTo(t, dir, "vk", "vk-good-token")
	p := startProcess(t, dir, "run")
	eventually(t, 30*time.Second, "three polls of each network in InfluxDB", func() bool {
		n := map[string]int{}
		for _, row := range db.Query(t, "SELECT * FROM poll") {
			n[fmt.Sprint(row.Values["network"])]++
		}
		return n["vk"] >= 3 && n["bluesky"] >= 3
	})
	p.end()

	at := map[string]map[string]int{} // by account: points by time
	for _, row := range db.Query(t, "SELECT * FROM profile") {
		account := fmt.Sprint(row.Values["account"])
		if at[account] == nil {
			at[account] = map[string]int{}
		}
		at[account][fmt.Sprint(row.Time)]++
		if account == "РИА Новости" && (row.Int(t, "followers") != 579_277 || row.Values["id"] != "15755094" || row.Values["type"] != "page" || row.Values["team"] != "news, a=b") {
			t.Errorf("a point is not what was answered: %v", row)
		}
	}
	for _, account := range []string{"РИА Новости", `a,b=c "d"`, "bsky.app"} {
		if len(at[account]) < 3 {
			t.Errorf("%s has points at %d times, want 3 or more", account, len(at[account]))
		}
	}
	for when := range at["РИА Новости"] {
		if at[`a,b=c "d"`][when] != 1 {
			t.Errorf("the accounts of one poll have different times: %v", at)
		}
	}
	if len(at) != 3 {
		t.Errorf("points of %d accounts, want the 3 that have a count: %v", len(at), at)
	}
	states := map[string]string{}
	for _, row := range db.Query(t, "SELECT * FROM account_state") {
		states[fmt.Sprint(row.Values["account"])] = fmt.Sprint(row.Values["state"])
	}
	if states["closed"] != "private" || states["nobody"] != "not_found" || states["РИА Новости"] != "ok" {
		t.Errorf("states: %v", states)
	}
	flux := db.Flux(t, fmt.Sprintf(`from(bucket: "%s/autogen") |> range(start: -1h) |> filter(fn: (r) => r._measurement == "profile" and r._field == "followers" and r.account == "РИА Новости")`, db.Database))
	if len(flux) != len(at["РИА Новости"]) || flux[0]["_value"] != "579277" {
		t.Errorf("Flux reads %d rows, InfluxQL %d: %v", len(flux), len(at["РИА Новости"]), flux)
	}
	if strings.Contains(p.stderr.String(), "vk-good-token") {
		t.Error("the token is in the log")
	}
}
