package config

import (
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"collectord/collector/schedule"
)

// parsedSchedule is what became of one expression; equal ones are parsed once.
type parsedSchedule struct {
	schedule schedule.Schedule
	err      error
}

// schedule parses an expression and remembers the outcome.
func (l *loader) schedule(expr string) (schedule.Schedule, error) {
	p, ok := l.schedules[expr]
	if !ok {
		p.schedule, p.err = schedule.Parse(expr)
		l.schedules[expr] = p
	}
	return p.schedule, p.err
}

// schedule reads a cron expression into dst.
func (v value) schedule(dst *schedule.Schedule) {
	t, ok := v.given("a cron expression")
	if !ok {
		return
	}
	s, err := v.l.schedule(t.s)
	if err != nil {
		t.because(err)
		return
	}
	*dst = s
}

// because refuses the value for the reason of err, which may quote it already.
func (t text) because(err error) {
	if t.l.full() {
		t.l.unlisted++
		return
	}
	msg := err.Error()
	if strings.Contains(msg, strconv.Quote(strings.TrimSpace(t.s))) {
		t.mistake("%s", msg)
		return
	}
	t.refuse(msg)
}

// nonEmpty reads a text into dst.
func (v value) nonEmpty(dst *string) {
	t, ok := v.text()
	if !ok {
		return
	}
	if strings.TrimSpace(t.s) == "" {
		t.refuse("must not be empty")
		return
	}
	*dst = t.s
}

// oneOf reads one of a few words into dst.
func (v value) oneOf(dst *string, words ...string) {
	t, ok := v.text()
	if !ok {
		return
	}
	if !slices.Contains(words, t.s) {
		t.refuse("one of " + strings.Join(words, ", ") + " expected" + didYouMean(t, words))
		return
	}
	*dst = t.s
}

func didYouMean(t text, words []string) string {
	if near := nearest(t.s, words); near != "" {
		return "; did you mean " + quote(near) + "?"
	}
	return ""
}

const wantDuration = "a duration such as 90s, 15m, 1h30m, 7d or 2w expected"

var errTooLong = errors.New("too long; at most 292 years")

// duration reads a duration into dst.
func (v value) duration(dst *time.Duration) {
	t, ok := v.given("a duration")
	if !ok {
		return
	}
	d, err := parseDuration(t.s)
	if err != nil {
		t.refuse(err.Error())
		return
	}
	*dst = d
}

// parseDuration is time.ParseDuration with days of 24 hours (d) and weeks (w),
// without negative durations.
func parseDuration(s string) (time.Duration, error) {
	if s == "0" {
		return 0, nil
	}
	var sum time.Duration
	for rest := s; ; {
		unit := strings.IndexFunc(rest, func(r rune) bool { return r != '.' && (r < '0' || r > '9') })
		if unit <= 0 {
			if unit < 0 && rest != "" {
				return 0, fmt.Errorf("a unit is missing; %s", wantDuration)
			}
			return 0, errors.New(wantDuration)
		}
		end := strings.IndexFunc(rest[unit:], func(r rune) bool { return r == '.' || '0' <= r && r <= '9' })
		if end < 0 {
			end = len(rest)
		} else {
			end += unit
		}
		d, err := oneDuration(rest[:unit], rest[unit:end])
		if err != nil {
			return 0, err
		}
		if sum += d; sum < 0 {
			return 0, errTooLong
		}
		if rest = rest[end:]; rest == "" {
			return sum, nil
		}
	}
}

// oneDuration is number times unit.
func oneDuration(number, unit string) (time.Duration, error) {
	times := time.Duration(1)
	switch unit {
	case "d":
		times, unit = 24, "h"
	case "w":
		times, unit = 7*24, "h"
	}
	if _, err := time.ParseDuration("1" + unit); err != nil {
		return 0, errors.New(wantDuration)
	}
	if _, err := strconv.ParseFloat(number, 64); err != nil {
		return 0, errors.New(wantDuration)
	}
	// Now it can fail for its length alone.
	d, err := time.ParseDuration(number + unit)
	if err != nil || d > math.MaxInt64/times {
		return 0, errTooLong
	}
	return d * times, nil
}

const wantSize = "a size such as 512MiB, 10GB or a plain number of bytes expected"

// sizeForm is a number and a unit: decimal (kB, MB ...) or binary (KiB, MiB ...).
var sizeForm = regexp.MustCompile(`^(?i)([0-9]+(?:\.[0-9]+)?) ?(?:([kmgt])(i?)b?|b)?$`)

// size reads a number of bytes into dst.
func (v value) size(dst *int64) {
	t, ok := v.given("a size")
	if !ok {
		return
	}
	n, err := parseSize(t.s)
	if err != nil {
		t.refuse(err.Error())
		return
	}
	*dst = n
}

func parseSize(s string) (int64, error) {
	m := sizeForm.FindStringSubmatch(s)
	if m == nil {
		return 0, errors.New(wantSize)
	}
	base := 1000.0
	if m[3] != "" {
		base = 1024
	}
	power := strings.Index("kmgt", strings.ToLower(m[2])) + 1
	if m[2] == "" {
		power = 0
	}
	number, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		return 0, errors.New(wantSize)
	}
	bytes := number * math.Pow(base, float64(power))
	if bytes > 1<<53 { // beyond that, float64 skips whole numbers
		return 0, errors.New("too large; at most 8 PiB")
	}
	if bytes != math.Trunc(bytes) {
		return 0, fmt.Errorf("not a whole number of bytes; %s", wantSize)
	}
	return int64(bytes), nil
}

var rateForm = regexp.MustCompile(`^[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?$`)

// rate reads a number greater than 0 into dst.
func (v value) rate(dst *float64) {
	const expected = "a number greater than 0"
	t, ok := v.given(expected)
	if !ok {
		return
	}
	if len(t.used) == 0 && v.node.ShortTag() == "!!str" {
		v.wrongType(expected)
		return
	}
	f, err := strconv.ParseFloat(t.s, 64)
	if err != nil || !rateForm.MatchString(t.s) || f <= 0 {
		t.refuse(expected + " expected")
		return
	}
	*dst = f
}

// filePath reads a path into dst; a relative one is relative to the config file.
func (v value) filePath(dst *string) {
	var path string
	v.nonEmpty(&path)
	if path == "" {
		return
	}
	*dst = v.l.beside(path)
}

// beside returns path as seen from the config file's folder.
func (l *loader) beside(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(l.dir, path)
}
