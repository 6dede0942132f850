package main

import "runtime/debug"

// heapGrowth is by how many percent the heap may grow over what is in use before it is
// collected. Go's own 100 doubles whatever a hundred thousand accounts hold, for a poll
// that allocates little beside that.
const heapGrowth = 60

// spareMemory has the heap collected earlier than Go would by itself, unless the operator
// has said when (https://pkg.go.dev/runtime#hdr-Environment_Variables, read 2026-11-22).
func (env *environment) spareMemory() {
	for _, name := range [...]string{"GOGC", "GOMEMLIMIT"} {
		if value, _ := env.Getenv(name); value != "" {
			return
		}
	}
	debug.SetGCPercent(heapGrowth)
}
