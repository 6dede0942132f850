package main

import (
	"encoding/csv"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"collectord/internal/influxdtest"
)

// For the long form run: go test ./cmd/collectord -run TestKill$ -kills 1000 -timeout 2h .
var kills = flag.Int("kills", 8, "how often TestKill kills the daemon")

// TestKill kills the daemon with -9 at random moments, on the same state, with a
// real InfluxDB behind it. Nothing is mended by hand; no account has two points at
// one time, and what the journal has is what InfluxDB gets.
func TestKill(t *testing.T) {
	db := influxdtest.Start(t)
	servers, err := startSimulators(t.Context(), scriptWorld())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(servers.stop)
	dir := t.TempDir()
	text := strings.ReplaceAll(fmt.Sprintf(e2eConfig, db.URL, db.Database, servers.addresses["vk"], servers.addresses["bluesky"]), "@every 2s", "@every 1s")
	if err := os.WriteFile(filepath.Join(dir, "config.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	assign := exec.Command("collectord", "keychain", "assign", "vk", "--from", "-")
	assign.Dir, assign.Stdin = dir, strings.NewReader("vk-good-token\n")
	if out, err := assign.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 0))
	t.Logf("seed %d", seed)
	for range *kills {
		p := startProcess(t, dir, "run")
		<-time.After(200*time.Millisecond + time.Duration(random.Int64N(int64(1300*time.Millisecond))))
		if err := p.cmd.Process.Kill(); err != nil {
			t.Fatalf("it had ended by itself: %v\n%s", err, p.stderr)
		}
		_ = p.cmd.Wait() // killed
		if strings.Contains(p.stderr.String(), `"level":"error"`) {
			t.Fatalf("after a kill it complains:\n%s", p.stderr)
		}
	}
	before := len(exported(t, dir))
	p := startProcess(t, dir, "run")
	points := map[string]int{}
	eventually(t, 30*time.Second, "the daemon goes on, and InfluxDB has all that the journal has", func() bool {
		points = exported(t, dir)
		return len(points) > before && db.Count(t, "profile", "followers") >= int64(len(points))
	})
	p.end()
	for key, n := range points {
		if n != 1 {
			t.Errorf("%d points for %s", n, key)
		}
	}
	if got, want := db.Count(t, "profile", "followers"), int64(len(exported(t, dir))); got != want {
		t.Errorf("InfluxDB has %d points, the journal %d", got, want)
	}
	t.Logf("%d kills, %d points", *kills, len(points))
}

// exported counts the journal's profile points by account and time.
func exported(t *testing.T, dir string) map[string]int {
	t.Helper()
	cmd := exec.Command("collectord", "export")
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(string(out))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	points := map[string]int{}
	for _, row := range rows[1:] {
		points[row[0]+" "+row[1]+" "+row[2]]++
	}
	return points
}
