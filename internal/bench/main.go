// Command bench measures collectord as a whole process, beside other ways of doing the
// same work and beside the floor under it, and prints tables in Markdown. It is for
// developers and is not part of any package.
//
//	go run ./internal/bench [flags] MEASURE...
//
//	poll    collectord, Telegraf, one request an account, and the bare minimum, polling
//	        the same accounts of a simulated VK
//	growth  collectord alone, from 100 accounts on: how time, CPU, memory, disk and
//	        requests grow
//	mix     collectord polling six networks at once
//	limit   collectord under VK's real limit, with answers that take 100 ms
//	drain   a backlog delivered to a real InfluxDB, beside batches that are ready-made
//	idle    what 10,000 accounts that are polled hourly cost in between
//	start   from the start of the process to /readyz
//	once    the table of `collectord once`
//
// The picture: every program that is measured is a process of its own, and so is the
// simulator, so that the CPU and the memory of each are the kernel's figures for it
// alone. A poll begins with the first request that the simulator sees and is over when
// requests, InfluxDB's writes and the program's CPU have all come to rest.
//
//	bench ─┬─ simulator (this program again)  ◄── HTTP ──┬─ collectord run
//	       └─ influxd                         ◄── lines ─┴─ Telegraf, ...
//
// Compare ratios: seconds are those of one machine on one day. CPU-seconds bear other
// load on the machine better than seconds do, but not perfectly.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// options are the flags.
type options struct {
	collectord string // path; "" builds it
	telegraf   string // path; "" leaves Telegraf out
	accounts   []int
	runs       int
	rows       int
	idle       time.Duration
	rest       time.Duration
	dir        string // of temporary files

	child   string // what this process is, where it is not the one that measures
	api     string // for children: where the simulator is
	influx  string // and where InfluxDB is
	latency time.Duration
	only    string // the one network that is simulated; "" for all
}

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	o, names, err := parse(os.Args[1:])
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "bench:", err)
		return 2
	}
	if o.child != "" {
		err = beChild(ctx, o)
	} else {
		err = measureAll(ctx, o, names)
	}
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "bench:", err)
		return 1
	}
	return 0
}

func parse(args []string) (o options, names []string, err error) {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.StringVar(&o.collectord, "collectord", "", "the collectord to measure; built from this source if empty")
	flags.StringVar(&o.telegraf, "telegraf", "", "a Telegraf to measure beside it; see docs/performance.md for how to build one")
	flags.IntVar(&o.runs, "runs", 3, "how often each is measured; the median counts")
	flags.IntVar(&o.rows, "rows", 1_000_000, "rows of the backlog that drain and start have")
	flags.DurationVar(&o.idle, "idle", time.Minute, "how long idle looks on")
	flags.DurationVar(&o.rest, "rest", 3*time.Second, "a poll is over when nothing has happened for so long; more on a busy machine")
	flags.StringVar(&o.dir, "dir", "", "where temporary files go; the system's place if empty")
	flags.StringVar(&o.child, "child", "", "for the program itself")
	flags.StringVar(&o.api, "api", "", "for the program itself")
	flags.StringVar(&o.influx, "influx", "", "for the program itself")
	flags.DurationVar(&o.latency, "latency", 0, "for the program itself")
	flags.StringVar(&o.only, "only", "", "for the program itself")
	accounts := flags.String("accounts", "10000", "numbers of accounts, separated by commas")
	if err := flags.Parse(args); err != nil {
		return o, nil, err
	}
	for word := range strings.SplitSeq(*accounts, ",") {
		n, err := strconv.Atoi(word)
		if err != nil || n < 2 {
			return o, nil, fmt.Errorf("-accounts %q: expected numbers from 2 on, as in 100,10000", *accounts)
		}
		o.accounts = append(o.accounts, n)
	}
	if o.runs < 1 || o.rows < 1 {
		return o, nil, errors.New("-runs and -rows begin at 1")
	}
	if names = flags.Args(); len(names) == 0 && o.child == "" {
		return o, nil, errors.New("say what to measure: poll, growth, mix, limit, drain, idle, start, once")
	}
	return o, names, nil
}

// measures are the functions that measure, by name.
func measures() map[string]func(context.Context, *bench) error {
	return map[string]func(context.Context, *bench) error{
		"poll": poll, "growth": growth, "mix": mix, "limit": limit, "drain": drain, "idle": idle, "start": start, "once": once,
	}
}

func measureAll(ctx context.Context, o options, names []string) (err error) {
	for _, name := range names {
		if measures()[name] == nil {
			return fmt.Errorf("there is no measure %q", name)
		}
	}
	b, err := newBench(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	for _, name := range names {
		b.say("\n## %s\n\n%s, %s, load %s", name, time.Now().UTC().Format("2006-01-02 15:04 UTC"), machine(), load())
		if err := measures()[name](ctx, b); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		b.say("\nload after it: %s", load())
	}
	return nil
}

// machine says what the figures were measured on.
func machine() string {
	model := "unknown processor"
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(text)) {
			if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
				model = strings.TrimSpace(value)
				break
			}
		}
	}
	return fmt.Sprintf("%d cores of %s, %s", runtime.NumCPU(), model, runtime.Version())
}

// load is the load of the machine over 1, 5 and 15 minutes.
func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(text))[:3], " ")
}
