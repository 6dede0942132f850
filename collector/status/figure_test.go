package status

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// figureOf is a figure of one count an hour; a negative count is a poll without one.
func figureOf(counts ...int64) Figure {
	from := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	f := Figure{Title: "A <b> at vk: followers", From: from, To: from.Add(time.Duration(len(counts)-1) * time.Hour)}
	for i, n := range counts {
		if n >= 0 {
			f.Samples = append(f.Samples, Sample{from.Add(time.Duration(i) * time.Hour), n})
		}
	}
	return f
}

func textOf(t testing.TB, f Figure, columns, rows int, braille bool) string {
	t.Helper()
	var b strings.Builder
	if err := f.WriteText(&b, columns, rows, braille); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestFigureText compares a whole figure: a rise, a gap, a lone sample, a plateau.
func TestFigureText(t *testing.T) {
	got := textOf(t, figureOf(100, 120, 140, 160, 180, 200, -1, -1, 150, -1, -1, 100, 100, 100, 100), 40, 8, false)
	want := strings.Join([]string{
		"A <b> at vk: followers",
		`200 +           .'`,
		`    |          .'`,
		`    |        .'`,
		`    |      .'           .`,
		`150 +     .'           ':'`,
		`    |   .'`,
		`    | .'`,
		`100 +.'                         ........`,
		`    ++----------------------------+-----`,
		`     1 Nov                      12:00`,
		`11 points, 2 gaps, between 100 and 200`,
		`last 100 at 2026-11-01 14:00 UTC`,
		"",
	}, "\n")
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestFigureGap wants nothing between two runs, and a line within one.
func TestFigureGap(t *testing.T) {
	for _, braille := range []bool{true, false} {
		rows := strings.Split(textOf(t, figureOf(5, 5, 5, 5, 5, -1, -1, -1, -1, -1, 5, 5, 5, 5, 5), 62, 8, braille), "\n")
		drawn := ""
		for _, row := range rows[1:9] {
			if _, line, _ := strings.Cut(strings.ReplaceAll(strings.ReplaceAll(row, "│", "|"), "┤", "|"), "|"); strings.TrimSpace(line) != "" {
				drawn = strings.TrimSpace(line)
			}
			if _, line, ok := strings.Cut(row, "+"); ok && strings.TrimSpace(line) != "" {
				drawn = strings.TrimSpace(line)
			}
		}
		if parts := strings.Fields(drawn); len(parts) != 2 || utf8.RuneCountInString(parts[0]) < 10 {
			t.Errorf("braille %v: %q; want two lines with a gap", braille, drawn)
		}
	}
}

// TestFigureSVG wants XML, with a line that is broken at the gap, and the title as text.
func TestFigureSVG(t *testing.T) {
	var b strings.Builder
	if err := figureOf(1, 2, 3, 4, 5, -1, -1, -1, 5, 4, 3).WriteSVG(&b); err != nil {
		t.Fatal(err)
	}
	line := ""
	for d := xml.NewDecoder(strings.NewReader(b.String())); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := token.(xml.StartElement); ok && e.Name.Local == "path" {
			line = e.Attr[0].Value
		}
	}
	if strings.Count(line, "M") != 2 || !strings.Contains(b.String(), "A &lt;b&gt; at vk") {
		t.Errorf("a line of %d parts in\n%s", strings.Count(line, "M"), b.String())
	}
}

func TestFigureEmpty(t *testing.T) {
	f := figureOf(1, 2)
	f.From, f.To = f.To.Add(time.Hour), f.To.Add(2*time.Hour)
	if err := f.WriteText(io.Discard, 80, 10, true); !errors.Is(err, ErrNoSamples) {
		t.Errorf("%v; want ErrNoSamples", err)
	}
	if err := f.WriteSVG(io.Discard); !errors.Is(err, ErrNoSamples) {
		t.Errorf("%v; want ErrNoSamples", err)
	}
}

// TestFigureFits draws any series in any size: no line is longer than it may be.
func TestFigureFits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		counts := rapid.SliceOfN(rapid.OneOf(rapid.Int64Range(-1, 1<<40), rapid.Int64Range(0, 9)), 1, 300).Draw(t, "counts")
		counts[0] = max(0, counts[0])
		f := figureOf(counts...)
		f.Title = "A"
		columns, rows := rapid.IntRange(leastColumns, 300).Draw(t, "columns"), rapid.IntRange(0, 60).Draw(t, "rows")
		braille := rapid.Bool().Draw(t, "braille")
		var b strings.Builder
		if err := f.WriteText(&b, columns, rows, braille); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
		if len(lines) != max(rows, leastRows)+5 {
			t.Fatalf("%d lines", len(lines))
		}
		for _, line := range lines[:len(lines)-2] {
			if utf8.RuneCountInString(line) > columns || !braille && !isASCII(line) {
				t.Fatalf("%q in %d columns", line, columns)
			}
		}
	})
}

func isASCII(s string) bool { return strings.IndexFunc(s, func(r rune) bool { return r > '~' }) < 0 }
