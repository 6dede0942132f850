//go:build unix

package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"collectord/keychain"
)

// TestAssignInterrupted waits for a value that nobody writes: a signal ends that.
func TestAssignInterrupted(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	// Whoever waits for a writer when the test ends gets one.
	t.Cleanup(func() {
		if w, err := os.OpenFile(pipe, os.O_WRONLY|syscall.O_NONBLOCK, 0); err == nil {
			_ = w.Close()
		}
	})
	stdin, write := io.Pipe()
	t.Cleanup(func() { _ = write.Close() })
	for _, from := range []string{"-", pipe} {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		_, err := readValue(ctx, &environment{Stdin: stdin}, keychain.Format{}, from)
		cancel()
		if !errors.Is(err, errInterrupted) {
			t.Errorf("--from %s: %v, want %v", from, err, errInterrupted)
		}
	}
}
