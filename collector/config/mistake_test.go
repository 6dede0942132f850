package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func mkdir(t testing.TB, path string) {
	t.Helper()
	if err := os.MkdirAll(path, 0o700); err != nil {
		t.Fatal(err)
	}
}

// mistakes loads src and returns its mistakes, none if it is right.
func mistakes(t testing.TB, src string) Mistakes {
	t.Helper()
	_, err := Parse("config.yaml", []byte(src), testEnv(nil))
	var list Mistakes
	if err != nil && !errors.As(err, &list) {
		t.Fatalf("%v is a %T; want Mistakes", err, err)
	}
	return list
}

func TestNoFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none.yaml")
	_, err := Load(path, testEnv(nil))
	if !errors.Is(err, fs.ErrNotExist) || err.Error() != path+": open: no such file or directory" {
		t.Errorf("%v; want that %s does not exist", err, path)
	}
	_, err = Load(filepath.Dir(path), testEnv(nil))
	if err == nil || !strings.Contains(err.Error(), "a folder, where a file is expected") {
		t.Errorf("%v; want that it is a folder", err)
	}
}

func TestTooLarge(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	write(t, path, "")
	if err := os.Truncate(path, maxFileSize+1); err != nil {
		t.Fatal(err)
	}
	_, err := Load(path, testEnv(nil))
	if err == nil || !strings.Contains(err.Error(), "67108865 bytes; at most 67108864 are read") {
		t.Errorf("%v; want that the file is too large", err)
	}
}

// TestManyMistakes checks that the list is bounded and says so.
func TestManyMistakes(t *testing.T) {
	var b strings.Builder
	b.WriteString("networks:\n  vk:\n    accounts:\n")
	for i := range maxMistakes + 5 {
		_, _ = fmt.Fprintf(&b, "      A%d: not a handle\n", i)
	}
	list := mistakes(t, b.String())
	if len(list) != maxMistakes+1 || list[maxMistakes].String() != "config.yaml: and 5 more mistakes" {
		t.Errorf("%d mistakes, the last is %q", len(list), list[len(list)-1])
	}
}

// TestBombs loads files that are small and would be huge, or endless, if aliases
// were followed without care.
func TestBombs(t *testing.T) {
	nested := "a: &a {k0: x}\n"
	for i := range 40 {
		nested = fmt.Sprintf("%sa%d: &a%d {<<: [*a%s, *a%[4]s], k%[2]d: x}\n", nested, i, i, before(i))
	}
	wide := "log: &l\n"
	for i := range 3000 {
		wide += fmt.Sprintf("  k%d: x\n", i)
	}
	wide += "networks:\n  vk:\n    accounts:\n"
	for i := range 3000 {
		wide += fmt.Sprintf("      - {<<: *l, handle: h%d}\n", i)
	}
	tags := strings.ReplaceAll(wide, "{<<: *l, handle: h", "{tags: {<<: *l, x: y}, handle: h")
	pool := "log: &l [" + strings.Repeat("vk:a, ", 20000) + "vk]\n" + strings.ReplaceAll(wide[strings.Index(wide, "networks"):], "<<", "token")
	for name, src := range map[string]string{
		"wide tags":        tags,
		"wide pools":       pool,
		"nested merges":    nested,
		"a merge of self":  "log: &l\n  <<: *l\n  level: info\n",
		"merges in a ring": "networks: &n\n  vk: &v\n    <<: *n\n    accounts: &x\n      <<: [*v, *x]\n",
		"self as a value":  "networks:\n  vk: &v\n    accounts: [*v, {handle: *v}]\n    token: *v\n",
		"wide merges":      wide,
		"lists in lists":   "networks: {vk: {accounts: " + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + "}}",
		"too deep":         strings.Repeat("[", 20000),
		"maps in maps":     strings.Repeat("{a: ", 9000) + strings.Repeat("}", 9000),
	} {
		t.Run(name, func(t *testing.T) {
			begun := time.Now()
			mistakes(t, src)
			if took := time.Since(begun); took > 20*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}

// before names the anchor before number i of TestBombs.
func before(i int) string {
	if i == 0 {
		return ""
	}
	return fmt.Sprint(i - 1)
}

func TestSorted(t *testing.T) {
	list := sorted([]Mistake{
		{File: "b", Line: 1, Col: 1, Msg: "4"},
		{File: "a", Line: 2, Col: 1, Msg: "3"},
		{File: "a", Line: 1, Col: 9, Msg: "2"},
		{File: "a", Line: 1, Col: 9, Msg: "2"},
		{File: "a", Line: 1, Col: 5, Msg: "1"},
	}, []string{"a", "b"})
	var got strings.Builder
	for _, m := range list {
		got.WriteString(m.Msg)
	}
	if got.String() != "1234" {
		t.Errorf("order %s; want 1234", got.String())
	}
}

// TestSyntaxPlaces checks that the place of a syntax error is known to the
// column: the fields of the YAML library that tell it are still there.
func TestSyntaxPlaces(t *testing.T) {
	for src, want := range map[string]string{
		"a: [b\nc: d\n":               "2:2",
		"a: b\n  c: d\n":              "2:4",
		"a:\n- b\n c: d\n":            "3:3",
		"\n\na: 'x\n":                 "3:4",
		"a: *x\n":                     "1:4",
		"a: \"\\q\"\n":                "1:5",
		"log:\n  level: %debug\n":     "2:10",
		"log: {level: \"жж\" x}\n":    "1:19",
		"a: b\n\x01\n":                "2:1",
		"a: &b\n  <<: *c\n":           "2:7",
		"%YAML 3.0\n---\na: b\n":      "1:1",
		"a: b\n...\nc: d\n---\n{\n":   "3:1",
		"networks:\n  vk: {a: b,,}\n": "2:13",
	} {
		list := mistakes(t, src)
		if len(list) != 1 {
			t.Errorf("%q: %v; want one mistake", src, list)
			continue
		}
		if got := fmt.Sprintf("%d:%d", list[0].Line, list[0].Col); got != want {
			t.Errorf("%q: %s (%s); want %s", src, got, list[0].Msg, want)
		}
	}
}
