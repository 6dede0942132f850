package main

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"
	"time"

	"collectord/collector/point"
)

// What was journalled comes out of csv as it went in, and with --spreadsheet no cell is
// a formula.
func TestFormulas(t *testing.T) {
	label := func(s string) point.Point {
		return point.Point{Measurement: point.Profile, Time: time.Unix(1_800_000_000, 0),
			Tags:   []point.Tag{{Key: "account", Value: s}, {Key: "id", Value: "-100123"}, {Key: "network", Value: "telegram"}, {Key: "type", Value: "channel"}},
			Fields: []point.Field{point.Int("followers", 5)}}
	}
	labels := []string{"РИА", `=HYPERLINK("http://evil","x")`, "+1", "-1", "@handle", "a,b\"c", " =1", "\t=1", "a=b"}
	points := func(yield func(point.Point, error) bool) {
		for _, s := range labels {
			if !yield(label(s), nil) {
				return
			}
		}
	}
	for _, spreadsheet := range []bool{false, true} {
		write, err := exporterOf("csv", "", spreadsheet)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := write(&out, points); err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(&out).ReadAll()
		if err != nil || len(rows) != len(labels)+1 {
			t.Fatalf("%d rows, %v", len(rows), err)
		}
		for i, row := range rows[1:] {
			cell := strings.TrimPrefix(row[2], "'")
			if cell != labels[i] || !spreadsheet && row[2] != labels[i] || row[5] != "5" {
				t.Errorf("%q", row)
			}
			for _, c := range row {
				if spreadsheet && c != "" && strings.ContainsAny(c[:1], "=+-@\t") {
					t.Errorf("a formula: %q", row)
				}
			}
		}
	}
	for _, format := range []string{"lp", "jsonl"} {
		if _, err := exporterOf(format, "", true); err == nil {
			t.Errorf("--spreadsheet is taken for %s", format)
		}
	}
}
