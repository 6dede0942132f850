package disktest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

// longest bounds a traced process: every call costs it some ten microseconds.
const longest = 2 * time.Minute

// Options and flags of ptrace(2) and wait4(2) that package syscall has no names for.
const (
	exitKill = 0x100000   // PTRACE_O_EXITKILL: it dies with this process
	anyKind  = 0x40000000 // __WALL: threads too
	ofThread = 0x20000000 // __WNOTHREAD: what this thread started, and nobody else's
	atCall   = syscall.SIGTRAP | 0x80
)

// tracer holds a process and its threads.
type tracer struct {
	pid   int
	disk  *disk
	calls map[int]*call // by thread: what it is in
}

// call is one that has been entered.
type call struct {
	Call
	seen    bool // it is one that counts
	fresh   bool // what it opens is not there before
	fails   syscall.Errno
	promise bool
}

// trace runs a command to its end and returns its exit status.
func trace(cmd *exec.Cmd, d *disk) (code int, err error) {
	runtime.LockOSThread() // ptrace takes orders of one thread alone
	defer runtime.UnlockOSThread()
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Ptrace = true
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	t := &tracer{pid: cmd.Process.Pid, disk: d, calls: make(map[int]*call)}
	late := time.AfterFunc(longest, func() { _ = syscall.Kill(t.pid, syscall.SIGKILL) })
	defer late.Stop()
	code, err = t.run()
	if err != nil {
		_ = syscall.Kill(t.pid, syscall.SIGKILL)
	}
	_ = cmd.Wait() // what it knows of the end is here already; it is told that nobody waits any more
	return code, err
}

func (t *tracer) run() (code int, err error) {
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(t.pid, &status, anyKind, nil); err != nil {
		return 0, fmt.Errorf("wait: %w", err)
	}
	if !status.Stopped() {
		return 0, errors.New("it ended before it began")
	}
	if err := syscall.PtraceSetOptions(t.pid, syscall.PTRACE_O_TRACESYSGOOD|syscall.PTRACE_O_TRACECLONE|exitKill); err != nil {
		return 0, fmt.Errorf("ptrace: %w", err)
	}
	tid, signal := t.pid, 0
	for {
		// A thread that has ended meanwhile is told of by the next wait.
		if err := syscall.PtraceSyscall(tid, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			return 0, fmt.Errorf("ptrace: %w", err)
		}
		for {
			if tid, err = syscall.Wait4(-1, &status, anyKind|ofThread, nil); err != nil {
				return 0, fmt.Errorf("wait: %w", err)
			}
			if status.Stopped() {
				break
			}
			delete(t.calls, tid)
			if tid == t.pid && status.Signaled() {
				return -1, nil
			} else if tid == t.pid {
				return status.ExitStatus(), nil
			}
		}
		if signal, err = t.stopped(tid, status); err != nil {
			return 0, err
		}
	}
}

// stopped looks at a thread that stands still and returns the signal that it goes on
// with.
func (t *tracer) stopped(tid int, status syscall.WaitStatus) (signal int, err error) {
	_, known := t.calls[tid]
	switch sig := status.StopSignal(); {
	case sig == atCall:
		if err := t.atCall(tid); err != nil && !errors.Is(err, syscall.ESRCH) {
			return 0, err
		}
		return 0, nil
	case sig == syscall.SIGTRAP, sig == syscall.SIGSTOP && !known: // a new thread: of the old one, and its own
		if sig == syscall.SIGSTOP {
			t.calls[tid] = nil
		}
		return 0, nil
	default:
		return int(sig), nil
	}
}

// atCall is at the beginning of a call, or at its end.
func (t *tracer) atCall(tid int) error {
	var regs syscall.PtraceRegs
	if err := syscall.PtraceGetRegs(tid, &regs); err != nil {
		return err
	}
	if c := t.calls[tid]; c != nil {
		t.calls[tid] = nil
		return t.end(tid, c, &regs)
	}
	if syscall.Errno(-int64(regs.Rax)) != syscall.ENOSYS { // what the kernel has there at the beginning
		return nil
	}
	c := t.begin(tid, &regs)
	t.calls[tid] = c
	if c.fails != 0 {
		regs.Orig_rax = ^uint64(0) // no such call
		return syscall.PtraceSetRegs(tid, &regs)
	}
	return nil
}

