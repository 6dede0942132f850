//go:build race

package collector

// vkAccounts are fewer where the race detector makes everything ten times slower.
const vkAccounts = 2000
