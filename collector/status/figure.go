package status

import (
	"errors"
	"fmt"
	"html"
	"io"
	"strings"
	"time"
)

// Figure is one account's series as a picture outside of the page, drawn by the code
// that draws it there: the same ticks, the same gaps.
type Figure struct {
	Title    string   // what stands above it
	Samples  []Sample // ascending in time
	From, To time.Time
}

// empty reports whether there is nothing to draw.
func (f Figure) empty() bool { return len(within(f.Samples, f.From, f.To)) == 0 }

// ErrNoSamples is returned for a figure with nothing in it.
var ErrNoSamples = errors.New("no points in this period")

// The margins of an SVG file around the box of the plot, in its units.
const (
	svgLeft  = 72
	svgRight = 24
	svgAbove = 34 // the title's line
)

// WriteSVG writes the figure as an SVG file of 1096 units' width. A zero From means
// from the first sample on. The error is ErrNoSamples where there is nothing to draw.
func (f Figure) WriteSVG(w io.Writer) error {
	if f.empty() {
		return ErrNoSamples
	}
	p := plotOf(f.Samples, f.From, f.To)
	var b strings.Builder
	width, height := svgLeft+plotWidth+svgRight, svgAbove+p.Height
	_, _ = fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" role="img" font-family="sans-serif" font-size="12">`+"\n", width, height)
	_, _ = fmt.Fprintf(&b, "<title>%s</title>\n<desc>%s</desc>\n", svgText(f.Title), svgText(p.Label))
	_, _ = fmt.Fprintf(&b, `<rect width="100%%" height="100%%" fill="#fff"/>`+"\n"+`<text x="%d" y="22" font-size="15" fill="#1a1a1a">%s</text>`+"\n", svgLeft, svgText(f.Title))
	_, _ = fmt.Fprintf(&b, `<svg x="%d" y="%d" width="%d" height="%d" overflow="visible">`+"\n", svgLeft, svgAbove, plotWidth, p.Height)
	for _, y := range p.Y {
		_, _ = fmt.Fprintf(&b, `<line x2="100%%" y1="%s" y2="%[1]s" stroke="#ddd"/><text x="-8" y="%s" text-anchor="end" fill="#555">%s</text>`+"\n", y.Y, y.TextY, y.Text)
	}
	for _, x := range p.X {
		_, _ = fmt.Fprintf(&b, `<line x1="%s" x2="%[1]s" y1="%d" y2="%d" stroke="#999"/><text x="%[1]s" y="%[4]d" text-anchor="middle" fill="#555">%[5]s</text>`+"\n", x.X, p.Base, p.TickEnd, p.Foot, x.Text)
	}
	_, _ = fmt.Fprintf(&b, `<g transform="translate(0 %d)">`, p.Top)
	if p.Area != "" {
		_, _ = fmt.Fprintf(&b, `<path d="%s" fill="#2962a8" fill-opacity="0.12"/>`, p.Area)
	}
	_, _ = fmt.Fprintf(&b, `<path d="%s" fill="none" stroke="#2962a8" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"/></g>`+"\n</svg>\n</svg>\n", p.Line)
	_, err := io.WriteString(w, b.String())
	return err
}

