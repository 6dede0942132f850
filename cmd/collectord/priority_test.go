package main

import (
	"testing"

	"go.uber.org/zap/zapcore"
)

// TestPriorityOfEveryLevel holds the levels to sd-daemon(3).
func TestPriorityOfEveryLevel(t *testing.T) {
	for level, want := range map[zapcore.Level]string{
		zapcore.DebugLevel: "<7>", zapcore.InfoLevel: "<6>", zapcore.WarnLevel: "<4>", zapcore.ErrorLevel: "<3>",
		zapcore.DPanicLevel: "<3>", zapcore.PanicLevel: "<3>", zapcore.FatalLevel: "<3>",
	} {
		if got := priorityOf(level); got != want {
			t.Errorf("%v: %s, want %s", level, got, want)
		}
	}
}
