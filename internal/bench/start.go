//nolint:gosec // paths and addresses are those of whoever runs the bench
package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"time"

	"collectord/internal/toolbuild"
)

// start measures the time from the start of the process until /readyz says 200, and until
// it tells of accounts: with a journal that has one poll of every account, and with a
// large one.
func start(ctx context.Context, b *bench) error {
	b.table("accounts", "rows of earlier polls", "to ready", "CPU", "to the accounts", "CPU", "peak memory")
	for _, n := range b.accounts {
		for _, rows := range []int{0, b.rows} {
			c, err := b.startWith(ctx, n, rows)
			if err != nil {
				return err
			}
			b.row(n, rows, c.ready.wall, c.ready.cpu, c.wall, c.cpu, size(c.peak))
		}
	}
	return nil
}

// begun is what a start cost until accounts are told, and until it was ready.
type begun struct {
	cost
	ready cost
}

func (b *bench) startWith(ctx context.Context, n, rows int) (c begun, err error) {
	listen, err := toolbuild.FreeAddress(ctx)
	if err != nil {
		return c, err
	}
	w, err := newWorld(ctx, "vk", n, 0)
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	dir, err := b.make(ctx, setup{networks: vkAlone(), accounts: n, schedule: far(time.Now()), rate: fast, api: w.url, listen: listen})
	if err != nil {
		return c, err
	}
	if err := b.pollBefore(ctx, dir); err != nil {
		return c, err
	}
	if rows > 0 {
		if err := backlog(ctx, filepath.Join(dir, "state"), rows, n); err != nil {
			return c, err
		}
	}
	var all []begun
	for range b.runs {
		if c, err = b.startOnce(ctx, dir, listen); err != nil {
			return c, err
		}
		all = append(all, c)
	}
	return median(all, func(c begun) time.Duration { return c.wall }), os.RemoveAll(dir)
}

// pollBefore polls every account once, so that the journal knows all of them.
func (b *bench) pollBefore(ctx context.Context, dir string) error {
	p, err := begin("collectord once", dir, b.collectord, "once", "--json")
	if err != nil {
		return err
	}
	return p.wait(ctx)
}

func (b *bench) startOnce(ctx context.Context, dir, listen string) (c begun, err error) {
	started := time.Now()
	p, err := begin("collectord", dir, b.collectord, "run")
	if err != nil {
		return c, err
	}
	defer p.stop()
	if err := ready(ctx, p, listen); err != nil {
		return c, err
	}
	c.ready.wall = time.Since(started)
	if c.ready.cpu, err = cpuOf(p.cmd.Process.Pid); err != nil {
		return c, err
	}
	var accounts json.RawMessage
	for { // who waits for long is sent away
		if err := getJSON(ctx, "http://"+listen+"/api/v1/accounts?limit=1", &accounts); err == nil {
			break
		}
		if err := errors.Join(p.ended(), pause(ctx, lookEvery/10)); err != nil {
			return c, err
		}
	}
	c.wall = time.Since(started)
	if c.cpu, err = cpuOf(p.cmd.Process.Pid); err != nil {
		return c, err
	}
	c.peak, err = memoryOf(p.cmd.Process.Pid, "VmHWM")
	return c, err
}
