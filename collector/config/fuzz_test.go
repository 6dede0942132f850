package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"gopkg.in/yaml.v3"
)

// FuzzParse feeds anything to Parse: it never panics, every mistake has a place
// inside the file, and a config that is right is right again, and the same, when
// its YAML was parsed and written by the YAML library.
func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"testdata/good/*.yaml", "testdata/bad/*.yaml", "testdata/good/accounts/*"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			f.Fatal(files, err)
		}
		for _, file := range files {
			src, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(string(src))
		}
	}
	f.Fuzz(func(t *testing.T, src string) {
		if strings.Contains(src, "accounts_files") {
			return // a pattern may match anything on this machine
		}
		cfg, err := Parse("config.yaml", []byte(src), goodEnv())
		if err != nil {
			checkMistakes(t, err, src)
			return
		}
		checkAccounts(t, cfg)
		again, ok := rewritten(t, src)
		if !ok {
			return
		}
		second, err := Parse("config.yaml", again, goodEnv())
		if err != nil {
			t.Fatalf("%v\n%q was right, and is not when written anew as\n%q", err, src, again)
		}
		if a, b := dump(cfg, false), dump(second, false); a != b {
			t.Fatalf("%q and %q differ:\n%s\n%s", src, again, a, b)
		}
	})
}

func checkMistakes(t *testing.T, err error, src string) {
	t.Helper()
	var list Mistakes
	if !errors.As(err, &list) || len(list) == 0 {
		t.Fatalf("%v is no Mistakes", err)
	}
	// YAML has more line breaks than "\n".
	lines := 1 + strings.Count(src, "\n") + strings.Count(src, "\r") +
		strings.Count(src, "\u0085") + strings.Count(src, "\u2028") + strings.Count(src, "\u2029")
	for _, m := range list {
		if m.Line < 1 || m.Line > lines+1 || m.Col < 1 || m.Msg == "" {
			t.Fatalf("%+v of %q has no place", m, src)
		}
		if strings.IndexFunc(m.Msg+m.Path, unicode.IsControl) >= 0 {
			t.Fatalf("%q is more than a line", m.String())
		}
	}
}

func checkAccounts(t *testing.T, cfg *Config) {
	t.Helper()
	for _, n := range cfg.Networks {
		seen := map[string]bool{}
		for _, a := range n.Accounts {
			if a.Label == "" || seen[a.Label] || strings.HasSuffix(a.Label, `\`) || strings.IndexFunc(a.Label, unicode.IsControl) >= 0 {
				t.Fatalf("label %q of %s is accepted", a.Label, n.Name)
			}
			seen[a.Label] = true
			if a.Schedule.String() == "" || a.Pos() == "" || a.Ref().Name == "" && a.Ref().ID == "" {
				t.Fatalf("account %+v is not whole", a)
			}
		}
	}
}

// rewritten returns src as the YAML library writes it. Comments are left out:
// the library moves them, sometimes into a value.
func rewritten(t *testing.T, src string) ([]byte, bool) {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(src), &doc); err != nil {
		t.Fatalf("%v: %q was accepted", err, src)
	}
	if !bare(&doc) {
		return nil, false
	}
	again, err := yaml.Marshal(&doc)
	return again, err == nil
}

// bare removes all comments. It is false for a document that the library cannot
// be trusted to write: with anchors, keys in several lines, or line breaks that
// are not "\n".
func bare(n *yaml.Node) bool {
	n.HeadComment, n.LineComment, n.FootComment = "", "", ""
	if n.Kind == yaml.AliasNode || n.Anchor != "" || n.Style&yaml.TaggedStyle != 0 {
		return false
	}
	if strings.ContainsFunc(n.Value, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return false
	}
	if isNull(n) && n.Value == "" {
		n.Value = "null" // the library writes nothing as '' in flow style
	}
	for _, c := range n.Content {
		if !bare(c) {
			return false
		}
	}
	return true
}

// FuzzCSV feeds anything to the reader of accounts files.
func FuzzCSV(f *testing.F) {
	files, err := filepath.Glob("testdata/*/*/*.csv")
	if err != nil || len(files) == 0 {
		f.Fatal(files, err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(src))
	}
	f.Fuzz(func(t *testing.T, src string) {
		l := newLoader("config.yaml", testEnv(nil))
		n := Network{Name: "vk", Descriptor: l.env.Networks[0]}
		n.Schedule, _ = l.schedule(defaultSchedule)
		newAccountReader(l, &n, "networks.vk.accounts").readCSV("a.csv", []byte(src))
		if err := l.result(); err != nil {
			checkMistakes(t, err, src)
			return
		}
		checkAccounts(t, &Config{Networks: []Network{n}})
	})
}
