package main

import (
	"bytes"
	"database/sql"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"collectord/collector"
)

// systemd hears what a daemon says to $NOTIFY_SOCKET.
type systemd struct {
	t      *testing.T
	socket string

	mu    sync.Mutex
	heard []notice
}

// notice is one message: its fields, and when it came, by the clock that MONOTONIC_USEC
// is of.
type notice struct {
	fields map[string]string
	usec   int64
}

func listenAsSystemd(t *testing.T) *systemd {
	t.Helper()
	dir, err := os.MkdirTemp("", "notify") // the name of a socket is short
	if err != nil {
		t.Fatal(err)
	}
	s := &systemd{t: t, socket: filepath.Join(dir, "s")}
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: s.socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buffer := make([]byte, 64<<10)
		for {
			n, err := conn.Read(buffer)
			if err != nil {
				return
			}
			s.hear(string(buffer[:n]))
		}
	}()
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
		<-done
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return s
}

func (s *systemd) hear(message string) {
	n := notice{fields: map[string]string{}, usec: monotonic(s.t)}
	for line := range strings.Lines(message) {
		name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		if !ok {
			s.t.Errorf("%q is no field, in %q", line, message)
		}
		n.fields[name] = value
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heard = append(s.heard, n)
}

func monotonic(t *testing.T) int64 {
	t.Helper()
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		t.Error(err)
	}
	return now.Nano() / 1000
}

// of are the messages so far that have a field.
func (s *systemd) of(field string) (all []notice) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range s.heard {
		if _, ok := n.fields[field]; ok {
			all = append(all, n)
		}
	}
	return all
}

// says waits for a message whose field matches a pattern.
func (s *systemd) says(field, pattern string) {
	s.t.Helper()
	match := regexp.MustCompile(pattern)
	eventually(s.t, 20*time.Second, field+" matches "+pattern, func() bool {
		for _, n := range s.of(field) {
			if match.MatchString(n.fields[field]) {
				return true
			}
		}
		return false
	})
}

// start starts the daemon as systemd would, with more in its environment.
func (s *systemd) start(dir string, environ ...string) *process {
	s.t.Helper()
	p := &process{t: s.t, cmd: exec.Command("collectord", "run"), stderr: new(bytes.Buffer)}
	p.cmd.Dir, p.cmd.Stderr = dir, p.stderr
	p.cmd.Env = append(append(os.Environ(), "NOTIFY_SOCKET="+s.socket), environ...)
	if err := p.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		_ = p.cmd.Process.Kill() // it has ended already where the test went well
		_ = p.cmd.Wait()
	})
	return p
}

const notifyConfig = `web: {listen: ""}
networks:
  bluesky: {schedule: "@every 1h", base_url: "http://127.0.0.1:9", accounts: [bsky.app]}
`

