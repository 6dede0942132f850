//go:build !race

package collector

// vkAccounts are as many as a large newsroom follows.
const vkAccounts = 10_000
