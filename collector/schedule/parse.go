package schedule

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

const (
	layout      = "minute hour day-of-month month day-of-week"
	descriptors = "@yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly or @every DURATION"
	longest     = 80 // bytes of an expression in an error
)

// Parse reads an expression. The error quotes it and says what is wrong with it
// and what was expected:
//
//	"0 * * *": 5 fields expected (minute hour day-of-month month day-of-week), got 4
func Parse(expr string) (Schedule, error) {
	s := Schedule{expr: strings.TrimSpace(expr), loc: time.Local}
	if err := s.parse(); err != nil {
		return Schedule{}, fmt.Errorf("%q: %w", short(s.expr), err)
	}
	return s, nil
}

// short is a text as an error may quote it: a config may hold anything.
func short(text string) string {
	if len(text) <= longest {
		return text
	}
	return strings.ToValidUTF8(text[:longest], "") + "…"
}

func (s *Schedule) parse() error {
	rest, err := s.takeZone(s.expr)
	if err != nil {
		return err
	}
	words := strings.Fields(rest)
	switch {
	case len(words) == 0:
		return fmt.Errorf("empty; 5 fields (%s) or %s expected", layout, descriptors)
	case words[0] == "@every":
		s.every, err = parseEvery(strings.Join(words[1:], " "))
		return err
	case strings.HasPrefix(rest, "@"):
		s.fields, err = guarded(rest)
		if err != nil {
			return fmt.Errorf("unknown descriptor; %s expected", descriptors)
		}
		return nil
	}
	if err := checkFields(words); err != nil {
		return err
	}
	if s.fields, err = guarded(strings.Join(words, " ")); err != nil {
		return err
	}
	if !s.ever() {
		return fmt.Errorf("never fires: month %q has no day %q", short(words[3]), short(words[2]))
	}
	return nil
}

// takeZone takes TZ=ZONE or CRON_TZ=ZONE from the front of an expression and
// returns what is behind it.
func (s *Schedule) takeZone(expr string) (rest string, err error) {
	key, _, ok := strings.Cut(expr, "=")
	if !ok || key != "TZ" && key != "CRON_TZ" {
		return expr, nil
	}
	word := strings.Fields(expr)[0]
	name := strings.TrimPrefix(word, key+"=")
	if name == "" {
		return "", fmt.Errorf("%s= without a zone; a name such as Europe/Berlin expected behind it", key)
	}
	if s.loc, err = time.LoadLocation(name); err != nil {
		return "", fmt.Errorf("unknown time zone %q; a name of the IANA database such as Europe/Berlin or UTC expected", short(name))
	}
	rest = strings.TrimSpace(strings.TrimPrefix(expr, word))
	if rest == "" {
		return "", fmt.Errorf("nothing behind the time zone; 5 fields (%s) or %s expected", layout, descriptors)
	}
	return rest, nil
}

// parseEvery reads the duration of @every.
func parseEvery(text string) (time.Duration, error) {
	const expected = "a duration of whole seconds such as 15m or 1h30m expected"
	d, err := time.ParseDuration(text)
	switch {
	case text == "":
		return 0, fmt.Errorf("@every without a duration; %s", expected)
	case err != nil:
		return 0, fmt.Errorf("@every %q; %s", short(text), expected)
	case d < time.Second:
		return 0, fmt.Errorf("@every %s is shorter than 1s; %s", short(text), expected)
	case d%time.Second != 0:
		return 0, fmt.Errorf("@every %s has a part of a second; %s", short(text), expected)
	}
	return d, nil
}

// guarded runs robfig's parser and makes an error of its panics. The expression
// has no zone.
func guarded(expr string) (f fields, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("not a cron expression: %v", r)
		}
	}()
	parsed, err := cron.ParseStandard(expr)
	if err != nil {
		return fields{}, fmt.Errorf("not a cron expression: %w", err)
	}
	spec, ok := parsed.(*cron.SpecSchedule)
	if !ok {
		return fields{}, fmt.Errorf("not a cron expression: 5 fields (%s) expected", layout)
	}
	return fields{spec.Minute, spec.Hour, spec.Dom, spec.Month, spec.Dow}, nil
}

// ever reports whether there is a day that the fields match. The longest each
// month gets decides; days of the week come in every month.
func (f fields) ever() bool {
	if f.dow&star == 0 {
		return true
	}
	for month := time.January; month <= time.December; month++ {
		longest := time.Date(2024, month+1, 0, 0, 0, 0, 0, time.UTC).Day() // a leap year
		if f.month>>month&1 == 1 && f.dom&^star&(1<<(longest+1)-1) != 0 {
			return true
		}
	}
	return false
}

// field is one of the five, for errors.
type field struct {
	name     string
	min, max int
	names    []string // of the values from min on
	note     string
}

func layoutFields() [5]field {
	return [5]field{
		{name: "minute", max: 59},
		{name: "hour", max: 23},
		{name: "day-of-month", min: 1, max: 31},
		{name: "month", min: 1, max: 12, names: strings.Fields("jan feb mar apr may jun jul aug sep oct nov dec")},
		{name: "day-of-week", max: 6, names: strings.Fields("sun mon tue wed thu fri sat"), note: " (Sunday is 0)"},
	}
}

// checkFields finds what robfig's parser takes though it makes no sense, and says
// in which field and what was expected, which the parser does not.
func checkFields(words []string) error {
	if len(words) != 5 {
		seconds := ""
		if len(words) == 6 {
			seconds = "; there is no field for seconds, @every 30s does that"
		}
		return fmt.Errorf("5 fields expected (%s), got %d%s", layout, len(words), seconds)
	}
	for i, f := range layoutFields() {
		for item := range strings.SplitSeq(words[i], ",") {
			if err := f.check(item); err != nil {
				return fmt.Errorf("%s %q: %w", f.name, short(words[i]), err)
			}
		}
	}
	return nil
}

// check reads one item of a list: a value or a range, and perhaps a step.
func (f field) check(item string) error {
	values, step, stepped := strings.Cut(item, "/")
	if size := f.max - f.min + 1; stepped {
		if n, ok := number(step); !ok || n < 1 || n > size {
			return fmt.Errorf("a step of 1 to %d expected behind the /, got %q", size, short(step))
		}
	}
	if values == "*" || values == "?" {
		return nil
	}
	low, high, isRange := strings.Cut(values, "-")
	if isRange && (low == "" || high == "") {
		low = values // so that the error shows more than nothing
	}
	from, err := f.value(low)
	if err != nil || !isRange {
		return err
	}
	to, err := f.value(high)
	if err == nil && from > to {
		return fmt.Errorf("the range %s runs backwards", short(values))
	}
	return err
}

func (f field) value(text string) (int, error) {
	if i := slices.Index(f.names, strings.ToLower(text)); i >= 0 {
		return f.min + i, nil
	}
	n, ok := number(text)
	if ok && f.min <= n && n <= f.max {
		return n, nil
	}
	expected := fmt.Sprintf("%d to %d", f.min, f.max)
	if f.names != nil {
		expected += fmt.Sprintf(" or %s to %s", f.names[0], f.names[len(f.names)-1])
	}
	return 0, fmt.Errorf("%s expected%s, got %q", expected, f.note, short(text))
}

// number reads digits alone: strconv takes a sign as well.
func number(text string) (int, bool) {
	n, err := strconv.Atoi(text)
	return n, err == nil && text[0] != '+' && text[0] != '-'
}
