// Package leaktest finds out whether secrets leak: it marks them, has a server repeat
// them in every way that a server can, and looks for the mark in whatever the program
// let out.
//
//	marked tokens ─▶ program ─▶ Server, which answers with what it was sent
//	                   │
//	                   └─▶ logs, pages, files ─▶ Find
//
// A mark is found however it is encoded: as it is, escaped, in hexadecimal or base64
// digits. Find itself is tested with leaks that are planted.
package leaktest

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"

	"collectord/keychain"
)

// core is what every marked secret holds: letters and digits alone, so that no
// escaping changes it.
const core = "m4rk3dS3cr3tV4lue"

// Secret is a marked secret of that name. It ends in what JSON, Go, HTML and
// addresses escape each in their own way.
func Secret(name string) string { return core + "-" + name + `"<&+/=%\'é` }

// Plain is a marked secret of letters, digits and dashes, for where others are refused.
func Plain(name string) string { return core + "-" + name }

// Slot is a slot of the keychain with a marked value.
type Slot struct {
	Name  string // "vk", "vk:s1"
	Raw   bool   // what a token is made from
	Value keychain.Value
}

// Slots are the formats' slots, one for each shape that a value may have.
func Slots(formats []keychain.Format) []Slot {
	var slots []Slot
	for _, f := range formats {
		for i, shape := range f.Shapes {
			s := Slot{Name: f.Slot, Raw: strings.HasPrefix(f.Slot, "raw_"), Value: valueOf(f.Slot, shape)}
			if i > 0 {
				s.Name += fmt.Sprintf(":s%d", i)
			}
			slots = append(slots, s)
		}
	}
	return slots
}

func valueOf(slot string, shape keychain.Shape) keychain.Value {
	if shape.Bare {
		if slot == "tg" { // the number of the bot, and its secret
			return keychain.Bare("1234567:" + Plain(slot))
		}
		return keychain.Bare(Secret(slot))
	}
	fields := map[string]string{}
	for _, name := range append(append([]string{}, shape.Required...), shape.Optional...) {
		fields[name] = Secret(slot + "-" + name)
	}
	for name := range fields { // what is no secret and has a form of its own
		switch {
		case strings.HasSuffix(name, "expires_at"):
			fields[name] = "2020-01-01T00:00:00Z"
		case name == "ig_user_id":
			fields[name] = "17841400000000001"
		}
	}
	return keychain.Mapping(fields)
}

// Find looks for a marked secret in any form and returns where it is, with what is
// around it.
func Find(text []byte) (around string, found bool) {
	lower := bytes.ToLower(text)
	for _, form := range []string{core, hex.EncodeToString([]byte(core)), percented(core)} {
		if i := bytes.Index(lower, []byte(strings.ToLower(form))); i >= 0 {
			return excerpt(text, i), true
		}
	}
	for before := range 3 {
		if i := bytes.Index(text, []byte(digits(before))); i >= 0 {
			return excerpt(text, i), true
		}
	}
	// Spaced out, or a byte a line: whatever is no letter or digit may stand between.
	if at := spaced.FindIndex(text); at != nil {
		return excerpt(text, at[0]), true
	}
	return "", false
}

// Refuse fails the test where text holds a marked secret.
func Refuse(t testing.TB, what string, text []byte) {
	t.Helper()
	if around, found := Find(text); found {
		t.Errorf("%s holds a secret: ...%q...", what, around)
	}
}

// RefuseFiles fails the test where a file below dir holds a marked secret, dumps and
// write-ahead logs included, and returns how many files there are.
func RefuseFiles(t testing.TB, dir string) (seen int) {
	t.Helper()
	files := os.DirFS(dir)
	err := fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		seen++
		text, err := fs.ReadFile(files, path)
		Refuse(t, path, text)
		return err
	})
	if err != nil {
		t.Error(err)
	}
	return seen
}

var spaced = regexp.MustCompile(strings.Join(strings.Split(core, ""), `[^0-9A-Za-z]{0,4}`))

func percented(s string) string {
	var b strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&b, "%%%02x", s[i])
	}
	return b.String()
}

// digits are those of base64 that stand for the mark alone behind so many bytes. It
// has neither + nor /, so that both alphabets are alike.
func digits(before int) string {
	all := base64.RawStdEncoding.EncodeToString(append(make([]byte, before), core...))
	return all[(before*8+5)/6 : (before+len(core))*8/6]
}

func excerpt(text []byte, i int) string {
	return string(text[max(0, i-160):min(len(text), i+80)])
}
