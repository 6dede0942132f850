package docstest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// root is the project's, seen from here.
var root = filepath.Join("..", "..")

// said is a text of the program and where it stands.
type said struct{ text, place string }

// source is a folder's Go files, without tests.
type source struct {
	set   *token.FileSet
	files []*ast.File
}

// parse is read for a test.
func parse(t *testing.T, folder string, below bool) source {
	t.Helper()
	s, err := read(folder, below)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// read reads the files of a folder of the module; below, those of the folders in it.
func read(folder string, below bool) (source, error) {
	s := source{set: token.NewFileSet()}
	top := filepath.Join(root, folder)
	err := filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != top && (!below || d.Name() == "testdata"):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		f, err := parser.ParseFile(s.set, path, nil, parser.SkipObjectResolution)
		s.files = append(s.files, f)
		return err
	})
	return s, err
}

func (s source) place(n ast.Node) string {
	p := s.set.Position(n.Pos())
	return strings.TrimPrefix(filepath.ToSlash(p.Filename), "../../") + ":" + strconv.Itoa(p.Line)
}

// calls visits every call with the name of what is called: "Error" of log.Error, "Errorf"
// of fmt.Errorf, and the expression before the dot, nil where there is none.
func (s source) calls(visit func(call *ast.CallExpr, name string, of ast.Expr)) {
	for _, f := range s.files {
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 {
				return true
			}
			switch fun := call.Fun.(type) {
			case *ast.SelectorExpr:
				visit(call, fun.Sel.Name, fun.X)
			case *ast.Ident:
				visit(call, fun.Name, nil)
			}
			return true
		})
	}
}

// literal is the constant text of an expression; of a sum, what comes before the first
// variable.
func literal(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		if text, err := strconv.Unquote(e.Value); err == nil && e.Kind == token.STRING {
			return text
		}
	case *ast.BinaryExpr:
		left := literal(e.X)
		if _, whole := e.X.(*ast.BasicLit); !whole && !constant(e.X) {
			return left
		}
		return left + literal(e.Y)
	case *ast.ParenExpr:
		return literal(e.X)
	}
	return ""
}

// constant reports whether an expression is made of literals alone.
func constant(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.BasicLit:
		return true
	case *ast.BinaryExpr:
		return constant(e.X) && constant(e.Y)
	}
	return false
}

// isLogger reports whether an expression is a logger by its name: log, d.log, opts.Log.
func isLogger(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.Ident:
		return strings.EqualFold(e.Name, "log")
	case *ast.SelectorExpr:
		return strings.EqualFold(e.Sel.Name, "log")
	}
	return false
}

// logged are the messages of warnings and errors.
func logged(t *testing.T) []said {
	var all []said
	for _, folder := range []string{"collector", "cmd/collectord"} {
		s := parse(t, folder, true)
		s.calls(func(call *ast.CallExpr, name string, of ast.Expr) {
			text := call.Args[0]
			switch {
			case of == nil && name == "log": // log := t.log.Warn
			case !isLogger(of):
				return
			case name == "Log" && len(call.Args) > 1:
				text = call.Args[1]
			case name != "Warn" && name != "Error" && name != "DPanic":
				return
			}
			if words := literal(text); words != "" {
				all = append(all, said{words, s.place(call)})
			} else {
				t.Errorf("%s: a log message must begin with words", s.place(call))
			}
		})
	}
	return all
}

// notices are the titles of what needs a look on the page: the texts in its functions
// that begin like a sentence and do not end like one.
func notices(t *testing.T) []said {
	var all []said
	s := parse(t, "collector/status", false)
	for _, f := range s.files {
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || !strings.Contains(strings.ToLower(fn.Name.Name), "notices") {
				continue
			}
			ast.Inspect(fn, func(n ast.Node) bool {
				if lit, ok := n.(*ast.BasicLit); ok && title.MatchString(literal(lit)) {
					all = append(all, said{literal(lit), s.place(lit)})
				}
				return true
			})
		}
	}
	return all
}

// title is what begins like a sentence and does not end like one.
var title = regexp.MustCompile(`^[A-Z].* .*[a-z]$`)

// literals are all constant texts of the program, a line each, for what a page says that
// it says.
func literals(t *testing.T) string {
	t.Helper()
	text, err := allLiterals()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// allLiterals is read once for all tests: it is every file of the program.
var allLiterals = sync.OnceValues(func() (string, error) {
	var b strings.Builder
	for _, folder := range []string{"collector", "cmd/collectord", "keychain", "networks"} {
		s, err := read(folder, true)
		if err != nil {
			return "", err
		}
		for _, f := range s.files {
			ast.Inspect(f, func(n ast.Node) bool {
				if e, ok := n.(ast.Expr); ok {
					if text := literal(e); text != "" {
						b.WriteString(text + "\n")
					}
				}
				return true
			})
		}
	}
	return b.String(), nil
})

// constants are the values of the string constants of a type in a folder.
func constants(t *testing.T, folder, name string) []said {
	t.Helper()
	var all []said
	s := parse(t, folder, false)
	for _, f := range s.files {
		ast.Inspect(f, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			if id, ok := spec.Type.(*ast.Ident); ok && id.Name == name {
				for _, v := range spec.Values {
					all = append(all, said{literal(v), s.place(v)})
				}
			}
			return true
		})
	}
	return all
}

// readDoc is a page of docs/.
func readDoc(t *testing.T, path ...string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(append([]string{root}, path...)...))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// stateNames are the states of accounts that the page knows: the first text of each row
// of its table.
func stateNames(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, f := range parse(t, "collector/status", false).files {
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Name.Name != "states" {
				continue
			}
			ast.Inspect(fn, func(n ast.Node) bool {
				if row, ok := n.(*ast.CompositeLit); ok && row.Type == nil && len(row.Elts) > 0 {
					if name := literal(row.Elts[0]); name != "" {
						names = append(names, name)
					}
				}
				return true
			})
		}
	}
	return names
}
