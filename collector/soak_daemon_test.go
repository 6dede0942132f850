package collector

import (
	"context"
	"errors"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"collectord/collector/config"
	"collectord/collector/influx"
	"collectord/collector/journal"
	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/all"
)

// soakDaemon is a daemon as Daemon.Run has it, without what needs a socket or a
// kernel's watch: the page, and the eye on other processes that change the keychain.
// It delivers to the soak's InfluxDB.
type soakDaemon struct {
	*Daemon
	t      *testing.T
	cancel context.CancelFunc
	ended  chan struct{}
}

func startSoakDaemon(s *soak) *soakDaemon {
	s.t.Helper()
	load := func() (*config.Config, error) {
		return config.Load(s.conf.path, config.Env{Networks: all.List()})
	}
	cfg, err := load()
	if err != nil { // broken while nothing ran: mended by whoever starts it
		s.conf.mend()
		if cfg, err = load(); err != nil {
			s.t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	d := &soakDaemon{t: s.t, cancel: cancel, ended: make(chan struct{})}
	d.Daemon, err = NewDaemon(ctx, DaemonOptions{
		Config: cfg, Load: load, Keys: s.keys.open(), Log: zap.New(s.log), Level: zap.NewAtomicLevel(),
		Version: "soak", HTTP: &http.Client{Transport: s.world},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	d.enforce(nil, cfg)
	d.deliverTo(s.influx)
	go d.run(ctx)
	return d
}

// deliverTo is Daemon.deliver with the soak's InfluxDB.
func (d *soakDaemon) deliverTo(to *soakInflux) {
	delivery := influx.New(influx.Options{URL: "http://influxdb", Org: soakOrg, Bucket: soakBucket,
		Token: func() (keychain.Secret, error) { return soakToken, nil }, HTTP: &http.Client{Transport: to}}, d.journal, nil)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := delivery.Run(ctx); err != nil {
			d.t.Error(err)
		}
	}()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.delivery, d.stopDelivery = delivery, func() { cancel(); <-done }
}

func (d *soakDaemon) run(ctx context.Context) {
	defer close(d.ended)
	var tasks sync.WaitGroup
	tasks.Go(func() { d.watchConfig(ctx) })
	tasks.Go(func() { d.renewTokens(ctx) })
	tasks.Go(func() { d.prune(ctx) })
	d.collector.Run(ctx)
	tasks.Wait()
	if err := d.Close(); err != nil && !errors.Is(err, journal.ErrClosed) {
		d.t.Error(err)
	}
}

// stop ends it as SIGTERM does.
func (d *soakDaemon) stop() {
	d.cancel()
	d.wait()
}

// crash ends it as kill -9 does, as far as the disk can tell: from now on nothing more
// is written to the journal, whatever is under way. It does not wait.
func (d *soakDaemon) crash() {
	if err := d.journal.Close(); err != nil {
		d.t.Error(err)
	}
	d.cancel()
}

func (d *soakDaemon) wait() { <-d.ended }

// soakKeys is the keychain on disk, and what happens to the tokens in it.
type soakKeys struct {
	*soak
	current *keychain.KeyChain
	vk      []string // slots; each holds a token of its own
	made    int
}

func (k *soakKeys) fill(s *soak) {
	k.soak, k.vk = s, []string{"vk", "vk:second"}
	w := s.world.World
	w.AllowToken("telegram", soakTelegram)
	w.AllowToken("github", soakGitHub)
	w.AllowToken("twitch", "app-id", "app-secret")
	keys := k.open()
	defer keys.Close()
	for slot, v := range map[string]keychain.Value{
		"tg": keychain.Bare(soakTelegram), "gh": keychain.Bare(soakGitHub),
		"tc": keychain.Mapping(map[string]string{"client_id": "app-id", "client_secret": "app-secret"}),
	} {
		k.assign(keys, slot, v)
	}
	for _, slot := range k.vk {
		k.assign(keys, slot, keychain.Bare(k.newVK(slot)))
	}
}

// The tokens of networks with one, which nobody takes away.
const (
	soakTelegram = "1234567:AAtoken"
	soakGitHub   = "ghp_token"
)

func (k *soakKeys) assign(keys *keychain.KeyChain, slot string, v keychain.Value) {
	k.t.Helper()
	if err := keys.Assign(slot, v); err != nil {
		k.t.Fatal(err)
	}
}

// newVK is a token that VK takes, for some hours or until it is revoked. When its time
// is over, a person assigns another one, sooner or later.
func (k *soakKeys) newVK(slot string) string {
	k.made++
	token, life := "vk-token-"+itoa(k.made), time.Duration(2+k.rng.IntN(10))*time.Hour
	end := time.Now().Add(life)
	k.world.AllowTokenUntil("vk", token, end)
	k.later(life+time.Duration(1+k.rng.IntN(25))*time.Minute, func() {
		if v, _ := k.current.Get(slot); v.Bare() == token {
			k.assign(k.current, slot, keychain.Bare(k.newVK(slot)))
			k.world.note("vk", end, time.Now())
		}
	})
	return token
}

// open opens the keychain as every start of the daemon does.
func (k *soakKeys) open() *keychain.KeyChain {
	k.t.Helper()
	opts := keychain.Options{Dir: filepath.Join(k.dir, "state")}
	for _, d := range all.List() {
		n := d.New(networks.Options{BaseURL: "http://" + d.Name, AuthURL: "http://" + d.Name, HTTP: &http.Client{Transport: k.world}})
		networks.Introduce(&opts, d, n)
	}
	keys, err := keychain.Open(opts)
	if err == nil {
		err = keys.LoadLast()
	}
	if err != nil {
		k.t.Fatal(err)
	}
	k.current = keys
	return keys
}

// trouble revokes a token. VK's is replaced by a person after a while; Twitch's is made
// anew by the daemon.
func (k *soakKeys) trouble() {
	now := time.Now()
	if k.rng.IntN(3) == 0 {
		if v, held := k.current.Get("tc"); held && v.Get("access_token") != "" {
			k.world.RevokeToken("twitch", v.Get("access_token"))
		}
		k.world.note("twitch", now, now.Add(soakRenewal))
		return
	}
	for _, slot := range k.vk[:1+k.rng.IntN(2)] {
		v, _ := k.current.Get(slot)
		k.world.RevokeToken("vk", v.Bare())
	}
	k.later(time.Duration(1+k.rng.IntN(25))*time.Minute, func() {
		k.mend()
		k.world.note("vk", now, time.Now())
	})
}

// soakRenewal bounds how long a renewal that fails may rest.
const soakRenewal = 45 * time.Minute

// mend assigns new tokens, as a person does.
func (k *soakKeys) mend() {
	for _, slot := range k.vk {
		k.assign(k.current, slot, keychain.Bare(k.newVK(slot)))
	}
}

// soakLogged is what the daemons of a soak logged.
type soakLogged struct {
	asleep  *soakSleep
	mu      sync.Mutex
	skipped map[soakTick]bool
	lines   map[string]int
}

// soakTick names a tick.
type soakTick struct {
	network string
	at      int64
}

// soakLog is the core of the daemon's logger: it counts lines, keeps which ticks were
// skipped, and stands still while the machine sleeps.
type soakLog struct {
	shared  *soakLogged
	network string
}

func (l *soakLog) Enabled(zapcore.Level) bool { return true }

// With keeps the name of the network whose logger it is.
func (l *soakLog) With(fields []zapcore.Field) zapcore.Core {
	with := *l
	for _, f := range fields {
		if f.Key == "network" {
			with.network = f.String
		}
	}
	return &with
}

func (l *soakLog) Check(e zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	return checked.AddCore(e, l)
}

// Write takes a line. Those two that may stand still are written where no lock is held.
func (l *soakLog) Write(e zapcore.Entry, fields []zapcore.Field) error {
	const skipped = "a tick was skipped: the poll before it is still running"
	l.shared.mu.Lock()
	if l.shared.lines == nil {
		l.shared.lines, l.shared.skipped = make(map[string]int), make(map[soakTick]bool)
	}
	l.shared.lines[e.Message]++
	if e.Message == skipped {
		enc := zapcore.NewMapObjectEncoder()
		for _, f := range fields {
			f.AddTo(enc)
		}
		if at, ok := enc.Fields["tick"].(time.Time); ok {
			l.shared.skipped[soakTick{l.network, at.Unix()}] = true
		}
	}
	l.shared.mu.Unlock()
	if e.Message == skipped || e.Message == "poll" && e.Level == zapcore.InfoLevel {
		l.shared.asleep.wait()
	}
	return nil
}

func (l *soakLog) Sync() error { return nil }
