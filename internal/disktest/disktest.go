// Package disktest finds out what a power cut would take, and what becomes of a program
// whose disk fails. It runs a process under ptrace and sees every call that it makes to
// the kernel about files:
//
//	p := disktest.Process{Cmd: cmd, Dir: state}
//	report := p.Run(t)           // what the process promised and had not on disk
//	p.Fail = disktest.Nth(7)     // the seventh call about the folder fails, as EIO
//
// The model is that of a careful file system: what is written to a file is on disk when
// fsync or fdatasync of the file returns, and a name (made, renamed, linked) when fsync
// of its folder does. A process gives its word by writing to its standard output: what
// it has written or named in the folder by then has to be on disk. And a file that is
// put in the place of another has to be on disk before it has its name.
//
// A call that fails changes nothing in the model: a program that goes on as if an fsync
// had worked gives its word on what is not on disk.
//
// It works on Linux on amd64. Elsewhere, and where processes are kept from tracing each
// other, the test is skipped, and fails in CI.
package disktest

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// Process is a program that is watched.
type Process struct {
	// Cmd is not started yet. Its output is taken.
	Cmd *exec.Cmd
	// Dir is the folder that counts, and all below it.
	Dir string
	// Passing says of a file, by its base name, that it may be lost: a lock, or what is
	// made anew at the next start. nil: none may.
	Passing func(name string) bool
	// Fail says which call fails, and how: 0 for one that is made. nil: none fails.
	Fail func(c Call) syscall.Errno
}

// Call is a call about a file or folder below Dir.
type Call struct {
	N    int    // the first is 1; looking at a file (stat) does not count
	Name string // "openat", "read", "write", "fsync", "fdatasync", "ftruncate", "rename", "link", "unlink", "mkdir"
	Path string
	To   string // of rename and link
}

func (c Call) String() string { return strings.TrimSpace(c.Name + " " + c.Path + " " + c.To) }

// Nth is a Fail: the nth call, and no other, fails as a broken disk has it.
func Nth(n int) func(Call) syscall.Errno {
	return func(c Call) syscall.Errno {
		if c.N == n {
			return syscall.EIO
		}
		return 0
	}
}

// Report is what a process did.
type Report struct {
	Calls  []Call
	Failed *Call    // the first that was made to fail, nil if none was
	Broken []string // promises that a power cut would break, in words
	Output string   // standard output
	Said   string   // standard error
	Code   int      // exit status
}

// Run runs the process to its end.
func (p Process) Run(t *testing.T) Report {
	t.Helper()
	r := Report{}
	files := make(map[string]*os.File)
	for _, name := range []string{"out", "err"} {
		f, err := os.Create(filepath.Join(t.TempDir(), name))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = f.Close() }() // it is read by then
		files[name] = f
	}
	p.Cmd.Stdout, p.Cmd.Stderr = files["out"], files["err"]
	d := &disk{process: p, report: &r, unsafe: make(map[string]string)}
	code, err := trace(p.Cmd, d)
	if err != nil {
		cannot(t, err)
	}
	r.Code = code
	for name, text := range map[string]*string{"out": &r.Output, "err": &r.Said} {
		b, err := os.ReadFile(files[name].Name())
		if err != nil {
			t.Fatal(err)
		}
		*text = string(b)
	}
	return r
}

// cannot ends the test where processes are kept apart.
func cannot(t *testing.T, err error) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(err)
	}
	t.Skipf("a process cannot be traced here: %v", err)
}

// disk is what is not on disk yet. Its methods are called by the tracer, one at a
// time.
type disk struct {
	process Process
	report  *Report
	unsafe  map[string]string // by path: what would be lost
}

// enter is told of a call before it is made and says how it is to fail, 0 for not at
// all.
func (d *disk) enter(c *Call) syscall.Errno {
	if !d.below(c.Path) && !d.below(c.To) {
		return 0
	}
	c.N = len(d.report.Calls) + 1
	d.report.Calls = append(d.report.Calls, *c)
	if d.process.Fail == nil {
		return 0
	}
	errno := d.process.Fail(*c)
	if errno != 0 && d.report.Failed == nil {
		d.report.Failed = c
	}
	return errno
}

// left is told of a call that was made and did not fail. Created is of an openat or
// mkdir that made what it opened.
func (d *disk) left(c Call, created bool) {
	switch c.Name {
	case "openat", "mkdir":
		if created {
			d.named(c.Path)
		}
	case "write", "ftruncate":
		d.lose(c.Path, "what was written to "+c.Path)
	case "fsync", "fdatasync":
		delete(d.unsafe, c.Path)
	case "rename", "link":
		if what := d.unsafe[c.Path]; what != "" {
			d.broken(what + " when it was named " + filepath.Base(c.To))
		}
		if c.Name == "rename" {
			delete(d.unsafe, c.Path)
		}
		d.named(c.To)
	case "unlink":
		delete(d.unsafe, c.Path)
	}
}

func (d *disk) named(path string) {
	if d.passing(path) {
		return
	}
	d.lose(filepath.Dir(path), "the name "+path)
}

func (d *disk) lose(path, what string) {
	if (d.below(path) || d.below(filepath.Join(path, "x"))) && !d.passing(path) {
		d.unsafe[path] = what
	}
}

// word is told that the process gives its word.
func (d *disk) word() {
	for _, path := range slices.Sorted(maps.Keys(d.unsafe)) {
		d.broken(d.unsafe[path])
	}
}

func (d *disk) broken(what string) {
	text := what + " was not on disk"
	if !slices.Contains(d.report.Broken, text) {
		d.report.Broken = append(d.report.Broken, text)
	}
}

// below reports whether a path is that of the folder or of something in it.
func (d *disk) below(path string) bool {
	return path == d.process.Dir || strings.HasPrefix(path, d.process.Dir+string(filepath.Separator))
}

func (d *disk) passing(path string) bool {
	return d.process.Passing != nil && d.process.Passing(filepath.Base(path))
}

// N is how many calls of a name there were.
func (r Report) N(name string) (n int) {
	for _, c := range r.Calls {
		if c.Name == name {
			n++
		}
	}
	return n
}

// Distinct are the calls to have fail, one after the other: all of them, but of those
// that read from one file the first alone.
func (r Report) Distinct() []Call {
	seen := make(map[string]bool)
	return slices.DeleteFunc(slices.Clone(r.Calls), func(c Call) bool {
		again := c.Name == "read" && seen[c.Path]
		seen[c.Path] = seen[c.Path] || c.Name == "read"
		return again
	})
}

// Firsts are fewer: the first call of each name to each file, files whose names differ
// in hexadecimal digits alone taken for one.
func (r Report) Firsts() []Call {
	seen := make(map[string]bool)
	return slices.DeleteFunc(slices.Clone(r.Calls), func(c Call) bool {
		kind := c.Name + " " + strings.Map(func(r rune) rune {
			if strings.ContainsRune("0123456789abcdef", r) {
				return -1 // names hold digits of random numbers, and of keys
			}
			return r
		}, filepath.Base(c.Path))
		again := seen[kind]
		seen[kind] = true
		return again
	})
}

// String tells of the calls, one a line.
func (r Report) String() string {
	var b strings.Builder
	for _, c := range r.Calls {
		_, _ = fmt.Fprintf(&b, "%d %s\n", c.N, c) // never fails
	}
	return b.String()
}
