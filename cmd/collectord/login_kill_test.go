package main

import (
	"bytes"
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"gopkg.in/yaml.v3"

	"collectord/networks/sim"
)

// The long form is go test ./cmd/collectord -run TestRefreshesSurviveKills -refreshes 200
// -life 60s -logins 10 -timeout 1h. A token is refreshed from half of its life on, so one
// login is refreshed twice a minute then: ten of them, each with a daemon of its own, get
// there in ten minutes.
var (
	refreshes    = flag.Int("refreshes", 6, "how many refreshes TestRefreshesSurviveKills waits for, over all logins")
	tokenLife    = flag.Duration("life", briefLife, "how long its access tokens live")
	loginsAtOnce = flag.Int("logins", 1, "how many logins it keeps at once")
)

// vkidRig is a simulated VK ID whose tokens live for a moment, and a daemon that
// lives off it and is killed.
type vkidRig struct {
	t     *testing.T
	dir   string
	world *sim.World

	mu       sync.Mutex
	polled   []time.Time // requests that VK answered with profiles
	inFlight chan struct{}
	log      bytes.Buffer
	kills    []time.Time
	used     string       // the newest token that VK was asked with
	onNew    func(string) // called before VK answers the first request with a new token
}

// sees takes note of the token of a request.
func (r *vkidRig) sees(req *http.Request) {
	token := req.FormValue("access_token")
	if token == "" {
		_, token, _ = strings.Cut(req.Header.Get("Authorization"), " ")
	}
	r.mu.Lock()
	isNew, onNew := token != "" && token != r.used, r.onNew
	r.used = token
	r.mu.Unlock()
	if isNew && onNew != nil {
		onNew(token)
	}
}

func newVKIDRig(t *testing.T) *vkidRig {
	r := &vkidRig{t: t, dir: t.TempDir(), world: scriptWorld(), inFlight: make(chan struct{}, 1)}
	r.world.VKApp(sim.VKApp{ID: "51", User: "1", Life: *tokenLife})
	auth := httptest.NewServer(r.slowly(sim.VKAuth(r.world)))
	t.Cleanup(auth.Close)
	vk := sim.VK(r.world)
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.sees(req)
		rec := httptest.NewRecorder()
		vk.ServeHTTP(rec, req)
		if bytes.Contains(rec.Body.Bytes(), []byte("followers_count")) {
			r.mu.Lock()
			r.polled = append(r.polled, time.Now())
			r.mu.Unlock()
		}
		_, _ = w.Write(rec.Body.Bytes())
	}))
	t.Cleanup(api.Close)
	config := fmt.Sprintf("web: {listen: \"\"}\nlog: {level: debug, format: json}\nnetworks:\n  vk:\n    schedule: \"@every 1s\"\n"+
		"    requests_per_second: 100\n    base_url: %s\n    auth_url: %s\n    accounts: [durov]\n", api.URL, auth.URL)
	if err := os.WriteFile(filepath.Join(r.dir, "config.yaml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	return r
}

// slowly lets an answer be under way for a moment after the refresh token is used
// up, and tells of it.
func (r *vkidRig) slowly(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, req)
		select {
		case r.inFlight <- struct{}{}:
		default:
		}
		time.Sleep(rand.N(60 * time.Millisecond))
		for name, values := range rec.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(rec.Code)
		_, _ = w.Write(rec.Body.Bytes())
	})
}

func (r *vkidRig) command(args ...string) *exec.Cmd {
	cmd := exec.CommandContext(r.t.Context(), "collectord", args...)
	cmd.Dir = r.dir
	cmd.Env = append(os.Environ(), "STATE_DIRECTORY=", "CREDENTIALS_DIRECTORY=")
	return cmd
}

// logIn gives the daemon a login as a person would, from another process.
func (r *vkidRig) logIn() {
	r.t.Helper()
	value, err := yaml.Marshal(r.world.VKLogin("51"))
	if err != nil {
		r.t.Fatal(err)
	}
	cmd := r.command("keychain", "assign", "vk", "--from", "-")
	cmd.Stdin = bytes.NewReader(value)
	if out, err := cmd.CombinedOutput(); err != nil {
		r.t.Fatalf("%v: %s", err, out)
	}
}

