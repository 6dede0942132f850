package journal

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"collectord/collector/point"
)

// cpu is the processor time that the process has taken.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// fill records n points at each of the ticks times.
func fill(tb testing.TB, j *Journal, n, ticks int) {
	points := make([]point.Point, n)
	for t := range ticks {
		at := t0.Add(time.Duration(t) * time.Hour)
		for i := range points {
			points[i] = profile("vk", fmt.Sprintf("account %d", i), at, int64(1_000_000+i*7+t))
		}
		record(tb, j, "vk", at, points...)
		if err := j.EndTick(tb.Context(), "vk", at, nil); err != nil {
			tb.Fatal(err)
		}
	}
}

func BenchmarkRecord1000(b *testing.B) {
	j := open(b, temp(b))
	points := make([]point.Point, 1000)
	for i := range points {
		points[i] = profile("vk", fmt.Sprintf("account %d", i), time.Time{}, int64(1_000_000+i))
	}
	record(b, j, "vk", t0, points...) // the series exist from now on
	before := cpu(b)
	b.ReportAllocs()
	for i := 1; b.Loop(); i++ {
		record(b, j, "vk", t0.Add(time.Duration(i)*time.Hour), points...)
	}
	b.ReportMetric(float64((cpu(b)-before).Microseconds())/1000/float64(b.N), "cpu-ms/op")
	b.ReportMetric(1000*float64(b.N)/b.Elapsed().Seconds(), "points/s")
	s := must(j.Stats(b.Context()))(b)
	if err := j.checkpoint(); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(fileSize(j.Path()))/float64(s.Points), "bytes/point")
}

func BenchmarkRead5000(b *testing.B) {
	j := open(b, temp(b))
	fill(b, j, 5000, 4)
	b.ReportAllocs()
	for b.Loop() {
		rows, _, err := j.Read(b.Context(), 5000, 5000)
		if err != nil || len(rows) != 5000 {
			b.Fatal(len(rows), err)
		}
	}
	b.ReportMetric(5000*float64(b.N)/b.Elapsed().Seconds(), "points/s")
}

func BenchmarkHistory720(b *testing.B) {
	j := open(b, temp(b))
	fill(b, j, 200, 720)
	for b.Loop() {
		if s, err := j.History(b.Context(), "vk", "account 7", t0); err != nil || len(s) != 720 {
			b.Fatal(len(s), err)
		}
	}
}

func BenchmarkLatest20000(b *testing.B) {
	j := open(b, temp(b))
	fill(b, j, 20_000, 1)
	at := t0.Add(time.Minute)
	for b.Loop() {
		if m, err := j.At(b.Context(), at, time.Hour); err != nil || len(m) != 20_000 {
			b.Fatal(len(m), err)
		}
	}
}
