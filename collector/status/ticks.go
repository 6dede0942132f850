package status

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// niceStep is the least of 1, 2, 5, 10, 20, 50, ... by which at most n steps
// cover span. Followers are whole, so it is never below 1.
func niceStep(span float64, n int) float64 {
	raw := span / float64(n)
	for magnitude := 1.0; ; magnitude *= 10 {
		for _, m := range []float64{1, 2, 5} {
			if m*magnitude >= raw {
				return m * magnitude
			}
		}
	}
}

// countTicks returns about n round counts, ascending, the first not above least
// and the last not below most. There are always two at least, and none is
// negative.
func countTicks(least, most int64, n int) []int64 {
	step := int64(niceStep(float64(most)-float64(least), n))
	low := int64(math.Floor(float64(least)/float64(step))) * step
	ticks := []int64{low}
	// The bound is for counts at the end of int64, past which a sum begins anew.
	for (ticks[len(ticks)-1] < most || len(ticks) < 2) && len(ticks) < n+3 {
		ticks = append(ticks, ticks[len(ticks)-1]+step)
	}
	if least == most && low == least && least >= step {
		// A series that never moves lies between two lines, not on the lower one.
		ticks = append([]int64{low - step}, ticks...)
	}
	return ticks
}

// tickLabels writes counts for an axis: in thousands or millions where that needs
// no more than two decimals, the same for all of them, else in full.
func tickLabels(ticks []int64) []string {
	unit, suffix := int64(1), ""
	switch most := ticks[len(ticks)-1]; {
	case most >= 1_000_000:
		unit, suffix = 1_000_000, "M"
	case most >= 10_000:
		unit, suffix = 1_000, "K"
	}
	decimals := 0
	for _, t := range ticks {
		for decimals <= 2 && t*pow10(decimals)%unit != 0 {
			decimals++
		}
	}
	labels := make([]string, len(ticks))
	for i, t := range ticks {
		switch {
		case t == 0:
			labels[i] = "0"
		case unit == 1 || decimals > 2:
			labels[i] = thousands(t)
		default:
			labels[i] = strconv.FormatFloat(float64(t)/float64(unit), 'f', decimals, 64) + suffix
		}
	}
	return labels
}

func pow10(n int) int64 { return int64(math.Pow10(n)) }

// calendar is a spacing of times on an axis: a duration, or months.
type calendar struct {
	every  time.Duration
	months int
	layout string
}

// calendars returns the spacings from close to wide. Labels within a day give the
// hour, and midnight its date.
func calendars() []calendar {
	const date, clock, month = "2 Jan", "15:04", "Jan 2006"
	return []calendar{
		{every: time.Minute, layout: clock}, {every: 5 * time.Minute, layout: clock},
		{every: 15 * time.Minute, layout: clock}, {every: time.Hour, layout: clock},
		{every: 3 * time.Hour, layout: clock}, {every: 6 * time.Hour, layout: clock},
		{every: 12 * time.Hour, layout: clock}, {every: day, layout: date},
		{every: 2 * day, layout: date}, {every: week, layout: date}, {every: 2 * week, layout: date},
		{months: 1, layout: month}, {months: 2, layout: month}, {months: 3, layout: month},
		{months: 6, layout: month}, {months: 12, layout: "2006"}, {months: 60, layout: "2006"},
		{months: 120, layout: "2006"}, {months: 1200, layout: "2006"},
	}
}

// timeTicks returns at most n round times, UTC, between from and to, and their
// labels.
func timeTicks(from, to time.Time, n int) (ticks []time.Time, labels []string) {
	from, to = from.UTC(), to.UTC()
	for _, c := range calendars() {
		if ticks = c.between(from, to, n); ticks != nil {
			for _, t := range ticks {
				labels = append(labels, c.label(t))
			}
			return ticks, labels
		}
	}
	return nil, nil
}

// between returns the calendar's times, nil if there are none or more than n.
func (c calendar) between(from, to time.Time, n int) []time.Time {
	step := func(t time.Time) time.Time { return t.Add(c.every) }
	t := from.Truncate(max(c.every, 1)) // weeks begin on Mondays, as the zero time did
	if c.months > 0 {
		step = func(t time.Time) time.Time { return t.AddDate(0, c.months, 0) }
		whole := 12 * from.Year()
		whole += int(from.Month()) - 1
		t = time.Date(0, time.Month(whole/c.months*c.months+1), 1, 0, 0, 0, 0, time.UTC)
	}
	if t.Before(from) {
		t = step(t)
	}
	var out []time.Time
	for ; !t.After(to); t = step(t) {
		if len(out) == n {
			return nil
		}
		out = append(out, t)
	}
	return out
}

func (c calendar) label(t time.Time) string {
	if strings.HasPrefix(c.layout, "15") && t.Equal(t.Truncate(day)) {
		return t.Format("2 Jan")
	}
	return t.Format(c.layout)
}
