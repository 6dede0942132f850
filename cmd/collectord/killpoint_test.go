package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// The places at which a life is ended on purpose.
const (
	afterAnswer    = "an answer is with the daemon, not yet in the journal"
	beforeDelivery = "a point is in the journal, not yet in InfluxDB"
	afterDelivery  = "a point is in InfluxDB, and the daemon has not heard of it"
)

// strike kills the daemon if that is the kill point that is armed, and reports it.
func (r *killRig) strike(point string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.armed != point || r.now == nil {
		return false
	}
	r.armed = ""
	_ = r.now.cmd.Process.Kill()
	r.struck <- struct{}{}
	return true
}

// strikingFront stands before InfluxDB and kills the daemon around a write.
func strikingFront(r *killRig, address string) string {
	target, err := url.Parse(address)
	if err != nil {
		r.t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		write := strings.HasSuffix(req.URL.Path, "/write")
		if write && r.strike(beforeDelivery) {
			return
		}
		rec := httptest.NewRecorder()
		proxy.ServeHTTP(rec, req)
		if write && rec.Code == http.StatusNoContent && r.strike(afterDelivery) {
			return
		}
		for name, values := range rec.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(rec.Code)
		_, _ = w.Write(rec.Body.Bytes()) // the daemon may be dead
	}))
	r.t.Cleanup(front.Close)
	return front.URL
}

// TestKillPoints kills the daemon at the moments at which an order of steps matters.
// After each of them nothing is lost and nothing is doubled.
func TestKillPoints(t *testing.T) {
	t.Parallel()
	r := newKillRig(t, strikingFront)
	r.ledger.sent = func(string) { r.strike(afterAnswer) }
	for range 2 {
		for _, point := range []string{afterAnswer, beforeDelivery, afterDelivery} {
			r.mu.Lock()
			r.armed = point
			r.mu.Unlock()
			p := r.start()
			select {
			case <-r.struck:
			case <-time.After(30 * time.Second):
				t.Fatalf("it never came to this: %s\n%s", point, p.stderr)
			}
			r.kill(p)
			r.grown()
		}
	}
	r.settle()
}

// TestKillAroundANewToken kills the daemon at the first request with a new token, and
// as soon as the file with a new one is there. The token that was used is the one on
// disk, no refresh token is used twice, and nobody has to log in again.
func TestKillAroundANewToken(t *testing.T) {
	t.Parallel()
	r := newVKIDRig(t)
	r.logIn()
	used := make(chan string, 1)
	for n := range 4 {
		r.mu.Lock()
		r.onNew = nil
		if n%2 == 0 {
			r.onNew = func(token string) { used <- token }
		}
		r.mu.Unlock()
		refreshed, before := r.world.VKAuthStats().Refreshes, r.newestDump()
		cmd := r.command("run")
		cmd.Stderr = &r.log
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		token := ""
		deadline := time.After(30 * time.Second)
		for struck := false; !struck; {
			select {
			case token = <-used: // the first request of a life may come with the token before
				struck = r.world.VKAuthStats().Refreshes > refreshed
			case <-deadline:
				_ = cmd.Process.Kill()
				_ = cmd.Wait() // it says that it was killed
				t.Fatalf("no new token\n%s", r.log.Bytes())
			case <-time.After(time.Millisecond):
				struck = n%2 == 1 && r.newestDump() != before
			}
		}
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it says that it was killed
		if out, err := r.command("keychain", "get", "vk").Output(); err != nil || !bytes.Contains(out, []byte(token)) {
			t.Errorf("the token that was used is not the one on disk: %v", err)
		}
	}
	if reuses := r.world.VKAuthStats().Reuses; len(reuses) > 0 {
		t.Errorf("refresh tokens were used twice: %v", reuses)
	}
	if out, err := r.command("once").CombinedOutput(); err != nil {
		t.Errorf("in the end: %v: %s", err, out)
	}
	r.nothingLeaked()
}

// newestDump returns the name of the keychain's newest dump.
func (r *vkidRig) newestDump() string {
	r.t.Helper()
	names, err := filepath.Glob(filepath.Join(r.dir, "state", "keychain", "*.age"))
	if err != nil || len(names) == 0 {
		r.t.Fatalf("no dumps: %v", err)
	}
	return slices.Max(names)
}
