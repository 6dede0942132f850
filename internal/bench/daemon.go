//nolint:gosec // paths and addresses are those of whoever runs the bench
package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"collectord/internal/influxdtest"
)

// setup is a folder with all that a collectord needs.
type setup struct {
	networks map[string]string // and the slots of their tokens
	accounts int               // of each network
	api      string            // where the simulator is
	schedule string
	rate     float64             // requests per second; 0: the network's own
	db       *influxdtest.Server // nil: none
	listen   string              // of the page; "": none
}

// fast is a rate that limits nothing.
const fast = 1e6

// vkAlone is the one network that most measures have.
func vkAlone() map[string]string { return map[string]string{"vk": "vk"} }

// make writes the config, the lists of accounts and the keychain into a new folder.
func (b *bench) make(ctx context.Context, s setup) (dir string, err error) {
	if dir, err = b.folder(); err != nil {
		return "", err
	}
	names := slices.Sorted(maps.Keys(s.networks))
	if err := writeFile(filepath.Join(dir, "config.yaml"), func(w io.Writer) error { return s.config(w, names) }); err != nil {
		return "", err
	}
	for _, name := range names {
		if err := writeFile(filepath.Join(dir, name+".csv"), func(w io.Writer) error { return list(w, name, s.accounts) }); err != nil {
			return "", err
		}
	}
	for _, name := range names { // once the config is whole: every command reads it
		if slot := s.networks[name]; slot != "" {
			cmd := exec.CommandContext(ctx, b.collectord, "keychain", "assign", slot, "--from", "-")
			cmd.Dir, cmd.Stdin = dir, strings.NewReader(tokenOf(slot)+"\n")
			if out, err := cmd.CombinedOutput(); err != nil {
				return "", fmt.Errorf("keychain assign %s: %w\n%s", slot, err, out)
			}
		}
	}
	return dir, nil
}

func (s setup) config(w io.Writer, names []string) error {
	var text strings.Builder
	if s.db != nil {
		fmt.Fprintf(&text, "influxdb: {url: %q, org: bench, bucket: %q, token: any}\n", s.db.URL, s.db.Database)
	}
	fmt.Fprintf(&text, "web: {listen: %q}\nnetworks:\n", s.listen)
	for _, name := range names {
		fmt.Fprintf(&text, "  %s:\n    schedule: %q\n    base_url: %s/%s\n    accounts_files: [%s.csv]\n", name, s.schedule, s.api, name, name)
		if s.rate > 0 {
			fmt.Fprintf(&text, "    requests_per_second: %.0f\n", s.rate)
		}
	}
	_, err := io.WriteString(w, text.String())
	return err
}

// list writes a network's accounts as an accounts_file.
func list(w io.Writer, network string, accounts int) error {
	buffered := bufio.NewWriter(w)
	for i := range accounts {
		_, _ = fmt.Fprintf(buffered, "Account number %d,%s\n", i, entry(account(network, i))) // Flush tells
	}
	return buffered.Flush()
}

// every is a schedule that leaves a poll of so many accounts time to come to rest.
func (b *bench) every(accounts int) (string, time.Duration) {
	d := 3*b.rest + time.Duration(accounts/5000)*time.Second
	return "@every " + d.String(), d
}

// daemon measures rounds of `collectord run`: the first, which learns who everybody is,
// and a later one.
func (b *bench) daemon(ctx context.Context, s setup, w *world) (costs []cost, err error) {
	s.api = w.url
	dir, err := b.make(ctx, s)
	if err != nil {
		return nil, err
	}
	p, err := begin("collectord", dir, b.collectord, "run")
	if err != nil {
		return nil, err
	}
	defer p.stop()
	for range rounds {
		c, err := round{p: p, w: w, db: s.db, rest: b.rest}.watch(ctx)
		if err != nil {
			return nil, err
		}
		c.disk = sizeOf(filepath.Join(dir, "state"))
		costs = append(costs, c)
	}
	return costs, nil
}
