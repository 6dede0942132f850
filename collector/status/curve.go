package status

import (
	"strconv"
	"time"
)

// frame maps times and counts to the coordinates of a picture, whose y grows
// downwards.
type frame struct {
	from, to      time.Time
	low, high     float64 // counts at the lower and the upper edge
	width, height float64
	pad           float64 // kept free above and below
}

func (f frame) x(t time.Time) float64 {
	return f.width * float64(t.Sub(f.from)) / float64(max(1, f.to.Sub(f.from)))
}

func (f frame) y(v float64) float64 {
	inner := f.height - 2*f.pad
	if f.high <= f.low {
		return f.pad + inner/2
	}
	return f.pad + inner*(f.high-v)/(f.high-f.low)
}

// curve is a series as two SVG paths: a line that is broken at gaps, and the area
// below it. A sample between two gaps is a line of no length, which round caps
// make a dot.
type curve struct {
	Line, Area string
}

// curveOf draws the samples into the frame, thinned to about one column a unit of
// its width.
func curveOf(samples []Sample, f frame) curve {
	var line, area path
	all := runs(samples)
	for _, run := range all {
		share := float64(len(run)) / float64(len(samples))
		points := thin(run, max(1, int(f.width*share)))
		start := len(line)
		for i, s := range points {
			line.to(command(i), f.x(s.Time), f.y(float64(s.Followers)))
		}
		if len(points) == 1 {
			line.raw("h0")
			continue
		}
		// The area has the same upper edge, between two legs to the ground.
		area.to('M', f.x(points[0].Time), f.height)
		area.raw("L" + string(line[start+1:]))
		area.to('L', f.x(points[len(points)-1].Time), f.height)
		area.raw("Z")
	}
	return curve{string(line), string(area)}
}

// dotOf is a line of no length on a sample.
func dotOf(s Sample, f frame) string {
	var dot path
	dot.to('M', f.x(s.Time), f.y(float64(s.Followers)))
	dot.raw("h0")
	return string(dot)
}

// command begins a line with its first point and goes on with the others.
func command(i int) byte {
	if i == 0 {
		return 'M'
	}
	return 'L'
}

// path is the data of an SVG path.
type path []byte

func (p *path) to(command byte, x, y float64) {
	*p = append(*p, command)
	*p = appendCoordinate(*p, x)
	*p = append(*p, ' ')
	*p = appendCoordinate(*p, y)
}

func (p *path) raw(s string) { *p = append(*p, s...) }

// appendCoordinate writes a number with at most one decimal.
func appendCoordinate(b []byte, v float64) []byte {
	b = strconv.AppendFloat(b, v, 'f', 1, 64)
	if n := len(b); b[n-1] == '0' {
		b = b[:n-2]
	}
	return b
}

// The size of a sparkline in its own units.
const (
	sparkWidth  = 120
	sparkHeight = 28
)

// sparkline is the small picture of a series in the table of accounts.
type sparkline struct {
	curve
	Label string // what a screen reader says in its place
}

// sparklineOf draws the 7 days before now. The zero sparkline is for a series
// without a sample in them.
func sparklineOf(samples []Sample, now time.Time) sparkline {
	from := now.Add(-week)
	samples = within(samples, from, now)
	if len(samples) == 0 {
		return sparkline{}
	}
	least, most := bounds(samples)
	f := frame{from, now, float64(least), float64(most), sparkWidth, sparkHeight, 3}
	label := "7 days: between " + thousands(least) + " and " + thousands(most) + " followers"
	if least == most {
		label = "7 days: " + thousands(least) + " followers throughout"
	}
	return sparkline{curveOf(samples, f), label}
}
