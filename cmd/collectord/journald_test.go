package main

import (
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// underJournald runs collectord with a stderr that is, or is said to be, systemd's
// journal, until it ends or, with SIGTERM, once it runs. It returns what was written.
func underJournald(t *testing.T, config string, theirs bool, args ...string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "config.yaml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	stream := streamID(write)
	if stream == "" {
		t.Fatal("a pipe has no identity")
	}
	if !theirs {
		stream = "1:" + stream[strings.Index(stream, ":")+1:]
	}
	cmd := exec.Command("collectord", args...)
	cmd.Dir, cmd.Stderr, cmd.Env = dir, write, append(os.Environ(), "JOURNAL_STREAM="+stream)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if err := write.Close(); err != nil {
		t.Fatal(err)
	}
	hang := time.AfterFunc(20*time.Second, func() { _ = cmd.Process.Kill() })
	defer hang.Stop()
	var out strings.Builder
	for buffer := make([]byte, 4096); ; {
		n, err := read.Read(buffer)
		out.Write(buffer[:n])
		if strings.Contains(out.String(), "collectord runs") {
			_ = cmd.Process.Signal(syscall.SIGTERM) // again and again does no harm
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	_ = cmd.Wait() // a broken config ends it with 2
	return out.String()
}

// TestPriorities has every line to systemd's journal begin with its priority, and no line
// to anything else.
func TestPriorities(t *testing.T) {
	t.Parallel()
	const config = "web: {listen: ''}\nlog: {level: debug}\nkeychain: {autocomplete: '@every 30m'}\n" +
		"influxdb: {url: 'http://127.0.0.1:9', org: o, bucket: b, token: t}\n" +
		"networks: {bluesky: {base_url: 'http://127.0.0.1:9', accounts: [bsky.app]}}\n"
	levels := map[string]string{"debug": "<7>", "info": "<6>", "warn": "<4>", "error": "<3>"}
	seen := 0
	for line := range strings.Lines(underJournald(t, config, true, "run")) {
		var entry struct{ Level string }
		if len(line) < 3 || json.Unmarshal([]byte(line[3:]), &entry) != nil {
			t.Errorf("no priority and JSON: %q", line)
		} else if line[:3] != levels[entry.Level] {
			t.Errorf("%q has level %s", line[:3], entry.Level)
		}
		seen++
	}
	if seen < 2 {
		t.Errorf("only %d lines were seen", seen)
	}
	for line := range strings.Lines(underJournald(t, config, false, "run")) {
		if !strings.HasPrefix(line, "{") {
			t.Errorf("a pipe that is not the journal gets %q", line)
		}
	}
	const broken = "mistake: 1\nmore: 2\n"
	for line := range strings.Lines(underJournald(t, broken, true, "run")) {
		if !strings.HasPrefix(line, "<3>config.yaml:") && !strings.HasPrefix(line, "<3>  ") {
			t.Errorf("a mistake of the config is %q, want it an error", line)
		}
	}
	if out := underJournald(t, broken, false, "check"); !strings.HasPrefix(out, "config.yaml:1:1:") {
		t.Errorf("check says %q", out)
	}
}
