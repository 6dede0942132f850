package status

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

// hours makes samples at hours after testNow; their counts are the hours.
func hours(at ...float64) []Sample {
	out := make([]Sample, len(at))
	for i, h := range at {
		out[i] = Sample{testNow.Add(time.Duration(h * float64(time.Hour))), int64(h)}
	}
	return out
}

func TestRuns(t *testing.T) {
	for name, c := range map[string]struct {
		samples []Sample
		want    []int // lengths of the runs
	}{
		"none":             {nil, nil},
		"one":              {hours(1), []int{1}},
		"two":              {hours(1, 500), []int{2}},
		"regular":          {hours(1, 2, 3, 4, 5, 6), []int{6}},
		"one missed poll":  {hours(1, 2, 3, 5, 6, 7), []int{3, 3}},
		"an outage":        {hours(1, 2, 3, 30, 31, 32, 60), []int{3, 3, 1}},
		"daylight saving":  {hours(0, 24, 48, 73, 97, 121), []int{6}},
		"late make-up":     {hours(1, 2, 3, 4.3, 5, 6, 7), []int{7}},
		"closer schedule":  {hours(0, 4, 8, 12, 13, 14, 15, 16), []int{8}},
		"wider schedule":   {hours(0, 1, 2, 3, 4, 8, 12, 16, 20), []int{9}},
		"gap at the start": {hours(0, 10, 11, 12, 13), []int{1, 4}},
	} {
		var got []int
		for _, run := range runs(c.samples) {
			got = append(got, len(run))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: runs of %v, want %v", name, got, c.want)
		}
	}
}

func TestThin(t *testing.T) {
	var all []Sample
	for i := range 10_000 {
		n := int64(1000)
		switch i {
		case 5000:
			n = 9
		case 5001:
			n = 99_999
		}
		all = append(all, Sample{testNow.Add(time.Duration(i) * time.Minute), n})
	}
	got := thin(all, 100)
	if len(got) > 400 || len(got) < 100 {
		t.Errorf("%d samples are left", len(got))
	}
	if least, most := bounds(got); least != 9 || most != 99_999 {
		t.Errorf("from %d to %d: a peak was thinned out", least, most)
	}
	if got[0] != all[0] || got[len(got)-1] != all[len(all)-1] {
		t.Error("an end was thinned out")
	}
	if !slices.IsSortedFunc(got, func(a, b Sample) int { return a.Time.Compare(b.Time) }) {
		t.Error("thinned out of order")
	}
}

func TestSparkline(t *testing.T) {
	if s := sparklineOf(nil, testNow); s != (sparkline{}) {
		t.Errorf("of nothing: %+v", s)
	}
	if s := sparklineOf([]Sample{{testNow.Add(-8 * day), 5}}, testNow); s != (sparkline{}) {
		t.Errorf("of what is older than it: %+v", s)
	}
	var samples []Sample
	for _, d := range []int{7, 6, 5, 2, 1, 0} {
		samples = append(samples, Sample{testNow.Add(-time.Duration(d) * day), int64(1000 + d)})
	}
	got := sparklineOf(samples, testNow)
	want := sparkline{curve{
		Line: "M0 3L17.1 6.1L34.3 9.3M85.7 18.7L102.9 21.9L120 25",
		Area: "M0 28L0 3L17.1 6.1L34.3 9.3L34.3 28ZM85.7 28L85.7 18.7L102.9 21.9L120 25L120 28Z",
	}, "7 days: between 1,000 and 1,007 followers"}
	if got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	lone := sparklineOf([]Sample{{testNow, 5}}, testNow)
	if lone.Line != "M120 14h0" || lone.Area != "" || lone.Label != "7 days: 5 followers throughout" {
		t.Errorf("one sample: %+v", lone)
	}
}

