package config

import (
	"encoding/csv"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"collectord/internal/floortest"
)

// TestLoadNearItsFloor holds the reading of a list of accounts to encoding/csv, which
// reads the same file and keeps nothing.
func TestLoadNearItsFloor(t *testing.T) {
	const n = 10_000
	var list strings.Builder
	for i := range n {
		_, _ = fmt.Fprintf(&list, "Account %[1]d,handle%[1]d\n", i)
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "config.yaml")
	write(t, path, "networks:\n  vk:\n    schedule: \"@hourly\"\n    accounts_files: [a.csv]\n")
	write(t, filepath.Join(dir, "a.csv"), list.String())
	load := func() {
		if cfg, err := Load(path, testEnv(nil)); err != nil || len(cfg.Networks[0].Accounts) != n {
			t.Fatal(err)
		}
	}
	ratio := floortest.CPU(t, load, func() {
		if rows, err := csv.NewReader(strings.NewReader(list.String())).ReadAll(); err != nil || len(rows) != n {
			t.Fatal(err)
		}
	})
	allocations := floortest.Allocations(n, load)
	t.Logf("%.1f times encoding/csv, %.1f allocations an account", ratio, allocations)
	if ratio > mostLoad || allocations > mostLoadAllocations {
		t.Errorf("more than %v times or %v allocations", mostLoad, mostLoadAllocations)
	}
}

// What was measured when this was written is a third of it.
const (
	mostLoad            = 40.0
	mostLoadAllocations = 12.0
)
