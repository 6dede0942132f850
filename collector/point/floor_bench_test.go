package point

import (
	"fmt"
	"testing"
	"time"

	"collectord/internal/floortest"
)

// benchPoint is a profile as most are.
func benchPoint(i int) Point {
	return Point{Measurement: Profile, Tags: []Tag{{"network", "vk"}, {"account", "Account number"}, {"id", "10000001"}, {"type", "person"}},
		Fields: []Field{Int("followers", int64(i))}, Time: time.Unix(1_790_000_000, 0)}
}

func appendPoint(tb testing.TB, dst []byte, p Point) []byte {
	series, err := p.Series()
	if err != nil {
		tb.Fatal(err)
	}
	fields, err := p.FieldSet()
	if err != nil {
		tb.Fatal(err)
	}
	return AppendLine(dst, series, fields, p.Time.Unix())
}

func BenchmarkLine(b *testing.B) {
	p := benchPoint(42)
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = appendPoint(b, buf[:0], p)
	}
}

func BenchmarkParseSeries(b *testing.B) {
	series, err := benchPoint(1).Series()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := ParseSeries(series); err != nil {
			b.Fatal(err)
		}
	}
}

// TestLineNearItsFloor holds line protocol to fmt, which escapes and checks nothing.
func TestLineNearItsFloor(t *testing.T) {
	const n = 10_000
	var buf []byte
	encode := func() {
		for i := range n {
			buf = appendPoint(t, buf[:0], benchPoint(i))
		}
	}
	ratio := floortest.CPU(t, encode, func() {
		for i := range n {
			p := benchPoint(i)
			buf = fmt.Appendf(buf[:0], "%s,account=%s,id=%s,network=%s,type=%s followers=%di %d",
				p.Measurement, p.Tags[1].Value, p.Tags[2].Value, p.Tags[0].Value, p.Tags[3].Value, i, p.Time.Unix())
		}
	})
	allocations := floortest.Allocations(n, encode)
	t.Logf("%.1f times fmt, %.1f allocations a point", ratio, allocations)
	if ratio > 8 || allocations > 16 {
		t.Error("more than 8 times or 16 allocations")
	}
}
