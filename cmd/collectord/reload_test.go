package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// mostReload is how long a reload of 1,000 accounts may take in a test, on a machine that
// does other things; alone it takes some 10 ms.
const mostReload = 500 * time.Millisecond

// reloadRig is a running daemon whose config is edited.
type reloadRig struct {
	t       *testing.T
	dir     string
	listen  string
	bluesky string
	p       *process
}

// write writes a config: Bluesky every two seconds, and more.
func (r *reloadRig) write(more string) {
	r.t.Helper()
	r.file("config.yaml", fmt.Sprintf("web: {listen: '%s'}\nnetworks:\n  bluesky: {schedule: '@every 2s', base_url: '%s', accounts: [bsky.app]}\n%s", r.listen, r.bluesky, more))
}

// file saves a file as editors do: whole, under its name at once.
func (r *reloadRig) file(name, text string) {
	r.t.Helper()
	path := filepath.Join(r.dir, name)
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		r.t.Fatal(err)
	}
}

// shows waits for a page of the daemon to say, or not to say, a text, and returns how
// long that took.
func (r *reloadRig) shows(path, text string, want bool) time.Duration {
	r.t.Helper()
	began := time.Now()
	eventually(r.t, 10*time.Second, fmt.Sprintf("%s says %q: %v", path, text, want), func() bool {
		body, err := get("http://" + r.listen + path)
		return err == nil && strings.Contains(string(body), text) == want
	})
	return time.Since(began)
}

// files counts the open files of the daemon.
func (r *reloadRig) files() int {
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", r.p.cmd.Process.Pid))
	if err != nil {
		r.t.Fatal(err)
	}
	return len(entries)
}

// TestReloadOfEverything edits every section of the config of a running daemon. Each edit
// is in force, or says that it waits for a start, and the account that none of them is
// about keeps every tick.
func TestReloadOfEverything(t *testing.T) {
	t.Parallel()
	servers, err := startSimulators(t.Context(), scriptWorld())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(servers.stop)
	r := &reloadRig{t: t, dir: t.TempDir(), listen: freeAddress(t), bluesky: servers.addresses["bluesky"]}
	var many strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&many, "account %d,some_account_%d\n", i, i)
	}
	r.file("many.csv", many.String())
	vk := fmt.Sprintf("  vk: {schedule: '0 0 1 1 *', base_url: '%s', accounts_files: ['*.csv']}\n", servers.addresses["vk"])
	r.write(vk)
	t.Cleanup(func() { // after the process has ended
		if t.Failed() && r.p != nil {
			t.Logf("the log:\n%s", r.p.stderr)
		}
	})
	r.p = startProcess(t, r.dir, "run")
	r.shows("/api/v1/accounts?q=bsky.app", `"followers":32000000`, true)
	files := r.files()

	r.file("many.csv", many.String()+"RIA,ria\n")
	took := r.shows("/api/v1/accounts?q=RIA", `"account":"RIA"`, true)
	r.file("more.csv", "Durov,durov\n")
	t.Logf("an edited list of accounts was in force after %v, a new one after %v", took, r.shows("/api/v1/accounts?q=Durov", `"account":"Durov"`, true))
	r.file("many.csv", many.String())
	if err := r.p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	r.shows("/api/v1/accounts?q=RIA", `"account":"RIA"`, false)
	r.write(vk + "influxdb: {url: 'http://" + freeAddress(t) + "', org: smm, bucket: followers, token: t}\nkeychain: {autocomplete: '@every 1h'}\n")
	r.shows("/api/v1/status", `"influxdb":null`, false)
	r.write(vk + "influxdb: {}\nmistake: 1\n")
	r.shows("/", "config.yaml:", true)
	r.write("state_dir: elsewhere\n")
	r.shows("/api/v1/accounts?q=Durov", "Durov", false)
	r.listen = freeAddress(t)
	r.write("log: {level: error}\n")
	r.shows("/healthz", "", true)
	r.shows("/api/v1/status", "bluesky", true)
	if after := r.files(); after > files+8 {
		t.Errorf("%d files are open, %d were before the edits", after, files)
	}
	last := time.Now()
	<-time.After(2500 * time.Millisecond) // a poll, of which nothing is said any more
	r.p.end()
	everyTwoSeconds(t, r.dir)
	r.checkLog(last)
}

// checkLog demands that reloads were quick, that what waits for a start was named, and
// that log.level was in force from a time on.
func (r *reloadRig) checkLog(quiet time.Time) {
	r.t.Helper()
	var waits, most string
	var longest time.Duration
	for s := bufio.NewScanner(strings.NewReader(r.p.stderr.String())); s.Scan(); {
		var line struct {
			Time              time.Time
			Level             string
			Message, Took     string
			Settings          []string
			Accounts          int
			Schedules, Reason any
		}
		if err := json.Unmarshal(s.Bytes(), &line); err != nil {
			r.t.Fatalf("%v: %s", err, s.Text())
		}
		if line.Message == "the config was taken" && line.Accounts >= 1000 {
			took, err := time.ParseDuration(line.Took)
			if err != nil {
				r.t.Fatalf("%v: %s", err, s.Text())
			}
			if took > longest {
				longest, most = took, s.Text()
			}
		}
		if line.Settings != nil {
			waits = strings.Join(line.Settings, " ")
		}
		if line.Time.After(quiet) && line.Level != "error" {
			r.t.Errorf("after log.level was set to error it says: %s", s.Text())
		}
	}
	r.t.Logf("the longest reload of 1,000 accounts took %v", longest)
	if longest == 0 || longest > mostReload {
		r.t.Errorf("a reload took %v, want %v at most: %s", longest, mostReload, most)
	}
	if waits != "state_dir" {
		r.t.Errorf("%q was said to wait for a start, want state_dir", waits)
	}
}
