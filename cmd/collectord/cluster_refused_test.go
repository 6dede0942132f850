package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"collectord/internal/natstest"
)

// TestClusterRefused: what keeps this machine from NATS is said with what to do about it, by
// `check --online` and by the daemon, which runs all the same.
func TestClusterRefused(t *testing.T) {
	t.Parallel()
	s := natstest.TLS(t, false)
	url := natstest.Secure(t, 1, s).URLs()[0]
	wrong := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(wrong, []byte("wrong\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const config = "web: {listen: ''}\nlog: {format: json}\ncluster: {nats: %q, node: a, lease: 2s, user: collectord, password_file: %q, tls: {ca_file: %q}}\nnetworks: {}\n"
	for name, c := range map[string]struct{ text, says, hint string }{
		"good":           {text: fmt.Sprintf(config, url, s.PasswordFile, s.CAFile), says: "cluster collectord: " + url + ", nats-server 2."},
		"wrong password": {fmt.Sprintf(config, url, wrong, s.CAFile), "Authorization Violation", "cluster.password_file"},
		"wrong CA":       {fmt.Sprintf(config, url, s.PasswordFile, s.OtherCAFile), "unknown authority", "cluster.tls.ca_file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "config.yaml"), []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			check := exec.Command("collectord", "check", "--online")
			check.Dir = dir
			out, err := check.CombinedOutput()
			if (err == nil) != (c.hint == "") || !strings.Contains(string(out), c.says) || !strings.Contains(string(out), c.hint) {
				t.Errorf("check --online: %v\n%s", err, out)
			}
			if c.hint == "" {
				return
			}
			daemon := startLogged(t, dir)
			eventually(t, 15*time.Second, "the log says why", func() bool {
				text, err := os.ReadFile(filepath.Join(dir, "log"))
				log := string(text)
				return err == nil && strings.Contains(log, "NATS does not answer") && strings.Contains(log, c.says) && strings.Contains(log, c.hint)
			})
			daemon.end()
		})
	}
	t.Run("no file", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "config.yaml"), fmt.Appendf(nil, config, url, "gone", s.CAFile), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{{"check"}, {"check", "--online"}, {"run"}} {
			cmd := exec.Command("collectord", args...)
			cmd.Dir = dir
			out, err := cmd.CombinedOutput()
			if (err == nil) != (len(args) == 1 && args[0] == "check") || !strings.Contains(string(out), "cluster.password_file: ") || !strings.Contains(string(out), "no such file") {
				t.Errorf("%v: %v\n%s", args, err, out)
			}
		}
	})
}

// startLogged runs a daemon whose log is the file "log" of its folder, so that it can be
// read meanwhile.
func startLogged(t *testing.T, dir string) *process {
	t.Helper()
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, cmd: exec.Command("collectord", "run"), stderr: new(bytes.Buffer)}
	p.cmd.Dir, p.cmd.Stderr = dir, log
	err = p.cmd.Start()
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill() // it has ended already where the test went well
		_ = p.cmd.Wait()
	})
	return p
}
