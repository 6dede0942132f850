package main

import (
	"bytes"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestFind says of statements which mutants there are, as the text that the statement
// becomes.
func TestFind(t *testing.T) {
	drop := "func(...any) {}"
	nothing := "func(...any) error { return nil }"
	for _, c := range []struct {
		statement string
		want      []string
	}{
		{"if a < b { }", []string{"negated: if !(a < b) { }", "compared: if a <= b { }"}},
		{"if a == b { }", []string{"negated: if !(a == b) { }"}},
		{"for ok { }", []string{"negated: for !(ok) { }"}},
		{"switch { case ok: }", []string{"negated: switch { case !(ok): }"}},
		{"switch a { case b: }", nil},
		{"if err != nil { }", []string{"unchecked: if false && (err != nil) { }"}},
		{"if writeErr != nil { }", []string{"unchecked: if false && (writeErr != nil) { }"}},
		{"if err != nil && ok { }", []string{"negated: if !(err != nil && ok) { }", "connected: if err != nil || ok { }", "compared: if err == nil && ok { }"}},
		{"c := a + b - 1", []string{"calculated: c := a + b + 1", "calculated: c := a - b - 1"}},
		{`s := s + "x"`, nil},
		{"c := a >= b || ok", []string{"connected: c := a >= b && ok", "compared: c := a > b || ok"}},
		{"return 1, err", []string{"swallowed: return 1, func() error { _ = err; return nil }()"}},
		{"return 1, nil", nil},
		{"return f()", nil},
		{"_ = func() bool { return true }", []string{"answered: _ = func() bool { return false }"}},
		{"_ = func() *Error { return x }", []string{"swallowed: _ = func() *Error { return func() *Error { _ = x; return nil }() }"}},
		{"x.run(a)", []string{"uncalled: " + drop + "(x.run, a)"}},
		{"run()", []string{"uncalled: " + drop + "(run)"}},
		{"delete(m, k)", []string{"uncalled: " + drop + "(m, k)"}},
		{"func() { }()", []string{"uncalled: " + drop + "()"}},
		{"mu.Lock()", nil},
		{"defer run()", nil},
		{"syncFolder(x)", []string{"unsynced: " + drop + "(syncFolder, x)"}},
		{"synchronize(x)", []string{"uncalled: " + drop + "(synchronize, x)"}},
		{"err := f.Sync()", []string{"unsynced: err := " + nothing + "(f.Sync)"}},
		{"_ = f.Close()", nil},
		{"x.a = 1", []string{"unassigned: " + drop + "(1)"}},
		{"x[1] += 2", []string{"unassigned: " + drop + "(2)"}},
		{"a, b = b, a", nil},
		{"x.a++", []string{"calculated: x.a--"}},
	} {
		if got := edits(t, c.statement); !slices.Equal(got, c.want) {
			t.Errorf("%s\n got %q\nwant %q", c.statement, got, c.want)
		}
	}
}

// edits returns what a statement of a function with an int and an error as results
// becomes.
func edits(t *testing.T, statement string) []string {
	t.Helper()
	before, after := "package p\nfunc f() (n int, err error) {\n", "\n}"
	src := []byte(before + statement + after)
	path := filepath.Join(t.TempDir(), "p.go")
	if err := os.WriteFile(path, src, 0o600); err != nil {
		t.Fatal(err)
	}
	set := token.NewFileSet()
	f, err := parser.ParseFile(set, path, src, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, m := range find(set, f, src) {
		edited, err := m.apply()
		if err != nil || m.line != 3 {
			t.Errorf("%v: %v", m, err)
		}
		all = append(all, m.kind+": "+strings.TrimSuffix(strings.TrimPrefix(string(edited), before), after))
	}
	return all
}

// TestRun breaks a module of two packages, of which the one tests the other too.
func TestRun(t *testing.T) {
	o, err := parse([]string{"-n", "0", "-v", "-p", "2", "-least", "80", "./collector/logfold"})
	if err != nil {
		t.Fatal(err)
	}
	o.dir = module(t)
	var out bytes.Buffer
	if err := run(t.Context(), o, &out); err == nil || !strings.HasSuffix(err.Error(), "80 of a hundred caught: collector/logfold") {
		t.Error(err)
	}
	for _, want := range []string{
		"caught    collector/logfold/fold.go:4: calculated: a + b  [TestSum]\n",
		"caught    collector/logfold/fold.go:6: compared: a < b  [TestLess]\n",
		"SURVIVED  collector/logfold/fold.go:8: compared: a <= b\n",
		"| `collector/logfold` | 4       | 3     | 2      | 67 %  |", // one does not compile
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
}

// TestBrokenBefore finds tests that fail with nothing broken: they would catch all.
func TestBrokenBefore(t *testing.T) {
	dir := module(t)
	write(t, dir, "collector/logfold/more_test.go", "package logfold\n\nimport \"testing\"\n\nfunc TestMore(t *testing.T) { t.Error(1) }\n")
	o, err := parse([]string{"./collector/logfold"})
	if err != nil {
		t.Fatal(err)
	}
	o.dir = dir
	var out bytes.Buffer
	if err := run(t.Context(), o, &out); err == nil || !strings.Contains(err.Error(), "fails with nothing broken") || out.Len() > 0 {
		t.Errorf("%v\n%s", err, &out)
	}
}

// TestChoose wants the same mutants of the same seed, and those of a place.
func TestChoose(t *testing.T) {
	packages, err := listPackages(t.Context(), "", []string{"."})
	if err != nil || len(packages) != 1 || packages[0].name() != "internal/mutate" {
		t.Fatalf("%+v, %v", packages, err)
	}
	chosen := func(args ...string) string {
		o, err := parse(append(args, "."))
		if err != nil {
			t.Fatal(err)
		}
		all, err := packages[0].mutants()
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, m := range o.choose(all) {
			names = append(names, m.String())
		}
		return strings.Join(names, "\n")
	}
	if a, b := chosen("-seed", "1"), chosen("-seed", "1"); a != b || a == "" {
		t.Error("the same seed chooses others")
	}
	if chosen("-seed", "1") == chosen("-seed", "2") {
		t.Error("another seed chooses the same")
	}
	if all := chosen("-n", "0"); !strings.HasPrefix(all, "find.go:") {
		t.Errorf("not in order: %.40s", all)
	}
	for line := range strings.Lines(chosen("-at", "^main.go:.*unchecked")) {
		if !strings.HasPrefix(line, "main.go:") || !strings.Contains(line, ": unchecked: ") {
			t.Error(line)
		}
	}
}

// module is a folder with one in which less is tested by a user, and more nowhere.
func module(t *testing.T) string {
	t.Helper()
	t.Setenv("GOFLAGS", "") // a race detector here is one more build for nothing
	dir := t.TempDir()
	write(t, dir, "go.mod", "module collectord\n\ngo 1.26\n")
	write(t, dir, "collector/logfold/fold.go", `package logfold

// Sum is tested here.
func Sum(a, b int) int { return a + b }

func Less(a, b int) bool { return a < b }

func Untested(a, b int) bool { return a <= b }

func Text(a, b string) string { return a + b }
`)
	write(t, dir, "collector/logfold/fold_test.go", `package logfold

import "testing"

func TestSum(t *testing.T) {
	if Sum(2, 1) != 3 {
		t.Error()
	}
}
`)
	write(t, dir, "collector/fold_test.go", `package collector

import (
	"testing"

	"collectord/collector/logfold"
)

func TestLess(t *testing.T) {
	if logfold.Less(1, 1) {
		t.Error()
	}
}
`)
	return dir
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestParse(t *testing.T) {
	for _, args := range [][]string{{}, {"-n", "-1", "."}, {"-p", "0", "."}, {"-at", "(", "."}, {"-what", "."}} {
		if _, err := parse(args); err == nil {
			t.Errorf("%q is taken", args)
		}
	}
	o, err := parse([]string{"-n", "3", "-seed", "9", "a", "b"})
	if err != nil || o.n != 3 || o.seed != 9 || !slices.Equal(o.packages, []string{"a", "b"}) {
		t.Errorf("%+v, %v", o, err)
	}
}

func TestReason(t *testing.T) {
	for said, want := range map[string]string{
		"ok\n    --- FAIL: TestA/b (0.00s)\n--- FAIL: TestA (0s)\n": "TestA/b",
		"panic: test timed out after 1s\n":                          "panic: test timed out after 1s",
		"exit status 2":                                             "?",
	} {
		if got := reason([]byte(said)); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestTable(t *testing.T) {
	var out bytes.Buffer
	scores := []score{{pkg: "a", possible: 50, tried: 20, caught: 18}, {pkg: "b", possible: 9, tried: 9, caught: 8}, {pkg: "c"}}
	err := table(scores, options{least: 90}, time.Minute, &out)
	if err == nil || !strings.HasSuffix(err.Error(), ": b") {
		t.Error(err)
	}
	for _, want := range []string{"| `a`     | 50      | 20    | 18     | 90 %  |", "| `c`     | 0       | 0     | 0      | -     |", "| all     | 59      | 29    | 26     | 90 %  | 1m0s |"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
}
