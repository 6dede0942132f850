package collector

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"go.uber.org/zap"
)

// What a service manager hears of a Daemon, by sd_notify(3), where NOTIFY_SOCKET names
// one; elsewhere nobody is told and nothing is different.
//
//	READY=1                     the journal is open, the page bound, the schedules run
//	STATUS=...                  one line for `systemctl status`, when it changes
//	RELOADING=1, MONOTONIC_USEC before the config is read at SIGHUP; READY=1 after it
//	WATCHDOG=1                  every loop that must move has moved: see feedWatchdog
//	STOPPING=1                  the end was asked for

// statusEvery is how often systemd is told of what has changed, at most.
const statusEvery = 5 * time.Second

// notify tells systemd; without systemd it does nothing. That nobody listens is said
// once, until somebody does again.
func (d *Daemon) notify(lines ...string) {
	_, err := daemon.SdNotify(false, strings.Join(lines, "\n"))
	if unheard := err != nil; d.unheard.Swap(unheard) != unheard && unheard {
		d.log.Warn("systemd was not told", zap.Strings("state", lines), zap.Error(err), zap.String("hint", "see NotifyAccess= in the unit, and the socket that NOTIFY_SOCKET names"))
	}
}

// notifyReloading says that the config is about to be read. Systemd takes the time for
// that of this reload: it must be that of its own clock, after the signal.
func (d *Daemon) notifyReloading() {
	d.notify(daemon.SdNotifyReloading, strings.TrimSpace(daemon.SdNotifyMonotonicUsec()))
}

// notifyReady says that the daemon is up, or that a reload is over, whatever became of it.
func (d *Daemon) notifyReady() { d.notify(daemon.SdNotifyReady, "STATUS="+d.summary()) }

// tellSystemd keeps the line of `systemctl status` up to date until ctx ends, and says
// then that the daemon stops.
func (d *Daemon) tellSystemd(ctx context.Context) {
	defer d.notify(daemon.SdNotifyStopping, "STATUS=stopping: what was answered goes on disk and, if InfluxDB is well, to it")
	for told := ""; ; {
		if now := d.summary(); now != told {
			d.notify("STATUS=" + now)
			told = now
		}
		if wait(ctx, statusEvery) != nil {
			return
		}
	}
}

// summary is the state of the daemon in one line, the worst first.
func (d *Daemon) summary() string {
	d.mu.Lock()
	broken, delivery := d.configError != "", d.delivery
	d.mu.Unlock()
	var parts []string
	if err := d.collector.blocked(); err != nil {
		parts = append(parts, "polling waits: "+err.Error())
	}
	if broken {
		parts = append(parts, "the config file has mistakes (the one before is in force)")
	}
	accounts, nets, next := d.collector.tally()
	switch {
	case accounts == 0:
		parts = append(parts, "no accounts in the config")
	case next.IsZero():
		parts = append(parts, fmt.Sprintf("%s of %s", counted(accounts, "account"), counted(nets, "network")))
	default:
		parts = append(parts, fmt.Sprintf("%s of %s, next poll %s", counted(accounts, "account"), counted(nets, "network"), next.Format("2006-01-02 15:04:05 MST")))
	}
	if delivery == nil {
		parts = append(parts, "no InfluxDB: the journal keeps the points")
	} else {
		s := delivery.Status()
		parts = append(parts, fmt.Sprintf("InfluxDB %s, backlog %d", s.State, s.Backlog))
	}
	return strings.ReplaceAll(strings.Join(parts, "; "), "\n", " ") // a line of its own would be another message
}

// counted is "1 account" or "2 accounts".
func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// tally counts the accounts and the networks that have some, and tells the time of the
// next tick, zero if there is none.
func (c *Collector) tally() (accounts, nets int, next time.Time) {
	for _, n := range c.configured() {
		n.mu.Lock()
		if len(n.accounts) > 0 {
			accounts += len(n.accounts)
			nets++
		}
		for _, at := range n.next {
			if next.IsZero() || at.Before(next) {
				next = at
			}
		}
		n.mu.Unlock()
	}
	return accounts, nets, next
}

// feedWatchdog feeds systemd's watchdog, three times in each of its intervals, until ctx ends.
// Each feeding is earned: the loop of every network has come to where it waits for its
// next tick, and the one writer of the journal has finished a write since the feeding
// before. Nothing to do, a full disk, a dead InfluxDB or a network that does not answer
// stop neither, and a restart would mend none of them.
func (d *Daemon) feedWatchdog(ctx context.Context) {
	interval, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		d.log.Warn("systemd's watchdog is not fed: WATCHDOG_USEC is wrong", zap.Error(err), zap.String("hint", "see WatchdogSec= in the unit"))
	}
	if interval <= 0 || err != nil {
		return
	}
	for d.moves(ctx, interval/3) {
		d.notify(daemon.SdNotifyWatchdog)
		if wait(ctx, interval/3) != nil {
			return
		}
	}
}

// moves waits until everything that must move has moved, and reports false if ctx ended
// first. What takes longer than patience is named in the log: if the daemon is killed for
// it, the log says for what.
func (d *Daemon) moves(ctx context.Context, patience time.Duration) bool {
	for _, n := range d.collector.configured() {
		stuck := d.tellStuck(patience, "the schedule of "+n.name)
		select {
		case <-n.moved:
			stuck.Stop()
		case <-ctx.Done():
			stuck.Stop()
			return false
		}
	}
	defer d.tellStuck(patience, "the journal's writer").Stop()
	_ = d.journal.Writable(ctx) // one that is full moves; who polls says what is wrong with it
	return ctx.Err() == nil
}

// tellStuck logs that something does not move, unless it is stopped within patience.
func (d *Daemon) tellStuck(patience time.Duration, what string) *time.Timer {
	return time.AfterFunc(patience, func() {
		d.log.Error("a part of the daemon does not move; systemd's watchdog is not fed until it does",
			zap.String("part", what), zap.Duration("for", patience),
			zap.String("hint", "systemd restarts collectord, which goes on where it was; please report it with the lines before this one"))
	})
}
