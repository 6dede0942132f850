package main

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"collectord/networks/sim"
)

// mostMemory is how much of the machine's memory the daemon may have had at once in
// TestHostileNetworks, in MB. The race detector takes several times as much.
const mostMemory = 300

// assignTo gives the daemon of a folder a token.
func assignTo(t *testing.T, dir, slot, value string) {
	t.Helper()
	cmd := exec.Command("collectord", "keychain", "assign", slot, "--from", "-")
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(value+"\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", slot, err, out)
	}
}

// badNetwork is a network that answers every request in one bad way.
type badNetwork struct {
	network, slot, token, account string
	answer                        http.HandlerFunc
}

// badNetworks are networks with a fault each. Elsewhere is a server to which nobody is to
// carry a token.
func badNetworks(elsewhere string) []badNetwork {
	chunk := bytes.Repeat([]byte("x"), 1<<16)
	say := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) }
	}
	return []badNetwork{
		{"twitter", "tw", `{"bearer_token": "MARKED-tw"}`, "someone", say("<!DOCTYPE html><html>Checking your browser</html>")},
		{"youtube", "yt", "MARKED-yt", "UCsomebody000000000000000", say("")},
		{"github", "gh", "MARKED-gh", "someone", say(`{"data": {"a0": {"login": "some`)},
		{"telegram", "tg", "1234567:MARKED-tg", "someone", func(w http.ResponseWriter, _ *http.Request) { // 100 MB
			for range 100 << 20 / len(chunk) {
				if _, err := w.Write(chunk); err != nil {
					return
				}
			}
		}},
		{"facebook", "fb", "MARKED-fb", "someone", bomb(chunk)},
		{"threads", "th", "MARKED-th", "me", func(w http.ResponseWriter, r *http.Request) { // a byte a while
			for r.Context().Err() == nil {
				_, _ = io.WriteString(w, " ")
				_ = http.NewResponseController(w).Flush()
				<-time.After(200 * time.Millisecond)
			}
		}},
		{"instagram", "ig", `{"access_token": "MARKED-ig", "ig_user_id": "301"}`, "someone", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }},
		{"odnoklassniki", "ok", `{"app_key": "MARKED-key", "app_secret": "MARKED-secret", "access_token": "MARKED-ok"}`, "someone",
			func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }},
		{"livejournal", "", "", "someone", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }},
		{"mastodon", "", "", "someone@a.example", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) }},
		{"vk", "vk", "MARKED-vk", "someone", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere+r.URL.Path, http.StatusTemporaryRedirect)
		}},
	}
}

// bomb answers 100 MB that are sent as some kB: a gzip file may have many members.
func bomb(chunk []byte) http.HandlerFunc {
	var member bytes.Buffer
	z := gzip.NewWriter(&member)
	_, _ = z.Write(chunk) // into memory
	_ = z.Close()
	body := bytes.Repeat(member.Bytes(), 100<<20/len(chunk))
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(body)
	}
}

// TestHostileNetworks runs the daemon with eleven networks that answer in eleven bad ways,
// all the time, beside one that is well: that one keeps its ticks, the daemon stays
// small, no token goes where a redirect leads, and it ends in order.
func TestHostileNetworks(t *testing.T) {
	t.Parallel()
	var carried atomic.Int64
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { carried.Add(1) }))
	t.Cleanup(elsewhere.Close)
	good, err := startSimulators(t.Context(), scriptWorld())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(good.stop)
	dir := t.TempDir()
	var config strings.Builder
	fmt.Fprintf(&config, "web: {listen: ''}\nnetworks:\n  bluesky: {schedule: '@every 2s', base_url: '%s', accounts: [bsky.app]}\n", good.addresses["bluesky"])
	var asked [11]atomic.Int64
	bad := badNetworks(elsewhere.URL)
	for i, h := range bad {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked[i].Add(1)
			_, _ = io.Copy(io.Discard, r.Body) // or the server does not notice that its client is gone
			h.answer(w, r)
		}))
		t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
		fmt.Fprintf(&config, "  %s: {schedule: '@every 2s', base_url: '%s', requests_per_second: 100, accounts: ['%s']}\n", h.network, server.URL, h.account)
	}
	if err := os.WriteFile(filepath.Join(dir, "config.yaml"), []byte(config.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, h := range bad {
		if h.slot != "" {
			assignTo(t, dir, h.slot, h.token)
		}
	}
	p := startProcess(t, dir, "run")
	eventually(t, 30*time.Second, "every hostile network was asked, and the good one four times", func() bool {
		all := true
		for i := range asked {
			all = all && asked[i].Load() > 0
		}
		return all && len(pointTimes(t, dir)) >= 4
	})
	most := peakMemory(t, p)
	began := time.Now()
	p.end()
	t.Logf("at most %d MB resident; %v from SIGTERM to the end", most, time.Since(began).Round(time.Millisecond))
	if most > mostMemory && !raceDetector {
		t.Errorf("%d MB were resident at once, want %d at most", most, mostMemory)
	}
	if n := carried.Load(); n > 0 {
		t.Errorf("%d requests went where a redirect led", n)
	}
	everyTwoSeconds(t, dir)
	if log := p.stderr.String(); strings.Contains(log, "MARKED") || strings.Contains(log, "panic") {
		t.Errorf("a token or a panic is in the log:\n%s", log)
	}
}

// everyTwoSeconds demands that the points of Bluesky are two seconds apart, and each once.
func everyTwoSeconds(t *testing.T, dir string) {
	t.Helper()
	var times []int64
	for key, n := range pointTimes(t, dir) {
		at, err := time.Parse(time.RFC3339, strings.Fields(key)[0])
		if err != nil || n != 1 {
			t.Fatalf("%d points for %s, %v", n, key, err)
		}
		times = append(times, at.Unix())
	}
	slices.Sort(times)
	for i := range times {
		if times[i] != times[0]+2*int64(i) {
			t.Errorf("points at %v, want one every two seconds", times)
			return
		}
	}
}

// peakMemory is the most memory that a process has had resident, in MB.
func peakMemory(t *testing.T, p *process) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		t.Skip("this system does not tell how much memory a process has")
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	kB, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		t.Fatal(err)
	}
	return kB >> 10
}

