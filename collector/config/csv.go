package config

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// csvFile is a file of lines "label,handle[,tag=value...]". The rules are those
// of RFC 4180 as encoding/csv has them; lines that are blank or begin with # are
// skipped, spaces around a field do not count, and a first line "label,handle"
// is a header. There are no variables in it: a "$" is a "$".
type csvFile struct {
	r      *accountReader
	name   string
	src    []byte
	starts []int // offsets of the lines; made when first needed
	csv    *csv.Reader
}

func (r *accountReader) readCSV(name string, src []byte) {
	src, ok := r.l.unmarked(name, src)
	if !ok {
		return
	}
	f := &csvFile{r: r, name: name, src: src, csv: csv.NewReader(bytes.NewReader(src))}
	f.csv.Comment = '#'
	f.csv.FieldsPerRecord = -1
	f.csv.TrimLeadingSpace = true
	f.csv.ReuseRecord = true
	r.expect(bytes.Count(src, []byte("\n")) + 1)
	first := true
	for {
		record, err := f.csv.Read()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			if !f.syntax(err) {
				return
			}
			continue
		}
		if first && len(record) >= 2 && isHeader(record) {
			first = false
			continue
		}
		first = false
		f.record(record)
	}
}

func isHeader(record []string) bool {
	return strings.EqualFold(strings.TrimSpace(record[0]), "label") && strings.EqualFold(strings.TrimSpace(record[1]), "handle")
}

// syntax adds a mistake about quotes. It reports whether the lines after it can
// be read.
func (f *csvFile) syntax(err error) bool {
	var pe *csv.ParseError
	if !errors.As(err, &pe) {
		f.r.l.fileMistake(f.name, err)
		return false
	}
	line, col := pe.Line, pe.Column
	if pe.StartLine < pe.Line {
		line, col = pe.StartLine, 1 // a quote that never ends is wrong where it begins
	}
	f.at(line, col, f.r.path, part{}).mistake("not CSV: %v", pe.Err)
	return true
}

// record reads one line.
func (f *csvFile) record(record []string) {
	label := f.text(0, record[0], f.r.path, part{})
	label.last = key(label.s)
	if len(record) < 2 {
		if label.s == "" {
			return // spaces alone
		}
		hint := ""
		if strings.ContainsAny(label.s, ";\t") {
			hint = "; fields are separated by commas"
		}
		label.refuse("label,handle[,tag=value...] expected, got one field" + hint)
		return
	}
	d := draft{label: label, labelled: true, handled: true}
	d.handle = f.text(1, record[1], f.r.path, label.last)
	d.own.Tags = f.tags(record, label.at)
	if d.handle.s == "" {
		d.handle.mistake("a handle, an id or a profile URL expected after the label, got nothing")
		d.handled = false
	}
	f.r.add(&d)
}

func (f *csvFile) tags(record []string, label at) []Tag {
	if len(record) <= 2 {
		return nil
	}
	base := join(label.path(), "tags")
	var tags []Tag
	for i := 2; i < len(record); i++ {
		field := f.text(i, record[i], base, part{})
		if field.s == "" {
			continue // a comma at the end, as spreadsheets write it
		}
		name, val, ok := strings.Cut(field.s, "=")
		if !ok {
			field.refuse("tag=value expected")
			continue
		}
		name, val = strings.TrimSpace(name), strings.TrimSpace(val)
		field.last = key(name)
		tags = addTag(tags, text{at: field.at, s: name, raw: name}, text{at: field.at, s: val, raw: val})
	}
	slices.SortFunc(tags, func(a, b Tag) int { return strings.Compare(a.Key, b.Key) })
	return tags
}

// text is a field of the record that was read last.
func (f *csvFile) text(i int, s, base string, last part) text {
	s = strings.TrimSpace(s)
	line, col := f.csv.FieldPos(i)
	return text{at: f.at(line, col, base, last), s: s, raw: s}
}

// at is a place from a line and a column in bytes.
func (f *csvFile) at(line, col int, base string, last part) at {
	col = 1 + f.characters(line, max(col, 1)-1)
	return at{l: f.r.l, file: f.name, line: line, col: col, base: base, last: last}
}

// characters counts those in the first n bytes of a line.
func (f *csvFile) characters(line, n int) int {
	if f.starts == nil {
		f.starts = []int{0}
		for i, b := range f.src {
			if b == '\n' {
				f.starts = append(f.starts, i+1)
			}
		}
	}
	if line > len(f.starts) {
		return n
	}
	start := f.starts[line-1]
	return utf8.RuneCount(f.src[start:min(start+n, len(f.src))])
}
