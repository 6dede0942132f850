package point

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// TestQuickWayTakesWhatSeriesWrites puts every byte, and the characters at the ends of
// Unicode's control characters, into a value, alone and behind a backslash: the quick
// way takes what Series writes, and nothing else.
func TestQuickWayTakesWhatSeriesWrites(t *testing.T) {
	var middles []string
	for c := range 256 {
		middles = append(middles, string([]byte{byte(c)}))
	}
	for _, r := range []rune{0x7f, 0x80, 0x9f, 0xa0, 'Я', 0xfffd, 0x10ffff} {
		middles = append(middles, string(r))
	}
	for _, middle := range middles {
		for _, value := range []string{"a" + middle + "b", `a\` + middle + "b", "a" + middle, "a" + middle + ` \ `} {
			series := "m,k=" + value
			measurement, tags, quick := splitSeries(series)
			slowMeasurement, slowTags, err := parseSeries(series)
			written, writeErr := Point{Measurement: slowMeasurement, Tags: slowTags}.Series()
			if quick && (err != nil || measurement != slowMeasurement || !slices.Equal(tags, slowTags)) {
				t.Errorf("%q: %q quickly, %q, %v", series, tags, slowTags, err)
			}
			// The rune that stands for broken text is the decoder's.
			as := err == nil && writeErr == nil && written == series && !strings.ContainsRune(value, 0xfffd) && !strings.Contains(value, `\\`)
			if as && len(slowTags) == 1 && !quick && !strings.Contains(strings.NewReplacer(`\,`, "", `\=`, "", `\ `, "").Replace(value), `\`) {
				t.Errorf("%q is not taken quickly", series)
			}
		}
	}
}

// TestWordsThatAreTakenQuickly puts every byte into a measurement and a key.
func TestWordsThatAreTakenQuickly(t *testing.T) {
	for c := range 256 {
		word := "a" + string([]byte{byte(c)}) + "b"
		want := c > ' ' && c < 0x7f && !strings.ContainsRune(`\,="`, rune(c))
		if got := plain(word); got != want {
			t.Errorf("%q: %v", word, got)
		}
	}
	for _, series := range []string{"", ",k=v", "#m,k=v", "m,", "m,k", "m,k=", "m,=v", "m,k=v,", `m\,k=v`} {
		if _, tags, ok := splitSeries(series); ok {
			t.Errorf("%q is taken: %q", series, tags)
		}
	}
}

// TestTextsAreCleaned: what is not UTF-8 and what is a control character each by
// itself.
func TestTextsAreCleaned(t *testing.T) {
	for text, want := range map[string]string{
		"a b": "a b", "a\nb": "a b", "a\u0085b": "a b", "a\xffb": "a\uFFFDb", "a\xff\tb": "a\uFFFD b", "": "",
	} {
		if got, ok := String("k", text).Text(); got != want || !ok {
			t.Errorf("%q: %q, %v; want %q", text, got, ok, want)
		}
	}
}

// TestParseTellsWhatIsWrong holds the texts, and where a line is refused.
func TestParseTellsWhatIsWrong(t *testing.T) {
	for line, want := range map[string]string{
		"":                 "line protocol: no line",
		"m,a a=1i 1":       "line protocol: m: ",
		"m a=1i\nm a=2i 2": "line protocol: ",
		"m a=1i 1\nm a=2i": "line protocol: more than one line",
		"m a=1.5 1":        `line protocol: field "a": a whole number, text or truth value expected`,
		"m a=1u 1":         `line protocol: field "a": a whole number, text or truth value expected`,
		"m a=1i 1.5":       "line protocol: ",
		"m a=1i":           `line protocol: time "": whole seconds expected`,
		"m a= 1":           "line protocol: ",
		"m,a=b,a a=1i 1":   "line protocol: m: ",
	} {
		if p, err := Parse([]byte(line)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %+v, %v; want %q", line, p, err, want)
		}
	}
	for _, series := range []string{"", "m end=1i,b=2i", "m a=1i", "m,a", "m,a=b c=1i"} {
		if measurement, tags, err := ParseSeries(series); err == nil {
			t.Errorf("series %q: %q %q", series, measurement, tags)
		}
	}
	for _, fields := range []string{"", "a=", "a=1.5", "=1i"} {
		if all, err := ParseFields(fields); err == nil {
			t.Errorf("fields %q: %v", fields, all)
		}
	}
}

// TestLongestSeries: as long as it may be, and one byte more.
func TestLongestSeries(t *testing.T) {
	for n, want := range map[int]bool{MaxSeries: true, MaxSeries + 1: false} {
		p := Point{Measurement: "m", Tags: []Tag{{"k", strings.Repeat("x", n-len("m,k="))}}, Time: time.Unix(0, 0)}
		if s, err := p.Series(); (err == nil) != want || want && len(s) != n {
			t.Errorf("%d bytes: %d, %v", n, len(s), err)
		}
	}
}
