package natstest

import (
	"os/exec"
	"syscall"
)

// dieWithParent has the kernel end the server where the test binary itself is
// killed and no Cleanup runs.
func dieWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
