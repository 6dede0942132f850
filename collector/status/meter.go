package status

import "strconv"

// meter is a quota as text, with a bar where it is known how much of it is used up.
type meter struct {
	Text  string
	Width string // of the bar: "81.2%"; "" for none
	Tone  string // a full one is not the network's last word, so it never is bad
}

// barOf draws a share from 0 to 1; more is drawn as all.
func barOf(text string, share float64) meter {
	m := meter{Text: text, Tone: toneGood, Width: strconv.FormatFloat(100*max(0, min(1, share)), 'f', 1, 64) + "%"}
	if share >= 0.8 {
		m.Tone = toneWarn
	}
	return m
}

// metersOf are what was spent and how much of every limit is used up.
func metersOf(s *Spending, usage []Usage) []meter {
	var out []meter
	if text := spentText(s); text != "" {
		if of := s.bound(); of > 0 {
			out = append(out, barOf(text, s.Today/of))
		} else {
			out = append(out, meter{Text: text})
		}
	}
	for i, u := range usage {
		out = append(out, barOf(usageText(usage[i:i+1]), u.Used))
	}
	return out
}