// TestEndsInALargePoll sends SIGTERM in the middle of a poll of 100,000 accounts, whose
// network takes its time. The daemon ends within 10 s, and the next one goes on with the
// same poll.
func TestEndsInALargePoll(t *testing.T) {
	t.Parallel()
	const accounts = 100_000
	world := sim.NewWorld(1)
	world.AllowToken("vk", "vk-good-token")
	var list strings.Builder
	for i := 1; i <= accounts; i++ {
		world.Add(sim.Account{Network: "vk", ID: strconv.Itoa(i), Name: "U", Type: "person", Followers: int64(i)})
		fmt.Fprintf(&list, "user %d,id%d\n", i, i)
	}
	world.Break("vk", func(http.ResponseWriter, *http.Request) bool { <-time.After(300 * time.Millisecond); return false })
	server := httptest.NewServer(sim.VK(world))
	t.Cleanup(server.Close)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "all.csv"), []byte(list.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	tick := pollSoon(t, dir, server.URL)
	assignTo(t, dir, "vk", "vk-good-token")
	p := startProcess(t, dir, "run")
	eventually(t, 60*time.Second, "the poll is well under way", func() bool {
		if world.Requests("vk") == 0 && time.Now().Unix() > tick+4 { // the daemon was not there in time
			tick = pollSoon(t, dir, server.URL)
		}
		return world.Requests("vk") >= 6
	})
	began := time.Now()
	p.end()
	t.Logf("%v from SIGTERM to the end, after %d of %d requests", time.Since(began).Round(time.Millisecond), world.Requests("vk"), accounts/1000)
	before := len(pointTimes(t, dir))
	if before == 0 || before == accounts {
		t.Fatalf("%d points before SIGTERM: it was not in the middle of the poll", before)
	}
	p = startProcess(t, dir, "run")
	asked := world.Requests("vk")
	eventually(t, 30*time.Second, "the poll goes on", func() bool { return world.Requests("vk") >= asked+3 })
	p.end()
	after := pointTimes(t, dir)
	if len(after) <= before {
		t.Errorf("%d points, before the restart %d", len(after), before)
	}
	for key, n := range after {
		if at := time.Unix(tick, 0).UTC().Format(time.RFC3339); n != 1 || !strings.HasPrefix(key, at) {
			t.Fatalf("%d points for %s, want one at %s", n, key, at)
		}
	}
}

// pollSoon writes a config with one tick, which it returns: a multiple of as many seconds
// since 1970 is soon, and the next in half a century.
func pollSoon(t *testing.T, dir, address string) (tick int64) {
	t.Helper()
	tick = time.Now().Add(4 * time.Second).Unix()
	text := fmt.Sprintf("web: {listen: ''}\nnetworks:\n  vk: {schedule: '@every %ds', base_url: '%s', accounts_files: [all.csv]}\n", tick, address)
	if err := os.WriteFile(filepath.Join(dir, "config.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return tick
}

// pointTimes counts the profile points of a journal by time, network and account.
func pointTimes(t *testing.T, dir string) map[string]int {
	t.Helper()
	cmd := exec.Command("collectord", "export")
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		if s := stderr.String(); strings.Contains(s, "no such file") || strings.Contains(s, "does not exist") {
			return nil // the daemon has only begun
		}
		t.Fatalf("%v\n%s", err, &stderr)
	}
	rows, err := csv.NewReader(bytes.NewReader(out)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	points := map[string]int{}
	for _, row := range rows[1:] {
		points[row[0]+" "+row[1]+" "+row[2]]++
	}
	return points
}
