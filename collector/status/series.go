package status

import (
	"slices"
	"time"
)

// gapFactor is how many times the usual spacing of its neighbours a spacing must
// be to count as a gap. One missed poll makes it 2; a day of 25 hours makes it
// 1.04, the longest month after the shortest 1.11.
const gapFactor = 1.75

// runs cuts samples, ascending in time, where a poll is missing. What is usual is
// told by the spacings around each place, so that a schedule may change within
// the series.
func runs(samples []Sample) [][]Sample {
	var out [][]Sample
	start := 0
	for i := 1; i < len(samples); i++ {
		if isGap(samples, i) {
			out = append(out, samples[start:i])
			start = i
		}
	}
	if start < len(samples) {
		out = append(out, samples[start:])
	}
	return out
}

// isGap reports whether a poll is missing between the samples i-1 and i.
func isGap(samples []Sample, i int) bool {
	const each = 3 // spacings looked at on either side
	before := usualSpacing(samples[max(0, i-1-each):i])
	after := usualSpacing(samples[i:min(len(samples), i+1+each)])
	// Where a schedule changes, the wider of the two is usual. Two samples alone
	// tell of no schedule.
	usual := max(before, after)
	return usual > 0 && float64(samples[i].Time.Sub(samples[i-1].Time)) > gapFactor*float64(usual)
}

// usualSpacing is the median of the spacings between at most four samples, 0 if
// there is none.
func usualSpacing(samples []Sample) time.Duration {
	var spacings [3]time.Duration
	n := 0
	for i := 1; i < len(samples); i++ {
		spacings[n] = samples[i].Time.Sub(samples[i-1].Time)
		n++
	}
	if n == 0 {
		return 0
	}
	slices.Sort(spacings[:n])
	return spacings[(n-1)/2]
}

// thin keeps of every column of the picture the first, the least, the greatest
// and the last sample, so that what is drawn looks the same and its size is
// bounded by the picture's width.
func thin(samples []Sample, columns int) []Sample {
	if len(samples) <= 4*columns {
		return samples
	}
	first := samples[0].Time
	width := samples[len(samples)-1].Time.Sub(first)/time.Duration(columns) + 1
	out := make([]Sample, 0, 4*columns)
	for start := 0; start < len(samples); {
		column := samples[start].Time.Sub(first) / width
		end, least, most := start, start, start
		for ; end < len(samples) && samples[end].Time.Sub(first)/width == column; end++ {
			if samples[end].Followers < samples[least].Followers {
				least = end
			}
			if samples[end].Followers > samples[most].Followers {
				most = end
			}
		}
		keep := []int{start, least, most, end - 1}
		slices.Sort(keep)
		for _, i := range slices.Compact(keep) {
			out = append(out, samples[i])
		}
		start = end
	}
	return out
}

// bounds returns the least and the greatest count.
func bounds(samples []Sample) (least, most int64) {
	least, most = samples[0].Followers, samples[0].Followers
	for _, s := range samples {
		least, most = min(least, s.Followers), max(most, s.Followers)
	}
	return least, most
}

// within returns the samples that are not before from nor after to.
func within(samples []Sample, from, to time.Time) []Sample {
	start, _ := slices.BinarySearchFunc(samples, from, func(s Sample, t time.Time) int { return s.Time.Compare(t) })
	end := start
	for end < len(samples) && !samples[end].Time.After(to) {
		end++
	}
	return samples[start:end]
}
