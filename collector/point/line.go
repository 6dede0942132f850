package point

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/influxdata/line-protocol/v2/lineprotocol"
)

// MaxSeries is the most bytes that the text of a series may have. InfluxDB
// refuses a series with its field's key over 65,535 bytes
// (models.MaxKeyLength, https://github.com/influxdata/influxdb, read 2026-11-21).
const MaxSeries = 65_535 - 256

// Series returns what is the same at every poll, escaped: the measurement and the
// tags, sorted by key, without those whose value is empty. Equal points have equal
// series, in whatever order their tags were given.
func (p Point) Series() (string, error) {
	if err := checkName("measurement", p.Measurement); err != nil {
		return "", err
	}
	if p.Measurement[0] == '#' {
		return "", fmt.Errorf("measurement %q: a line that begins with # is a comment", p.Measurement)
	}
	tags, err := sortedTags(p.Tags)
	if err != nil {
		return "", fmt.Errorf("%s: %w", p.Measurement, err)
	}
	var stack [256]byte
	var e lineprotocol.Encoder
	e.SetLax(true) // everything was checked above, with better words
	e.SetBuffer(stack[:0])
	e.StartLine(p.Measurement)
	for _, t := range tags {
		if t.Value != "" {
			e.AddTag(t.Key, t.Value)
		}
	}
	if err := e.Err(); err != nil {
		return "", fmt.Errorf("%s: %w", p.Measurement, err)
	}
	if n := len(e.Bytes()); n > MaxSeries {
		return "", fmt.Errorf("%s: series of %d bytes: at most %d", p.Measurement, n, MaxSeries)
	}
	return string(e.Bytes()), nil
}

// FieldSet returns the fields as a line has them, in the order in which they were
// given: `followers=1i,name="x"`.
func (p Point) FieldSet() (string, error) {
	if len(p.Fields) == 0 {
		return "", fmt.Errorf("%s: no fields", p.Measurement)
	}
	var stack [256]byte
	var e lineprotocol.Encoder
	e.SetLax(true)
	e.SetBuffer(stack[:0])
	e.StartLine("m") // the encoder wants one; it is cut off below
	for i, f := range p.Fields {
		if err := checkField(f, p.Fields[:i]); err != nil {
			return "", fmt.Errorf("%s: %w", p.Measurement, err)
		}
		e.AddField(f.key, f.value())
	}
	if err := e.Err(); err != nil {
		return "", fmt.Errorf("%s: %w", p.Measurement, err)
	}
	return string(e.Bytes()[len("m "):]), nil
}

// AppendLine appends one line, without a newline, to dst. Series and fields are
// what [Point.Series] and [Point.FieldSet] returned; unix counts seconds.
func AppendLine(dst []byte, series, fields string, unix int64) []byte {
	dst = append(dst, series...)
	dst = append(dst, ' ')
	dst = append(dst, fields...)
	dst = append(dst, ' ')
	return strconv.AppendInt(dst, unix, 10)
}

// Parse reads one line whose time counts seconds, as AppendLine writes it.
func Parse(line []byte) (Point, error) {
	d := lineprotocol.NewDecoderWithBytes(line)
	if !d.Next() {
		return Point{}, errors.New("line protocol: no line")
	}
	var p Point
	var err error
	if p.Measurement, p.Tags, err = decodeSeries(d); err != nil {
		return Point{}, err
	}
	if p.Fields, err = decodeFields(d); err != nil {
		return Point{}, err
	}
	text, err := d.TimeBytes()
	if err != nil {
		return Point{}, fmt.Errorf("line protocol: %w", err)
	}
	unix, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil {
		return Point{}, fmt.Errorf("line protocol: time %q: whole seconds expected", text)
	}
	if d.Next() {
		return Point{}, errors.New("line protocol: more than one line")
	}
	p.Time = time.Unix(unix, 0).UTC()
	return p, nil
}

// ParseSeries reads what Series wrote. The texts it returns are pieces of series where
// nothing is escaped in them.
func ParseSeries(series string) (measurement string, tags []Tag, err error) {
	if measurement, tags, ok := splitSeries(series); ok {
		return measurement, tags, nil
	}
	return parseSeries(series)
}

// parseSeries is ParseSeries by the library's decoder.
func parseSeries(series string) (measurement string, tags []Tag, err error) {
	// The decoder wants a field behind the tags; it gets one that must come back.
	d := lineprotocol.NewDecoderWithBytes([]byte(series + " end=1i"))
	if series == "" || !d.Next() {
		return "", nil, errors.New("line protocol: empty series")
	}
	if measurement, tags, err = decodeSeries(d); err != nil {
		return "", nil, err
	}
	fields, err := decodeFields(d)
	if err != nil || len(fields) != 1 || fields[0] != Int("end", 1) {
		return "", nil, fmt.Errorf("line protocol: series %q: more than tags", series)
	}
	return measurement, tags, nil
}

