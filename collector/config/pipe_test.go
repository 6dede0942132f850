//go:build unix

package config

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// load is Load, which must come to an end.
func load(t *testing.T, path string) (*Config, error) {
	t.Helper()
	type result struct {
		cfg *Config
		err error
	}
	done := make(chan result, 1)
	go func() {
		cfg, err := Load(path, testEnv(nil))
		done <- result{cfg, err}
	}()
	select {
	case r := <-done:
		return r.cfg, r.err
	case <-time.After(5 * time.Second):
		t.Fatalf("%s: still waiting for somebody to write to the pipe", filepath.Base(path))
		return nil, nil
	}
}

func TestNamedPipeWithoutWriter(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe.csv")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip("no named pipes here:", err)
	}
	if _, err := load(t, pipe); err == nil || !strings.Contains(err.Error(), "empty") {
		t.Errorf("a config that is a pipe: %v, want a word that it is empty", err)
	}
	config := put(t, dir, "config.yaml", "networks: {vk: {accounts_files: [pipe.csv]}}\n")
	if cfg, err := load(t, config); err != nil || len(cfg.Warnings) == 0 {
		t.Errorf("accounts from a pipe: %v, %v, want a warning that there are none", cfg, err)
	}
}

func TestNamedPipeWithWriter(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "config.yaml")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip("no named pipes here:", err)
	}
	w, err := os.OpenFile(pipe, os.O_RDWR, 0) // both ends, so that it need not wait
	if err != nil {
		t.Fatal(err)
	}
	written := make(chan error, 1)
	timer := time.AfterFunc(100*time.Millisecond, func() {
		_, err := w.WriteString("networks: {vk: {accounts: [durov]}}\n")
		if closed := w.Close(); err == nil {
			err = closed
		}
		written <- err
	})
	defer timer.Stop()
	cfg, err := load(t, pipe)
	if err != nil || len(cfg.Networks) != 1 || len(cfg.Networks[0].Accounts) != 1 {
		t.Errorf("a config out of a pipe: %v, %v", cfg, err)
	}
	if err := <-written; err != nil {
		t.Error(err)
	}
}
