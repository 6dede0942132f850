// Package systemd has the unit of the service, and holds it to what systemd itself says
// of it.
package systemd

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

const unit = "collectord.service"

// mostExposed is the highest exposure level that `systemd-analyze security` may see. What
// is left of it is the network and the service manager's socket, which the daemon needs.
const mostExposed = 1.2

// analyze runs systemd-analyze on the unit, with a program in the place of collectord
// that is there on every machine.
func analyze(t *testing.T, args ...string) string {
	t.Helper()
	program, err := exec.LookPath("systemd-analyze")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("systemd-analyze is missing: apt-get install systemd")
		}
		t.Skip("systemd-analyze is missing")
	}
	text, err := os.ReadFile(unit)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	stub := filepath.Join(dir, "collectord")
	if err := os.WriteFile(stub, []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, unit)
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(string(text), "/usr/bin/collectord", stub)), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(program, append(args, path)...).CombinedOutput()
	if err != nil {
		t.Fatalf("systemd-analyze %v: %v\n%s", args, err, out)
	}
	return string(out)
}

// TestVerify wants no complaint, but for the type of service that systemd before 253 does
// not know, which the line above it is for.
func TestVerify(t *testing.T) {
	out := analyze(t, "verify")
	for line := range strings.Lines(out) {
		if strings.Contains(line, unit) && !strings.Contains(line, "service type, ignoring: notify-reload") {
			t.Error(line)
		}
	}
}

func TestExposure(t *testing.T) {
	out := analyze(t, "security", "--offline=true", "--no-pager")
	m := regexp.MustCompile(`Overall exposure level for \S+: ([0-9.]+)`).FindStringSubmatch(out)
	if m == nil {
		t.Fatalf("no exposure level in:\n%s", out)
	}
	level, err := strconv.ParseFloat(m[1], 64)
	if err != nil || level > mostExposed {
		t.Errorf("exposure level %s (%v), want %v at most:\n%s", m[1], err, mostExposed, out)
	}
}

// TestEveryLineIsExplained wants a comment above every setting of the service, or above
// the run of settings that it is in.
func TestEveryLineIsExplained(t *testing.T) {
	text, err := os.ReadFile(unit)
	if err != nil {
		t.Fatal(err)
	}
	_, service, ok := strings.Cut(string(text), "# What a daemon that makes HTTP requests")
	service, _, end := strings.Cut(service, "[Install]")
	if !ok || !end {
		t.Fatal("the hardening is not between its heading and [Install]")
	}
	run, lines := 0, 0
	for line := range strings.Lines(service) {
		switch {
		case strings.HasPrefix(line, "#"):
			run = 0
		case strings.Contains(line, "="):
			lines++
			if run++; run > 6 {
				t.Errorf("%d lines without a comment before %s", run, line)
			}
		}
	}
	if lines < 25 {
		t.Errorf("%d settings were seen, want all of them", lines)
	}
}

// TestPromisesOfTheUnit are the lines that other parts of the project count on.
func TestPromisesOfTheUnit(t *testing.T) {
	text, err := os.ReadFile(unit)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"Type=notify\nType=notify-reload\n", "WatchdogSec=5min\n", "StateDirectory=collectord\nStateDirectoryMode=0700\n",
		"DynamicUser=yes\n", "Restart=on-failure\n", "\nExecReload=/bin/kill -HUP $MAINPID\n",
		"#LoadCredential=keychain.key:", "#LoadCredentialEncrypted=keychain.key:", "#LoadCredential=influxdb-token:", "#LoadCredentialEncrypted=influxdb-token:",
	} {
		if !strings.Contains(string(text), line) {
			t.Errorf("the unit lacks %q", line)
		}
	}
	if strings.Contains(string(text), "\nRestartPreventExitStatus=") {
		t.Error("Go ends with 2 after the watchdog's SIGABRT, and after a panic: it would not be started again")
	}
}
