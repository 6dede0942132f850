package status

import (
	"strconv"
	"time"
)

// The plot's line is drawn in a box of plotWidth by plotHeight units that is
// stretched to the page's width; labels lie outside of the box, in percent and
// pixels, so that they are as legible on a phone as on a desk.
const (
	plotWidth  = 1000
	plotHeight = 280
	plotTop    = 10 // pixels above the box, for the label of the highest line
	plotTimes  = 6  // labels of the time axis at most: more would touch on a phone
	plotBands  = 96 // columns that tell their value under the pointer
)

// plot is the large picture of a series.
type plot struct {
	curve
	Last  string // a dot on the last sample
	Label string // what a screen reader says in its place
	Y     []yTick
	X     []xTick
	Bands []band
	// Pixels: the whole picture's height, the box's upper and lower edge, the ends
	// of the marks and the foot of the labels of the time axis.
	Height, Top, Base, TickEnd, Foot int
	BoxWidth, BoxHeight              int
}

// yTick is a horizontal line and the count that it stands for, written beside it.
type yTick struct {
	Y, TextY, Text string
}

// xTick is a mark on the time axis.
type xTick struct {
	X, Text string
}

// band is a column of the picture that shows a sample under the pointer.
type band struct {
	X, Width, Text string
}

// plotOf draws the samples between from and to; a zero from means from the first
// sample on. It returns nil where there is no sample.
func plotOf(samples []Sample, from, to time.Time) *plot {
	samples = within(samples, from, to)
	if len(samples) == 0 {
		return nil
	}
	if from.IsZero() {
		from = samples[0].Time
	}
	if !from.Before(to) {
		from = to.Add(-time.Hour) // one sample, this moment
	}
	least, most := bounds(samples)
	counts := countTicks(least, most, 5)
	f := frame{from, to, float64(counts[0]), float64(counts[len(counts)-1]), plotWidth, plotHeight, 0}
	p := &plot{
		curve:  curveOf(samples, f),
		Last:   dotOf(samples[len(samples)-1], f),
		Height: plotTop + plotHeight + 28,
		Top:    plotTop, Base: plotTop + plotHeight, TickEnd: plotTop + plotHeight + 5, Foot: plotTop + plotHeight + 20,
		BoxWidth: plotWidth, BoxHeight: plotHeight,
		Label: "Followers from " + from.UTC().Format("2 Jan 2006") + " to " + to.UTC().Format("2 Jan 2006") +
			": between " + thousands(least) + " and " + thousands(most),
	}
	for i, text := range tickLabels(counts) {
		y := plotTop + f.y(float64(counts[i]))
		p.Y = append(p.Y, yTick{pixels(y), pixels(y + 4), text})
	}
	times, labels := timeTicks(from, to, plotTimes)
	for i, t := range times {
		p.X = append(p.X, xTick{percent(f.x(t)), labels[i]})
	}
	p.Bands = bandsOf(samples, f)
	return p
}

// bandsOf gives each column of the picture that has samples the last of them.
func bandsOf(samples []Sample, f frame) []band {
	const width = plotWidth / float64(plotBands)
	var out []band
	last := -1
	for _, s := range samples {
		column := min(plotBands-1, int(f.x(s.Time)/width))
		b := band{
			X: percent(float64(column) * width), Width: percent(width),
			Text: thousands(s.Followers) + " · " + s.Time.UTC().Format("2 Jan 2006 15:04 MST"),
		}
		if column == last {
			out[len(out)-1] = b
			continue
		}
		out, last = append(out, b), column
	}
	return out
}

// percent writes an x of the box as a part of its width.
func percent(x float64) string {
	return strconv.FormatFloat(100*x/plotWidth, 'f', 2, 64) + "%"
}

func pixels(y float64) string { return string(appendCoordinate(nil, y)) }
