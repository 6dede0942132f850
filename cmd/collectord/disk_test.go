package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// diskRig is a kill rig whose daemon serves the page.
type diskRig struct {
	*killRig
	listen, state string
}

func newDiskRig(t *testing.T) *diskRig {
	t.Helper()
	r := &diskRig{killRig: newKillRig(t, nil), listen: freeAddress(t)}
	r.state = filepath.Join(r.dir, "state")
	path := filepath.Join(r.dir, "config.yaml")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text = bytes.Replace(text, []byte(`listen: ""`), []byte(`listen: "`+r.listen+`"`), 1)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return r
}

// pausesAndGoesOn takes the room away and gives it back, and looks at what the daemon
// makes of it: it says so once, asks nobody meanwhile, goes on by itself, and whatever
// was answered is in the journal.
func (r *diskRig) pausesAndGoesOn(takeRoom, giveRoom func(p *process)) {
	t := r.t
	t.Helper()
	p := r.start()
	eventually(t, 20*time.Second, "the daemon polls", func() bool { return r.asked() >= 8 && answers(r.listen, "/readyz") })
	takeRoom(p)
	eventually(t, 30*time.Second, "/readyz tells of it", func() bool {
		body, err := get("http://" + r.listen + "/readyz")
		return err == nil && bytes.Contains(body, []byte("disk full or not writable"))
	})
	if answers(r.listen, "/readyz") || !answers(r.listen, "/healthz") {
		t.Error("it is not ready, and alive")
	}
	<-time.After(1500 * time.Millisecond) // what was under way has come to its write
	before := r.asked()
	<-time.After(1500 * time.Millisecond)
	if n := r.asked() - before; n > mostInFlight {
		t.Errorf("%d requests while nothing can be written down", n)
	}
	giveRoom(p)
	eventually(t, 30*time.Second, "it goes on by itself", func() bool { return answers(r.listen, "/readyz") && r.asked() > before+6 })
	p.end()
	for network := range killAccounts {
		told := 0
		for line := range strings.Lines(p.stderr.String()) {
			if strings.Contains(line, "waits for room") && strings.Contains(line, `"network":"`+network+`"`) &&
				strings.Contains(line, `"level":"error"`) && !strings.Contains(line, `"times":`) { // else said again
				told++
			}
		}
		if told < 1 || told > 2 { // the polls of two schedules may wait at once
			t.Errorf("%s: %d lines say that it waits:\n%s", network, told, p.stderr)
		}
	}
	if !strings.Contains(p.stderr.String(), "the journal takes points again") {
		t.Error("the end of it is not told")
	}
	for network := range killAccounts {
		if len(r.ledger.answers[network]) == 0 {
			t.Errorf("%s was never asked: it has no token", network)
		}
	}
	r.everyAnswer()
}

// asked returns how many requests the networks had.
func (r *diskRig) asked() (n int) {
	r.ledger.mu.Lock()
	defer r.ledger.mu.Unlock()
	for _, answers := range r.ledger.answers {
		n += len(answers)
	}
	return n
}

// everyAnswer demands a point of every answer that had a count, but for the last ones,
// which may have been under way when the daemon was told to end.
func (r *diskRig) everyAnswer() {
	r.t.Helper()
	seen := map[string]map[int64]bool{}
	for key, count := range r.exported() {
		network, _, _ := strings.Cut(key, "\t")
		if seen[network] == nil {
			seen[network] = map[int64]bool{}
		}
		seen[network][count] = true
	}
	for network, answers := range r.ledger.answers {
		for i, a := range answers {
			if a.counted && i < len(answers)-mostInFlight && !seen[network][int64(ledgerBase+i)] {
				r.t.Errorf("%s: the answer of %v is lost", network, a.at)
			}
		}
	}
}

