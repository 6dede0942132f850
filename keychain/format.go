package keychain

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
)

// maxValue bounds a value, in bytes: the longest known token, a VK ID one with all
// its parts, has less than 2,000.
const maxValue = 64 << 10

// Check reports whether the format takes the value, as an ErrFormat that names the
// slot, what it takes and what is missing, unknown or misspelt. It never repeats
// anything of the value but a field's name that looks like one.
func (f Format) Check(slot string, v Value) error {
	var problem string
	switch {
	case v.IsZero():
		problem = "the value is empty; " + f.takes()
	case v.IsBare():
		problem = f.checkBare(v)
	default:
		problem = f.checkMapping(v)
	}
	if problem == "" {
		return nil
	}
	return mistakef(ErrFormat, "%s: %s", slot, problem)
}

// Kind names the shape that the value has: "VK ID". It is "" for none.
func (f Format) Kind(v Value) string {
	for _, s := range f.Shapes {
		if s.Bare == v.IsBare() && (s.Bare || s.fits(v)) {
			return s.Kind
		}
	}
	return ""
}

func (s Shape) fits(v Value) bool {
	missing, unknown := s.compare(v)
	return len(missing) == 0 && len(unknown) == 0
}

// compare returns the fields that the value lacks and those that it has too much.
func (s Shape) compare(v Value) (missing, unknown []string) {
	for _, name := range s.Required {
		if v.Get(name) == "" {
			missing = append(missing, name)
		}
	}
	for _, name := range v.Names() {
		if !slices.Contains(s.Required, name) && !slices.Contains(s.Optional, name) {
			unknown = append(unknown, name)
		}
	}
	return missing, unknown
}

// takes says what the format takes: "it takes a string (API key)".
func (f Format) takes() string {
	var forms []string
	for _, s := range f.Shapes {
		if s.Bare {
			forms = append(forms, "a string ("+s.Kind+")")
			continue
		}
		form := "a mapping of " + strings.Join(s.Required, ", ")
		if len(s.Optional) > 0 {
			form += " (and perhaps " + strings.Join(s.Optional, ", ") + ")"
		}
		forms = append(forms, form)
	}
	return "it takes " + strings.Join(forms, ", or ")
}

func (f Format) checkBare(v Value) string {
	if !slices.ContainsFunc(f.Shapes, func(s Shape) bool { return s.Bare }) {
		return "a string will not do; " + f.takes()
	}
	return checkToken(v.Bare())
}

// checkToken finds what people paste beside a token.
func checkToken(s string) string {
	switch {
	case strings.Contains(s, "access_token="), strings.Contains(s, "://"),
		strings.HasPrefix(s, "#"), strings.Contains(s, "&expires_in="), strings.HasPrefix(s, "?"):
		return "this looks like an address and not like a token; " +
			"paste only what stands between access_token= and the next &"
	case len(s) > maxValue:
		return fmt.Sprintf("the value has %d bytes; at most %d will do", len(s), maxValue)
	case s[0] == '"' || s[0] == '\'':
		return "the value begins with a quotation mark; leave the marks out"
	case strings.ContainsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }):
		return "the value has a space, a line break or an unprintable character in it; a token has none"
	}
	return ""
}

func (f Format) checkMapping(v Value) string {
	best, found := f.nearest(v)
	if !found {
		return "a mapping will not do; " + f.takes()
	}
	if problem := f.checkNames(best, v); problem != "" {
		return problem
	}
	for _, name := range v.Names() {
		if problem := checkField(name, v.Get(name)); problem != "" {
			return name + ": " + problem
		}
	}
	return ""
}

// nearest is the mapping shape that the value was probably meant to have: the one
// with the fewest faults.
func (f Format) nearest(v Value) (best Shape, found bool) {
	fewest := 0
	for _, s := range f.Shapes {
		if s.Bare {
			continue
		}
		missing, unknown := s.compare(v)
		if n := len(missing) + len(unknown); !found || n < fewest {
			best, found, fewest = s, true, n
		}
	}
	return best, found
}

// checkNames says which fields are missing, unknown or misspelt.
func (f Format) checkNames(s Shape, v Value) string {
	missing, unknown := s.compare(v)
	if len(missing)+len(unknown) == 0 {
		return ""
	}
	var faults []string
	for _, name := range unknown {
		meant := nearest(name, slices.Concat(missing, s.Optional), 2)
		missing = slices.DeleteFunc(missing, func(m string) bool { return m == meant })
		faults = append(faults, f.unknownField(name, meant))
	}
	switch len(missing) {
	case 0:
	case 1:
		faults = slices.Insert(faults, 0, missing[0]+" is missing")
	default:
		faults = slices.Insert(faults, 0, strings.Join(missing, ", ")+" are missing")
	}
	return f.needs() + "; " + strings.Join(faults, "; ")
}

// needs lists what a mapping must have: "a mapping needs a, b; or c".
func (f Format) needs() string {
	var forms []string
	for _, s := range f.Shapes {
		if !s.Bare {
			forms = append(forms, strings.Join(s.Required, ", "))
		}
	}
	return "a mapping needs " + strings.Join(forms, ", or ")
}

// harmless is what a field's name looks like. Anything else may be a secret that
// stands where a name should, and is not repeated.
var harmless = regexp.MustCompile(`^[A-Za-z][A-Za-z_-]{0,19}$`)

func (f Format) unknownField(name, meant string) string {
	for _, s := range f.Shapes {
		if slices.Contains(s.Required, name) || slices.Contains(s.Optional, name) {
			return fmt.Sprintf("%s does not go with them", name)
		}
	}
	switch {
	case meant != "":
		return fmt.Sprintf("unknown field %q (did you mean %s?)", name, meant)
	case harmless.MatchString(name):
		return fmt.Sprintf("unknown field %q", name)
	}
	return "a field has an unknown name, which is not shown because it may be a secret"
}

// checkField checks one field of a mapping. Names that end in _at hold times.
func checkField(name, s string) string {
	if strings.HasSuffix(name, "_at") {
		if _, err := time.Parse(time.RFC3339, s); err != nil {
			return "a time is written like 2026-11-22T15:04:05Z (RFC 3339)"
		}
		return ""
	}
	if name != "login" && name != "password" {
		return checkToken(s)
	}
	if strings.ContainsFunc(s, unicode.IsControl) {
		return "the value has a line break or a control character in it"
	}
	return ""
}

// didYouMean is " (did you mean x?)", or "" where no known name is near.
func didYouMean(name string, known []string, most int) string {
	if meant := nearest(name, known, most); meant != "" {
		return " (did you mean " + meant + "?)"
	}
	return ""
}

// nearest returns the known name that takes the fewest edits to get from name, ""
// if it takes more than most.
func nearest(name string, known []string, most int) string {
	best := ""
	for _, k := range known {
		if d := distance(strings.ToLower(name), k); d <= most {
			best, most = k, d-1
		}
	}
	return best
}

// distance is Levenshtein's, for names; what is longer than any name is far away.
func distance(a, b string) int {
	if len(a) > len(b)+8 {
		return len(a)
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			d := diagonal
			if a[i] != b[j] {
				d = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], d
		}
	}
	return row[len(b)]
}
