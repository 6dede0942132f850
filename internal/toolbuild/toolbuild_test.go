package toolbuild

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// project is a small one of the same name, with a tool of its own, and the working folder
// is within it.
func project(t *testing.T, source string) Tool {
	t.Helper()
	root := t.TempDir()
	t.Setenv("TMPDIR", t.TempDir()) // where what is built goes
	write := func(name, text string) {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("go.mod", "module collectord\n")
	write("tools/say/go.mod", "module collectord\n")
	write("say/main.go", source)
	write("inner/doc.go", "package inner\n")
	t.Chdir(filepath.Join(root, "inner"))
	return Tool{Name: "say", Command: "./say", ModFile: "tools/say/go.mod"}
}

func TestBuiltOnceAndRun(t *testing.T) {
	tool := project(t, `package main

func main() { for { } }
`)
	path, err := tool.Build(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("../say/main.go", []byte("no Go"), 0o600); err != nil {
		t.Fatal(err)
	}
	if again, err := tool.Build(t.Context()); err != nil || again != path {
		t.Fatalf("built again: %s %v", again, err)
	}
	if err := os.WriteFile("../tools/say/go.mod", []byte("module collectord\n// another version\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := tool.Build(t.Context()); err == nil || !strings.Contains(err.Error(), "main.go:1:1") {
		t.Errorf("another version is not built: %v", err)
	}
	p, err := Start(path)
	if err != nil {
		t.Fatal(err)
	}
	p.End(os.Kill)
	<-p.Ended()
}

func TestOutput(t *testing.T) {
	path, err := project(t, `package main

func main() { print("a word") }
`).Build(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p, err := Start(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(p.Output()); got != "a word" {
		t.Errorf("it wrote %q", got)
	}
}

func TestOutsideTheProject(t *testing.T) {
	t.Chdir(t.TempDir())
	if _, err := (Tool{Name: "say"}).Build(t.Context()); err == nil {
		t.Error("built")
	}
}
