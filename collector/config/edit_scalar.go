package config

import (
	"slices"
	"strconv"
	"strings"
	"unicode"

	"gopkg.in/yaml.v3"
)

// valueText writes a text as the value of a key, where ${NAME} would be a variable.
func valueText(s string) string { return scalarText(strings.ReplaceAll(s, "${", "$${")) }

// scalarText writes a text so that every reader of YAML, old or new, takes it for that
// text, inside of [] and {} or not: without quotes where they are not needed.
func scalarText(s string) string {
	if !isPlain(s) {
		return strconv.Quote(s) // its escapes are YAML's, too
	}
	return s
}

// isPlain reports whether a text needs no quotes.
func isPlain(s string) bool {
	// YAML 1.1 takes these for truth values, and many readers still do.
	if slices.Contains([]string{"y", "n", "yes", "no", "on", "off"}, strings.ToLower(s)) {
		return false
	}
	// An address is the one text with a colon that people write without quotes.
	rest := strings.TrimPrefix(strings.TrimPrefix(s, "https://"), "http://")
	first := []rune(s + " ")[0]
	if rest == "" || !unicode.IsLetter(first) && !unicode.IsDigit(first) || strings.Contains(s, "  ") || strings.HasSuffix(s, " ") {
		return false
	}
	for _, r := range rest {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(" _.-+/@()", r) {
			return false
		}
	}
	// What is left may be a number, a date, null or true.
	var read []any
	if err := yaml.Unmarshal([]byte("["+s+"]"), &read); err != nil || len(read) != 1 {
		return false
	}
	text, ok := read[0].(string)
	return ok && text == s
}
