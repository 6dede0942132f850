//go:build race

package collector

// vkAccounts are fewer where the race detector makes everything ten times slower.
const vkAccounts = 2000

// raceDetector reports whether this test binary has it.
const raceDetector = true
