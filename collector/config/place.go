package config

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// at is a place in a file, and the path of the field that is written there. The
// path's last part stands apart: most paths are never shown, and to join 100,000
// of them takes longer than to read what they name.
type at struct {
	l         *loader
	file      string
	line, col int
	base      string
	last      part
}

// part is the last part of a path: a key, the number of an item, or nothing.
type part struct {
	key  string
	item int // from 1
}

func key(k string) part { return part{key: k, item: -1} }

func item(i int) part { return part{item: i + 1} }

// path returns the path of the field: "networks.vk", "accounts[3]", or
// `accounts["RIA Novosti"]` for a key that is not a plain word.
func (a at) path() string {
	switch {
	case a.last.item < 0:
		return join(a.base, a.last.key)
	case a.last.item > 0:
		return a.base + "[" + strconv.Itoa(a.last.item-1) + "]"
	}
	return a.base
}

func (a at) pos() string { return position(a.file, a.line, a.col) }

func (a at) mistake(format string, args ...any) {
	if a.l.full() {
		a.l.unlisted++
		return
	}
	a.l.add(Mistake{File: a.file, Line: a.line, Col: a.col, Path: a.path(), Msg: fmt.Sprintf(format, args...)})
}

func (a at) warn(format string, args ...any) {
	if len(a.l.warnings) < maxMistakes {
		a.l.warnings = append(a.l.warnings,
			Mistake{File: a.file, Line: a.line, Col: a.col, Path: a.path(), Msg: fmt.Sprintf(format, args...)})
	}
}

func join(path, name string) string {
	plain := name != "" && strings.IndexFunc(name, func(r rune) bool {
		return r != '_' && r != '-' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}) < 0
	switch {
	case !plain:
		return path + "[" + quote(name) + "]"
	case path == "":
		return name
	}
	return path + "." + name
}

// text is a scalar as the program uses it.
type text struct {
	at
	s   string // with variables put in
	raw string // as written
	// used are the contents of the variables in it, by name.
	used map[string]string
	// secret is true where not even what is written may be shown.
	secret bool
}

// mistake says what is wrong, without the content of any variable.
func (t text) mistake(format string, args ...any) {
	if t.l.full() {
		t.l.unlisted++
		return
	}
	t.at.mistake("%s", t.redact(fmt.Sprintf(format, args...)))
}

// refuse says that the value is not what is expected.
func (t text) refuse(expected string) {
	if t.secret {
		t.mistake("%s", expected)
		return
	}
	t.mistake("%s: %s", quote(t.raw), expected)
}

// redact puts what is written in the place of the contents of variables. Pieces
// of fewer than 4 bytes are replaced where they are quoted alone.
func (t text) redact(msg string) string {
	if len(t.used) == 0 {
		return msg
	}
	const telling = 4
	msg = strings.ReplaceAll(msg, quote(t.s), quote(t.raw))
	if len(t.s) >= telling {
		msg = strings.ReplaceAll(msg, t.s, t.raw)
	}
	for name, content := range t.used {
		if len(content) >= telling {
			msg = strings.ReplaceAll(msg, content, "${"+name+"}")
		}
	}
	return msg
}

// quote shows a value: quoted, on one line, with everything but visible
// characters escaped, and cut where it is long.
func quote(s string) string {
	const longest = 80 // characters
	if utf8.RuneCountInString(s) > longest {
		s = string([]rune(s)[:longest]) + "…"
	}
	return strconv.Quote(s)
}
