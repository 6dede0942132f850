// Package docstest holds the pages for people in docs/ to the program: what an operator
// can read in the log, on the page or after a command that failed is explained in
// docs/troubleshooting.md, every explanation there is of something that the program still
// says, every package has its place in docs/architecture.md, every alert is explained in
// docs/operating.md, what CONTRIBUTING.md wants of a network is what networks have, no link
// leads nowhere, and what a page names is there: paths, tests and the flags of their
// commands, keys of the config, metrics, environment variables. (Command lines of
// collectord are parsed by cmd/collectord's tests.)
//
// What counts as said, so that a change of a text is a failing test:
//
//   - log: the first argument of every call of Warn, Error and DPanic on a logger in
//     collector/... and cmd/collectord, and the message of Log, up to where a variable
//     follows;
//   - page: the titles in the functions of collector/status with "Notices" in the name;
//   - errors: the texts given to errors.New, fmt.Errorf and mistakef in cmd/collectord and
//     keychain, and of collector/... what ends the daemon at its start, where a constant
//     part of two words is in them and they are not about how a command line is written;
//   - kinds: networks.Kind, influx.Cause, and the states of tokens and accounts.
//
// A text with verbs (%s) is known by its longest constant part. Mistakes of the config
// are left out: each says what was expected, and where.
package docstest

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"collectord/keychain"
	"collectord/networks"
)

// TestEveryMessageIsExplained wants a row of docs/troubleshooting.md for whatever an
// operator can meet.
func TestEveryMessageIsExplained(t *testing.T) {
	rows := explained(t)
	for what, texts := range messages(t) {
		if len(texts) < 5 {
			t.Errorf("only %d texts of the %s were found: the test looks in the wrong place", len(texts), what)
		}
		for _, s := range texts {
			if !slices.ContainsFunc(rows, func(row string) bool {
				return row == s.text || what == "errors" && (strings.Contains(row, s.text) || len(row) > 40 && strings.HasPrefix(s.text, row))
			}) {
				t.Errorf("docs/troubleshooting.md: no row explains %q (%s, %s)", s.text, what, s.place)
			}
		}
	}
}

// messages is whatever an operator can meet, by where.
func messages(t *testing.T) map[string][]said {
	t.Helper()
	found := map[string][]said{"log": logged(t), "page": notices(t), "errors": failures(t), "causes": constants(t, "collector/influx", "Cause")}
	for k := networks.Temporary; k.String() != networks.Kind(0).String(); k++ {
		found["kinds"] = append(found["kinds"], said{k.String(), "networks.Kind"})
	}
	for _, s := range []string{keychain.OK, keychain.Cooling, keychain.Parked, keychain.Dead, "missing"} {
		found["tokens"] = append(found["tokens"], said{s, "keychain.State"})
	}
	for _, s := range stateNames(t) {
		found["accounts"] = append(found["accounts"], said{s, "collector/status"})
	}
	return found
}

// TestEveryExplanationIsOfAMessage finds rows about what the program does not say any
// more.
func TestEveryExplanationIsOfAMessage(t *testing.T) {
	known := literals(t)
	for _, row := range explained(t) {
		if !strings.Contains(known, row) {
			t.Errorf("docs/troubleshooting.md: the program never says %q", row)
		}
	}
}

// explained are the texts in the first column of the tables of docs/troubleshooting.md.
func explained(t *testing.T) []string {
	t.Helper()
	var rows []string
	code := regexp.MustCompile("`([^`]+)`")
	for line := range strings.Lines(readDoc(t, "docs", "troubleshooting.md")) {
		first, _, ok := strings.Cut(strings.TrimPrefix(line, "| "), " |")
		if !ok || !strings.HasPrefix(line, "| ") {
			continue
		}
		for _, m := range code.FindAllStringSubmatch(first, -1) {
			rows = append(rows, m[1])
		}
	}
	if len(rows) < 100 {
		t.Fatalf("docs/troubleshooting.md: only %d texts were found", len(rows))
	}
	return rows
}

