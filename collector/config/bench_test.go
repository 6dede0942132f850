package config

import (
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// benchmarkLoad loads a config with 100,000 accounts.
func benchmarkLoad(b *testing.B, accounts, file string) {
	dir := b.TempDir()
	path := filepath.Join(dir, "config.yaml")
	write(b, path, "networks:\n  vk:\n    schedule: \"@hourly\"\n"+accounts)
	if file != "" {
		write(b, filepath.Join(dir, "a.csv"), file)
	}
	b.ReportAllocs()
	begun := cpuTime(b)
	for b.Loop() {
		cfg, err := Load(path, testEnv(nil))
		if err != nil || len(cfg.Networks[0].Accounts) != many {
			b.Fatal(err)
		}
	}
	b.ReportMetric((cpuTime(b)-begun).Seconds()*1000/float64(b.N), "cpu-ms/op")
}

// cpuTime is what this process took of all processors, which a busy machine does
// not change as it does the time on the wall.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

const many = 100_000

// lines writes one line for each of many accounts.
func lines(head, form string) string {
	var b strings.Builder
	b.WriteString(head)
	for i := range many {
		_, _ = fmt.Fprintf(&b, form, i)
	}
	return b.String()
}

func BenchmarkLoadMapping(b *testing.B) {
	benchmarkLoad(b, lines("    accounts:\n", "      Account %[1]d: handle%[1]d\n"), "")
}

func BenchmarkLoadObjects(b *testing.B) {
	benchmarkLoad(b, lines("    accounts:\n",
		"      Account %[1]d: {handle: handle%[1]d, schedule: \"*/5 * * * *\", tags: {team: news}, token: vk:second}\n"), "")
}

func BenchmarkLoadCSV(b *testing.B) {
	benchmarkLoad(b, "    accounts_files: [a.csv]\n", lines("", "Account %[1]d,handle%[1]d,team=news\n"))
}
