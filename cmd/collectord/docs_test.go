package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"collectord/networks/all"
)

// root is the project's, seen from here.
var root = filepath.Join("..", "..")

func readDoc(t *testing.T, path ...string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(append([]string{root}, path...)...))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestEveryNetworkIsDocumented wants for each network a page, a row in the table of all
// pages, a block in the example config and a part in the script over all networks.
func TestEveryNetworkIsDocumented(t *testing.T) {
	table := readDoc(t, "docs", "networks", "README.md")
	example := readDoc(t, "config.example.yaml")
	script := readDoc(t, "cmd", "collectord", "testdata", "script", "once_all.txtar")
	for _, d := range all.List() {
		if page := readDoc(t, "docs", "networks", d.Name+".md"); !strings.HasPrefix(page, "# ") || !strings.Contains(page, "\n  "+d.Name+":\n") {
			t.Errorf("docs/networks/%s.md has no title, or no config of the network", d.Name)
		}
		if row := "\n| [" + d.Title + "](" + d.Name + ".md) |"; !strings.Contains(table, row) {
			t.Errorf("docs/networks/README.md has no row that begins with %q", row)
		}
		if !regexp.MustCompile(`(?m)^#?  ` + d.Name + `:$`).MatchString(example) {
			t.Errorf("config.example.yaml has no block %s", d.Name)
		}
		if !strings.Contains(script, "\n  "+d.Name+":\n") {
			t.Errorf("once_all.txtar leaves %s out", d.Name)
		}
		for _, s := range d.Slots {
			if !strings.HasPrefix(s.Slot, "raw_") && !strings.Contains(script, "keychain assign "+s.Slot+" ") {
				t.Errorf("once_all.txtar assigns nothing to %s", s.Slot)
			}
		}
	}
}

// TestEveryPageIsOfANetwork finds pages of what is no network any more, and states that
// nothing writes.
func TestEveryPageIsOfANetwork(t *testing.T) {
	pages, err := filepath.Glob(filepath.Join(root, "docs", "networks", "*.md"))
	if err != nil || len(pages) < 2 {
		t.Fatalf("pages: %v, %v", pages, err)
	}
	for _, page := range pages {
		name := strings.TrimSuffix(filepath.Base(page), ".md")
		if _, ok := all.Find(name); !ok && name != "README" {
			t.Errorf("%s is of no network", page)
		}
	}
	states := []string{"ok", "not_found", "suspended", "private", "hidden", "blocked", "renamed", "taken_over"}
	for row := range strings.Lines(readDoc(t, "docs", "networks", "README.md")) {
		for _, word := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(row, -1) {
			if !slices.Contains(states, word[1]) && strings.HasPrefix(row, "|") {
				t.Errorf("docs/networks/README.md: %s is no state", word[1])
			}
		}
	}
}

// TestStatesAreThoseOfTheScript holds the table of all networks to what the script over
// all of them sees in its first part.
func TestStatesAreThoseOfTheScript(t *testing.T) {
	script := readDoc(t, "cmd", "collectord", "testdata", "script", "once_all.txtar")
	rows := networkRows(readDoc(t, "docs", "networks", "README.md"))
	_, seen, ok := strings.Cut(script, "-- first.want --\n")
	if !ok {
		t.Fatal("once_all.txtar has no first.want")
	}
	for line := range strings.Lines(seen) {
		f := strings.Fields(line) // network, account, followers, state and so on
		if len(f) < 4 || f[0] == "--" || f[3] == "ok" {
			continue
		}
		if !strings.Contains(rows[f[0]], "`"+f[3]+"`") {
			t.Errorf("docs/networks/README.md: the row of %s lacks `%s`", f[0], f[3])
		}
	}
}

// networkRows are the rows of the table of all networks, by network. A row without a
// link belongs to the one above.
func networkRows(table string) map[string]string {
	rows := make(map[string]string)
	link := regexp.MustCompile(`^\| \[.*?\]\(([a-z]+)\.md\) \|`)
	network := ""
	for line := range strings.Lines(table) {
		if m := link.FindStringSubmatch(line); m != nil {
			network = m[1]
		} else if !strings.HasPrefix(line, "| |") {
			network = ""
		}
		rows[network] += line
	}
	return rows
}
