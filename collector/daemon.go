package collector

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"collectord/collector/cluster"
	"collectord/collector/config"
	"collectord/collector/influx"
	"collectord/collector/journal"
	"collectord/collector/schedule"
	"collectord/collector/status"
	"collectord/keychain"
)

// DaemonOptions is what a Daemon is made with.
type DaemonOptions struct {
	Config *config.Config
	// Load reads the config file anew.
	Load func() (*config.Config, error)
	// Keys is opened and loaded.
	Keys    *keychain.KeyChain
	Log     *zap.Logger
	Level   zap.AtomicLevel // follows log.level
	Version string
	HTTP    *http.Client
	// Reload asks for a look at the config file now (SIGHUP).
	Reload <-chan struct{}
	// Listening, if not nil, hears the address of the page once it is served.
	Listening func(addr string)
}

// Daemon is everything that `collectord run` is.
type Daemon struct {
	opts       DaemonOptions
	log        *zap.Logger
	journal    *journal.Journal
	keys       *keychain.KeyChain
	collector  *Collector
	recalled   chan struct{}    // closed once there is a collector: what is remembered was read
	cluster    *cluster.Cluster // nil: this machine is alone
	sharedKeys *sharedKeys
	dumpMoved  chan struct{} // poked when another node changed the keychain
	started    time.Time
	maxSize    int64           // journal.max_size of the start, as the journal's own
	sharing    *config.Cluster // of the start
	meters     meters
	deltas     deltas
	unheard    atomic.Bool // by systemd, last

	mu           sync.Mutex
	cfg          *config.Config // in force
	configured   time.Time
	configError  string
	delivery     *influx.Deliverer
	stopDelivery func()
	page         config.Web // of the page that is served
	stopPage     func()
	autocomplete schedule.Schedule
	newSchedule  chan struct{} // poked when autocomplete changed
}

const (
	// pruneEvery is how often old points are looked for.
	pruneEvery = 10 * time.Minute
	// journalName is the journal's file in the state folder.
	journalName = "journal.db"
)

// JournalPath is where the journal of a state folder is.
func JournalPath(stateDir string) string { return filepath.Join(stateDir, journalName) }

// OpenJournal opens the journal of a config for writing.
func OpenJournal(ctx context.Context, cfg *config.Config) (*journal.Journal, error) {
	return journal.Open(ctx, journal.Options{
		Path: JournalPath(cfg.StateDir), KeepFor: cfg.Journal.Keep, MaxSize: cfg.Journal.MaxSize,
	})
}

// NewDaemon opens the journal, binds the page and reads what is remembered of the
// accounts: what fails, fails here. The page is there before the last of the three is
// done, which takes a second where there are 100,000 of them; who asks for accounts waits
// for it. The caller calls Run or Close.
func NewDaemon(ctx context.Context, opts DaemonOptions) (*Daemon, error) {
	cfg := opts.Config
	opts.Config = nil // an edit is to let go of it
	d := &Daemon{opts: opts, log: opts.Log, keys: opts.Keys, started: time.Now(), cfg: cfg, maxSize: cfg.Journal.MaxSize, sharing: cfg.Cluster,
		newSchedule: make(chan struct{}, 1), recalled: make(chan struct{})}
	d.notify("STATUS=opening the journal")
	var err error
	if d.journal, err = OpenJournal(ctx, cfg); err != nil {
		return nil, err
	}
	if name := d.journal.Damaged(); name != "" {
		d.log.Error("the journal was damaged and was set aside; what could be read of it was taken over", zap.String("set_aside_as", name),
			zap.String("hint", setAsideHint))
	}
	if err = d.openCluster(cfg.Cluster); err != nil {
		return nil, errors.Join(err, d.journal.Close())
	}
	if err := d.serve(cfg.Web); err != nil {
		d.closeCluster()
		return nil, errors.Join(err, d.journal.Close())
	}
	d.collector, err = New(ctx, cfg, Options{
		Journal: d.journal, Tokens: chain{KeyChain: opts.Keys, log: opts.Log, shared: d.sharedStates()}, Log: opts.Log,
		HTTP: opts.HTTP, UserAgent: UserAgent(opts.Version, cfg.Contact), Cluster: d.cluster,
	})
	if err != nil {
		if d.stopPage != nil {
			d.stopPage()
		}
		d.closeCluster()
		return nil, errors.Join(err, d.journal.Close())
	}
	close(d.recalled)
	return d, nil
}

// UserAgent is what the networks see of collectord: "collectord/1.2", with the
// operator's contact if there is one: "collectord/1.2 (+ops@example.org)".
func UserAgent(version, contact string) string {
	agent := "collectord/" + version
	if contact != "" {
		agent += " (+" + contact + ")"
	}
	return agent
}