// svgText is a text as SVG has it: XML knows no controls, not even escaped.
func svgText(s string) string {
	return html.EscapeString(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0xfffe || r == 0xffff {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd")))
}

// The least that a figure on a terminal needs, in characters.
const (
	leastColumns = 30
	leastRows    = 6
)

// WriteText writes the figure for a terminal of that many columns, with a plot of that
// many rows; fewer than 30 by 6 are taken for 30 by 6. Braille draws finer lines and
// needs UTF-8; without it all is ASCII but for the title. The error is ErrNoSamples
// where there is nothing to draw.
func (f Figure) WriteText(w io.Writer, columns, rows int, braille bool) error {
	if f.empty() {
		return ErrNoSamples
	}
	columns, rows = max(columns, leastColumns), max(rows, leastRows)
	samples := within(f.Samples, f.From, f.To)
	from, to := f.From, f.To
	if from.IsZero() {
		from = samples[0].Time
	}
	if !from.Before(to) {
		from = to.Add(-time.Hour) // one sample, this moment
	}
	least, most := bounds(samples)
	const rowsPerTick = 4
	counts := countTicks(least, most, max(2, rows/rowsPerTick))
	labels := tickLabels(counts)
	margin := 0
	for _, l := range labels {
		margin = max(margin, len(l))
	}
	c := newCanvas(columns-margin-2, rows, braille)
	// The middles of the first and the last dot are the edges of the picture.
	frame := frame{from, to, float64(counts[0]), float64(counts[len(counts)-1]), float64(c.width - 1), float64(c.height - 1), 0}
	c.draw(samples, frame)
	marks := make(map[int]string, len(counts))
	for i, n := range counts {
		marks[int(frame.y(float64(n))+0.5)/c.dotsHigh] = labels[i]
	}
	const perLabel = 14 // columns that a label of the time axis needs with its space
	times, dates := timeTicks(from, to, min(plotTimes, max(2, c.columns/perLabel)))
	var b strings.Builder
	b.WriteString(f.Title + "\n")
	c.write(&b, margin, marks)
	c.writeTimes(&b, margin, times, dates, frame)
	b.WriteString(textSummary(samples, least, most))
	_, err := io.WriteString(w, b.String())
	return err
}

// textSummary is the two lines below a figure on a terminal.
func textSummary(samples []Sample, least, most int64) string {
	last := samples[len(samples)-1]
	s := plural(int64(len(samples)), "point", "points")
	if gaps := len(runs(samples)) - 1; gaps > 0 {
		s += ", " + plural(int64(gaps), "gap", "gaps")
	}
	span := "always " + thousands(least)
	if least < most {
		span = "between " + thousands(least) + " and " + thousands(most)
	}
	return s + ", " + span +
		"\nlast " + thousands(last.Followers) + " at " + last.Time.UTC().Format("2006-01-02 15:04 MST") + "\n"
}

// canvas is a picture made of characters, each of several dots: 2 by 4 of Braille, or 1
// by 2 of ASCII.
type canvas struct {
	columns, rows      int
	dotsWide, dotsHigh int
	width, height      int // in dots
	dots               []bool
	braille            bool
}

func newCanvas(columns, rows int, braille bool) *canvas {
	c := &canvas{columns: columns, rows: rows, dotsWide: 1, dotsHigh: 2, braille: braille}
	if braille {
		c.dotsWide, c.dotsHigh = 2, 4
	}
	c.width, c.height = columns*c.dotsWide, rows*c.dotsHigh
	c.dots = make([]bool, c.width*c.height)
	return c
}

// draw draws every run of samples as a line; between runs there is nothing.
func (c *canvas) draw(samples []Sample, f frame) {
	for _, run := range runs(samples) {
		points := thin(run, c.width)
		x0, y0 := 0, 0
		for i, s := range points {
			x, y := int(f.x(s.Time)+0.5), int(f.y(float64(s.Followers))+0.5)
			if i == 0 {
				x0, y0 = x, y
			}
			c.line(x0, y0, x, y)
			x0, y0 = x, y
		}
		if len(points) == 1 { // a sample between two gaps is a dot that can be seen
			c.line(x0, y0+1, x0, y0-1)
			c.line(x0-1, y0, x0+1, y0)
		}
	}
}

// line sets the dots from one to another.
func (c *canvas) line(x0, y0, x1, y1 int) {
	steps := max(x1-x0, x0-x1, y1-y0, y0-y1, 1)
	for i := range steps + 1 {
		x := x0 + quotient(i*(x1-x0), steps)
		y := y0 + quotient(i*(y1-y0), steps)
		if x >= 0 && x < c.width && y >= 0 && y < c.height {
			c.dots[y*c.width+x] = true
		}
	}
}

// quotient is n/d to the nearest whole number.
func quotient(n, d int) int {
	if n < 0 {
		return -quotient(-n, d)
	}
	return (2*n + d) / (2 * d)
}

// cell is the character at a place.
func (c *canvas) cell(column, row int) rune {
	// The bits of a Braille character, by row and column of its dots.
	bits := [4][2]rune{{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}}
	var mask rune
	for dy := range c.dotsHigh {
		for dx := range c.dotsWide {
			if c.dots[(row*c.dotsHigh+dy)*c.width+column*c.dotsWide+dx] {
				mask |= bits[dy][dx]
			}
		}
	}
	if c.braille && mask != 0 {
		return 0x2800 + mask
	}
	return rune(" '.:"[min(mask, 3)])
}

// write writes the rows, with the counts beside those that marks has.
func (c *canvas) write(b *strings.Builder, margin int, marks map[int]string) {
	axis, tick := "|", "+"
	if c.braille {
		axis, tick = "│", "┤"
	}
	for row := range c.rows {
		line := make([]rune, c.columns)
		for column := range line {
			line[column] = c.cell(column, row)
		}
		edge := axis
		if marks[row] != "" {
			edge = tick
		}
		text := strings.TrimRight(string(line), " ")
		_, _ = fmt.Fprintf(b, "%*s %s%s\n", margin, marks[row], edge, text)
	}
}

// writeTimes writes the axis of times and what its marks stand for.
func (c *canvas) writeTimes(b *strings.Builder, margin int, times []time.Time, labels []string, f frame) {
	corner, axis, tick := "+", "-", "+"
	if c.braille {
		corner, axis, tick = "└", "─", "┴"
	}
	line := strings.Split(strings.Repeat(axis, c.columns), "")
	text := []byte(strings.Repeat(" ", c.columns))
	free := 0
	for i, t := range times {
		at := min(c.columns-1, int(f.x(t)+0.5)/c.dotsWide)
		line[at] = tick
		begin := min(max(0, at-len(labels[i])/2), c.columns-len(labels[i]))
		if begin < free || begin < 0 {
			continue // it would touch the one before
		}
		copy(text[begin:], labels[i])
		free = begin + len(labels[i]) + 1
	}
	indent := strings.Repeat(" ", margin+1)
	b.WriteString(indent + corner + strings.Join(line, "") + "\n")
	b.WriteString(strings.TrimRight(indent+" "+string(text), " ") + "\n")
}
