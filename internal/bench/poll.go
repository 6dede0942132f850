package main

import (
	"context"
	"fmt"
	"time"

	"collectord/internal/influxdtest"
)

// rounds is how many polls of a program are watched: the first, and later ones.
const rounds = 2

// contender is one way to poll accounts.
type contender struct {
	name string
	most int // accounts that it is measured with
	run  func(ctx context.Context, w *world, accounts int) ([]cost, error)
}

func (b *bench) contenders() []contender {
	all := []contender{
		{"floor: HTTP and encoding/json, 1000 a request, nothing kept", 1e6, func(ctx context.Context, w *world, n int) ([]cost, error) {
			c, err := b.runChild(ctx, "bare", w, n, "")
			return []cost{c, c}, err
		}},
		{"collectord, journal alone", 1e6, func(ctx context.Context, w *world, n int) ([]cost, error) {
			return b.daemon(ctx, b.vk(n, nil), w)
		}},
		{"collectord, into InfluxDB", 1e6, func(ctx context.Context, w *world, n int) ([]cost, error) {
			db, err := b.influxd(ctx)
			if err != nil {
				return nil, err
			}
			return b.daemon(ctx, b.vk(n, db), w)
		}},
	}
	if b.telegraf != "" {
		telegraf := func(size int, parser string) func(context.Context, *world, int) ([]cost, error) {
			return func(ctx context.Context, w *world, n int) ([]cost, error) {
				return b.telegrafRounds(ctx, w, n, size, parser)
			}
		}
		all = append(all,
			contender{"Telegraf, json_v2, lists of 1000 cut by hand", 1e5, telegraf(batchSize, jsonV2)},
			contender{"Telegraf, xpath_json, lists of 1000 cut by hand", 1e5, telegraf(batchSize, xpath)},
			contender{"Telegraf, json_v2, one account a request", 1e4, telegraf(1, jsonV2)})
	}
	return append(all, contender{"the way of smapy: one account a request, one after the other", 1e5,
		func(ctx context.Context, w *world, n int) ([]cost, error) {
			db, err := b.influxd(ctx)
			if err != nil {
				return nil, err
			}
			c, err := b.runChild(ctx, "single", w, n, fmt.Sprintf("%s/api/v2/write?precision=s&bucket=%s", db.URL, db.Database))
			return []cost{c, c}, err
		}})
}

// vk is a setup with accounts of VK at a rate that limits nothing.
func (b *bench) vk(accounts int, db *influxdtest.Server) setup {
	schedule, _ := b.every(accounts)
	return setup{networks: vkAlone(), accounts: accounts, schedule: schedule, rate: fast, db: db}
}

// poll measures all contenders with the same accounts.
func poll(ctx context.Context, b *bench) error {
	for _, n := range b.accounts {
		w, err := newWorld(ctx, "vk", n, 0)
		if err != nil {
			return err
		}
		if err := b.compare(ctx, w, n); err != nil {
			_ = w.close() // the first error says more
			return err
		}
		if err := w.close(); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) compare(ctx context.Context, w *world, n int) error {
	b.say("\n%s accounts, half persons and half communities; medians of %d runs by CPU", grouped(int64(n)), b.runs)
	b.table("program", "requests", "time", "CPU", "accounts a CPU-second", "CPU by collectord's", "peak memory", "first poll: CPU", "time")
	var ours time.Duration
	for _, c := range b.contenders() {
		if n > c.most {
			continue
		}
		var first, later []cost
		for range b.runs {
			costs, err := c.run(ctx, w, n)
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			first, later = append(first, costs[0]), append(later, costs[1])
		}
		f, l := medianCost(first), medianCost(later)
		if c.name == "collectord, into InfluxDB" {
			ours = l.cpu
		}
		by := "" // of those who come before
		if ours > 0 {
			by = cell(ratio(float64(l.cpu) / float64(ours)))
		}
		b.row(c.name, l.requests, l.wall, l.cpu, perSecond(n, l.cpu), by, size(l.peak), f.cpu, f.wall)
	}
	return nil
}

// growth measures collectord by the number of accounts.
func growth(ctx context.Context, b *bench) error {
	b.table("accounts", "poll", "requests", "time", "CPU", "CPU an account", "peak memory", "disk", "disk a point more")
	for _, n := range b.accounts {
		w, err := newWorld(ctx, "vk", n, 0)
		if err != nil {
			return err
		}
		var first, later []cost
		for range b.runs {
			costs, err := b.daemon(ctx, b.vk(n, nil), w)
			if err != nil {
				_ = w.close() // the first error says more
				return err
			}
			costs[1].disk -= costs[0].disk
			first, later = append(first, costs[0]), append(later, costs[1])
		}
		if err := w.close(); err != nil {
			return err
		}
		for i, c := range []cost{medianCost(first), medianCost(later)} {
			each := time.Duration(float64(c.cpu) / float64(n))
			point := ""
			if i == 1 {
				point = fmt.Sprintf("%.0f bytes", float64(c.disk)/float64(n))
			}
			b.row(n, []string{"first", "later"}[i], c.requests, c.wall, c.cpu, each.Round(100*time.Nanosecond).String(), size(c.peak), size(c.disk), point)
		}
	}
	return nil
}

// mix measures a daemon that polls six networks.
func mix(ctx context.Context, b *bench) error {
	b.table("accounts", "poll", "requests", "time", "CPU", "accounts a CPU-second", "peak memory")
	for _, n := range b.accounts {
		each := n / len(networksOf())
		w, err := newWorld(ctx, "", each, 0)
		if err != nil {
			return err
		}
		schedule, _ := b.every(n)
		s := setup{networks: networksOf(), accounts: each, schedule: schedule, rate: fast}
		costs, err := b.daemon(ctx, s, w)
		if err != nil {
			_ = w.close() // the first error says more
			return err
		}
		if err := w.close(); err != nil {
			return err
		}
		for i, c := range costs {
			total := each * len(networksOf())
			b.row(total, []string{"first", "later"}[i], c.requests, c.wall, c.cpu, perSecond(total, c.cpu), size(c.peak))
		}
	}
	return nil
}