// TestEveryPackageHasItsPlace wants docs/architecture.md to name every package, and no
// other.
func TestEveryPackageHasItsPlace(t *testing.T) {
	folders := make(map[string]bool)
	for _, top := range []string{"cmd", "collector", "keychain", "networks", "internal"} {
		walk(t, top, func(path string) {
			if strings.HasSuffix(path, ".go") {
				folders[filepath.ToSlash(filepath.Dir(path))] = true
			}
		})
	}
	page := readDoc(t, "docs", "architecture.md")
	for _, folder := range slices.Sorted(maps.Keys(folders)) {
		if parent := filepath.Dir(folder); (parent == "networks" || parent == "internal") && !strings.Contains(page, "`"+folder+"`") {
			folder = parent + "/NAME" // one row for all of a kind
		}
		if !strings.Contains(page, "`"+folder+"`") {
			t.Errorf("docs/architecture.md: %s has no place", folder)
		}
	}
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z/]+)`").FindAllStringSubmatch(page, -1) {
		if !folders[m[1]] {
			t.Errorf("docs/architecture.md: there is no package %s", m[1])
		}
	}
}

// TestEveryAlertIsExplained wants each alert rule in docs/operating.md.
func TestEveryAlertIsExplained(t *testing.T) {
	page := readDoc(t, "docs", "operating.md")
	rules := readDoc(t, "deploy", "prometheus", "collectord.rules.yml") +
		readDoc(t, "deploy", "grafana", "provisioning", "alerting", "collectord.yaml")
	alerts := regexp.MustCompile(`(?m)^ +(?:- alert|title): (.+)$`).FindAllStringSubmatch(rules, -1)
	if len(alerts) < 10 {
		t.Fatalf("only %d alerts were found", len(alerts))
	}
	for _, m := range alerts {
		if !strings.Contains(page, "`"+m[1]+"`") {
			t.Errorf("docs/operating.md: the alert %s is not explained", m[1])
		}
	}
}

// TestEveryLinkLeadsSomewhere follows the links between pages, to files and headings.
func TestEveryLinkLeadsSomewhere(t *testing.T) {
	all := pages(t)
	links := regexp.MustCompile(`\]\(([^()\s]+)\)`)
	headings := make(map[string][]string)
	for path, text := range all {
		headings[path] = anchors(text)
	}
	for path, text := range all {
		for _, m := range links.FindAllStringSubmatch(text, -1) {
			target, anchor, _ := strings.Cut(m[1], "#")
			if strings.Contains(target, "://") {
				continue
			}
			to := path
			if target != "" {
				to = filepath.Join(filepath.Dir(path), target)
			}
			if _, err := os.Stat(filepath.Join(root, to)); err != nil {
				t.Errorf("%s: %s leads nowhere", path, m[1])
			} else if known, ok := headings[to]; ok && anchor != "" && !slices.Contains(known, anchor) {
				t.Errorf("%s: %s has no heading for %s", path, to, m[1])
			}
		}
	}
}

// TestEveryPageIsInTheIndex wants docs/README.md to lead to every page of its folder.
func TestEveryPageIsInTheIndex(t *testing.T) {
	index := readDoc(t, "docs", "README.md")
	for path := range pages(t) {
		dir, name := filepath.Split(path)
		if filepath.Clean(dir) == "docs" && name != "README.md" && !strings.Contains(index, "]("+name+")") {
			t.Errorf("docs/README.md: %s is not in it", name)
		}
	}
}

// pages are the texts of README.md and of all pages below docs/, by path.
func pages(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{"README.md": readDoc(t, "README.md"), "CONTRIBUTING.md": readDoc(t, "CONTRIBUTING.md")}
	walk(t, "docs", func(path string) {
		if strings.HasSuffix(path, ".md") {
			all[path] = readDoc(t, path)
		}
	})
	return all
}

// anchors are the names by which the headings of a page are linked.
func anchors(page string) []string {
	var names []string
	left := regexp.MustCompile(`[^\p{L}\p{N} _-]`)
	for _, m := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(page, -1) {
		name := left.ReplaceAllString(strings.ToLower(m[1]), "")
		names = append(names, strings.ReplaceAll(name, " ", "-"))
	}
	return names
}

// walk visits the files below a folder of the project, by their paths from its root.
func walk(t *testing.T, top string, visit func(path string)) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(root, top), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			if err == nil && d.Name() == "testdata" {
				return filepath.SkipDir
			}
			return err
		}
		path, err = filepath.Rel(root, path)
		if err == nil {
			visit(path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
