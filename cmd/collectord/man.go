package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// newManCommand makes the manual pages. It is for those who make packages, and hidden:
// the pages say nothing that --help does not.
func newManCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "man DIR",
		Short:  "Write the manual pages, one for every command, into a folder",
		Hidden: true,
		Args:   oneArgument("folder for the pages"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil { //nolint:gosec // pages are for everybody
				return err
			}
			root := cmd.Root()
			root.InitDefaultCompletionCmd()
			return writePages(root, args[0])
		},
	}
}

// writePages writes the page of a command and those of its commands.
func writePages(cmd *cobra.Command, dir string) error {
	if err := os.WriteFile(filepath.Join(dir, pageName(cmd)+".1"), manPage(cmd), 0o644); err != nil { //nolint:gosec // pages are for everybody
		return err
	}
	for _, c := range visibleCommands(cmd) {
		if err := writePages(c, dir); err != nil {
			return err
		}
	}
	return nil
}

// visibleCommands are the commands of a command that its help lists; help itself has no
// page.
func visibleCommands(cmd *cobra.Command) []*cobra.Command {
	var all []*cobra.Command
	for _, c := range cmd.Commands() {
		if !c.Hidden && c.Name() != "help" {
			all = append(all, c)
		}
	}
	return all
}

// pageName is "collectord-keychain-assign".
func pageName(cmd *cobra.Command) string { return strings.ReplaceAll(cmd.CommandPath(), " ", "-") }

// manPage is the page of one command, for man(7). It carries no date, so that it is the
// same whenever it is made.
func manPage(cmd *cobra.Command) []byte {
	var b bytes.Buffer
	_, _ = fmt.Fprintf(&b, ".TH %q 1 \"\" %q \"collectord\"\n", strings.ToUpper(pageName(cmd)), "collectord "+version)
	section(&b, "NAME")
	_, _ = fmt.Fprintf(&b, "%s \\- %s\n", roff(pageName(cmd)), roff(cmd.Short))
	section(&b, "SYNOPSIS")
	_, _ = fmt.Fprintf(&b, ".B %s\n", roff(cmd.UseLine()))
	section(&b, "DESCRIPTION")
	if text := cmd.Long; text != "" {
		paragraphs(&b, text)
	} else {
		paragraphs(&b, cmd.Short+".")
	}
	if cmd.Example != "" {
		section(&b, "EXAMPLES")
		_, _ = fmt.Fprintf(&b, ".nf\n%s\n.fi\n", roff(cmd.Example))
	}
	flags(&b, cmd)
	if commands := visibleCommands(cmd); len(commands) > 0 {
		section(&b, "COMMANDS")
		for _, c := range commands {
			_, _ = fmt.Fprintf(&b, ".TP\n.BR %s (1)\n%s\n", roff(pageName(c)), roff(c.Short))
		}
	}
	around(&b, cmd)
	return b.Bytes()
}

func section(b *bytes.Buffer, title string) { _, _ = fmt.Fprintf(b, ".SH %s\n", title) }

// paragraphs writes text whose paragraphs are parted by empty lines; a line that is
// indented stands as it is.
func paragraphs(b *bytes.Buffer, text string) {
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		switch {
		case strings.TrimSpace(line) == "":
			b.WriteString(".PP\n")
		case strings.HasPrefix(line, "  ") || strings.HasPrefix(line, "\t"):
			_, _ = fmt.Fprintf(b, ".br\n.nf\n%s\n.fi\n", roff(line))
		default:
			b.WriteString(roff(line) + "\n")
		}
	}
}

// flags writes what options a command takes, its own and those of all.
func flags(b *bytes.Buffer, cmd *cobra.Command) {
	cmd.InitDefaultHelpFlag()
	section(b, "OPTIONS")
	one := func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		name, help := pflag.UnquoteUsage(f)
		option := "--" + f.Name
		if f.Shorthand != "" {
			option = "-" + f.Shorthand + ", " + option
		}
		b.WriteString(".TP\n")
		if name == "" {
			_, _ = fmt.Fprintf(b, ".B %s\n", roff(option))
		} else {
			_, _ = fmt.Fprintf(b, ".BI %q %s\n", roff(option)+" ", roff(name))
		}
		if f.DefValue != "" && f.DefValue != "false" {
			help += " (default " + f.DefValue + ")"
		}
		b.WriteString(roff(help) + "\n")
	}
	cmd.NonInheritedFlags().VisitAll(one)
	cmd.InheritedFlags().VisitAll(one)
}

// around writes what is the same for all commands, and where else to look.
func around(b *bytes.Buffer, cmd *cobra.Command) {
	section(b, "EXIT STATUS")
	for _, s := range [...]struct {
		code int
		text string
	}{{exitDone, "It is done."}, {exitFailed, "It ran and failed."}, {exitUsage, "The command line or the config is wrong."}} {
		_, _ = fmt.Fprintf(b, ".TP\n.B %d\n%s\n", s.code, s.text)
	}
	section(b, "FILES")
	for _, f := range [...]struct{ name, text string }{
		{defaultConfigs[0] + ", " + defaultConfigs[1], "The config, in this order, where --config names none."},
		{"/var/lib/collectord", "The journal and the keychain of the service."},
		{"/usr/share/doc/collectord/config.example.yaml", "Every key of the config, its default and a sentence."},
	} {
		_, _ = fmt.Fprintf(b, ".TP\n.I %s\n%s\n", roff(f.name), roff(f.text))
	}
	section(b, "ENVIRONMENT")
	for _, v := range [...]struct{ name, text string }{
		{"STATE_DIRECTORY", "The folder of journal and keychain where the config names none; systemd sets it."},
		{"CREDENTIALS_DIRECTORY", "Where the key of the keychain, keychain.key, is looked for first; systemd sets it."},
	} {
		_, _ = fmt.Fprintf(b, ".TP\n.B %s\n%s\n", v.name, roff(v.text))
	}
	if cmd.HasParent() {
		section(b, "SEE ALSO")
		_, _ = fmt.Fprintf(b, ".BR %s (1)\n", roff(pageName(cmd.Parent())))
	}
}

// roff is text that man(7) shows as it is: a backslash is none of its commands, a hyphen
// can be copied into a shell, and no line begins with what begins a request.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "`", `\(ga`, "'", `\(aq`).Replace(text)
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") {
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}
