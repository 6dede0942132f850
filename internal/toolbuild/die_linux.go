package toolbuild

import (
	"os/exec"
	"syscall"
)

// dieWithParent has the kernel end the process where this one is killed and ends
// nothing any more.
func dieWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