func (t *tracer) begin(tid int, regs *syscall.PtraceRegs) *call {
	c := &call{}
	c.Call, c.seen = t.read(tid, regs)
	if !c.seen {
		return c
	}
	if c.Name == "write" && regs.Rdi == 1 {
		c.promise = true
		t.disk.word()
		return c
	}
	_, err := os.Lstat(c.Path)
	c.fresh = errors.Is(err, os.ErrNotExist)
	c.fails = t.disk.enter(&c.Call)
	return c
}

func (t *tracer) end(tid int, c *call, regs *syscall.PtraceRegs) error {
	if c.fails != 0 {
		regs.Rax = uint64(-int64(c.fails))
		return syscall.PtraceSetRegs(tid, regs)
	}
	if c.seen && !c.promise && int64(regs.Rax) >= 0 {
		t.disk.left(c.Call, c.fresh)
	}
	return nil
}

// read makes a Call of what is in the registers, if it is of a kind that counts.
func (t *tracer) read(tid int, r *syscall.PtraceRegs) (c Call, ok bool) {
	byFile := map[uint64]string{
		syscall.SYS_WRITE: "write", syscall.SYS_PWRITE64: "write", syscall.SYS_WRITEV: "write",
		syscall.SYS_READ: "read", syscall.SYS_PREAD64: "read", syscall.SYS_GETDENTS64: "read",
		syscall.SYS_FTRUNCATE: "ftruncate", syscall.SYS_FSYNC: "fsync", syscall.SYS_FDATASYNC: "fdatasync",
	}
	if name := byFile[r.Orig_rax]; name != "" {
		return Call{Name: name, Path: t.fileOf(tid, r.Rdi)}, true
	}
	switch r.Orig_rax {
	case syscall.SYS_OPENAT:
		return Call{Name: "openat", Path: t.path(tid, r.Rdi, r.Rsi)}, true
	case syscall.SYS_RENAMEAT, 316: // renameat2
		return Call{Name: "rename", Path: t.path(tid, r.Rdi, r.Rsi), To: t.path(tid, r.Rdx, r.R10)}, true
	case syscall.SYS_LINKAT:
		return Call{Name: "link", Path: t.path(tid, r.Rdi, r.Rsi), To: t.path(tid, r.Rdx, r.R10)}, true
	case syscall.SYS_UNLINKAT:
		return Call{Name: "unlink", Path: t.path(tid, r.Rdi, r.Rsi)}, true
	case syscall.SYS_UNLINK:
		return Call{Name: "unlink", Path: t.path(tid, here, r.Rdi)}, true
	case syscall.SYS_MKDIRAT:
		return Call{Name: "mkdir", Path: t.path(tid, r.Rdi, r.Rsi)}, true
	}
	return Call{}, false
}

const here = ^uint64(99) // AT_FDCWD, -100

// fileOf is the path of an open file: empty where it has none, as a pipe.
func (t *tracer) fileOf(tid int, fd uint64) string {
	path, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", tid, int32(fd)))
	if err != nil || !filepath.IsAbs(path) {
		return ""
	}
	return path
}

// path is one that the thread names by its address, in a folder that is open.
func (t *tracer) path(tid int, folder, address uint64) string {
	var text []byte
	for chunk := make([]byte, 64); len(text) < 4096; {
		n, _ := syscall.PtracePeekData(tid, uintptr(address)+uintptr(len(text)), chunk) // what lies behind the end may not be there
		if end := bytes.IndexByte(chunk[:n], 0); end >= 0 || n == 0 {
			text = append(text, chunk[:max(end, 0)]...)
			break
		}
		text = append(text, chunk[:n]...)
	}
	path := string(text)
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	if int32(folder) == -100 {
		if cwd, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", tid)); err == nil {
			return filepath.Join(cwd, path)
		}
		return path
	}
	return filepath.Join(t.fileOf(tid, folder), path)
}
