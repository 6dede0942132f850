package point

import (
	"strings"
	"unicode/utf8"
)

// splitSeries reads a series as Series writes nearly all of them, and reports whether it
// is one: what has anything in it that needs a second look is the decoder's. A start
// reads some 100,000 of them, for which the decoder takes ten times as long.
func splitSeries(series string) (measurement string, tags []Tag, ok bool) {
	measurement, rest, more := cutBare(series, ',')
	if !plain(measurement) || measurement[0] == '#' {
		return "", nil, false
	}
	if more {
		tags = make([]Tag, 0, 1+strings.Count(rest, ","))
	}
	for more {
		var tag string
		tag, rest, more = cutBare(rest, ',')
		key, value, found := cutBare(tag, '=')
		if !found || !plain(key) {
			return "", nil, false
		}
		if value, ok = unescape(value); !ok {
			return "", nil, false
		}
		tags = append(tags, Tag{key, value})
	}
	return measurement, tags, true
}

// cutBare cuts s at the first sep that no backslash stands before.
func cutBare(s string, sep byte) (before, after string, found bool) {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case sep:
			return s[:i], s[i+1:], true
		}
	}
	return s, "", false
}

// plain reports whether s is a word without anything that may need escaping.
func plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || strings.IndexByte(`\,="`, c) >= 0 {
			return false
		}
	}
	return s != ""
}

// unescape takes the backslashes out of a tag's value. It is not ok where the value is
// not one that Series writes.
func unescape(value string) (s string, ok bool) {
	if strings.IndexFunc(value, func(c rune) bool {
		return c <= ' ' || c == '\\' || c == '=' || c >= 0x7f && c < 0xa0 || c == utf8.RuneError
	}) < 0 {
		return value, value != ""
	}
	b := make([]byte, 0, len(value))
	for i := 0; i < len(value); i++ {
		c := value[i]
		if c == '\\' {
			if i++; i == len(value) || strings.IndexByte(" ,=", value[i]) < 0 {
				return "", false
			}
			b = append(b, value[i])
			continue
		}
		if c <= ' ' || c == '=' || c == 0x7f {
			return "", false
		}
		b = append(b, c)
	}
	s = string(b)
	return s, checkText("value", s) == nil
}