// live runs the daemon until it is killed: after a while, or while an answer of VK ID
// is under way.
func (r *vkidRig) live(while time.Duration, inFlight bool, done func() bool) {
	r.t.Helper()
	cmd := r.command("run")
	cmd.Stderr = &r.log
	if err := cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	select { // one of a daemon before
	case <-r.inFlight:
	default:
	}
	end, answer := time.After(while), (<-chan struct{})(nil)
	if inFlight {
		answer = r.inFlight
	}
	ticks := time.NewTicker(20 * time.Millisecond)
	defer ticks.Stop()
	lost := len(r.world.VKAuthStats().Reuses)
	for running := true; running && !done(); {
		select {
		case <-end:
			running = false
		case <-answer:
			time.Sleep(rand.N(40 * time.Millisecond))
			running = false
		case <-ticks.C:
			if now := len(r.world.VKAuthStats().Reuses); now > lost {
				lost = now
				r.logIn()
			}
		}
	}
	r.mu.Lock()
	r.kills = append(r.kills, time.Now())
	r.mu.Unlock()
	if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
		r.t.Errorf("the daemon ended by itself: %v", err)
	}
	_ = cmd.Wait() // it says that it was killed
	if len(r.world.VKAuthStats().Reuses) > lost {
		r.logIn()
	}
}

// TestRefreshesSurviveKills: refresh tokens that are good for one use, and a daemon
// that is killed at any moment. It polls on, no refresh token is used twice but one
// whose answer was under way at a kill, and such a login is the only one that a
// person has to repeat.
func TestRefreshesSurviveKills(t *testing.T) {
	t.Parallel()
	for n := range *loginsAtOnce {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			oneLoginSurvives(t)
		})
	}
}

// share is how many of the refreshes one login has to see.
func share() int { return (*refreshes + *loginsAtOnce - 1) / *loginsAtOnce }

func oneLoginSurvives(t *testing.T) {
	r := newVKIDRig(t)
	r.logIn()
	done := func() bool { return r.world.VKAuthStats().Refreshes >= share() }
	for n := 0; !done(); n++ {
		r.live(500*time.Millisecond+rand.N(3*time.Second), n%3 == 2, done)
	}
	stats := r.world.VKAuthStats()
	for _, reuse := range stats.Reuses {
		excused := false
		for _, kill := range r.kills {
			// A request that was sent before the kill may be answered after it.
			excused = excused || kill.After(reuse.First.Add(-time.Second)) && kill.Before(reuse.Again) && kill.Sub(reuse.First) < time.Second
		}
		if !excused {
			t.Errorf("a refresh token was used at %v and again at %v, with no kill at that moment", reuse.First, reuse.Again)
		}
	}
	if stats.Logins != 1+len(stats.Reuses) {
		t.Errorf("%d logins for %d lost ones", stats.Logins, len(stats.Reuses))
	}
	r.keptPolling()
	if out, err := r.command("once").CombinedOutput(); err != nil && len(r.world.VKAuthStats().Reuses) == len(stats.Reuses) {
		t.Errorf("in the end: %v: %s", err, out)
	}
	r.nothingLeaked()
	r.mu.Lock()
	defer r.mu.Unlock()
	t.Logf("%d refreshes, %d kills, %d logins lost with the answer under way, %d polls answered",
		stats.Refreshes, len(r.kills), len(stats.Reuses), len(r.polled))
}

// keptPolling: between two polls that were answered is no gap that a kill, a start
// and a login do not explain.
func (r *vkidRig) keptPolling() {
	r.t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.polled) < share()/2 {
		r.t.Errorf("%d polls were answered in the time of %d refreshes", len(r.polled), share())
	}
	for i := 1; i < len(r.polled); i++ {
		from, to := r.polled[i-1], r.polled[i]
		allowed := 5 * time.Second
		for _, kill := range r.kills {
			if kill.After(from) && kill.Before(to) {
				allowed += 5 * time.Second
			}
		}
		if to.Sub(from) > allowed {
			r.t.Errorf("no poll was answered between %v and %v", from, to)
		}
	}
}

// nothingLeaked looks for tokens in the log, which is at debug level, and in every
// file of the state folder.
func (r *vkidRig) nothingLeaked() {
	r.t.Helper()
	find := func(where string, text []byte) {
		for _, secret := range []string{"vk2.a.", "vk2.r.", "device-", "code-"} {
			if bytes.Contains(text, []byte(secret)) {
				r.t.Errorf("%s holds a secret that begins with %s", where, secret)
			}
		}
	}
	find("the log", r.log.Bytes())
	err := filepath.WalkDir(r.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		find(strings.TrimPrefix(path, r.dir), text)
		return err
	})
	if err != nil {
		r.t.Error(err)
	}
}
