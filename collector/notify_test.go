package collector

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"collectord/collector/config"
	"collectord/keychain"
	"collectord/networks/all"
)

// notices passes on what is said to $NOTIFY_SOCKET from here on.
func notices(t *testing.T) <-chan string {
	t.Helper()
	dir, err := os.MkdirTemp("", "notify") // the name of a socket is short
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(dir, "s"), Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	heard := make(chan string, 1000)
	var reader sync.WaitGroup
	reader.Go(func() {
		buffer := make([]byte, 4096)
		for {
			n, err := conn.Read(buffer)
			if err != nil {
				return
			}
			heard <- string(buffer[:n])
		}
	})
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
		reader.Wait()
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	t.Setenv("NOTIFY_SOCKET", filepath.Join(dir, "s"))
	return heard
}

// fed counts the feedings of the watchdog within a time.
func fed(heard <-chan string, within time.Duration) (n int) {
	for late := time.After(within); ; {
		select {
		case message := <-heard:
			if message == "WATCHDOG=1" {
				n++
			}
		case <-late:
			return n
		}
	}
}

// A daemon one of whose schedules hangs, by a lock that nobody gives back, polls nobody
// of that network any more: it is not fed, until the lock is free.
func TestStuckScheduleIsNotFed(t *testing.T) {
	const interval = 200 * time.Millisecond
	heard := notices(t)
	t.Setenv("WATCHDOG_USEC", "200000")
	cfg, err := config.Parse("test.yaml", []byte("state_dir: "+t.TempDir()+"\nweb: {listen: ''}\nnetworks:\n"+
		"  bluesky: {base_url: 'http://127.0.0.1:9', accounts: [bsky.app]}\n  mastodon: {base_url: 'http://127.0.0.1:9', accounts: [a@b.example]}\n"),
		config.Env{Networks: all.List()})
	if err != nil {
		t.Fatal(err)
	}
	keys, err := keychain.Open(keychain.Options{Dir: cfg.StateDir})
	if err != nil {
		t.Fatal(err)
	}
	core, logs := observer.New(zapcore.InfoLevel)
	d, err := NewDaemon(t.Context(), DaemonOptions{Config: cfg, Keys: keys, Log: zap.New(core), Level: zap.NewAtomicLevel(),
		Load: func() (*config.Config, error) { return cfg, nil }})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := d.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	defer running.Wait()
	defer cancel()
	if n := fed(heard, 3*interval); n < 2 {
		t.Fatalf("fed %d times in three intervals while all is well", n)
	}
	stuck := d.collector.configured()[1]
	stuck.mu.Lock()
	fed(heard, interval) // one may have been under way
	n := fed(heard, 3*interval)
	stuck.mu.Unlock()
	if n > 0 {
		t.Errorf("fed %d times while a schedule hangs", n)
	}
	if n := fed(heard, 3*interval); n < 2 {
		t.Errorf("fed %d times in three intervals after it", n)
	}
	told := logs.FilterMessageSnippet("does not move").All()
	if len(told) != 1 || !strings.Contains(told[0].ContextMap()["part"].(string), "mastodon") {
		t.Errorf("the log says %v of it, want one line that names the network", told)
	}
}

// Nobody who listens is said once, not at every change.
func TestSystemdAway(t *testing.T) {
	core, logs := observer.New(zapcore.InfoLevel)
	d := &Daemon{log: zap.New(core)}
	t.Setenv("NOTIFY_SOCKET", filepath.Join(t.TempDir(), "nobody"))
	d.notify("READY=1")
	d.notify("STATUS=a")
	if logs.Len() != 1 {
		t.Errorf("%d lines, want 1", logs.Len())
	}
	heard := notices(t)
	d.notify("STATUS=b")
	if got := <-heard; got != "STATUS=b" {
		t.Errorf("heard %q", got)
	}
	t.Setenv("NOTIFY_SOCKET", filepath.Join(t.TempDir(), "nobody"))
	d.notify("STATUS=c")
	if logs.Len() != 2 {
		t.Errorf("%d lines, want 2", logs.Len())
	}
}
