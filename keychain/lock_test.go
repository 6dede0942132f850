package keychain

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"
)

// TestLockThatCannotBeHad: whether another process holds it, or it cannot be made.
func TestLockThatCannotBeHad(t *testing.T) {
	d := disk{state: t.TempDir()}
	if err := d.prepare(); err != nil {
		t.Fatal(err)
	}
	unlock, err := d.lock(t.Context(), "lock")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := d.lock(ctx, "lock"); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "is held by another process") {
		t.Errorf("a lock that is held: %v", err)
	}
	unlock()
	if err := os.Mkdir(d.path("folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := d.lock(t.Context(), "folder"); err == nil || strings.Contains(err.Error(), "another process") {
		t.Errorf("a lock that cannot be made: %v", err)
	}
}

// TestDumpThatIsGone is none that is damaged: whoever lists the dumps again finds the
// others.
func TestDumpThatIsGone(t *testing.T) {
	d := disk{state: t.TempDir()}
	if _, err := d.read("20261122T064610.627614568Z-075620a8", nil); !errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrDamaged) {
		t.Error(err)
	}
}
