//go:build linux && amd64

package main

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// wallClock sets the clock on the wall of one running process, and of no other.
//
// Go asks the kernel for the time through code that the kernel maps into each process,
// the vDSO. The code of this process is made to jump to the stub below, which asks by
// a system call and adds an offset to the clock on the wall alone: CLOCK_MONOTONIC and
// the timers go on as they were, as on a machine whose clock is set.
type wallClock struct {
	t      *testing.T
	pid    int
	offset int64 // where the offset is, in the memory of the process
}

// stub is clock_gettime(edi, rsi) with an offset, which its last eight bytes are.
func stub() []byte {
	return []byte{
		0xb8, 0xe4, 0x00, 0x00, 0x00, // mov eax, 228: clock_gettime
		0x0f, 0x05, // syscall
		0x85, 0xff, // test edi, edi: CLOCK_REALTIME is 0
		0x75, 0x0a, // jne to ret
		0x48, 0x8b, 0x0d, 0x04, 0x00, 0x00, 0x00, // mov rcx, [rip+4]
		0x48, 0x01, 0x0e, // add [rsi], rcx: seconds
		0xc3,                   // ret
		0, 0, 0, 0, 0, 0, 0, 0, // the offset
	}
}

// takeClock takes over the clock of a process.
func takeClock(t *testing.T, p *process) *wallClock {
	t.Helper()
	c := &wallClock{t: t, pid: p.cmd.Process.Pid}
	start, image := c.vdso()
	file, err := elf.NewFile(bytes.NewReader(image))
	if err != nil {
		c.cannot(err)
	}
	symbols, err := file.DynamicSymbols()
	if err != nil {
		c.cannot(err)
	}
	i := slices.IndexFunc(symbols, func(s elf.Symbol) bool { return s.Name == "__vdso_clock_gettime" })
	room := len(bytes.TrimRight(image, "\x00")) + 16 // behind all that is in use
	if i < 0 || room+len(stub()) > len(image) {
		c.cannot(fmt.Errorf("this kernel's vDSO (%d bytes) has no clock_gettime, or no room for another", len(image)))
	}
	c.write(start+int64(room), stub())
	c.offset = start + int64(room+len(stub())-8)
	jump := []byte{0xe9}
	entry := int(symbols[i].Value)
	c.write(start+int64(entry), binary.LittleEndian.AppendUint32(jump, uint32(room-entry-len(jump)-4)))
	return c
}

// set makes the clock show a time that is off by so much.
func (c *wallClock) set(by time.Duration) {
	c.t.Helper()
	c.write(c.offset, binary.LittleEndian.AppendUint64(nil, uint64(by/time.Second)))
}

// vdso returns where the kernel's code is in the process, and what it is.
func (c *wallClock) vdso() (start int64, image []byte) {
	c.t.Helper()
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", c.pid))
	if err != nil {
		c.cannot(err)
	}
	for line := range strings.Lines(string(maps)) {
		var end int64
		if _, err := fmt.Sscanf(line, "%x-%x", &start, &end); err != nil || !strings.Contains(line, "[vdso]") {
			continue
		}
		image = make([]byte, end-start)
		f := c.memory()
		defer func() { _ = f.Close() }() // it was only read
		if _, err := f.ReadAt(image, start); err != nil {
			c.cannot(err)
		}
		return start, image
	}
	c.cannot(errors.New("the process has no vDSO"))
	return 0, nil
}

func (c *wallClock) write(at int64, b []byte) {
	c.t.Helper()
	f := c.memory()
	_, err := f.WriteAt(b, at)
	if err := f.Close(); err != nil {
		c.cannot(err)
	}
	if err != nil {
		c.cannot(err)
	}
}

func (c *wallClock) memory() *os.File {
	c.t.Helper()
	f, err := os.OpenFile(fmt.Sprintf("/proc/%d/mem", c.pid), os.O_RDWR, 0)
	if err != nil {
		c.cannot(err)
	}
	return f
}

// cannot ends the test on a system that keeps its processes apart, or has another clock.
func (c *wallClock) cannot(err error) {
	c.t.Helper()
	if os.Getenv("CI") != "" {
		c.t.Fatal(err)
	}
	c.t.Skipf("the clock of a process cannot be set here: %v", err)
}
