package main

import (
	"runtime/debug"
	"testing"
)

// TestSpareMemory: the heap is collected earlier than by Go's own habit, and the operator
// has the last word.
func TestSpareMemory(t *testing.T) {
	before := debug.SetGCPercent(100)
	defer debug.SetGCPercent(before)
	for _, c := range []struct {
		vars map[string]string
		want int
	}{
		{nil, heapGrowth},
		{map[string]string{"GOGC": ""}, heapGrowth},
		{map[string]string{"GOGC": "200"}, 100},
		{map[string]string{"GOMEMLIMIT": "500MiB"}, 100},
	} {
		debug.SetGCPercent(100)
		env := &environment{Getenv: func(name string) (string, bool) { v, ok := c.vars[name]; return v, ok }}
		env.spareMemory()
		if got := debug.SetGCPercent(100); got != c.want {
			t.Errorf("with %v the heap may grow by %d %%, want %d", c.vars, got, c.want)
		}
	}
}
