package keychain

import (
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// encodedFrom is how long a secret must be, in bytes, for its encodings to be looked
// for: those of a shorter one are found where there is none.
const encodedFrom = 6

// forms are the ways in which text may hold a secret, the longest first: as it is,
// escaped as in an address, JSON, Go or HTML, and in hexadecimal and base64 digits,
// since a server may repeat an Authorization header or a whole form, and a log line
// quotes a quote. Of a token without special characters there are few.
func forms(secret string) []string {
	sent := []string{secret, url.QueryEscape(secret), url.PathEscape(secret)}
	slices.Sort(sent)
	sent = slices.Compact(sent)
	var list []string
	for _, s := range sent {
		list = append(list, escapes(s)...)
		if len(s) >= encodedFrom {
			list = append(list, encodings(s)...)
		}
	}
	slices.SortFunc(list, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	return slices.Compact(list)
}

// escapes are the ways to write a text with nothing but letters and digits left as
// they are.
func escapes(s string) []string {
	if !strings.ContainsFunc(s, special) {
		return []string{s}
	}
	list := []string{s, url.QueryEscape(s), url.PathEscape(s), html.EscapeString(s), jsonEscaped(s, true)}
	for _, address := range list[:3] {
		list = append(list, percentDigits.ReplaceAllStringFunc(address, strings.ToLower))
	}
	for _, quoted := range []string{jsonEscaped(s, false), inside(strconv.Quote(s)), inside(strconv.QuoteToASCII(s))} {
		list = append(list, quoted, jsonEscaped(quoted, false), jsonEscaped(quoted, true))
	}
	return list
}

// special reports whether a character is written as another in an address, JSON, Go
// or HTML.
func special(r rune) bool {
	plain := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-_.~", r)
	return !plain
}

// encodings are the ways to write a text in digits.
func encodings(s string) []string {
	digits := hex.EncodeToString([]byte(s))
	list := []string{digits, strings.ToUpper(digits)}
	for before := range 3 {
		list = append(list, base64Digits(base64.RawStdEncoding, s, before), base64Digits(base64.RawURLEncoding, s, before))
	}
	return list
}

var percentDigits = regexp.MustCompile(`%[0-9A-F]{2}`)

// jsonEscaped is s as JSON has it between the quotes, with or without the escapes
// for HTML that encoding/json adds by default.
func jsonEscaped(s string, forHTML bool) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(forHTML)
	_ = e.Encode(s) // a string always encodes
	return inside(strings.TrimSuffix(b.String(), "\n"))
}

// inside is a quoted text without its quotes.
func inside(quoted string) string { return quoted[1 : len(quoted)-1] }

// base64Digits are the digits that stand for a secret alone where so many bytes are
// before it, modulo 3: "user:" in front of a password shifts the digits.
func base64Digits(e *base64.Encoding, secret string, before int) string {
	digits := e.EncodeToString(append(make([]byte, before), secret...))
	const perByte, perDigit = 8, 6 // bits
	first := (before*perByte + perDigit - 1) / perDigit
	return digits[first : (before+len(secret))*perByte/perDigit]
}
