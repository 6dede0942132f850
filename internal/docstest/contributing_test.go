package docstest

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"collectord/networks"
	"collectord/networks/all"
)

// TestFilesOfANetwork holds the table of CONTRIBUTING.md to the networks that are there:
// each has the files that the table wants of it, and the plainest and the one with a login
// have no others.
func TestFilesOfANetwork(t *testing.T) {
	rows := networkFiles(t)
	for _, d := range all.List() {
		for _, page := range []string{"README.md", "CHANGELOG.md"} {
			if !strings.Contains(readDoc(t, page), d.Title) {
				t.Errorf("%s does not name %s", page, d.Title)
			}
		}
		var wanted []string
		for _, r := range rows {
			name := strings.ReplaceAll(r.file, "NAME", d.Name)
			_, err := os.Stat(filepath.Join(root, name))
			switch {
			case r.wants(d) && err != nil:
				t.Errorf("%s: CONTRIBUTING.md wants %s", d.Name, name)
			case !r.wants(d) && err == nil:
				t.Errorf("%s has %s, and CONTRIBUTING.md says only %q", d.Name, name, r.when)
			}
			wanted = append(wanted, name)
		}
		if d.Name != "bluesky" && d.Name != "tiktok" {
			continue
		}
		walk(t, filepath.Join("networks", d.Name), func(path string) {
			if path = filepath.ToSlash(path); !slices.Contains(wanted, path) && path != "networks/tiktok/renew_test.go" {
				t.Errorf("CONTRIBUTING.md does not speak of %s", path)
			}
		})
	}
}

// fileRow is a file that the table of CONTRIBUTING.md names, and when a network has it.
type fileRow struct{ file, when string }

// wants reports whether a network is to have the file.
func (r fileRow) wants(d networks.Descriptor) bool {
	n := d.New(networks.Options{})
	switch r.when {
	case "with a token":
		return len(d.Slots) > 0
	case "with one that ends":
		_, ok := n.(networks.Renewer)
		return ok
	case "with a login":
		_, ok := n.(networks.LoginNetwork)
		return ok
	}
	return true
}

func networkFiles(t *testing.T) []fileRow {
	t.Helper()
	var rows []fileRow
	known := []string{"always", "with a token", "with one that ends", "with a login"}
	for line := range strings.Lines(readDoc(t, "CONTRIBUTING.md")) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), " | ")
		if len(cells) != 3 || !strings.Contains(cells[0], "NAME") {
			continue
		}
		when := strings.TrimSpace(cells[2])
		if !slices.Contains(known, when) {
			t.Errorf("CONTRIBUTING.md: nobody knows what %q means", when)
		}
		for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cells[0], -1) {
			rows = append(rows, fileRow{m[1], when})
		}
	}
	if len(rows) < 10 {
		t.Fatalf("CONTRIBUTING.md: only %d files of a network were found", len(rows))
	}
	return rows
}

// TestContributingNamesWhatIsThere wants every path that CONTRIBUTING.md quotes to exist,
// and of every `go test` and `go run` its packages, its tests and its flags.
func TestContributingNamesWhatIsThere(t *testing.T) {
	page := readDoc(t, "CONTRIBUTING.md")
	var quoted []string
	for _, m := range regexp.MustCompile("`([^`\n]+)`").FindAllStringSubmatch(page, -1) {
		quoted = append(quoted, m[1])
	}
	for _, m := range regexp.MustCompile(`(?m)^ {4}(\S.*)$`).FindAllStringSubmatch(page, -1) {
		quoted = append(quoted, m[1])
	}
	paths, commands := 0, 0
	for _, q := range quoted {
		words := strings.Fields(q)
		switch {
		case len(words) > 1 && words[0] == "go":
			commands++
			checkCommand(t, words)
		case len(words) == 1 && isPath(q) && !strings.Contains(q, "NAME"):
			paths++
			if _, err := os.Stat(filepath.Join(root, q)); err != nil {
				t.Errorf("CONTRIBUTING.md: there is no %s", q)
			}
		}
	}
	if paths < 15 || commands < 15 {
		t.Errorf("only %d paths and %d commands were found: the test looks in the wrong place", paths, commands)
	}
}

// isPath reports whether what stands in quotation marks is a path of the project, and not
// one of the standard library's or a name.
func isPath(q string) bool {
	top, _, below := strings.Cut(strings.TrimPrefix(q, "./"), "/")
	tops := []string{"cmd", "collector", "deploy", "docs", "internal", "keychain", "networks", "tools", ".ci"}
	return below && slices.Contains(tops, top) || regexp.MustCompile(`^\.?[\w.]+\.(md|yml|yaml|json)$`).MatchString(q)
}

// checkCommand looks up what a command of the go tool names.
func checkCommand(t *testing.T, words []string) {
	t.Helper()
	var sources string
	for _, w := range words[2:] {
		folder, below := strings.CutSuffix(strings.TrimPrefix(w, "./"), "/...")
		if !strings.HasPrefix(w, "./") || w == "./..." {
			continue
		}
		if info, err := os.Stat(filepath.Join(root, folder)); err != nil || !info.IsDir() {
			t.Errorf("CONTRIBUTING.md: %s: there is no folder %s", strings.Join(words, " "), w)
		}
		if !below {
			sources += allSources(t, folder)
		}
	}
	for i, w := range words {
		name, isFlag := strings.CutPrefix(w, "-")
		switch {
		case words[1] != "test" && words[1] != "run" || !isFlag || w == "-v": // go test's own
		case name == "run" && words[1] == "test":
			for _, test := range strings.Split(strings.Trim(words[i+1], "'"), "|") {
				if !strings.Contains(sources, "func "+test+"(") {
					t.Errorf("CONTRIBUTING.md: %s: there is no %s", strings.Join(words, " "), test)
				}
			}
		case !regexp.MustCompile(`"` + regexp.QuoteMeta(name) + `",`).MatchString(sources):
			t.Errorf("CONTRIBUTING.md: %s: there is no flag %s", strings.Join(words, " "), w)
		}
	}
}

// allSources are the Go files of a folder, tests and all.
func allSources(t *testing.T, folder string) string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(root, folder, "*.go"))
	if err != nil || len(names) == 0 {
		t.Errorf("there is no Go file in %s: %v", folder, err)
	}
	var all strings.Builder
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(b)
	}
	return all.String()
}
