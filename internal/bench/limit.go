package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"collectord/internal/toolbuild"
	"collectord/networks/all"
)

// latency is how long the simulator takes over every answer where it is not at once.
const latency = 100 * time.Millisecond

// limit measures how much longer a poll takes than the limit and the last answer make
// it: VK's default rate, with answers that take their time.
func limit(ctx context.Context, b *bench) error {
	vk, ok := all.Find("vk")
	if !ok {
		return fmt.Errorf("there is no vk")
	}
	b.table("accounts", "requests", "time", "time that the limit and one answer take", "ratio", "CPU")
	for _, n := range b.accounts {
		w, err := newWorld(ctx, "vk", n, latency)
		if err != nil {
			return err
		}
		// Far enough apart for a first poll, which has half as many requests again.
		apart := 10*time.Second + 3*b.rest + time.Duration(float64(n/400)/vk.RequestsPerSecond*float64(time.Second)).Truncate(time.Second)
		s := setup{networks: vkAlone(), accounts: n, schedule: "@every " + apart.String()}
		costs, err := b.daemon(ctx, s, w)
		if err != nil {
			_ = w.close() // the first error says more
			return err
		}
		if err := w.close(); err != nil {
			return err
		}
		c := costs[1]
		least := time.Duration(float64(c.requests-1)/vk.RequestsPerSecond*float64(time.Second)) + latency
		b.row(n, c.requests, c.wall, least, ratio(c.wall.Seconds()/least.Seconds()), c.cpu)
	}
	return nil
}

// idle measures a daemon that has nothing to do.
func idle(ctx context.Context, b *bench) error {
	b.table("accounts", "watched", "CPU", "of one core", "resident", "peak memory")
	for _, n := range b.accounts {
		listen, err := toolbuild.FreeAddress(ctx)
		if err != nil {
			return err
		}
		s := setup{networks: vkAlone(), accounts: n, schedule: far(time.Now()), api: "http://127.0.0.1:1", listen: listen}
		dir, err := b.make(ctx, s)
		if err != nil {
			return err
		}
		if err := b.watchIdle(ctx, dir, listen, n); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) watchIdle(ctx context.Context, dir, listen string, n int) error {
	p, err := begin("collectord", dir, b.collectord, "run")
	if err != nil {
		return err
	}
	defer p.stop()
	if err := ready(ctx, p, listen); err != nil {
		return err
	}
	if err := pause(ctx, b.rest); err != nil {
		return err
	}
	before, err := cpuOf(p.cmd.Process.Pid)
	if err != nil {
		return err
	}
	if err := pause(ctx, b.idle); err != nil {
		return err
	}
	after, err := cpuOf(p.cmd.Process.Pid)
	if err != nil {
		return err
	}
	now, err := memoryOf(p.cmd.Process.Pid, "VmRSS")
	if err != nil {
		return err
	}
	peak, err := memoryOf(p.cmd.Process.Pid, "VmHWM")
	b.row(n, b.idle, after-before, fmt.Sprintf("%.3f %%", 100*(after-before).Seconds()/b.idle.Seconds()), size(now), size(peak))
	return err
}

// far is an hourly schedule whose next tick is half an hour away.
func far(now time.Time) string { return fmt.Sprintf("%d * * * *", (now.Minute()+30)%60) }

// ready waits until a daemon says that it is.
func ready(ctx context.Context, p *process, listen string) error {
	for {
		if err := p.ended(); err != nil {
			return err
		}
		var body any
		err := getJSON(ctx, "http://"+listen+"/readyz", &body)
		if err == nil || strings.Contains(err.Error(), "invalid character") { // it answers in words
			return nil
		}
		if err := pause(ctx, 2*time.Millisecond); err != nil {
			return err
		}
	}
}

// once measures `collectord once`, whose table goes nowhere.
func once(ctx context.Context, b *bench) error {
	b.table("accounts", "output", "time", "CPU", "peak memory")
	for _, n := range b.accounts {
		w, err := newWorld(ctx, "vk", n, 0)
		if err != nil {
			return err
		}
		for _, args := range [][]string{{"once"}, {"once", "--json"}} {
			c, err := b.runOnce(ctx, n, w, args)
			if err != nil {
				_ = w.close() // the first error says more
				return err
			}
			b.row(n, strings.Join(args, " "), c.wall, c.cpu, size(c.peak))
		}
		if err := w.close(); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) runOnce(ctx context.Context, n int, w *world, args []string) (c cost, err error) {
	var all []cost
	for range b.runs {
		s := b.vk(n, nil)
		s.api = w.url
		dir, err := b.make(ctx, s)
		if err != nil {
			return c, err
		}
		started := time.Now()
		p, err := begin("collectord", dir, b.collectord, args...)
		if err != nil {
			return c, err
		}
		if err := p.wait(ctx); err != nil {
			return c, err
		}
		c := p.cost()
		c.wall = time.Since(started)
		all = append(all, c)
	}
	return medianCost(all), nil
}
