package docstest

import (
	"cmp"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// span is a piece of code within a sentence.
var span = regexp.MustCompile("`([^`\n]+)`")

// TestEveryNamedPathExists wants the files and folders of the project that the pages name
// in running text to be there.
func TestEveryNamedPathExists(t *testing.T) {
	path := regexp.MustCompile(`^(?:\./)?((?:cmd|collector|deploy|docs|internal|keychain|networks|tools|\.ci)/[\w./*-]+|config\.(?:example\.yaml|schema\.json)|[A-Z]+\.md|Dockerfile)$`)
	found := 0
	for page, text := range pages(t) {
		for _, m := range span.FindAllStringSubmatch(text, -1) {
			p := path.FindStringSubmatch(m[1])
			if p == nil {
				continue
			}
			found++
			name := strings.TrimSuffix(strings.TrimSuffix(p[1], "/..."), "/")
			name = strings.ReplaceAll(name, "NAME", "*") // any network, or package
			if files, err := filepath.Glob(filepath.Join(root, name)); err != nil || len(files) == 0 {
				t.Errorf("%s: there is no %s", page, p[1])
			}
		}
	}
	if found < 30 {
		t.Errorf("only %d paths were found", found)
	}
}

// TestEveryNamedTestExists wants every command that begins with "go test" to name a
// package with such tests and flags, and every test that the pages name to be there.
func TestEveryNamedTestExists(t *testing.T) {
	known := testsByFolder(t)
	everywhere := strings.Builder{}
	for _, f := range known {
		everywhere.WriteString(strings.Join(f.names, "\n") + "\n")
	}
	name := regexp.MustCompile(`^(?:Test|Benchmark|Fuzz)[A-Z]\w+$`)
	command := regexp.MustCompile("go test (\\./[^`\n]*)")
	commands := 0
	for page, text := range pages(t) {
		for _, m := range span.FindAllStringSubmatch(text, -1) {
			if name.MatchString(m[1]) && !strings.Contains("\n"+everywhere.String(), "\n"+m[1]+"\n") {
				t.Errorf("%s: there is no %s", page, m[1])
			}
		}
		for _, m := range command.FindAllStringSubmatch(text, -1) {
			commands++
			for _, wrong := range unknownIn(strings.Fields(m[1]), known) {
				t.Errorf("%s: go test %s: there is no %s", page, m[1], wrong)
			}
		}
	}
	if commands < 30 {
		t.Errorf("only %d commands were found", commands)
	}
}

// testFolder is what the tests of a folder offer.
type testFolder struct{ names, flags []string }

// unknownIn are the words of a "go test" command that mean nothing: a folder without
// tests, a pattern that no test fits, a flag that no test reads.
func unknownIn(words []string, known map[string]testFolder) []string {
	var wrong []string
	var in testFolder
	for i := 0; i < len(words); i++ {
		word := strings.Trim(words[i], `'"();,`)
		if folder, ok := strings.CutPrefix(word, "./"); ok {
			found := below(folder, known)
			if len(found.names) == 0 {
				wrong = append(wrong, word)
			}
			in.names, in.flags = append(in.names, found.names...), append(in.flags, found.flags...)
			continue
		}
		flag, isFlag := strings.CutPrefix(word, "-")
		if !isFlag {
			continue
		}
		value := ""
		if i+1 < len(words) {
			value = strings.Trim(words[i+1], `'"();,`)
		}
		switch {
		case flag == "run" || flag == "bench":
			if value != "XXX" && value != "xxx" && !fits(value, flag, in.names) {
				wrong = append(wrong, word+" "+value)
			}
		case !slices.Contains([]string{"v", "timeout", "count", "race", "benchtime", "parallel"}, flag) &&
			!strings.HasPrefix(flag, "rapid.") && !slices.Contains(in.flags, flag):
			wrong = append(wrong, word)
		}
	}
	return wrong
}

// fits reports whether a test, or a benchmark, has a name that the pattern finds.
func fits(pattern, flag string, names []string) bool {
	top, _, _ := strings.Cut(pattern, "/")
	expr, err := regexp.Compile(top)
	return err == nil && slices.ContainsFunc(names, func(name string) bool {
		return expr.MatchString(name) && strings.HasPrefix(name, "Benchmark") == (flag == "bench")
	})
}

// below are the tests of a folder; with /... those of the folders in it as well.
func below(folder string, known map[string]testFolder) testFolder {
	top, all := strings.CutSuffix(folder, "...")
	top = strings.TrimSuffix(top, "/")
	var sum testFolder
	for name, f := range known {
		if name == top || all && (top == "" || strings.HasPrefix(name, top+"/")) {
			sum.names, sum.flags = append(sum.names, f.names...), append(sum.flags, f.flags...)
		}
	}
	return sum
}

// testsByFolder are the tests, benchmarks and fuzz targets of each folder, and the flags
// that its test files define.
func testsByFolder(t *testing.T) map[string]testFolder {
	t.Helper()
	known := make(map[string]testFolder)
	for _, top := range []string{"cmd", "collector", "deploy", "internal", "keychain", "networks"} {
		walk(t, top, func(path string) {
			if !strings.HasSuffix(path, "_test.go") {
				return
			}
			f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, path), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			folder := known[filepath.ToSlash(filepath.Dir(path))]
			ast.Inspect(f, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.FuncDecl:
					if n.Recv == nil {
						folder.names = append(folder.names, n.Name.Name)
					}
				case *ast.CallExpr:
					if flag := flagName(n); flag != "" {
						folder.flags = append(folder.flags, flag)
					}
				}
				return true
			})
			known[filepath.ToSlash(filepath.Dir(path))] = folder
		})
	}
	return known
}