func TestCountTicks(t *testing.T) {
	for _, c := range []struct {
		least, most int64
		ticks       []int64
		labels      string
	}{
		{0, 0, []int64{0, 1}, "0 1"},
		{5, 5, []int64{4, 5, 6}, "4 5 6"},
		{0, 10, []int64{0, 2, 4, 6, 8, 10}, "0 2 4 6 8 10"},
		{1001, 1009, []int64{1000, 1002, 1004, 1006, 1008, 1010}, "1,000 1,002 1,004 1,006 1,008 1,010"},
		{12_000, 47_000, []int64{10_000, 20_000, 30_000, 40_000, 50_000}, "10K 20K 30K 40K 50K"},
		{1_200_000, 1_400_000, []int64{1_200_000, 1_250_000, 1_300_000, 1_350_000, 1_400_000}, "1.20M 1.25M 1.30M 1.35M 1.40M"},
		{3_243_000, 3_254_000, []int64{3_240_000, 3_245_000, 3_250_000, 3_255_000}, "3,240,000 3,245,000 3,250,000 3,255,000"},
		{0, 4_000_000, []int64{0, 1_000_000, 2_000_000, 3_000_000, 4_000_000}, "0 1M 2M 3M 4M"},
	} {
		ticks := countTicks(c.least, c.most, 5)
		if labels := strings.Join(tickLabels(ticks), " "); !slices.Equal(ticks, c.ticks) || labels != c.labels {
			t.Errorf("%d to %d: %v %q, want %v %q", c.least, c.most, ticks, labels, c.ticks, c.labels)
		}
	}
	if got := countTicks(0, math.MaxInt64, 5); len(got) > 8 {
		t.Errorf("the greatest count makes %d ticks", len(got))
	}
}

func TestTimeTicks(t *testing.T) {
	at := func(s string) time.Time {
		v, err := time.Parse("2006-01-02 15:04", s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, c := range []struct{ from, to, want string }{
		{"2026-03-11 14:00", "2026-03-12 14:00", "18:00 12 Mar 06:00 12:00"},
		{"2026-03-05 14:00", "2026-03-12 14:00", "6 Mar 8 Mar 10 Mar 12 Mar"},
		{"2026-02-10 14:00", "2026-03-12 14:00", "16 Feb 23 Feb 2 Mar 9 Mar"},
		{"2025-03-12 14:00", "2026-03-12 14:00", "May 2025 Jul 2025 Sep 2025 Nov 2025 Jan 2026 Mar 2026"},
		{"2019-06-01 00:00", "2026-03-12 14:00", "2020 2025"},
		{"2026-03-12 13:30", "2026-03-12 14:00", "13:30 13:45 14:00"},
		{"2026-03-12 13:59", "2026-03-12 13:59", "13:59"},
	} {
		ticks, labels := timeTicks(at(c.from), at(c.to), 6)
		if got := strings.Join(labels, " "); got != c.want {
			t.Errorf("%s to %s: %q, want %q", c.from, c.to, got, c.want)
		}
		for _, tick := range ticks {
			if tick.Before(at(c.from)) || tick.After(at(c.to)) {
				t.Errorf("%s to %s: %v lies outside", c.from, c.to, tick)
			}
		}
	}
}

func TestPlot(t *testing.T) {
	if p := plotOf(nil, testNow.Add(-day), testNow); p != nil {
		t.Errorf("of nothing: %+v", p)
	}
	samples := seriesOf(testNow, 1_000_000, 7000, 24*30)
	p := plotOf(samples, testNow.Add(-week), testNow)
	if got := strings.Count(p.Line, "M"); got != 3 {
		t.Errorf("%d runs, want 3 for two gaps", got)
	}
	if len(p.Bands) < 60 || len(p.Bands) > plotBands {
		t.Errorf("%d bands", len(p.Bands))
	}
	if last := p.Bands[len(p.Bands)-1]; last.Text != "1,000,000 · 12 Mar 2026 14:00 UTC" {
		t.Errorf("the last band says %q", last.Text)
	}
	if p.Label != "Followers from 5 Mar 2026 to 12 Mar 2026: between 992,567 and 1,000,000" {
		t.Errorf("label %q", p.Label)
	}
	all := plotOf(samples, time.Time{}, testNow)
	if !strings.HasPrefix(all.Line, "M0 ") {
		t.Errorf("all of it begins %.20q", all.Line)
	}
	lone := plotOf(samples[len(samples)-1:], time.Time{}, testNow)
	if !strings.HasSuffix(lone.Line, "h0") || strings.Contains(lone.Line, "NaN") {
		t.Errorf("one sample is %q", lone.Line)
	}
	year := plotOf(seriesOf(testNow, 1_000_000, 7000, 24*365), time.Time{}, testNow)
	if len(year.Line) > 60_000 {
		t.Errorf("the line of a year takes %d bytes", len(year.Line))
	}
}
