package main

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
	"testing"

	"github.com/spf13/cobra"
)

// TestCommandLinesInTheDocsParse has the program's own parser read every command line
// that a page for people quotes, and every one that the program tells in a hint: the
// command is there, it has the flags, and takes so many arguments.
func TestCommandLinesInTheDocsParse(t *testing.T) {
	lines := quotedLines(t)
	for _, q := range lines {
		if err := parses(q.words); err != nil {
			t.Errorf("%s: collectord %s: %v", q.file, strings.Join(q.words, " "), err)
		}
	}
	if len(lines) < 150 {
		t.Errorf("only %d command lines were found: the test looks in the wrong place", len(lines))
	}
	for _, wrong := range []string{"keychain assigned vk", "check --onlin", "keychain assign --check", "plot vk", "export --since"} {
		if parses(strings.Fields(wrong)) == nil {
			t.Errorf("collectord %s is taken for right", wrong)
		}
	}
}

// parses is the error with which the program would refuse the words before it does
// anything. A command that is named alone may lack its arguments.
func parses(words []string) error {
	cmd, rest, err := newRootCommand(newEnvironment()).Find(words)
	if err != nil || len(rest) == 0 || rest[0] == "--help" {
		return err
	}
	if cmd.RunE == nil || cmd.HasSubCommands() { // keychain ..., account|...
		return cobra.NoArgs(cmd, rest)
	}
	if err := cmd.ParseFlags(rest); err != nil {
		return err
	}
	return cmd.ValidateArgs(cmd.Flags().Args())
}

// quoted is a command line without the program's name, and where it stands.
type quoted struct {
	file  string
	words []string
}

var (
	fencedCode   = regexp.MustCompile("(?ms)^ *```[a-z]*\n(.*?)^ *```$")
	indentedCode = regexp.MustCompile(`(?m)^ {4,}(?:- )?(.*\bcollectord .*)$`)
	inlineCode   = regexp.MustCompile("`([^`\n]*\\bcollectord [^`]*)`")
	lineBreak    = regexp.MustCompile(`\n[ #]*`)
	invocation   = regexp.MustCompile(`(?:^|[\s;&|(=])(?:/usr/bin/)?collectord ((?:(?:keychain|account|run|once|check|demo|export|plot|schema|refused|version|help)\b|--)[^\n]*)`)
)

// quotedLines are the command lines in the pages, in what is installed with the program,
// and in the program's own texts.
func quotedLines(t *testing.T) []quoted {
	t.Helper()
	var all []quoted
	add := func(file, code string) {
		for _, m := range invocation.FindAllStringSubmatch(code, -1) {
			if words := shellWords(m[1]); words != nil && !strings.Contains(m[1], "[flags]") { // not a usage line
				all = append(all, quoted{file, words})
			}
		}
	}
	for _, file := range textFiles(t) {
		text := readDoc(t, file)
		for _, m := range fencedCode.FindAllStringSubmatch(text, -1) {
			add(file, m[1])
		}
		text = fencedCode.ReplaceAllString(text, "")
		for _, m := range indentedCode.FindAllStringSubmatch(text, -1) {
			if filepath.Ext(file) == ".md" {
				add(file, m[1])
			}
		}
		for _, m := range inlineCode.FindAllStringSubmatch(text, -1) {
			add(file, lineBreak.ReplaceAllString(m[1], " "))
		}
	}
	for file, text := range wholeHints(t) {
		for _, hint := range text {
			for _, m := range inlineCode.FindAllStringSubmatch(hint, -1) {
				add(file, m[1])
			}
		}
	}
	return all
}

// textFiles are the pages for people and what is installed with the program.
func textFiles(t *testing.T) []string {
	t.Helper()
	files := []string{"README.md", "CONTRIBUTING.md", "config.example.yaml"}
	for _, top := range []string{"docs", "deploy"} {
		err := fs.WalkDir(os.DirFS(root), top, func(path string, d fs.DirEntry, err error) error {
			switch filepath.Ext(path) {
			case ".md", ".yaml", ".yml", ".sh", ".service":
				files = append(files, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// wholeHints are the constant texts of the program, by file. One that is put together
// from parts is left out where a command in it is not closed.
func wholeHints(t *testing.T) map[string][]string {
	t.Helper()
	found := make(map[string][]string)
	for _, top := range []string{"cmd", "collector", "keychain", "networks"} {
		err := fs.WalkDir(os.DirFS(root), top, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
				return err
			}
			f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, path), nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			ast.Inspect(f, func(n ast.Node) bool {
				if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
					if text, err := strconv.Unquote(lit.Value); err == nil {
						found[path] = append(found[path], text)
					}
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}

// shellWords splits a command line at spaces outside of quotes, up to a comment, a pipe,
// a redirection or the next command. It is nil for one that shows several at once
// (assign|get) or only begins one (keychain ...).
func shellWords(line string) []string {
	var words []string
	var word strings.Builder
	quote, in := rune(0), false
	end := func() {
		if in {
			words = append(words, word.String())
		}
		word.Reset()
		in = false
	}
	for _, c := range line {
		switch {
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '\'' || c == '"'):
			quote, in = c, true
		case quote != 0:
			word.WriteRune(c)
		case c == ' ':
			end()
		case c == '#' && !in, strings.ContainsRune(";|&<>)", c):
			end()
			return several(words, c == '|' && strings.Contains(line, "\\|"))
		default:
			word.WriteRune(c)
			in = true
		}
	}
	end()
	return several(words, false)
}

func several(words []string, alternatives bool) []string {
	if alternatives || len(words) == 0 || words[len(words)-1] == "..." {
		return nil
	}
	return words
}

// TestWebConfigOfTheDocs has the files of docs/page.md taken for a page that other
// machines reach.
func TestWebConfigOfTheDocs(t *testing.T) {
	blocks := fencedCode.FindAllStringSubmatch(readDoc(t, "docs", "page.md"), -1)
	dir := t.TempDir()
	for i, name := range []string{"web.yaml", "", "config.yaml"} { // the second one is systemd's
		if len(blocks) <= i {
			t.Fatalf("docs/page.md has %d blocks of code", len(blocks))
		}
		if name != "" {
			text := blocks[i][1]
			if name == "config.yaml" {
				text += "networks: {bluesky: {accounts: [bsky.app]}}\n"
			}
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	var out, errs strings.Builder
	env := &environment{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs, Getenv: func(name string) (string, bool) {
		return dir, name == "CREDENTIALS_DIRECTORY"
	}}
	if code := run([]string{"check", "--config", filepath.Join(dir, "config.yaml")}, env); code != 0 || errs.Len() > 0 {
		t.Errorf("check ends with %d and says %s%s", code, &out, &errs)
	}
}