// Run polls and delivers until ctx ends, then stops in order: no new polls, the
// polls under way cut short (they are resumed at the next start), the last points
// delivered if InfluxDB is well, the journal closed.
func (d *Daemon) Run(ctx context.Context) error {
	var tasks sync.WaitGroup
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	cfg := d.config()
	d.enforce(nil, cfg)
	tasks.Go(func() { d.watchConfig(inner) })
	tasks.Go(func() { d.watchKeys(inner) })
	tasks.Go(func() { d.renewTokens(inner) })
	tasks.Go(func() { d.prune(inner) })
	d.runCluster(inner, &tasks)
	d.notifyReady()
	tasks.Go(func() { d.tellSystemd(inner) })
	tasks.Go(func() { d.feedWatchdog(inner) })
	d.log.Info("collectord runs", zap.String("version", d.opts.Version), zap.String("config", cfg.File),
		zap.Int("networks", len(cfg.Networks)), zap.Int("accounts", cfg.Size()))
	d.collector.Run(inner)
	tasks.Wait()
	return d.Close()
}

// Close stops delivery and page and closes the journal and the keychain.
func (d *Daemon) Close() error {
	d.mu.Lock()
	stopPage, stopDelivery := d.stopPage, d.stopDelivery
	d.stopPage, d.stopDelivery = nil, nil
	d.mu.Unlock()
	for _, stop := range []func(){stopPage, stopDelivery} {
		if stop != nil {
			stop()
		}
	}
	d.closeCluster()
	d.keys.Close()
	return d.journal.Close()
}

// config is the one in force.
func (d *Daemon) config() *config.Config {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.cfg
}

// enforce puts a config into force in place of the one before, which is nil at the start.
// Of what only a restart can change it says so.
func (d *Daemon) enforce(before, cfg *config.Config) {
	for _, w := range cfg.Warnings {
		d.log.Warn("the config works, and something in it looks wrong", zap.String("warning", w.String()), zap.String("hint", "mend that line, if it is not meant so"))
	}
	d.mu.Lock()
	d.cfg, d.configured, d.configError = cfg, time.Now(), ""
	d.mu.Unlock()
	if d.cluster != nil {
		d.cluster.SetConfig(fingerprint(cfg))
	}
	if before != nil {
		d.setLevel(cfg.Log.Level)
		if keys := atStart(before, cfg); len(keys) > 0 {
			d.log.Warn("some settings take effect at the next start", zap.Strings("settings", keys), zap.String("hint", "restart collectord when it suits you; nothing is lost"))
		}
		d.collector.Configure(cfg)
		if err := d.serve(cfg.Web); err != nil {
			d.log.Error("the status page stays where it was", zap.Error(err), zap.String("hint", "mend web.listen or web.config_file, and save the config"))
		}
	}
	if before == nil || !sameInflux(before.InfluxDB, cfg.InfluxDB) {
		d.deliver(cfg.InfluxDB)
	}
	d.mu.Lock()
	changed := d.autocomplete.String() != cfg.Keychain.Autocomplete.String()
	d.autocomplete = cfg.Keychain.Autocomplete
	d.mu.Unlock()
	if changed {
		select {
		case d.newSchedule <- struct{}{}:
		default:
		}
	}
}

// atStart names the settings that differ and that only a start takes.
func atStart(before, cfg *config.Config) []string {
	var keys []string
	for _, k := range []struct {
		name    string
		differs bool
	}{
		{"state_dir", cfg.StateDir != before.StateDir},
		{"cluster", !reflect.DeepEqual(cfg.Cluster, before.Cluster)},
		{"contact", cfg.Contact != before.Contact},
		{"journal", cfg.Journal != before.Journal},
		{"log.format", cfg.Log.Format != before.Log.Format},
	} {
		if k.differs {
			keys = append(keys, k.name)
		}
	}
	return keys
}

func (d *Daemon) setLevel(name string) {
	if level, err := zap.ParseAtomicLevel(name); err == nil {
		d.opts.Level.SetLevel(level.Level())
	}
}

func sameInflux(a, b *config.InfluxDB) bool {
	return a == nil && b == nil || a != nil && b != nil && *a == *b
}

// deliver starts the delivery to an InfluxDB in place of the one before; nil stops
// it.
func (d *Daemon) deliver(cfg *config.InfluxDB) {
	d.mu.Lock()
	stop, before := d.stopDelivery, d.delivery
	d.stopDelivery, d.delivery = nil, nil
	d.mu.Unlock()
	if stop != nil {
		stop()
		d.meters.gone(before.Status())
	}
	if cfg == nil {
		return
	}
	delivery := newDelivery(cfg, d.journal, d.log, d.meters.delivery)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := delivery.Run(ctx); err != nil {
			d.log.Error("the delivery ended; points wait in the journal", zap.Error(err), zap.String("hint", "restart collectord, and please report it"))
		}
	}()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.delivery = delivery
	d.stopDelivery = func() { cancel(); <-done }
}

