package main

import (
	"fmt"
	"strings"
	"unicode"
)

// visible is one line that can be shown on a terminal: what would move the cursor,
// change colours, begin a line or turn the direction of what follows is written as
// an escape, \x1b or \u202e, since names and errors are others' words. Letters and
// signs of every script stay as they are, and so do the joiners inside of them (of
// emoji, of Persian words).
func visible(s string) string { return escaped(s, unseen) }

// visibleLines is visible for a text of several lines, which may be indented.
func visibleLines(s string) string {
	return escaped(s, func(r rune) bool { return r != '\n' && r != '\t' && unseen(r) })
}

// escaped is s with the characters that are to go written as escapes.
func escaped(s string, goes func(rune) bool) string {
	s = strings.ToValidUTF8(s, "\uFFFD") // a byte of its own may be a control, too
	if strings.IndexFunc(s, goes) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case !goes(r):
			b.WriteRune(r)
		case r < 0x80:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r > 0xffff:
			fmt.Fprintf(&b, `\U%08x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// unseen reports whether a character acts on what is around it rather than show
// itself: the controls of C0 and C1, line ends, marks of direction, tags, and what
// has no width. The joiners U+200C and U+200D are parts of words.
func unseen(r rune) bool {
	const nonJoiner, joiner = 0x200c, 0x200d
	const lineEnd, paragraphEnd = 0x2028, 0x2029
	switch r {
	case nonJoiner, joiner:
		return false
	case lineEnd, paragraphEnd:
		return true
	}
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
}
