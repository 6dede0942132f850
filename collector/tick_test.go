package collector

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"collectord/collector/journal"
)

func TestFullDiskWaitsForRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		defer func() {
			if err := r.journal.Close(); err != nil {
				t.Error(err)
			}
		}()
		core, logs := observer.New(zapcore.DebugLevel)
		n := &network{log: zap.New(core), journal: r.journal}
		start, tries := time.Now(), 0
		err := n.durably(t.Context(), func(context.Context) error {
			tries++
			if n.blocked.Load() == nil && tries > 1 {
				t.Error("while it waits, nobody can see why")
			}
			if time.Since(start) < time.Minute {
				return fmt.Errorf("record: %w", journal.ErrFull)
			}
			return nil
		})
		if err != nil || time.Since(start) > time.Minute+fullPause {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		if n.blocked.Load() != nil {
			t.Error("it still says that it waits")
		}
		if got := logs.FilterMessageSnippet("waits for room").Len(); got != 1 {
			t.Errorf("%d log lines for one full disk, want 1", got)
		}
		if logs.FilterMessageSnippet("takes points again").Len() != 1 {
			t.Error("the end of it is not told")
		}

		// Another error is for the caller, and the end of ctx ends the wait.
		other := errors.New("other")
		if err := n.durably(t.Context(), func(context.Context) error { return other }); !errors.Is(err, other) {
			t.Errorf("%v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := n.durably(ctx, func(context.Context) error { return journal.ErrFull }); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		// What has begun is not cut short.
		ended, end := context.WithCancel(t.Context())
		end()
		if err := n.durably(ended, func(ctx context.Context) error { return ctx.Err() }); err != nil {
			t.Errorf("a write was cut short: %v", err)
		}
	})
}