// NewDelivery is the delivery of a journal to the InfluxDB of a config. What
// becomes of it is logged.
func NewDelivery(cfg *config.InfluxDB, j *journal.Journal, log *zap.Logger) *influx.Deliverer {
	return newDelivery(cfg, j, log, nil)
}

func newDelivery(cfg *config.InfluxDB, j *journal.Journal, log *zap.Logger, asked func(string, time.Duration)) *influx.Deliverer {
	opts := influxOptions(cfg)
	opts.Asked = asked
	return influx.New(opts, j, func(e influx.Event) {
		switch {
		case e.SetAside > 0:
			log.Error("InfluxDB refuses points for good; they are set aside", zap.Int("points", e.SetAside), zap.String("reason", e.Reason),
				zap.String("hint", "`collectord refused` lists them; once the reason is mended, `collectord refused --resend` sends them again"))
		case e.State == influx.StateOK && e.Lasted > 0:
			log.Info("points are delivered", zap.String("influxdb", cfg.URL), zap.Duration("after", e.Lasted.Round(time.Millisecond)))
		case e.State == influx.StateOK:
		default:
			log.Warn("points wait in the journal", zap.String("reason", e.Error), zap.String("hint", e.Hint))
		}
	})
}

// serve serves the page where the config has it, unless it is served there already.
// A page that moves is served at its new place before it leaves the old one; one
// that stays gets its new web.config_file by a short pause.
func (d *Daemon) serve(web config.Web) error {
	d.mu.Lock()
	before, stop := d.page, d.stopPage
	d.mu.Unlock()
	if stop != nil && before == web {
		return nil
	}
	if stop != nil && before.Listen == web.Listen {
		stop()
		stop = nil
	}
	page, stopNew, err := d.servePage(web)
	if err != nil && stop == nil && before.Listen != "" { // it was stopped to make room
		var again error
		if page, stopNew, again = d.servePage(before); again != nil {
			return errors.Join(err, again)
		}
	} else if err != nil {
		return err
	}
	if stop != nil {
		stop()
	}
	d.mu.Lock()
	d.page, d.stopPage = page, stopNew
	d.mu.Unlock()
	return err
}

// servePage starts to serve the page; web.listen "" is nowhere.
func (d *Daemon) servePage(web config.Web) (page config.Web, stop func(), err error) {
	if web.Listen == "" {
		return web, nil, nil
	}
	server, err := status.Listen(status.Options{Listen: web.Listen, WebConfigFile: web.ConfigFile, Log: d.log}, status.Handler(d, d.log))
	if err != nil {
		return web, nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := server.Serve(ctx); err != nil {
			d.log.Error("the status page is served no more", zap.Error(err), zap.String("hint", "see what takes its address, or mend web.config_file; then restart collectord"))
		}
	}()
	d.log.Info("status page", zap.String("address", fmt.Sprint(server.Addr())))
	if d.opts.Listening != nil {
		d.opts.Listening(server.Addr().String())
	}
	return web, func() { cancel(); <-done }, nil
}

// tellMended tells of a journal that was mended, or put back, since the last look, and
// returns how often that has been.
func (d *Daemon) tellMended(before int) int {
	now := d.journal.Mended()
	if now > before {
		d.log.Error("the journal was damaged or deleted while it was open; it was mended, and goes on",
			zap.Int("repairs", now), zap.String("set_aside_as", d.journal.Damaged()), zap.String("hint", setAsideHint))
	}
	return now
}

// prune keeps the journal within its bounds.
func (d *Daemon) prune(ctx context.Context) {
	mended := 0
	for warned := false; ; {
		mended = d.tellMended(mended)
		d.mu.Lock()
		var sinks []string
		if d.delivery != nil {
			sinks = []string{d.delivery.Sink()}
		}
		d.mu.Unlock()
		pruned, err := d.journal.Prune(ctx, time.Now(), sinks)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			d.log.Error("old points could not be removed", zap.Error(err), zap.String("hint", diskHint))
		case pruned.Dropped > 0:
			d.log.Error("points that InfluxDB never got were dropped: the journal is over journal.max_size",
				zap.Int64("points", pruned.Dropped), zap.String("hint", "mend the delivery, or raise journal.max_size"))
		}
		warned = d.warnOfRoom(ctx, sinks, warned)
		if wait(ctx, pruneEvery) != nil {
			return
		}
	}
}
