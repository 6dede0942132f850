package main

import (
	"fmt"
	"syscall"
)

// boundMemory bounds what every process that is started from here on may write to, in
// bytes: a mutant that appends for ever dies of it, and nothing beside it. What is
// only reserved does not count, of which Go and Chromium do a lot.
func boundMemory() error {
	const most = 6 << 30
	limit := syscall.Rlimit{Cur: most, Max: most}
	if err := syscall.Setrlimit(syscall.RLIMIT_DATA, &limit); err != nil {
		return fmt.Errorf("bound the memory: %w", err)
	}
	return nil
}
