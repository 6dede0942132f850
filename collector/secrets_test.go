package collector

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"collectord/collector/config"
	"collectord/collector/journal"
	"collectord/collector/status"
	"collectord/internal/leaktest"
	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/all"
)

// secretRounds is how often every network, every renewal and every check is answered
// with failures that repeat the token. The failures differ from round to round. For the
// long form run: go test ./collector -run TestNoSecretOutsideTheKeychain -secret-rounds 100 .
var secretRounds = flag.Int("secret-rounds", 2, "how often TestNoSecretOutsideTheKeychain has everything fail")

// secretRig is a daemon without a line, whose log has no mask: the layers must not
// leak by themselves.
type secretRig struct {
	*Daemon
	t      *testing.T
	server *leaktest.Server
	dir    string
	slots  []leaktest.Slot

	mu  sync.Mutex
	out bytes.Buffer // all that was logged
}

// Write takes the log.
func (r *secretRig) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.out.Write(p)
}

func newSecretRig(t *testing.T) *secretRig {
	t.Helper()
	r := &secretRig{t: t, server: leaktest.NewServer(1), dir: t.TempDir()}
	log := zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewDevelopmentEncoderConfig()), zapcore.AddSync(r), zapcore.DebugLevel))
	opts := keychain.Options{Dir: r.dir}
	for _, d := range all.List() {
		networks.Introduce(&opts, d, d.New(networks.Options{HTTP: &http.Client{Transport: r.server}}))
	}
	keys, err := keychain.Open(opts)
	if err != nil {
		t.Fatal(err)
	}
	r.slots = leaktest.Slots(opts.Formats)
	for _, s := range r.slots {
		if err := keys.Assign(s.Name, s.Value); err != nil {
			t.Fatal(err)
		}
	}
	cfg, err := config.Parse("test.yaml", []byte(r.config()), config.Env{Networks: all.List()})
	if err != nil {
		t.Fatal(err)
	}
	r.Daemon = &Daemon{opts: DaemonOptions{Config: cfg}, keys: keys, log: log, cfg: cfg, newSchedule: make(chan struct{}, 1),
		recalled: make(chan struct{})}
	close(r.recalled)
	return r
}

// config has accounts of every network, and every slot of a network in its pool.
func (r *secretRig) config() string {
	settings := make(map[string]string)
	for _, d := range all.List() {
		var pool []string
		for _, s := range r.slots {
			kind, _, _ := strings.Cut(s.Name, ":")
			for _, f := range d.Slots {
				if f.Slot == kind && !s.Raw {
					pool = append(pool, s.Name)
				}
			}
		}
		if len(pool) > 0 {
			settings[d.Name] = "token: ['" + strings.Join(pool, "', '") + "'], requests_per_second: 100"
		}
	}
	return leaktest.Networks(settings)
}

// TestNoSecretOutsideTheKeychain has all networks fail in all ways, each failure
// repeating the secrets of the request, and looks at all that comes out.
func TestNoSecretOutsideTheKeychain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newSecretRig(t)
		for i := range *secretRounds {
			r.round(filepath.Join(r.dir, fmt.Sprintf("journal%d.db", i)))
		}
		r.keys.Close()
		leaktest.Refuse(t, "the log", r.out.Bytes())
		if seen := leaktest.RefuseFiles(t, r.dir); seen < *secretRounds {
			t.Errorf("only %d files", seen)
		}
		if asked, said := r.server.Asked.Load(), r.server.Said.Load(); said < int64(50**secretRounds) || r.out.Len() < 1000**secretRounds {
			t.Errorf("%d requests, %d of them repeated, %d bytes of log: too few to mean anything", asked, said, r.out.Len())
		}
	})
}

// round polls, renews and checks everything once, and looks at what it says.
func (r *secretRig) round(path string) {
	r.t.Helper()
	ctx := r.t.Context()
	for _, s := range r.slots { // what was refused is tried again
		if err := r.keys.SetState(s.Name, keychain.State{Name: keychain.OK}); err != nil {
			r.t.Fatal(err)
		}
	}
	j, err := journal.Open(ctx, journal.Options{Path: path})
	if err != nil {
		r.t.Fatal(err)
	}
	c, err := New(ctx, r.cfg, Options{Journal: j, Tokens: Tokens(r.keys, r.log), Log: r.log, HTTP: &http.Client{Transport: r.server}})
	if err != nil {
		r.t.Fatal(err)
	}
	r.journal, r.collector, r.deltas = j, c, deltas{}
	if err := c.Once(ctx, nil); err != nil {
		leaktest.Refuse(r.t, "the error of a poll", fmt.Appendf(nil, "%v %+v %#v", err, err, err))
	}
	r.complete(ctx, r.keys.AutocompleteNow)
	for _, s := range r.slots {
		report, err := r.keys.Check(ctx, s.Name)
		leaktest.Refuse(r.t, "the check of "+s.Name, fmt.Appendf(nil, "%s %v %+v", report, err, err))
	}
	r.tellExpiries(expiries{})
	shown, err := json.Marshal(r.keys.Show())
	leaktest.Refuse(r.t, "what the keychain shows", fmt.Appendf(shown, "%v %+v", err, r.keys.Show()))
	r.pages(ctx)
	if err := j.Close(); err != nil {
		r.t.Fatal(err)
	}
}

// pages looks at every page.
func (r *secretRig) pages(ctx context.Context) {
	r.t.Helper()
	h := status.Handler(r.Daemon, r.log)
	paths := []string{"/", "/?state=failing", "/api/v1/accounts", "/api/v1/status", "/metrics", "/healthz", "/readyz", "/nowhere"}
	for _, a := range r.collector.Accounts() {
		paths = append(paths, "/accounts/"+a.Network+"/"+a.Label, "/api/v1/accounts/"+a.Network+"/"+a.Label+"/series")
	}
	for _, path := range paths {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, path, nil))
		if w.Code >= 500 {
			r.t.Errorf("%s: %d: %s", path, w.Code, w.Body)
		}
		leaktest.Refuse(r.t, path, fmt.Appendf(w.Body.Bytes(), "%v", w.Header()))
	}
}
