//go:build race

package main

import "time"

// raceDetector is whether the race detector is on, which takes several times the memory.
const raceDetector = true

// resumeWithin is how soon points are delivered again: five seconds, on a machine that is
// not slowed down by the race detector.
const resumeWithin = 20 * time.Second

// briefLife is that of a token whose renewals a test waits for; a start of the daemon has
// to fit into it.
const briefLife = 6 * time.Second
