package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

var update = flag.Bool("update", false, "write docs/commands.md anew")

// TestCommandsPage keeps docs/commands.md what the commands say of themselves; -update
// writes it anew.
func TestCommandsPage(t *testing.T) {
	root := newRootCommand(newEnvironment())
	root.InitDefaultCompletionCmd()
	var b strings.Builder
	b.WriteString(commandsHead)
	for _, c := range visibleCommands(root) {
		if c.Name() == "completion" {
			continue // cobra's own, and four more of it
		}
		commandPart(&b, c)
	}
	path := filepath.Join("..", "..", "docs", "commands.md")
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got := readDoc(t, "docs", "commands.md"); got != b.String() {
		t.Errorf("docs/commands.md is not what the commands say; write it anew with\ngo test ./cmd/collectord -run TestCommandsPage -update")
	}
}

const commandsHead = `# The commands

What each command takes, as ` + "`collectord COMMAND --help`" + ` says it and ` + "`man collectord-COMMAND`" + `
where a package is installed. This page is made from the program
(` + "`go test ./cmd/collectord -run TestCommandsPage -update`" + `).

- Every command takes ` + "`--config FILE`" + `. Without it the config is ` + "`./config.yaml`" + `, then
  ` + "`/etc/collectord/config.yaml`" + `.
- The exit status is 0: done; 1: it ran and failed; 2: the command line or the config is wrong.
- What was asked for is on standard output; what else there is to say, and the log, is on standard error.
  With ` + "`--json`" + ` standard output is one JSON document.
- ` + "`collectord completion bash`" + ` (or zsh, fish, powershell) prints completions for a shell; packages bring them.
`

// commandPart writes the part of a command, and those of its commands.
func commandPart(b *strings.Builder, c *cobra.Command) {
	text := c.Long
	if text == "" {
		text = c.Short + "."
	}
	_, _ = fmt.Fprintf(b, "\n## %s\n\n", c.CommandPath())
	if strings.Contains(text, "\n  ") { // lists, and lines to copy
		_, _ = fmt.Fprintf(b, "```text\n%s\n```\n", text)
	} else {
		b.WriteString(text + "\n")
	}
	if !c.HasSubCommands() {
		_, _ = fmt.Fprintf(b, "\n```text\n%s\n", c.UseLine())
		if c.Example != "" {
			_, _ = fmt.Fprintf(b, "\n%s\n", c.Example)
		}
		if own := c.LocalNonPersistentFlags(); own.HasAvailableFlags() {
			_, _ = fmt.Fprintf(b, "\n%s", own.FlagUsages())
		}
		b.WriteString("```\n")
	}
	for _, sub := range visibleCommands(c) {
		commandPart(b, sub)
	}
}
