package leaktest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"collectord/internal/leaktest"
	"collectord/networks/all"
)

// TestNetworksAreAll: a network that is left out is one whose leaks nobody looks for.
func TestNetworksAreAll(t *testing.T) {
	settings := make(map[string]string)
	for _, d := range all.List() {
		settings[d.Name] = "token: [" + d.Name + "]"
	}
	text := leaktest.Networks(settings)
	for name, s := range settings {
		if !strings.Contains(text, "\n  "+name+": {"+s+", accounts: ") {
			t.Errorf("%s has no accounts, or not its settings", name)
		}
	}
	if n := strings.Count(text, "\n") - 1; n != len(settings) {
		t.Errorf("%d networks, want %d", n, len(settings))
	}
}

// listener is a test that may fail without failing this one.
type listener struct {
	testing.TB
	failures int
}

func (l *listener) Helper()               {}
func (l *listener) Error(...any)          { l.failures++ }
func (l *listener) Errorf(string, ...any) { l.failures++ }

func TestRefuseFiles(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"a": "nothing", "b/c": "x" + leaktest.Plain("vk")} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	l := &listener{TB: t}
	if seen := leaktest.RefuseFiles(l, dir); seen != 2 || l.failures != 1 {
		t.Errorf("%d files, %d leaks; want 2 and 1", seen, l.failures)
	}
	if leaktest.RefuseFiles(l, filepath.Join(dir, "missing")); l.failures != 2 {
		t.Error("a folder that is not there holds no secret, and that proves nothing")
	}
}
