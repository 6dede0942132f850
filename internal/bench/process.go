//nolint:gosec // paths and addresses are those of whoever runs the bench
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a program that is measured, or serves one that is.
type process struct {
	name string
	cmd  *exec.Cmd
	out  *bytes.Buffer // stderr; read it after done is closed
	done chan struct{}
	err  error // of Wait, once done is closed
}

// begin starts a program in a folder. What it writes to stdout is dropped.
func begin(name, dir, path string, args ...string) (*process, error) {
	p := &process{name: name, cmd: exec.CommandContext(context.Background(), path, args...), out: new(bytes.Buffer), done: make(chan struct{})} // stop ends it
	p.cmd.Dir, p.cmd.Stderr = dir, p.out
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for us: we end them
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	go func() {
		defer close(p.done)
		p.err = p.cmd.Wait()
	}()
	return p, nil
}

// stop ends the process in good order and waits for it.
func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended by itself
	select {
	case <-p.done:
	case <-time.After(time.Minute):
		_ = p.cmd.Process.Kill()
		<-p.done
	}
}

// wait waits for the process to end by itself.
func (p *process) wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		p.stop()
		return ctx.Err()
	case <-p.done:
	}
	if p.err != nil {
		return fmt.Errorf("%s: %w\n%s", p.name, p.err, lastLines(p.out.String()))
	}
	return nil
}

// ended is an error if the process is not running any more.
func (p *process) ended() error {
	select {
	case <-p.done:
		return fmt.Errorf("%s ended: %w\n%s", p.name, errors.Join(p.err), lastLines(p.out.String()))
	default:
		return nil
	}
}

// cost is what a process that has ended took.
func (p *process) cost() cost {
	u, ok := p.cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return cost{}
	}
	return cost{cpu: time.Duration(u.Utime.Nano() + u.Stime.Nano()), peak: u.Maxrss << 10}
}

// lastLines are the last lines of a log, enough to see why a program ended.
func lastLines(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-5):], "\n")
}

// cost is what something took.
type cost struct {
	wall, cpu time.Duration
	peak      int64 // bytes resident at most, since the start of the process
	requests  int
	disk      int64 // bytes of the state folder
}

// jiffy is the unit of CPU times in /proc, on every Linux that Go runs on.
const jiffy = 10 * time.Millisecond

// cpuOf is the CPU time that a running process has taken.
func cpuOf(pid int) (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	// Behind the name, which ends in the last parenthesis, field 3 comes first;
	// 14 and 15 are the times in user and kernel mode.
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if len(fields) < 13 {
		return 0, fmt.Errorf("/proc/%d/stat has %d fields", pid, len(fields))
	}
	var sum time.Duration
	for _, field := range fields[11:13] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, err
		}
		sum += time.Duration(n) * jiffy
	}
	return sum, nil
}

// memoryOf is what /proc tells of a process's memory, in bytes: VmHWM is the most that
// was resident, VmRSS what is now.
func memoryOf(pid int, what string) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, what+":"); ok {
			n, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			return n << 10, err
		}
	}
	return 0, fmt.Errorf("/proc/%d/status has no %s", pid, what)
}

// sizeOf is how many bytes the files below a folder have.
func sizeOf(dir string) (sum int64) {
	_ = filepath.WalkDir(dir, func(_ string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil //nolint:nilerr // a file that went meanwhile has no size
		}
		if info, err := d.Info(); err == nil {
			sum += info.Size()
		}
		return nil
	})
	return sum
}

// pause waits for d or the end of ctx.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// writeFile writes a file of text, by a function.
func writeFile(path string, write func(io.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}
