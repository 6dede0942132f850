package keychain

import (
	"fmt"
	"runtime/debug"
)

// Panic is the error in place of a panic in what the keychain was handed: a Checker, a
// Refresher or a Maker. One network's code is no reason to end a process that keeps the
// tokens of all. It counts as an answer that did not come: the token stays, and is
// renewed again later.
type Panic struct {
	Value any    // what it panicked with
	Stack []byte // of the goroutine, as runtime/debug prints it
}

// Error tells the value alone: a stack is no text for a page.
func (p *Panic) Error() string { return fmt.Sprintf("BUG: panic: %v", p.Value) }

// guarded asks what may panic.
func guarded[T any](ask func() (T, error)) (answer T, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &Panic{Value: v, Stack: debug.Stack()}
		}
	}()
	return ask()
}
