//go:build !race

package main

// raceDetector is whether the race detector is on, which takes several times the memory.
const raceDetector = false
