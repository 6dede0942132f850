package collector

import (
	"context"
	"fmt"
	"os"
	"strings"

	"go.uber.org/zap"

	"collectord/collector/config"
	"collectord/collector/influx"
	"collectord/keychain"
)

// maxTokenFile bounds what is read of influxdb.token_file, in bytes.
const maxTokenFile = 64 << 10

// influxOptions is where a config's InfluxDB is. A token file is read for every
// request, so that it may be mended at any time.
func influxOptions(cfg *config.InfluxDB) influx.Options {
	return influx.Options{URL: cfg.URL, Org: cfg.Org, Bucket: cfg.Bucket, Token: func() (keychain.Secret, error) {
		if cfg.TokenFile == "" {
			return cfg.Token, nil
		}
		return readToken(cfg.TokenFile)
	}}
}

func readToken(path string) (keychain.Secret, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("influxdb.token_file: %w", err)
	}
	if info.Size() > maxTokenFile {
		return "", fmt.Errorf("influxdb.token_file: %s has %d bytes: that is no token", path, info.Size())
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("influxdb.token_file: %w", err)
	}
	return keychain.Secret(strings.TrimSpace(string(b))), nil
}

// warnAt is how much of journal.max_size points that were not delivered may take before
// it is said, in percent: there is time to mend the delivery before any is dropped.
const warnAt = 80

// warnOfRoom says, once, that what was not delivered nears journal.max_size, behind
// which the oldest points are dropped. Delivered points are in nobody's way: they go
// first. Warned is what the call before returned.
func (d *Daemon) warnOfRoom(ctx context.Context, sinks []string, warned bool) bool {
	most := d.maxSize
	stats, err := d.journal.Stats(ctx)
	if err != nil || most <= 0 || stats.Points == 0 {
		return warned
	}
	waiting, hint := stats.Points, "raise journal.max_size, or have the points delivered: add an influxdb section"
	for _, sink := range sinks { // the one there is
		backlog, err := d.journal.Backlog(ctx, sink)
		if err != nil {
			return warned
		}
		waiting, hint = backlog.Rows, "mend the delivery, or raise journal.max_size"
	}
	percent := int(100 * float64(stats.Bytes) / float64(most) * float64(waiting) / float64(stats.Points))
	if percent < warnAt {
		return false
	}
	if !warned {
		d.log.Warn("points that were not delivered take most of journal.max_size; above it the oldest of them are dropped",
			zap.Int("percent", percent), zap.Int64("points", waiting), zap.Int64("max_size", most), zap.String("hint", hint))
	}
	return true
}
