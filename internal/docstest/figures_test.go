package docstest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// figures are what the table of CONTRIBUTING.md says of the code.
type figures struct {
	functions, files    []int // lengths in lines, of what is no test
	lines, comments     int
	exported, described int // exported functions, methods and types; those with a comment
	errorfs, wrapping   int // calls of fmt.Errorf with an error among the arguments; those with %w
	program, tests      int // lines of the program; of its tests and of what only tests use
	sleeps, bubbles     int // files of tests that sleep, and those with a synctest bubble
}

// TestFiguresHold measures the code by the rules of CONTRIBUTING.md's table and holds it to
// the targets there. With -v it prints what stands in the column "here".
func TestFiguresHold(t *testing.T) {
	var f figures
	for _, top := range []string{"cmd", "collector", "deploy", "internal", "keychain", "networks"} {
		walk(t, top, func(path string) {
			if strings.HasSuffix(path, ".go") {
				f.add(t, filepath.ToSlash(path))
			}
		})
	}
	if len(f.files) < 100 || f.errorfs < 50 {
		t.Fatalf("%d files and %d errors were found: the test looks in the wrong place", len(f.files), f.errorfs)
	}
	over50 := len(slices.DeleteFunc(slices.Clone(f.functions), func(n int) bool { return n <= 50 }))
	for _, row := range []struct {
		what        string
		value       float64
		least, most float64
	}{
		{"functions: median", at(f.functions, 0.5), 0, 1e9}, {"functions: p90", at(f.functions, 0.9), 0, 35},
		{"functions: longest", at(f.functions, 1), 0, 80}, {"functions over 50 lines, %", share(over50, len(f.functions)), 0, 2},
		{"files: median", at(f.files, 0.5), 0, 1e9}, {"files: p90", at(f.files, 0.9), 0, 300}, {"files: longest", at(f.files, 1), 0, 500},
		{"errors wrapped with %w, %", share(f.wrapping, f.errorfs), 80, 100},
		{"exported names documented, %", share(f.described, f.exported), 95, 100},
		{"comments, % of lines", share(f.comments, f.lines), 12, 20},
		{"lines of tests to lines of the program", float64(f.tests) / float64(f.program), 1.2, 9},
		{"files of tests with a bubble", float64(f.bubbles), 30, 1e9}, {"files of tests that sleep outside one", float64(f.sleeps), 0, 6},
	} {
		t.Logf("%-44s %8.2f", row.what, row.value)
		if row.value < row.least || row.value > row.most {
			t.Errorf("%s: %.2f, and CONTRIBUTING.md says %g to %g", row.what, row.value, row.least, row.most)
		}
	}
}

// forTests is what only tests and measurements use, though it is no test by its name.
var forTests = regexp.MustCompile(`^(internal|networks/sim|networks/networktest)/`)

// add counts a file.
func (f *figures) add(t *testing.T, path string) {
	t.Helper()
	src, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	lines, text := strings.Count(string(src), "\n"), string(src)
	isTest := strings.HasSuffix(path, "_test.go")
	switch {
	case isTest || forTests.MatchString(path):
		f.tests += lines
	default:
		f.program += lines
	}
	if isTest {
		bubble := strings.Contains(text, `"testing/synctest"`)
		if bubble {
			f.bubbles++
		} else if strings.Contains(text, "time.Sleep(") && path != "internal/docstest/figures_test.go" {
			f.sleeps++
		}
		return
	}
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, path, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	f.files, f.lines = append(f.files, lines), f.lines+lines
	for _, group := range file.Comments {
		f.comments += set.Position(group.End()).Line - set.Position(group.Pos()).Line + 1
	}
	for _, d := range file.Decls {
		f.declaration(set, d)
	}
	ast.Inspect(file, f.errorf)
}

// declaration counts a function, or the types of a declaration.
func (f *figures) declaration(set *token.FileSet, d ast.Decl) {
	describe := func(name *ast.Ident, docs ...*ast.CommentGroup) {
		if name.IsExported() {
			f.exported++
			if slices.ContainsFunc(docs, func(c *ast.CommentGroup) bool { return c != nil }) {
				f.described++
			}
		}
	}
	switch d := d.(type) {
	case *ast.FuncDecl:
		f.functions = append(f.functions, set.Position(d.End()).Line-set.Position(d.Pos()).Line+1)
		describe(d.Name, d.Doc)
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			if s, ok := spec.(*ast.TypeSpec); ok {
				describe(s.Name, s.Doc, d.Doc)
			}
		}
	}
}

var anError = regexp.MustCompile(`^err$|[a-z](Err|Error)$`)

// errorf counts a call of fmt.Errorf that is given an error, by the name of it.
func (f *figures) errorf(n ast.Node) bool {
	call, ok := n.(*ast.CallExpr)
	if !ok {
		return true
	}
	if fun, ok := call.Fun.(*ast.SelectorExpr); !ok || fun.Sel.Name != "Errorf" {
		return true
	}
	format := literal(call.Args[0])
	given := strings.Contains(format, "%w")
	for _, a := range call.Args[1:] {
		ast.Inspect(a, func(n ast.Node) bool {
			id, ok := n.(*ast.Ident)
			given = given || ok && anError.MatchString(id.Name)
			return true
		})
	}
	if given {
		f.errorfs++
		if strings.Contains(format, "%w") {
			f.wrapping++
		}
	}
	return true
}

// at is a quantile.
func at(values []int, q float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return float64(sorted[int(q*float64(len(sorted)-1)+0.5)])
}

// share is a part of a whole in per cent.
func share(part, whole int) float64 { return 100 * float64(part) / float64(whole) }