// TestFullDisk fills the disk under the daemon: a file system of the test's own.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	r := newDiskRig(t)
	if err := os.Rename(r.state, r.state+".made"); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(r.state, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("tmpfs", r.state, "tmpfs", 0, "size=3m,mode=0700"); err != nil {
		t.Logf("no file system of our own (%v): TestFileSizeLimit shows the same without the rights of root", err)
		return
	}
	t.Cleanup(func() {
		if err := unix.Unmount(r.state, 0); err != nil {
			t.Error(err)
		}
	})
	if err := os.CopyFS(filepath.Join(r.state, "keychain"), os.DirFS(filepath.Join(r.state+".made", "keychain"))); err != nil {
		t.Fatal(err)
	}
	key, err := os.ReadFile(filepath.Join(r.state+".made", "keychain.key"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(r.state, "keychain.key"), key, 0o600); err != nil {
		t.Fatal(err)
	}
	filler := filepath.Join(r.state, "filler")
	r.pausesAndGoesOn(func(*process) {
		f, err := os.Create(filler)
		if err != nil {
			t.Fatal(err)
		}
		for err == nil {
			_, err = f.Write(make([]byte, 4096))
		}
		if !errors.Is(err, unix.ENOSPC) {
			t.Error(err)
		}
		_ = f.Close() // full
	}, func(*process) {
		if err := os.Remove(filler); err != nil {
			t.Error(err)
		}
	})
}

// TestFileSizeLimit does the same with a limit on the size of files, which takes no
// rights: a write beyond it is an error, not the end of the process.
func TestFileSizeLimit(t *testing.T) {
	t.Parallel()
	r := newDiskRig(t)
	limit := func(p *process, bytes uint64) {
		t.Helper()
		if err := unix.Prlimit(p.cmd.Process.Pid, unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: bytes, Max: unix.RLIM_INFINITY}, nil); err != nil {
			t.Fatal(err)
		}
	}
	r.pausesAndGoesOn(func(p *process) { limit(p, 1) }, func(p *process) { limit(p, unix.RLIM_INFINITY) })
}

// TestJournalDeleted deletes the journal under the daemon, which puts it back: the
// points of before and after are there when it has ended.
func TestJournalDeleted(t *testing.T) {
	t.Parallel()
	r := newDiskRig(t)
	p := r.start()
	eventually(t, 20*time.Second, "the daemon polls", func() bool { return r.asked() >= 8 && answers(r.listen, "/readyz") })
	files, err := filepath.Glob(filepath.Join(r.state, "journal.db*"))
	if err != nil || len(files) < 3 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
	before := r.asked()
	eventually(t, 20*time.Second, "it polls on", func() bool { return answers(r.listen, "/readyz") && r.asked() > before+6 })
	p.end()
	r.everyAnswer()
}

// TestTwoDaemonsOnOneState: the second says so and ends with 1, the first goes on.
func TestTwoDaemonsOnOneState(t *testing.T) {
	t.Parallel()
	r := newDiskRig(t)
	first := r.start()
	eventually(t, 20*time.Second, "the first one runs", func() bool { return answers(r.listen, "/readyz") })
	second := r.start()
	_ = second.cmd.Wait() // the status tells
	if code := second.cmd.ProcessState.ExitCode(); code != 1 {
		t.Errorf("the second one ended with %d", code)
	}
	if !strings.Contains(second.stderr.String(), "in use by another collectord") {
		t.Errorf("it says %s", second.stderr)
	}
	if !answers(r.listen, "/readyz") {
		t.Error("the first one is not well")
	}
	first.end()
}

// TestStateFolderReadOnly: the daemon does not start, and says why.
func TestStateFolderReadOnly(t *testing.T) {
	t.Parallel()
	r := newDiskRig(t)
	if err := unix.Mount(r.state, r.state, "", unix.MS_BIND, ""); err == nil {
		t.Cleanup(func() {
			if err := unix.Unmount(r.state, 0); err != nil {
				t.Error(err)
			}
		})
		if err := unix.Mount("", r.state, "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY, ""); err != nil {
			t.Fatal(err)
		}
	} else if os.Geteuid() == 0 {
		t.Logf("root without the right to mount (%v) can write everywhere", err)
		return
	} else if err := os.Chmod(r.state, 0o500); err != nil {
		t.Fatal(err)
	} else {
		t.Cleanup(func() { _ = os.Chmod(r.state, 0o700) }) // for the removal of the folder
	}
	p := r.start()
	_ = p.cmd.Wait() // the status tells
	if code := p.cmd.ProcessState.ExitCode(); code != 1 || !strings.Contains(p.stderr.String(), r.state) && !strings.Contains(p.stderr.String(), "state/") {
		t.Errorf("it ended with %d and said %s", code, p.stderr)
	}
}
