package collector

import (
	"context"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"time"

	"go.uber.org/zap"

	"collectord/collector/config"
	"collectord/collector/logfold"
	"collectord/keychain"
)

// lookEvery is how often the config files are looked at. A change is taken when
// two looks in a row see the same, so that a file is not read while it is written:
// within 1.5 s. A look costs a few stat calls; there is nothing in it that a moved
// folder, a network drive or a container could break.
const lookEvery = 500 * time.Millisecond

// freshly is how long before the start a file must have been changed to be known
// as read.
const freshly = 5 * time.Second

// retryBroken is how often a config that was refused is read again even if its
// file has not changed.
const retryBroken = 1500 * time.Millisecond

// stamp is what tells one content of a file from another without reading it.
type stamp struct {
	size    int64
	changed time.Time
	inode   fs.FileInfo // compared by os.SameFile
}

// stamps are the stamps of the files of a config, and of files that its patterns
// match by now. A file that is not there has none.
func stamps(cfg *config.Config) map[string]stamp {
	files := make(map[string]stamp)
	add := func(path string) {
		if info, err := os.Stat(path); err == nil {
			files[path] = stamp{size: info.Size(), changed: info.ModTime(), inode: info}
		}
	}
	for _, f := range cfg.Files {
		add(f)
	}
	for _, g := range cfg.Globs {
		matches, err := filepath.Glob(g)
		if err != nil {
			continue // a bad pattern is a mistake that the config was refused for
		}
		for _, f := range matches {
			add(f)
		}
	}
	return files
}

func sameStamps(a, b map[string]stamp) bool {
	return maps.EqualFunc(a, b, func(x, y stamp) bool {
		return x.size == y.size && x.changed.Equal(y.changed) && os.SameFile(x.inode, y.inode)
	})
}

// watchConfig takes every change of the config files, and a look when Reload asks
// for one.
func (d *Daemon) watchConfig(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	taken := stamps(d.config())
	last := taken
	looked := time.Now()
	var tried time.Time
	for _, s := range taken {
		if s.changed.After(d.started.Add(-freshly)) {
			taken = nil // it may have changed after it was read
		}
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-d.opts.Reload:
			d.notifyReloading()
			taken = d.reload(true)
			last = taken
			d.notifyReady()
		case <-tick.C:
			looked = d.watchClock(looked)
			d.mu.Lock()
			cfg, broken := d.cfg, d.configError != ""
			d.mu.Unlock()
			now := stamps(cfg)
			switch {
			case !sameStamps(now, taken) && sameStamps(now, last):
				taken = d.reload(false)
				now = taken
			case broken && time.Since(tried) > retryBroken:
				// What is missing may be a file that nobody could name before.
				d.reload(false)
				tried = time.Now()
			}
			last = now
		}
	}
}

// jump is by how much the clock on the wall must leave the pace of time for it to be
// told. A clock that is steered (NTP) stays below it.
const jump = 2 * time.Second

// watchClock tells of a clock that was set since the last look, and of a machine that
// slept: schedules go by the clock on the wall, and look at it at once then. It returns
// when it looked.
func (d *Daemon) watchClock(last time.Time) time.Time {
	now := time.Now()
	by := now.Round(0).Sub(last.Round(0)) - now.Sub(last) // on the wall, and in truth
	switch {
	case by > jump:
		d.log.Warn("the clock jumped ahead: it was set, or the machine slept; ticks in between count as missed",
			zap.Duration("by", by.Round(time.Millisecond)), zap.Time("was", last.Round(0)), logfold.Each(), zap.String("hint", clockHint))
	case by < -jump:
		d.log.Warn("the clock jumped back; polls go on by the new time, and no point of the old time changes",
			zap.Duration("by", by.Round(time.Millisecond)), zap.Time("was", last.Round(0)), logfold.Each(), zap.String("hint", clockHint))
	default:
		return now
	}
	d.collector.look()
	return now
}

// reload reads the config and puts it into force if it is right. A wrong one
// changes nothing and is shown. It returns the stamps of what it read.
func (d *Daemon) reload(asked bool) map[string]stamp {
	began := time.Now()
	d.mu.Lock()
	before := d.cfg
	d.mu.Unlock()
	seen := stamps(before)
	cfg, err := d.opts.Load()
	if err != nil {
		if d.setConfigError(err.Error()) || asked {
			d.meters.reload(false)
			d.log.Error("the config has mistakes; the one before stays in force", zap.Error(err),
				logfold.Each(), zap.String("hint", "mend the file and save it; `collectord check` says what is wrong"))
		}
		return seen
	}
	if cfg.Hash == before.Hash && !asked {
		if d.setConfigError("") {
			d.log.Info("the config is again the one in force", zap.String("hash", cfg.Hash))
		}
		return readStamps(seen, stamps(cfg), began)
	}
	d.enforce(before, cfg)
	d.meters.reload(true)
	d.log.Info("the config was taken", zap.String("config", cfg.File), zap.String("hash", cfg.Hash),
		zap.Int("accounts", cfg.Size()), zap.Duration("took", time.Since(began)))
	return readStamps(seen, stamps(cfg), began)
}

// readStamps are the stamps of what was read after began, given those from before it and
// those from after it. A file may have been edited since it was read: its stamp from
// before counts, and a new file that is as fresh has none, so that it is read again.
func readStamps(before, after map[string]stamp, began time.Time) map[string]stamp {
	for path, s := range after {
		if b, ok := before[path]; ok {
			after[path] = b
		} else if s.changed.After(began.Add(-freshly)) {
			delete(after, path)
		}
	}
	return after
}

// setConfigError remembers why the config file was refused, "" if it was not, and
// reports whether that is new.
func (d *Daemon) setConfigError(text string) (changed bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	changed = d.configError != text
	d.configError = text
	return changed
}

// watchKeys takes what the command line changes in the keychain.
func (d *Daemon) watchKeys(ctx context.Context) {
	err := d.keys.Watch(ctx, func(c keychain.Change) { d.keysChanged(c) })
	if err != nil && ctx.Err() == nil {
		d.log.Error("the keychain is not watched; tokens assigned from now on are seen at the next start", zap.Error(err),
			zap.String("hint", "restart collectord after tokens were assigned"))
	}
}

// keysChanged tells of what another process did to the keychain.
func (d *Daemon) keysChanged(c keychain.Change) {
	for _, w := range c.Warnings {
		d.log.Warn("the keychain works, and something in it looks wrong", zap.Error(w), zap.String("hint", keychainHint))
	}
	switch {
	case c.Err != nil:
		d.log.Error("the keychain cannot be read; the tokens of before stay in use", zap.Error(c.Err), zap.String("hint", keychainHint))
	case len(c.Slots) > 0:
		d.log.Info("tokens were taken from the keychain", zap.Strings("slots", c.Slots))
	}
}
