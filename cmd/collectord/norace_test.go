//go:build !race

package main

import "time"

// raceDetector is whether the race detector is on, which takes several times the memory.
const raceDetector = false

// resumeWithin is how soon points are delivered again.
const resumeWithin = 5 * time.Second

// briefLife is that of a token whose renewals a test waits for; a start of the daemon has
// to fit into it.
const briefLife = 2 * time.Second
