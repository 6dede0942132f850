package disktest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

const childEnv = "DISKTEST_CHILD"

// TestMain also is the process that is watched.
func TestMain(m *testing.M) {
	if way := os.Getenv(childEnv); way != "" {
		if err := child(way, os.Getenv("DISKTEST_DIR")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(3)
		}
		fmt.Println("done")
		return
	}
	os.Exit(m.Run())
}

// child replaces a file, in the way that is asked for.
func child(way, dir string) error {
	f, err := os.Create(filepath.Join(dir, "temp"))
	if err != nil {
		return err
	}
	if _, err := f.WriteString("x"); err != nil {
		return err
	}
	if way != "no fsync" {
		if err := f.Sync(); err != nil && way != "careless" {
			return err
		}
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), filepath.Join(dir, "file")); err != nil {
		return err
	}
	if way == "no folder" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func watched(t *testing.T, way string, fail func(Call) syscall.Errno) Report {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), childEnv+"="+way, "DISKTEST_DIR="+dir)
	return Process{Cmd: cmd, Dir: dir, Fail: fail, Passing: func(name string) bool { return name == "lock" }}.Run(t)
}

// TestWays plants what a power cut would take and finds it.
func TestWays(t *testing.T) {
	for way, want := range map[string]string{
		"right":     "",
		"no fsync":  "when it was named file was not on disk",
		"no folder": "/file was not on disk",
	} {
		r := watched(t, way, nil)
		if r.Code != 0 || r.Output != "done\n" || r.Said != "" {
			t.Errorf("%s: %+v", way, r)
		}
		if got := strings.Join(r.Broken, "\n"); want == "" && got != "" || !strings.HasSuffix(got, want) {
			t.Errorf("%s: %q, want %q\n%s", way, got, want, r)
		}
		if !slices.ContainsFunc(r.Calls, func(c Call) bool { return c.Name == "rename" && filepath.Base(c.To) == "file" }) {
			t.Errorf("%s: no rename was seen\n%s", way, r)
		}
	}
}

// TestEveryCallFails has each of them fail once: whoever looks at what he is told gives
// no word then, and whoever does not is found out.
func TestEveryCallFails(t *testing.T) {
	calls := watched(t, "right", nil).Calls
	if len(calls) < 5 {
		t.Fatal(calls)
	}
	for _, c := range calls {
		r := watched(t, "right", Nth(c.N))
		if r.Code != 3 || r.Output != "" || !strings.Contains(r.Said, "input/output error") || r.Failed == nil || r.Failed.Name != c.Name {
			t.Errorf("%v: %+v", c, r)
		}
	}
	r := watched(t, "careless", func(c Call) syscall.Errno {
		if c.Name == "fsync" && filepath.Base(c.Path) == "temp" {
			return syscall.ENOSPC
		}
		return 0
	})
	if r.Code != 0 || len(r.Broken) != 1 || r.Failed == nil {
		t.Errorf("%+v", r)
	}
}

// TestModel says what is on disk after which calls.
func TestModel(t *testing.T) {
	for _, c := range []struct {
		name  string
		calls []Call
		want  string
	}{
		{"nothing", nil, ""},
		{"written", []Call{{Name: "write", Path: "/d/a"}}, "what was written to /d/a"},
		{"cut", []Call{{Name: "ftruncate", Path: "/d/a"}}, "what was written to /d/a"},
		{"synced", []Call{{Name: "write", Path: "/d/a"}, {Name: "fdatasync", Path: "/d/a"}}, ""},
		{"another was synced", []Call{{Name: "write", Path: "/d/a"}, {Name: "fsync", Path: "/d/b"}}, "what was written to /d/a"},
		{"removed", []Call{{Name: "write", Path: "/d/a"}, {Name: "unlink", Path: "/d/a"}}, ""},
		{"made", []Call{{Name: "mkdir", Path: "/d/a"}}, "the name /d/a"},
		{"linked", []Call{{Name: "link", Path: "/d/a", To: "/d/b"}}, "the name /d/b"},
		{"a lock", []Call{{Name: "openat", Path: "/d/lock"}, {Name: "write", Path: "/d/lock"}}, ""},
		{"elsewhere", []Call{{Name: "write", Path: "/e/a"}, {Name: "write", Path: "/dd"}}, ""},
		{"before its name", []Call{{Name: "write", Path: "/d/a"}, {Name: "rename", Path: "/d/a", To: "/d/b"}, {Name: "fsync", Path: "/d"}},
			"what was written to /d/a when it was named b"},
	} {
		r := Report{}
		d := &disk{process: Process{Dir: "/d", Passing: func(n string) bool { return n == "lock" }}, report: &r, unsafe: map[string]string{}}
		for _, call := range c.calls {
			d.left(call, true)
		}
		d.word()
		d.word()
		if got := strings.TrimSuffix(strings.Join(r.Broken, "; "), " was not on disk"); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestDistinct(t *testing.T) {
	a, b, sync := Call{N: 1, Name: "read", Path: "/d/a"}, Call{N: 3, Name: "read", Path: "/d/b"}, Call{N: 4, Name: "fsync", Path: "/d/a"}
	again, twice := Call{N: 2, Name: "read", Path: "/d/a"}, Call{N: 5, Name: "fsync", Path: "/d/a"}
	r := Report{Calls: []Call{a, again, b, sync, twice}}
	if got := r.Distinct(); !slices.Equal(got, []Call{a, b, sync, twice}) || len(r.Calls) != 5 || r.N("fsync") != 2 {
		t.Error(got)
	}
	r.Calls = append(r.Calls, Call{N: 6, Name: "fsync", Path: "/d/.x-17f.age"}, Call{N: 7, Name: "fsync", Path: "/e/.x-2.age"}, Call{N: 8, Name: "fsync", Path: "/e/.y-2.age"})
	if got := r.Firsts(); len(got) != 4 || got[0] != a || got[1].N != 4 || got[2].N != 6 || got[3].N != 8 {
		t.Error(got)
	}
}

// TestDead tells of a process that is killed.
func TestDead(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "sh", "-c", "kill -9 $$")
	if r := (Process{Cmd: cmd, Dir: t.TempDir()}).Run(t); r.Code != -1 {
		t.Errorf("%+v", r)
	}
	cmd = exec.CommandContext(t.Context(), "/nowhere")
	if _, err := trace(cmd, &disk{}); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}
