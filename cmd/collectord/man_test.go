package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// TestManPages wants a page of every command, with all it takes, and nothing in it that
// man(7) would take for a request of its own.
func TestManPages(t *testing.T) {
	dir := t.TempDir()
	root := newRootCommand(newEnvironment())
	root.SetArgs([]string{"man", dir})
	if err := root.Execute(); err != nil {
		t.Fatal(err)
	}
	seen := 0
	var look func(cmd *cobra.Command)
	look = func(cmd *cobra.Command) {
		seen++
		b, err := os.ReadFile(filepath.Join(dir, pageName(cmd)+".1"))
		if err != nil {
			t.Error(err)
			return
		}
		page := string(b)
		for _, want := range []string{".TH ", ".SH NAME\n" + roff(pageName(cmd)), ".SH SYNOPSIS\n", ".SH EXIT STATUS\n", roff("--config")} {
			if !strings.Contains(page, want) {
				t.Errorf("%s lacks %q", pageName(cmd), want)
			}
		}
		for line := range strings.Lines(page) {
			if strings.HasPrefix(line, "'") || strings.HasPrefix(line, ". ") || strings.Contains(line, "`") {
				t.Errorf("%s: %q", pageName(cmd), line)
			}
		}
		for _, c := range visibleCommands(cmd) {
			look(c)
		}
	}
	look(root)
	if seen < 20 {
		t.Errorf("only %d pages", seen)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != seen {
		t.Errorf("%d files for %d commands, %v", len(files), seen, err)
	}
}

func TestRoff(t *testing.T) {
	for text, want := range map[string]string{
		"--from FILE": `\-\-from FILE`, `a\b`: `a\eb`, ".x\n'y": "\\&.x\n\\(aqy", "`run`": `\(garun\(ga`,
	} {
		if got := roff(text); got != want {
			t.Errorf("roff(%q) = %q, want %q", text, got, want)
		}
	}
}

// TestCompletions asks as a shell does.
func TestCompletions(t *testing.T) {
	for _, c := range []struct {
		line []string
		want string
	}{
		{[]string{"keychain", "assign", ""}, "\nraw_ok\nraw_vk\n"}, // the shell picks from all
		{[]string{"keychain", "get", ""}, "\nyt\n:4\n"},
		{[]string{"export", "--format", ""}, "csv\njsonl\nlp\n:4\n"},
		{[]string{"export", "--network", ""}, "\nyoutube\n"},
		{[]string{"export", "--measurement", ""}, "profile\nprofile_info\naccount_state\npoll\n:4\n"},
		{[]string{"once", ""}, ":4\n"},
		{[]string{"run", "--config", ""}, "yaml\nyml\n:8\n"},
	} {
		var out strings.Builder
		env := newEnvironment()
		env.Stdout, env.Stderr = &out, new(strings.Builder)
		root := newRootCommand(env)
		root.SetArgs(append([]string{"__complete"}, c.line...))
		if err := root.Execute(); err != nil {
			t.Error(err)
		}
		if got := out.String(); !strings.Contains(got, c.want) || strings.HasPrefix(c.want, ":") && got != c.want {
			t.Errorf("%v completes to %q, want %q", c.line, got, c.want)
		}
	}
}
