//nolint:gosec // paths and addresses are those of whoever runs the bench
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"collectord/internal/influxdtest"
)

// bench is what the measures share.
type bench struct {
	options
	out  io.Writer
	work string // folder of temporary files
	db   *influxdtest.Server
}

func newBench(ctx context.Context, o options) (*bench, error) {
	work, err := os.MkdirTemp(o.dir, "collectord-bench-")
	if err != nil {
		return nil, err
	}
	b := &bench{options: o, out: os.Stdout, work: work}
	if b.collectord == "" {
		b.collectord = filepath.Join(work, "collectord")
		build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", b.collectord, "collectord/cmd/collectord")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			return nil, errors.Join(fmt.Errorf("go build: %w\n%s", err, out), b.close())
		}
	}
	for _, path := range []*string{&b.collectord, &b.telegraf} {
		if *path == "" {
			continue
		}
		if *path, err = filepath.Abs(*path); err != nil {
			return nil, errors.Join(err, b.close())
		}
		if err := b.tellSize(*path); err != nil {
			return nil, errors.Join(err, b.close())
		}
	}
	return b, nil
}

func (b *bench) tellSize(path string) error {
	info, err := os.Stat(path)
	if err == nil {
		b.say("%s: %s", filepath.Base(path), cell(size(info.Size())))
	}
	return err
}

func (b *bench) close() error {
	if b.db != nil {
		b.db.Kill()
	}
	return os.RemoveAll(b.work)
}

// folder makes an empty folder of its own.
func (b *bench) folder() (string, error) { return os.MkdirTemp(b.work, "") }

// influxd is an empty InfluxDB: whoever used it before leaves nothing behind.
func (b *bench) influxd(ctx context.Context) (*influxdtest.Server, error) {
	if b.db != nil {
		b.db.Kill()
	}
	dir, err := b.folder()
	if err != nil {
		return nil, err
	}
	if b.db, err = influxdtest.Launch(ctx, dir); err != nil {
		return nil, err
	}
	return b.db, createDatabase(ctx, b.db.URL, b.db.Database)
}

func createDatabase(ctx context.Context, address, name string) error {
	form := url.Values{"q": {fmt.Sprintf("CREATE DATABASE %q", name)}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address+"/query", strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("CREATE DATABASE: %s", resp.Status)
	}
	return nil
}

// written is how many points an InfluxDB has taken since it was started.
func written(ctx context.Context, db *influxdtest.Server) (int64, error) {
	if db == nil {
		return 0, nil
	}
	var vars map[string]json.RawMessage
	if err := getJSON(ctx, db.URL+"/debug/vars", &vars); err != nil {
		return 0, err
	}
	var write struct {
		Values struct {
			Points int64 `json:"pointReq"`
		} `json:"values"`
	}
	if err := json.Unmarshal(vars["write"], &write); err != nil {
		return 0, fmt.Errorf("/debug/vars: %w", err)
	}
	return write.Values.Points, nil
}

// round is one poll by a running program: from now until everything has come to rest
// after requests were made.
type round struct {
	p  *process
	w  *world
	db *influxdtest.Server // nil: it delivers nowhere

	rest time.Duration // without anything that happens, and it is over
}

// sight is what can be seen of a round from outside.
type sight struct {
	at       time.Time
	requests int
	written  int64
	cpu      time.Duration
}

func (r round) look(ctx context.Context) (s sight, err error) {
	if err := r.p.ended(); err != nil {
		return s, err
	}
	s.at = time.Now()
	if s.requests, err = r.w.requests(ctx); err != nil {
		return s, err
	}
	if s.written, err = written(ctx, r.db); err != nil {
		return s, err
	}
	s.cpu, err = cpuOf(r.p.cmd.Process.Pid)
	return s, err
}

const (
	lookEvery = 100 * time.Millisecond
	// restCPU is how much CPU is nothing: this part of the time in which nothing may
	// happen until a round is over.
	restCPU = 20
)

// watch waits for a round. Its wall time is from the first request to the last that
// happened; its CPU includes what the program took while it waited for the tick.
func (r round) watch(ctx context.Context) (c cost, err error) {
	begin, err := r.look(ctx)
	if err != nil {
		return c, err
	}
	var first, last sight // with a request; the last at which anything happened
	for {
		if err := pause(ctx, lookEvery); err != nil {
			return c, err
		}
		now, err := r.look(ctx)
		if err != nil {
			return c, err
		}
		switch {
		case now.requests == begin.requests:
			continue
		case first.at.IsZero():
			first, last = now, now
		case now.requests != last.requests || now.written != last.written || now.cpu-last.cpu > r.rest/restCPU:
			last = now
		}
		if now.at.Sub(last.at) > r.rest {
			c = cost{wall: last.at.Sub(first.at) + lookEvery, cpu: now.cpu - begin.cpu, requests: now.requests - begin.requests}
			c.peak, err = memoryOf(r.p.cmd.Process.Pid, "VmHWM")
			return c, err
		}
	}
}
