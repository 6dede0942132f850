package logfold

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// message is one call that logs.
type message struct {
	at, level, text string
	literal, hint   bool
}

// TestMessages holds every line that the program can log to one form: a constant text, so
// that lines can be folded and looked for, which starts small and is no sentence; what
// differs stands in fields; and from a warning up, the field "hint" says what to do.
func TestMessages(t *testing.T) {
	all := messages(t, "../..")
	for _, m := range all {
		t.Logf("%s %s %q", m.at, m.level, m.text)
		first, _ := utf8.DecodeRuneInString(m.text)
		switch {
		case !m.literal:
			t.Errorf("%s: the message is not a constant; put what differs into fields", m.at)
		case !unicode.IsLower(first) && !strings.HasPrefix(m.text, "InfluxDB ") && !strings.HasPrefix(m.text, "NATS "):
			t.Errorf("%s: %q does not start small", m.at, m.text)
		case strings.TrimRight(m.text, ".!: \n") != m.text || strings.ContainsAny(m.text, "%\n"):
			t.Errorf("%s: %q ends as a sentence does, or formats something", m.at, m.text)
		case slices.Contains([]string{"Warn", "Error", "any"}, m.level) && !m.hint:
			t.Errorf("%s: %q says nothing of what to do; add the field \"hint\"", m.at, m.text)
		}
	}
	if len(all) < 50 {
		t.Errorf("only %d messages were found", len(all))
	}
}

// TestTheTestCanFail makes sure that the one above finds what it looks for.
func TestTheTestCanFail(t *testing.T) {
	const source = `package p
import "go.uber.org/zap"
func f(log *zap.Logger) {
	log.Warn("Loud.")
	log.Error("with a remedy", zap.String("hint", "do it"))
	log.Info("a " + "sum")
	say := log.Warn
	say("by another name", zap.Int("n", 1))
	fields := []zap.Field{zap.String("hint", "there")}
	log.Error("fields", fields...)
	hintless(log, nil)
}
func hintless(log *zap.Logger, fields []zap.Field) { log.Error("none", fields...) }
`
	file, err := parser.ParseFile(token.NewFileSet(), "p.go", source, 0)
	if err != nil {
		t.Fatal(err)
	}
	want := []message{
		{level: "Warn", text: "Loud.", literal: true}, {level: "Error", text: "with a remedy", literal: true, hint: true},
		{level: "Info"}, {level: "any", text: "by another name", literal: true},
		{level: "Error", text: "fields", literal: true, hint: true}, {level: "Error", text: "none", literal: true},
	}
	if got := inFile(file); !slices.Equal(got, want) {
		t.Errorf("%+v", got)
	}
}

// messages finds the calls that log in the module's own code.
func messages(t *testing.T, root string) []message {
	t.Helper()
	var all []message
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		name := entry.Name()
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != root && (strings.HasPrefix(name, ".") || name == "testdata" || name == "tools" || name == "logfold"):
			return fs.SkipDir
		case entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, path, nil, 0)
		if err != nil {
			return err
		}
		for _, m := range inFile(file) {
			m.at = path
			all = append(all, m)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// inFile finds the calls that log in one file.
func inFile(file *ast.File) []message {
	imports := slices.ContainsFunc(file.Imports, func(i *ast.ImportSpec) bool { return i.Path.Value == `"go.uber.org/zap"` })
	if !imports {
		return nil
	}
	var all []message
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Body == nil {
			continue
		}
		ast.Inspect(f.Body, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				if m, ok := logged(call, f.Body); ok {
					all = append(all, m)
				}
			}
			return true
		})
	}
	return all
}

// logged reads a call that logs: one of a logger's methods, or one under another name
// that takes a text and zap's fields.
func logged(call *ast.CallExpr, function ast.Node) (message, bool) {
	m := message{level: "any"}
	at := 0
	if s, ok := call.Fun.(*ast.SelectorExpr); ok {
		if on, ok := s.X.(*ast.Ident); ok && on.Name == "zap" {
			return m, false
		}
		switch m.level = s.Sel.Name; m.level {
		case "Debug", "Info", "Warn", "Error":
			if text, ok := s.X.(*ast.SelectorExpr); !ok || text.Sel.Name != "log" && text.Sel.Name != "Log" {
				if name, ok := s.X.(*ast.Ident); !ok || name.Name != "log" {
					return m, false // an error's own text, a test
				}
			}
		case "Log":
			m.level, at = "any", 1
		default:
			return m, false
		}
	} else if !hasField(call.Args) {
		return m, false
	}
	if len(call.Args) <= at {
		return m, false
	}
	if text, ok := call.Args[at].(*ast.BasicLit); ok && text.Kind == token.STRING {
		m.text, _ = strconv.Unquote(text.Value)
		m.literal = true
	}
	if !m.literal && m.level == "any" && at == 0 {
		return m, false // append(fields, zap.Int(...))
	}
	m.hint = hinted(call)
	if call.Ellipsis.IsValid() {
		m.hint = hinted(function)
	}
	return m, true
}

func hasField(args []ast.Expr) bool {
	return slices.ContainsFunc(args, func(a ast.Expr) bool {
		call, ok := a.(*ast.CallExpr)
		if !ok {
			return false
		}
		s, ok := call.Fun.(*ast.SelectorExpr)
		if !ok {
			return false
		}
		of, ok := s.X.(*ast.Ident)
		return ok && of.Name == "zap"
	})
}

// hinted reports whether there is a zap.String("hint", ...) below the node.
func hinted(n ast.Node) (found bool) {
	ast.Inspect(n, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok && hasField([]ast.Expr{call}) && len(call.Args) > 0 {
			key, ok := call.Args[0].(*ast.BasicLit)
			found = found || ok && key.Value == `"hint"`
		}
		return true
	})
	return found
}
