package toolbuild

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"time"
)

// endTimeout is how long a process that was asked to end may take before it is killed.
const endTimeout = 20 * time.Second

// Process is one run of a program. A goroutine of its own waits for it, so that it
// leaves no zombie.
type Process struct {
	cmd    *exec.Cmd
	output bytes.Buffer
	ended  chan struct{}
}

// Start runs a program. It ends by itself, by End, or with this process.
func Start(binary string, args ...string) (*Process, error) {
	// No context: the process outlives that of a test, which ends before its Cleanup.
	p := &Process{cmd: exec.Command(binary, args...), ended: make(chan struct{})} //nolint:gosec,noctx // what Build made or a package of Debian's; End ends it
	p.cmd.Stdout, p.cmd.Stderr = &p.output, &p.output
	dieWithParent(p.cmd)
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(p.ended)
		_ = p.cmd.Wait()
	}()
	return p, nil
}

// Ended is closed once the process has ended.
func (p *Process) Ended() <-chan struct{} { return p.ended }

// Output waits for the end of the process and returns what it wrote.
func (p *Process) Output() []byte {
	<-p.ended
	return p.output.Bytes()
}

// End signals the process and waits for its end; one that does not listen is killed.
func (p *Process) End(signal os.Signal) {
	_ = p.cmd.Process.Signal(signal)
	patience := time.NewTimer(endTimeout)
	defer patience.Stop()
	select {
	case <-p.ended:
	case <-patience.C:
		_ = p.cmd.Process.Kill()
		<-p.ended
	}
}

// FreeAddress returns an address of 127.0.0.1 where nothing listens, for now.
func FreeAddress(ctx context.Context) (string, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err == nil {
		err = l.Close()
	}
	if err != nil {
		return "", fmt.Errorf("free address: %w", err)
	}
	return l.Addr().String(), nil
}