// ParseFields reads what FieldSet wrote.
func ParseFields(fields string) ([]Field, error) {
	d := lineprotocol.NewDecoderWithBytes([]byte("m " + fields))
	if !d.Next() {
		return nil, errors.New("line protocol: no fields")
	}
	return decodeFields(d)
}

func decodeSeries(d *lineprotocol.Decoder) (string, []Tag, error) {
	m, err := d.Measurement()
	if err != nil {
		return "", nil, fmt.Errorf("line protocol: %w", err)
	}
	measurement := string(m)
	var tags []Tag
	for {
		key, value, err := d.NextTag()
		if err != nil {
			return "", nil, fmt.Errorf("line protocol: %s: %w", measurement, err)
		}
		if key == nil {
			return measurement, tags, nil
		}
		tags = append(tags, Tag{string(key), string(value)})
	}
}

func decodeFields(d *lineprotocol.Decoder) ([]Field, error) {
	var fields []Field
	for {
		key, value, err := d.NextField()
		if err != nil {
			return nil, fmt.Errorf("line protocol: %w", err)
		}
		if key == nil {
			return fields, nil
		}
		switch value.Kind() {
		case lineprotocol.Int:
			fields = append(fields, Int(string(key), value.IntV()))
		case lineprotocol.String:
			fields = append(fields, String(string(key), value.StringV()))
		case lineprotocol.Bool:
			fields = append(fields, Bool(string(key), value.BoolV()))
		default:
			return nil, fmt.Errorf("line protocol: field %q: a whole number, text or truth value expected, got %s",
				key, value.Kind())
		}
	}
}

// value is the field's value for the encoder. Only checked fields come here.
func (f Field) value() lineprotocol.Value {
	switch f.kind {
	case KindInt:
		return lineprotocol.IntValue(f.n)
	case KindBool:
		return lineprotocol.BoolValue(f.n != 0)
	case KindString:
	}
	v, _ := lineprotocol.StringValue(f.s) // false for what is not UTF-8, which String mends
	return v
}

// sortedTags returns tags in the order of their keys, checked; tags itself where
// it is in order already.
func sortedTags(tags []Tag) ([]Tag, error) {
	byKey := func(a, b Tag) int { return cmp.Compare(a.Key, b.Key) }
	if !slices.IsSortedFunc(tags, byKey) {
		tags = slices.Clone(tags)
		slices.SortFunc(tags, byKey)
	}
	for i, t := range tags {
		if err := checkKey("tag", t.Key); err != nil {
			return nil, err
		}
		if i > 0 && tags[i-1].Key == t.Key {
			return nil, fmt.Errorf("tag %q: given twice", t.Key)
		}
		if t.Value == "" {
			continue
		}
		if err := checkText("value", t.Value); err != nil {
			return nil, fmt.Errorf("tag %s: %w", t.Key, err)
		}
	}
	return tags, nil
}

func checkField(f Field, before []Field) error {
	if err := checkKey("field", f.key); err != nil {
		return err
	}
	if f.kind == 0 {
		return fmt.Errorf("field %q: no value", f.key)
	}
	for _, b := range before {
		if b.key == f.key {
			return fmt.Errorf("field %q: given twice", f.key)
		}
	}
	return nil
}

// checkKey says what InfluxDB would not take as a key of a tag or a field. It
// reserves three of them
// (https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/#naming-restrictions,
// read 2026-11-21).
func checkKey(what, key string) error {
	switch key {
	case "time", "_field", "_measurement":
		return fmt.Errorf("%s %q: the name is reserved by InfluxDB", what, key)
	}
	if err := checkName("key", key); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// checkName is checkText for a measurement or a key. InfluxDB 1.8 and the encoder
// do not agree on backslashes and quotation marks in them, nor does anybody need any.
func checkName(what, s string) error {
	if err := checkText(what, s); err != nil {
		return err
	}
	if i := strings.IndexAny(s, `\"`); i >= 0 {
		return fmt.Errorf("%s: %q: a %c", what, s, s[i])
	}
	return nil
}

// checkText says what does not survive as a measurement, a key or a tag's value.
func checkText(what, s string) error {
	switch {
	case s == "":
		return errors.New(what + ": empty")
	case !utf8.ValidString(s):
		return fmt.Errorf("%s: %q: not UTF-8", what, s)
	case strings.IndexFunc(s, unicode.IsControl) >= 0:
		return fmt.Errorf("%s: %q: a control character", what, s)
	case s[len(s)-1] == '\\':
		return fmt.Errorf("%s: %q: a backslash at the end", what, s)
	}
	return nil
}
