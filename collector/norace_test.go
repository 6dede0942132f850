//go:build !race

package collector

// vkAccounts are as many as a large newsroom follows.
const vkAccounts = 10_000

// raceDetector reports whether this test binary has it.
const raceDetector = false
