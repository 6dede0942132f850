package journal

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"collectord/collector/point"
	"collectord/internal/disktest"
)

var everyCall = flag.Bool("every-call", false, "let TestEveryCallFails have every call fail, which takes minutes, and not one of each kind in two ways")

// stepsEnv says which steps the test binary, run again, takes.
const stepsEnv = "JOURNAL_TEST_STEPS"

// oldLine is recorded before the steps, newLine by them.
const (
	oldLine = `profile,account=old,id=1,network=vk,type=person followers=1i 1792224000`
	newLine = `profile,account=new,id=1,network=vk,type=person followers=2i 1792227600`
)

// steps does to a journal what a poll does, and gives its word after each. Where it is
// to, it deletes the file in between.
func steps() error {
	ctx, at := context.Background(), t0.Add(time.Hour)
	j, err := Open(ctx, Options{Path: os.Getenv(childEnv)})
	if err != nil {
		return err
	}
	if os.Getenv(stepsEnv) == "deleted" {
		if err := os.Remove(j.Path()); err != nil {
			return err
		}
	}
	for _, step := range []struct {
		word string
		do   func() error
	}{
		{"begun", func() error {
			return j.BeginTick(ctx, Tick{Network: "vk", Time: at}, map[string]time.Time{"@hourly": at.Add(time.Hour)})
		}},
		{"spent", func() error {
			_, err := j.Spend(ctx, "vk", Spent{Slot: "vk", Day: "2026-10-17", Micros: 7})
			return err
		}},
		{"recorded", func() error {
			return j.Record(ctx, Batch{Network: "vk", Time: at, Points: []point.Point{profile("vk", "new", at, 2)}, Answered: []string{"new"}, OK: 1, Requests: 1})
		}},
		{"ended", func() error { return j.EndTick(ctx, "vk", at, nil) }},
		{"advanced", func() error { return j.Advance(ctx, "i", 1, nil) }},
		{"closed", j.Close},
	} {
		if err := step.do(); err != nil {
			return errors.Join(err, j.Close())
		}
		fmt.Println(step.word)
	}
	return nil
}

// stepped runs the steps on a journal, watched.
func stepped(t *testing.T, path, way string, fail func(disktest.Call) syscall.Errno) disktest.Report {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+path, stepsEnv+"="+way)
	return disktest.Process{Cmd: cmd, Dir: filepath.Dir(path), Fail: fail, Passing: func(name string) bool {
		// Locks, the index of the log, which is made anew, and what is made aside and
		// counts once it has its name. Where the log could not be brought home, it is
		// still there, and what the file has got of it does not count.
		return strings.HasSuffix(name, ".lock") || strings.HasSuffix(name, "-shm") || strings.Contains(name, ".salvaging") ||
			fail != nil && name == filepath.Base(path)
	}}.Run(t)
}

// ways are what the steps begin with.
func ways() map[string]func(t *testing.T, path string) {
	there := func(t *testing.T, path string) {
		j := open(t, path)
		record(t, j, "vk", t0, profile("vk", "old", t0, 1))
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return map[string]func(t *testing.T, path string){
		"fresh":   func(*testing.T, string) {},
		"there":   there,
		"deleted": there,
		"damaged": func(t *testing.T, path string) {
			there(t, path)
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Truncate(path, info.Size()-1); err != nil {
				t.Fatal(err)
			}
		},
	}
}

// TestPowerCut: what was acknowledged is on disk, in all its files and under their
// names.
func TestPowerCut(t *testing.T) {
	for way, prepare := range ways() {
		path := temp(t)
		prepare(t, path)
		r := stepped(t, path, way, nil)
		if r.Code != 0 || !strings.HasSuffix(r.Output, "closed\n") || len(r.Broken) > 0 {
			t.Errorf("%s: %d, %q\n%s%s\n%s", way, r.Code, r.Broken, r.Output, r.Said, r)
		}
		judge(t, path, way, r)
	}
}

// judge opens what the steps left: everything that was acknowledged is there, and
// whatever was there before.
func judge(t *testing.T, path, way string, r disktest.Report) {
	t.Helper()
	said := strings.Fields(r.Output)
	if way == "deleted" && !slices.Contains(said, "begun") {
		return // the file went with its process
	}
	j, err := Open(t.Context(), Options{Path: path})
	if err != nil {
		t.Errorf("%s: after %v: %v", way, r.Failed, err)
		return
	}
	defer func() {
		if err := j.Close(); err != nil {
			t.Errorf("%s: after %v: %v", way, r.Failed, err)
		}
	}()
	all := lines(t, j)
	if way != "fresh" && !slices.Contains(all, oldLine) {
		t.Errorf("%s: after %v the old point is gone; %q", way, r.Failed, all)
	}
	ticks := must(j.OpenTicks(t.Context()))(t)
	slots := must(j.Slots(t.Context()))(t)
	spent := must(j.Spent(t.Context(), "2026-10-17"))(t)
	cursor := must(j.Cursor(t.Context(), "i"))(t)
	for word, holds := range map[string]bool{
		"begun":    !slots["vk"]["@hourly"].IsZero(),
		"spent":    len(spent["vk"]) == 1 && spent["vk"][0].Micros == 7,
		"recorded": slices.Contains(all, newLine),
		"ended":    !slices.ContainsFunc(ticks, func(k Tick) bool { return k.Time.Equal(t0.Add(time.Hour)) }),
		"advanced": cursor == 1,
	} {
		if slices.Contains(said, word) && !holds {
			t.Errorf("%s: after %v: %s, and it is not there: %v %v %v %d %q", way, r.Failed, word, ticks, slots, spent, cursor, all)
		}
	}
}

// TestEveryCallFails has one call to the kernel of each kind fail, or every one, as on a
// disk that breaks. What is acknowledged nevertheless is on disk, and nothing that was
// there is lost.
func TestEveryCallFails(t *testing.T) {
	for way, prepare := range ways() {
		if !*everyCall && (way == "there" || way == "deleted") {
			continue
		}
		prepared := temp(t)
		prepare(t, prepared)
		run := func(fail func(disktest.Call) syscall.Errno) (path string, r disktest.Report) {
			path = temp(t)
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if b, err := os.ReadFile(prepared); err == nil {
				if err := os.WriteFile(path, b, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			return path, stepped(t, path, way, fail)
		}
		_, whole := run(nil)
		calls, failed := whole.Distinct(), 0
		if !*everyCall {
			calls = whole.Firsts()
		}
		for _, call := range calls {
			name := filepath.Base(call.Path)
			mends := strings.Contains(name, ".salvag") || call.Name == "rename" || call.Name == "unlink"
			if strings.HasSuffix(name, ".lock") || strings.HasSuffix(name, "-shm") || !*everyCall && way == "damaged" && !mends {
				continue // the others of a kind fail in the other way
			}
			failed++
			path, r := run(disktest.Nth(call.N))
			if r.Failed == nil || len(r.Broken) > 0 || r.Code > 1 {
				t.Errorf("%s: after %v: %d, %q\n%s%s", way, r.Failed, r.Code, r.Broken, r.Output, r.Said)
			}
			judge(t, path, way, r)
		}
		t.Logf("%s: %d calls failed, of %d", way, failed, len(whole.Calls))
		if failed < 8 {
			t.Errorf("%s: only %d of %v", way, failed, calls)
		}
	}
}
