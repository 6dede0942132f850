// Package archtest holds the code to its picture: which package may import which,
// and which libraries stay where. It parses the files in the test process, so that
// a change of an import is a change that `go test` sees and no cached result
// answers for.
package archtest

import (
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "collectord"

// arrows says, for each package, which packages of this module it may import. A
// trailing /... stands for everything below. A package that is not named here has
// no place in the picture yet: give it one.
func arrows() map[string][]string {
	network := []string{"keychain", "networks", "networks/internal/...", "collector/point"}
	return map[string][]string{
		"cmd/collectord": {"collector/...", "collector", "keychain", "networks/...", "networks"},

		"collector":           {"collector/...", "keychain", "networks"},
		"collector/cluster":   {},
		"collector/config":    {"collector/schedule", "keychain", "networks"},
		"collector/influx":    {"collector/journal", "collector/transport", "keychain"},
		"collector/journal":   {"collector/point"},
		"collector/logfold":   {},
		"collector/point":     {},
		"collector/poll":      {"keychain", "networks"},
		"collector/schedule":  {},
		"collector/status":    {},
		"collector/transport": {},

		"keychain": {},

		"networks":                   {"keychain"},
		"networks/all":               {"networks", "networks/..."},
		"networks/internal/apptoken": {"keychain", "networks", "networks/internal/..."},
		"networks/internal/meta":     {"keychain", "networks", "networks/internal/..."},
		"networks/internal/oauth":    {"networks"},
		"networks/internal/refs":     {"networks"},
		"networks/internal/rest":     {"networks"},
		"networks/networktest":       {"keychain", "networks", "networks/sim", "networks/internal/rest"},
		"networks/sim":               {},
		"networks/*":                 network[:3],

		"internal/archtest":    {},
		"internal/bench":       {"collector", "collector/journal", "collector/point", "internal/influxdtest", "internal/toolbuild", "networks", "networks/all", "networks/sim"},
		"internal/disktest":    {},
		"internal/faultproxy":  {},
		"internal/floortest":   {},
		"internal/fuzz":        {},
		"internal/influxdtest": {"internal/toolbuild"},
		"internal/leaktest":    {"keychain"},
		"internal/mutate":      {},
		"internal/natstest":    {"internal/toolbuild"},
		"internal/release":     {},
		"internal/toolbuild":   {},
	}
}

// only says which packages may use a library, apart from their tests. Whoever
// wants it elsewhere should find out why it is not there.
func only() map[string][]string {
	return map[string][]string{
		"net/http/httptest":  {"networks/networktest"},
		"database/sql":       {"collector/journal"},
		"modernc.org/sqlite": {"collector/journal"},
		"github.com/influxdata/influxdb-client-go/v2": {"collector/influx"},
		"github.com/influxdata/line-protocol/v2/...":  {"collector/point"},
		"github.com/robfig/cron/v3":                   {"collector/schedule"},
		"gopkg.in/yaml.v3":                            {"collector/config", "keychain"},
		"github.com/nats-io/...":                      {"collector/cluster", "internal/natstest"},                               // what the machines agree on is there, and nowhere else
		"go.uber.org/zap":                             {"cmd/collectord", "collector", "collector/logfold", "collector/status"}, // the rest returns errors
		"go.uber.org/zap/...":                         {"cmd/collectord", "collector", "collector/logfold", "collector/status"},
		"log":                                         {},
		"testing":                                     {"networks/networktest", "internal/disktest", "internal/influxdtest", "internal/faultproxy", "internal/floortest", "internal/leaktest", "internal/natstest", "internal/archtest"},
	}
}

func TestArrows(t *testing.T) {
	for pkg, imports := range production(t) {
		allowed, known := allowedFor(pkg)
		if !known {
			t.Errorf("package %s has no place among the arrows", pkg)
			continue
		}
		for _, path := range slices.Sorted(maps.Keys(imports)) {
			if inner, ok := strings.CutPrefix(path, module+"/"); ok && !matchAny(allowed, inner) {
				t.Errorf("%s: %s may not import %s", imports[path], pkg, inner)
			}
		}
	}
}

func TestLibrariesStayWhereTheyBelong(t *testing.T) {
	for pkg, imports := range production(t) {
		for path, file := range imports {
			for library, places := range only() {
				if match(library, path) && !slices.Contains(places, pkg) {
					t.Errorf("%s: %s is for %s alone", file, path, strings.Join(places, ", "))
				}
			}
		}
	}
}

// TestFolders finds names that say nothing, and folders of somebody else's code.
func TestFolders(t *testing.T) {
	for pkg := range production(t) {
		for _, part := range strings.Split(pkg, "/") {
			if slices.Contains([]string{"util", "utils", "common", "helpers", "misc", "pkg", "models", "vendor", "third_party"}, part) {
				t.Errorf("%s: a folder is one noun or verb of the data flow, not %q", pkg, part)
			}
		}
	}
}

// TestTheRulesCanFail makes sure that the two tests above look at something.
func TestTheRulesCanFail(t *testing.T) {
	if got := len(production(t)); got < 10 {
		t.Fatalf("only %d packages were found", got)
	}
	if matchAny([]string{"networks"}, "networks/vk") || !matchAny([]string{"networks/..."}, "networks/vk") || !match("a", "a") {
		t.Error("match is wrong")
	}
	if allowed, _ := allowedFor("networks/vk"); matchAny(allowed, "collector/poll") {
		t.Error("a network may import the poller")
	}
	if allowed, _ := allowedFor("collector/journal"); matchAny(allowed, "collector/influx") {
		t.Error("the journal may import what is behind it")
	}
}

func allowedFor(pkg string) ([]string, bool) {
	if a, ok := arrows()[pkg]; ok {
		return a, true
	}
	dir, _ := filepath.Split(pkg)
	a, ok := arrows()[dir+"*"]
	return a, ok
}

func matchAny(patterns []string, path string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return match(p, path) })
}

func match(pattern, path string) bool {
	if below, ok := strings.CutSuffix(pattern, "/..."); ok {
		return strings.HasPrefix(path, below+"/")
	}
	return pattern == path
}

// production returns what the packages of the module import outside their tests:
// by package and import path, the file that does.
func production(t *testing.T) map[string]map[string]string {
	t.Helper()
	root := moduleRoot(t)
	packages := make(map[string]map[string]string)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && path != root || d.Name() == "testdata" || d.Name() == "tools") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") && filepath.Base(filepath.Dir(path)) != "archtest" {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		dir, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		pkg := filepath.ToSlash(dir)
		if packages[pkg] == nil {
			packages[pkg] = make(map[string]string)
		}
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			packages[pkg][imported] = filepath.Base(path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return packages
}

// moduleRoot is the folder that holds go.mod.
func moduleRoot(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("there is no go.mod above the test")
		}
		dir = parent
	}
}