// flagName is the name of the flag that a call defines: flag.Int("runs", ...).
func flagName(call *ast.CallExpr) string {
	fun, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || len(call.Args) < 3 {
		return ""
	}
	if on, ok := fun.X.(*ast.Ident); !ok || on.Name != "flag" {
		return ""
	}
	return cmp.Or(literal(call.Args[0]), literal(call.Args[1]))
}

// TestEveryNamedKeyExists wants every key of the config that the pages name to be one of
// docs/config.md, which is made from what the program reads.
func TestEveryNamedKeyExists(t *testing.T) {
	sections := configKeys(t)
	key := regexp.MustCompile(`^(influxdb|web|log|keychain|journal|cluster)\.([a-z_]+)(?:: .*)?$`)
	found := 0
	for page, text := range pages(t) {
		for _, m := range span.FindAllStringSubmatch(text, -1) {
			k := key.FindStringSubmatch(m[1])
			if k == nil || slices.Contains([]string{"web.yaml", "keychain.key", "journal.db"}, m[1]) {
				continue
			}
			found++
			if !slices.Contains(sections[k[1]], k[2]) {
				t.Errorf("%s: the config has no key %s.%s", page, k[1], k[2])
			}
		}
	}
	if found < 30 {
		t.Errorf("only %d keys were found", found)
	}
}

// configKeys are the keys of each section of the config.
func configKeys(t *testing.T) map[string][]string {
	t.Helper()
	sections := make(map[string][]string)
	section := ""
	for line := range strings.Lines(readDoc(t, "docs", "config.md")) {
		if name, ok := strings.CutPrefix(line, "## "); ok {
			section = strings.TrimSpace(name)
		}
		if m := regexp.MustCompile("^\\| `([a-z_]+)` \\|").FindStringSubmatch(line); m != nil {
			sections[section] = append(sections[section], m[1])
		}
	}
	return sections
}

// TestEveryNamedMetricExists wants the program to have every metric that a page names.
// That docs/metrics.md names every metric there is, collector's own tests see to.
func TestEveryNamedMetricExists(t *testing.T) {
	known := literals(t)
	found := 0
	for page, text := range pages(t) {
		for _, m := range regexp.MustCompile("`collectord_([a-z_]+)").FindAllStringSubmatch(text, -1) {
			found++
			if !strings.Contains(known, "\n"+m[1]+"\n") {
				t.Errorf("%s: there is no metric collectord_%s", page, m[1])
			}
		}
	}
	if found < 50 {
		t.Errorf("only %d metrics were found", found)
	}
}

// TestEveryNamedVariableIsRead wants every environment variable that a page names to be
// one that the program, a library of it (those of Go's net/http and crypto/x509) or a
// file that is installed with it knows.
func TestEveryNamedVariableIsRead(t *testing.T) {
	known := literals(t) + " HTTPS_PROXY NO_PROXY SSL_CERT_FILE SOURCE_DATE_EPOCH "
	for _, top := range []string{"deploy", "internal/release"} {
		walk(t, top, func(path string) { known += readDoc(t, path) })
	}
	variable := regexp.MustCompile(`^\$?\{?([A-Z]{2,}(?:_[A-Z]+)+)\}?(?:=.*)?$`)
	ours := regexp.MustCompile(`^(VALUABLE_ACCESS|GROUP_CONTENT|LONG_ACCESS_TOKEN|SERVICE_DISABLED|API_KEY_[A-Z_]+)$`) // words of networks
	found := 0
	for page, text := range pages(t) {
		for _, m := range span.FindAllStringSubmatch(text, -1) {
			if v := variable.FindStringSubmatch(m[1]); v != nil && !ours.MatchString(v[1]) {
				found++
				if !regexp.MustCompile(`\b` + v[1] + `\b`).MatchString(known) {
					t.Errorf("%s: nothing reads %s", page, v[1])
				}
			}
		}
	}
	if found < 10 {
		t.Errorf("only %d variables were found", found)
	}
}

// TestNamesAreFound holds the rules of this file to words that are wrong.
func TestNamesAreFound(t *testing.T) {
	known := map[string]testFolder{"collector": {names: []string{"TestYear", "BenchmarkCut"}, flags: []string{"year"}}}
	for words, want := range map[string]int{
		"./collector -run TestYear -v -year -timeout 1h": 0,
		"./collector -run XXX -bench Cut -benchtime 2x":  0,
		"./collectors -run TestYear":                     2,
		"./collector -run TestMonth":                     1,
		"./collector -run Cut":                           1,
		"./collector -run TestYear -month":               1,
		"./... -run Year":                                0,
	} {
		if got := unknownIn(strings.Fields(words), known); len(got) != want {
			t.Errorf("go test %s: %v are wrong, want %d", words, got, want)
		}
	}
	if _, err := os.Stat(filepath.Join(root, "go.mod")); err != nil {
		t.Error("the root is " + strconv.Quote(root) + ", and has no go.mod")
	}
}
