//go:build !linux

package natstest

import "os/exec"

// dieWithParent does nothing: only Linux knows how.
func dieWithParent(*exec.Cmd) {}
