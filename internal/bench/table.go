package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// table prints rows as Markdown.
func (b *bench) table(head ...string) {
	b.say("\n| %s |\n|%s", strings.Join(head, " | "), strings.Repeat(" --- |", len(head)))
}

// row prints one row; values are printed as people read them.
func (b *bench) row(values ...any) {
	cells := make([]string, len(values))
	for i, v := range values {
		cells[i] = cell(v)
	}
	b.say("| %s |", strings.Join(cells, " | "))
}

// say prints a line.
func (b *bench) say(format string, args ...any) {
	_, _ = fmt.Fprintf(b.out, format+"\n", args...)
}

// size, in bytes, and ratio are numbers with a unit of their own.
type (
	size  int64
	ratio float64
)

func cell(v any) string {
	switch v := v.(type) {
	case time.Duration:
		return seconds(v)
	case size:
		return fmt.Sprintf("%.1f MB", float64(v)/1e6)
	case ratio:
		return fmt.Sprintf("%.3g", float64(v))
	case int:
		return grouped(int64(v))
	case int64:
		return grouped(v)
	}
	return fmt.Sprint(v)
}

func seconds(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%.0f ms", float64(d)/float64(time.Millisecond))
	case d < 10*time.Second:
		return fmt.Sprintf("%.2f s", d.Seconds())
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

// grouped writes 1234567 as 1,234,567.
func grouped(n int64) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// perSecond is how many of something a duration stands for, rounded to what a
// measurement can tell.
func perSecond(n int, d time.Duration) int64 {
	if d <= 0 {
		return 0
	}
	rate := int64(float64(n) / d.Seconds())
	step := int64(1)
	for rate/step >= 1000 {
		step *= 10
	}
	return rate / step * step
}

// median is the one in the middle by some measure; of an even number, the lower one.
func median[T any, O cmp.Ordered](all []T, by func(T) O) T {
	all = slices.SortedFunc(slices.Values(all), func(a, b T) int { return cmp.Compare(by(a), by(b)) })
	return all[(len(all)-1)/2]
}

// medianCost is the one with the median of CPU time.
func medianCost(all []cost) cost { return median(all, func(c cost) time.Duration { return c.cpu }) }