// TestNotify follows the daemon from its start over two reloads, one of them of a broken
// config, to its end, as systemd does with Type=notify-reload.
func TestNotify(t *testing.T) {
	t.Parallel()
	s, dir := listenAsSystemd(t), t.TempDir()
	write := func(text string) {
		if err := os.WriteFile(filepath.Join(dir, "config.yaml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(notifyConfig)
	p := s.start(dir)
	s.says("READY", "^1$")
	s.says("STATUS", `^1 account of 1 network, next poll \d{4}-\d\d-\d\d \d\d:00:00 [^;]+; no InfluxDB`)
	for i, text := range []string{strings.Replace(notifyConfig, "[bsky.app]", "[bsky.app, other.example]", 1), "mistake: 1\n"} {
		write(text)
		before := monotonic(t)
		if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		eventually(t, 10*time.Second, "the reload is over", func() bool { return len(s.of("READY")) > i+1 })
		began, ended := s.of("RELOADING"), s.of("READY")
		if len(began) != i+1 || began[i].usec > ended[i+1].usec {
			t.Fatalf("RELOADING=1 came %d times, want %d, each before its READY=1", len(began), i+1)
		}
		usec, err := strconv.ParseInt(began[i].fields["MONOTONIC_USEC"], 10, 64)
		if err != nil || usec < before || usec > began[i].usec {
			t.Errorf("MONOTONIC_USEC is %v (%v), want it from the signal, %d, to the message, %d", usec, err, before, began[i].usec)
		}
	}
	s.says("STATUS", `^2 accounts of 1 network`)
	s.says("STATUS", `^the config file has mistakes \(the one before is in force\); 2 accounts`)
	if n := len(s.of("WATCHDOG")); n > 0 {
		t.Errorf("WATCHDOG=1 came %d times; nobody asked for it", n)
	}
	p.end()
	stopping := s.of("STOPPING")
	if len(stopping) != 1 || !strings.HasPrefix(stopping[0].fields["STATUS"], "stopping") {
		t.Errorf("STOPPING=1 came as %v, want it once, with a status", stopping)
	}
}

// TestWatchdog feeds while there is nothing to do, not while the journal takes no write,
// and again after it.
func TestWatchdog(t *testing.T) {
	t.Parallel()
	s, dir := listenAsSystemd(t), t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "config.yaml"), []byte(notifyConfig), 0o600); err != nil {
		t.Fatal(err)
	}
	const interval = 600 * time.Millisecond
	p := s.start(dir, "WATCHDOG_USEC="+strconv.FormatInt(interval.Microseconds(), 10))
	eventually(t, 20*time.Second, "it is fed", func() bool { return len(s.of("WATCHDOG")) >= 5 })
	fed := s.of("WATCHDOG")
	if took := time.Duration(fed[4].usec-fed[0].usec) * time.Microsecond; took < 4*interval/3-interval/10 || took > 4*interval {
		t.Errorf("five feedings took %v, want three in %v", took, interval)
	}
	unlock := lockJournal(t, collector.JournalPath(filepath.Join(dir, "state")))
	<-time.After(interval) // one may have been under way
	before := len(s.of("WATCHDOG"))
	<-time.After(2 * interval)
	if n := len(s.of("WATCHDOG")) - before; n > 0 {
		t.Errorf("it was fed %d times while the journal took no write", n)
	}
	unlock()
	eventually(t, 20*time.Second, "it is fed again", func() bool { return len(s.of("WATCHDOG")) >= before+3 })
	full(t, p, 1)
	before = len(s.of("WATCHDOG"))
	eventually(t, 20*time.Second, "it is fed while the disk is full", func() bool { return len(s.of("WATCHDOG")) >= before+3 })
	full(t, p, unix.RLIM_INFINITY)
	p.end()
	if log := p.stderr.String(); !strings.Contains(log, "a part of the daemon does not move") || !strings.Contains(log, "the journal's writer") {
		t.Errorf("the log does not say what was stuck:\n%s", log)
	}
}

// TestWatchdogOfAnother has WATCHDOG_PID of another process: a child of a service has
// inherited its environment, and is not to feed for it.
func TestWatchdogOfAnother(t *testing.T) {
	t.Parallel()
	s, dir := listenAsSystemd(t), t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "config.yaml"), []byte(notifyConfig), 0o600); err != nil {
		t.Fatal(err)
	}
	p := s.start(dir, "WATCHDOG_USEC=100000", fmt.Sprint("WATCHDOG_PID=", os.Getpid()))
	s.says("READY", "1")
	s.says("STATUS", "1 account")
	<-time.After(500 * time.Millisecond)
	p.end()
	if n := len(s.of("WATCHDOG")); n > 0 {
		t.Errorf("it was fed %d times", n)
	}
}

// full lets the files of a process grow to a size: 1 is a full disk.
func full(t *testing.T, p *process, size uint64) {
	t.Helper()
	if err := unix.Prlimit(p.cmd.Process.Pid, unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: size, Max: unix.RLIM_INFINITY}, nil); err != nil {
		t.Fatal(err)
	}
}

// lockJournal takes the journal's one place for a writer, as a stuck process would.
func lockJournal(t *testing.T, path string) (unlock func()) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(t.Context(), "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	return sync.OnceFunc(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
}
