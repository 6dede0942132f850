//go:build linux && amd64

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const timeConfig = `
web: {listen: ""}
networks:
  bluesky:
    schedule: "@every 2s"
    base_url: %s
    requests_per_second: 100
    accounts: [bsky.app]
`

// TestClockIsSet sets the clock of the running daemon ahead by a year, back by two, and
// right again. It polls on at once in each of the four times, at no time twice, and says
// what happened.
func TestClockIsSet(t *testing.T) {
	t.Parallel()
	servers, err := startSimulators(t.Context(), scriptWorld())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(servers.stop)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "config.yaml"), fmt.Appendf(nil, timeConfig, servers.addresses["bluesky"]), 0o600); err != nil {
		t.Fatal(err)
	}
	p := startProcess(t, dir, "run")
	polled := func(around time.Time) (n int) {
		for key := range pointTimes(t, dir) {
			at, err := time.Parse(time.RFC3339, strings.Fields(key)[0])
			if err != nil {
				t.Fatal(err)
			}
			if at.Sub(around).Abs() < time.Hour {
				n++
			}
		}
		return n
	}
	eventually(t, 20*time.Second, "a poll by the right clock", func() bool { return polled(time.Now()) > 0 })
	clock := takeClock(t, p)
	const year = 365 * 24 * time.Hour
	for _, by := range []time.Duration{year, -year, 0} {
		before := polled(time.Now().Add(by))
		clock.set(by)
		eventually(t, 8*time.Second, fmt.Sprintf("polls by a clock that is wrong by %v", by),
			func() bool { return polled(time.Now().Add(by)) > before })
	}
	p.end()
	for key, n := range pointTimes(t, dir) {
		if n != 1 {
			t.Errorf("%d points for %s", n, key)
		}
	}
	log := p.stderr.String()
	if n := strings.Count(log, "ticks were missed; one poll is made up for them"); n != 2 {
		t.Errorf("%d polls were made up for missed ticks, want one for each jump ahead", n)
	}
	for _, want := range []string{"the clock jumped ahead", "the clock jumped back", "ticks were missed", "the clock was set back"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log does not say %q:\n%s", want, log)
		}
	}
	if strings.Contains(log, `"level":"error"`) {
		t.Errorf("errors:\n%s", log)
	}
}
