//nolint:gosec // paths and addresses are those of whoever runs the bench
package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"collectord/collector"
	"collectord/collector/journal"
	"collectord/collector/point"
	"collectord/internal/influxdtest"
)

const (
	// tickAccounts is how many accounts a tick of a backlog has.
	tickAccounts = 10_000
	// writeSize is how many lines InfluxDB's documentation recommends for a write.
	writeSize = 5000
)

// backlog fills the journal of a state folder with rows in hourly ticks, the last one an
// hour ago, each of so many accounts.
func backlog(ctx context.Context, stateDir string, rows, accounts int) error {
	if err := os.MkdirAll(stateDir, 0o700); err != nil {
		return err
	}
	j, err := journal.Open(ctx, journal.Options{Path: collector.JournalPath(stateDir)})
	if err != nil {
		return err
	}
	accounts = min(rows, accounts)
	ticks := max(1, rows/accounts)
	newest := time.Now().Truncate(time.Hour)
	for t := range ticks {
		at := newest.Add(-time.Duration(ticks-t) * time.Hour)
		if err := record(ctx, j, at, accounts); err != nil {
			return errors.Join(err, j.Close())
		}
	}
	_, err = j.Prune(ctx, time.Now(), nil) // as a daemon does every ten minutes: a start need not read all of it
	return errors.Join(err, j.Close())
}

// record is one tick of a backlog.
func record(ctx context.Context, j *journal.Journal, at time.Time, accounts int) error {
	for begin := 0; begin < accounts; begin += batchSize {
		var points []point.Point
		for i := begin; i < min(begin+batchSize, accounts); i++ {
			a := account("vk", i)
			points = append(points, point.Point{Measurement: point.Profile, Time: at, Tags: []point.Tag{
				{Key: "network", Value: "vk"}, {Key: "account", Value: fmt.Sprintf("Account number %d", i)},
				{Key: "id", Value: a.ID}, {Key: "type", Value: a.Type},
			}, Fields: []point.Field{point.Int("followers", a.Followers+at.Unix()/3600)}})
		}
		if err := j.Record(ctx, journal.Batch{Network: "vk", Time: at, Points: points, OK: len(points), Requests: 1}); err != nil {
			return err
		}
	}
	return j.EndTick(ctx, "vk", at, nil)
}

// drain measures how fast a backlog reaches InfluxDB, in turn by collectord and as
// batches that are ready-made and compressed, posted one after the other with nothing
// around them.
func drain(ctx context.Context, b *bench) error {
	s := setup{networks: vkAlone(), accounts: 2, schedule: far(time.Now()), api: "http://127.0.0.1:1"}
	journalDir, err := b.folder()
	if err != nil {
		return err
	}
	started := time.Now()
	if err := backlog(ctx, journalDir, b.rows, tickAccounts); err != nil {
		return err
	}
	b.say("\n%s rows journalled in %s by transactions of 1000: %s, %.1f bytes a row\n", grouped(int64(b.rows)), seconds(time.Since(started)),
		cell(size(sizeOf(journalDir))), float64(sizeOf(journalDir))/float64(b.rows))
	b.table("run", "bare: time", "rows a second", "collectord: time", "rows a second", "of bare", "CPU", "peak memory")
	for run := range b.runs {
		bare, err := b.drainBare(ctx, journalDir)
		if err != nil {
			return err
		}
		ours, err := b.drainOurs(ctx, s, journalDir)
		if err != nil {
			return err
		}
		b.row(run+1, bare, perSecond(b.rows, bare), ours.wall, perSecond(b.rows, ours.wall), ratio(bare.Seconds()/ours.wall.Seconds()), ours.cpu, size(ours.peak))
	}
	return nil
}

// drainOurs delivers a copy of the journal by a daemon.
func (b *bench) drainOurs(ctx context.Context, s setup, journalDir string) (c cost, err error) {
	if s.db, err = b.influxd(ctx); err != nil {
		return c, err
	}
	dir, err := b.make(ctx, s)
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := os.CopyFS(filepath.Join(dir, "state"), os.DirFS(journalDir)); err != nil { // the keychain is there already
		return c, err
	}
	p, err := begin("collectord", dir, b.collectord, "run")
	if err != nil {
		return c, err
	}
	defer p.stop()
	var first time.Time
	for {
		n, err := written(ctx, s.db)
		if err := errors.Join(err, p.ended()); err != nil {
			return c, err
		}
		if n > 0 && first.IsZero() {
			first = time.Now()
		}
		if n >= int64(b.rows) {
			break
		}
		if err := pause(ctx, lookEvery/5); err != nil {
			return c, err
		}
	}
	c.wall = time.Since(first)
	if c.cpu, err = cpuOf(p.cmd.Process.Pid); err != nil {
		return c, err
	}
	c.peak, err = memoryOf(p.cmd.Process.Pid, "VmHWM")
	return c, err
}

// drainBare posts the same lines, made ready beforehand a part at a time; the time of the
// making does not count.
func (b *bench) drainBare(ctx context.Context, journalDir string) (took time.Duration, err error) {
	db, err := b.influxd(ctx)
	if err != nil {
		return 0, err
	}
	dir, err := b.make(ctx, setup{networks: vkAlone(), accounts: 2, schedule: "@hourly", api: "http://127.0.0.1:1"})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := os.CopyFS(filepath.Join(dir, "state"), os.DirFS(journalDir)); err != nil {
		return 0, err
	}
	export := exec.CommandContext(ctx, b.collectord, "export", "--format", "lp")
	export.Dir, export.Stderr = dir, os.Stderr
	out, err := export.StdoutPipe()
	if err != nil {
		return 0, err
	}
	if err := export.Start(); err != nil {
		return 0, err
	}
	batches, err := readyMade(bufio.NewScanner(out))
	if err := errors.Join(err, export.Wait()); err != nil {
		return 0, err
	}
	started := time.Now()
	for _, batch := range batches {
		if err := post(ctx, db, batch); err != nil {
			return 0, err
		}
	}
	return time.Since(started), nil
}

// readyMade cuts lines into compressed batches.
func readyMade(lines *bufio.Scanner) (batches [][]byte, err error) {
	for more := true; more; {
		var body bytes.Buffer
		z := gzip.NewWriter(&body)
		n := 0
		for n < writeSize {
			if more = lines.Scan(); !more {
				break
			}
			if _, err := z.Write(append(lines.Bytes(), '\n')); err != nil {
				return nil, err
			}
			n++
		}
		if err := z.Close(); err != nil {
			return nil, err
		}
		if n > 0 {
			batches = append(batches, body.Bytes())
		}
	}
	return batches, lines.Err()
}

func post(ctx context.Context, db *influxdtest.Server, batch []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, db.URL+"/api/v2/write?precision=s&bucket="+db.Database, bytes.NewReader(batch))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Encoding", "gzip")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	if err := resp.Body.Close(); err != nil || resp.StatusCode != http.StatusNoContent {
		return fmt.Errorf("a ready-made batch: %s, %w", resp.Status, err)
	}
	return nil
}
