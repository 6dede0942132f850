// Package floortest holds a stage of the program to its floor: the least work that does
// the same, done in the same run, on the same machine, by turns. What is compared is a
// ratio of CPU times, or of allocations, never a time: a slow machine, or a busy one, is
// slow for both.
//
//	ratio := floortest.CPU(t, func() { ... the stage }, func() { ... its floor })
//
// The bounds that tests set are wide, two or three times what was measured when they
// were written: they are to find the loop that has become quadratic, or the copy that
// every account is made of, not five per cent.
package floortest

import (
	"math"
	"syscall"
	"testing"
	"time"
)

// turns is how often each is measured. The fastest counts: whatever disturbs a
// measurement makes it slower.
const turns = 5

// CPU returns how many times the CPU time of floor stage takes. Either has to take some
// milliseconds.
func CPU(tb testing.TB, stage, floor func()) float64 {
	tb.Helper()
	least := [2]time.Duration{math.MaxInt64, math.MaxInt64}
	for range turns {
		for i, f := range []func(){stage, floor} {
			before := spent(tb)
			f()
			least[i] = min(least[i], spent(tb)-before)
		}
	}
	if least[1] <= 0 {
		tb.Fatal("floortest: the floor takes no time")
	}
	return float64(least[0]) / float64(least[1])
}

// spent is the CPU time of this process so far.
func spent(tb testing.TB) time.Duration {
	tb.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatalf("floortest: %v", err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// Allocations returns how many allocations f makes for each of n items.
func Allocations(n int, f func()) float64 { return testing.AllocsPerRun(1, f) / float64(n) }
