package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// editCase is a file before an edit, and the account that is added. After has "+" in
// front of lines that are new, and is otherwise the file.
type editCase struct{ name, before, network, label, handle, after string }

func editCases() []editCase {
	return []editCase{
		{"mapping", "networks:\n  vk:\n    accounts:\n      A: a # one\n\n      # two\n  bluesky: {accounts: [x]}\n", "vk", "B", "b",
			"networks:\n  vk:\n    accounts:\n      A: a # one\n+      B: b\n\n      # two\n  bluesky: {accounts: [x]}\n"},
		{"objects", "networks:\n    vk:\n        accounts:\n            A:\n                handle: a\n                tags:\n                    t: x\n        spread: 1s\n", "vk", "B", "b",
			"networks:\n    vk:\n        accounts:\n            A:\n                handle: a\n                tags:\n                    t: x\n+            B: b\n        spread: 1s\n"},
		{"list", "networks:\n  vk:\n    accounts:\n      -  a\n      -  {handle: b}\n# end\n", "vk", "", "c",
			"networks:\n  vk:\n    accounts:\n      -  a\n      -  {handle: b}\n+      -  c\n# end\n"},
		{"list without indentation", "networks:\n  vk:\n    accounts:\n    - a\n  bluesky:\n    accounts:\n    - b\n", "vk", "C", "c",
			"networks:\n  vk:\n    accounts:\n    - a\n+    - C: c\n  bluesky:\n    accounts:\n    - b\n"},
		{"a label that is a key", "networks:\n  vk:\n    accounts:\n    - a\n", "vk", "tags", "c",
			"networks:\n  vk:\n    accounts:\n    - a\n+    - {label: tags, handle: c}\n"},
		{"no line end", "networks:\n  vk:\n    accounts:\n      A: a", "vk", "B", "b", "networks:\n  vk:\n    accounts:\n      A: a\n+      B: b"},
		{"end of document", "---\nnetworks:\n  vk:\n    accounts:\n      A: a\n...\n# c\n", "vk", "B", "b", "---\nnetworks:\n  vk:\n    accounts:\n      A: a\n+      B: b\n...\n# c\n"},
		{"no section", "# head\nlog: {level: info}\n\nnetworks:\n  bluesky:\n    accounts: [x]\n\njournal: {keep: 1d}\n", "vk", "B", "b",
			"# head\nlog: {level: info}\n\nnetworks:\n  bluesky:\n    accounts: [x]\n+  vk:\n+    schedule: \"@hourly\"\n+    accounts:\n+      B: b\n\njournal: {keep: 1d}\n"},
		{"no networks", "log: {level: info}\n", "vk", "", "b", "log: {level: info}\n+networks:\n+  vk:\n+    schedule: \"@hourly\"\n+    accounts:\n+      b: b\n"},
		{"empty networks", "networks: # none\nlog: {level: info}\n", "vk", "", "b", "networks: # none\n+  vk:\n+    schedule: \"@hourly\"\n+    accounts:\n+      b: b\nlog: {level: info}\n"},
		{"empty section", "networks:\n   vk:\n", "vk", "", "b", "networks:\n   vk:\n+      accounts:\n+         b: b\n"},
		{"no accounts", "networks:\n  vk:\n    spread: 1s\n", "vk", "", "b", "networks:\n  vk:\n    spread: 1s\n+    accounts:\n+      b: b\n"},
		{"empty accounts", "networks:\n  vk:\n    accounts: # none\n    spread: 1s\n", "vk", "", "b", "networks:\n  vk:\n    accounts: # none\n+      b: b\n    spread: 1s\n"},
		{"brackets over lines", "networks:\n  vk:\n    accounts: [\n      a, # one\n      b, # two\n    ]\n", "vk", "", "c",
			"networks:\n  vk:\n    accounts: [\n      a, # one\n      b, # two\n+      c,\n    ]\n"},
		{"anchor", "networks:\n  vk: &v\n    accounts: &x\n      A: a\n", "vk", "B", "b", "networks:\n  vk: &v\n    accounts: &x\n      A: a\n+      B: b\n"},
		{"unicode", "networks:\n  vk:\n    accounts:\n      Ж: a\n      \"é: #\": b\n", "vk", "РИА Новости", "ria",
			"networks:\n  vk:\n    accounts:\n      Ж: a\n      \"é: #\": b\n+      РИА Новости: ria\n"},
		{"address", "networks:\n  vk:\n    accounts:\n      A: a\n", "vk", "", "https://vk.example/Durov", "networks:\n  vk:\n    accounts:\n      A: a\n+      durov: https://vk.example/Durov\n"},
	}
}

func addTo(t testing.TB, src string, add Addition) (string, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.yaml")
	write(t, path, src)
	_, err := AddAccount(path, testEnv(nil), add)
	return readText(t, path), err
}

func readText(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestAddAccount adds an account to files of every form, with both line ends and with a
// byte order mark, and takes it out again: nothing else may move.
func TestAddAccount(t *testing.T) {
	for _, c := range editCases() {
		for _, eol := range []string{"\n", "\r\n"} {
			for _, mark := range []string{"", "\ufeff"} {
				before := mark + strings.ReplaceAll(c.before, "\n", eol)
				after := mark + strings.ReplaceAll(strings.ReplaceAll(c.after, "\n+", "\n"), "\n", eol)
				path := filepath.Join(t.TempDir(), "config.yaml")
				write(t, path, before)
				done, err := AddAccount(path, testEnv(nil), Addition{Network: c.network, Label: c.label, Handle: c.handle})
				if got := readText(t, path); err != nil || got != after {
					t.Errorf("%s: %v\n%q\nwant\n%q", c.name, err, got, after)
					continue
				}
				if done.Account.Handle != c.handle {
					t.Errorf("%s: the account is %+v", c.name, done.Account)
				}
				if strings.Contains(c.name, "no ") || strings.Contains(c.name, "empty") {
					continue // the section stays, or its end of line
				}
				if _, err := RemoveAccount(path, testEnv(nil), c.network, done.Account.Label); err != nil || readText(t, path) != before {
					t.Errorf("%s: removed, %v:\n%q\nwant\n%q", c.name, err, readText(t, path), before)
				}
			}
		}
	}
}

// TestAddAccountOnALine covers forms where a line changes: the rest of it stays.
func TestAddAccountOnALine(t *testing.T) {
	for before, after := range map[string]string{
		"networks: {vk: {accounts: [a]}}":                         "networks: {vk: {accounts: [a, {B: b}]}}",
		"networks: {vk: {accounts: [ ]}}":                         "networks: {vk: {accounts: [ {B: b}]}}",
		"networks: {vk: {accounts: {A: a}}} # c":                  "networks: {vk: {accounts: {A: a, B: b}}} # c",
		"networks: {vk: {accounts: {A: {handle: a}, }}}":          "networks: {vk: {accounts: {A: {handle: a}, B: b, }}}",
		"networks: {vk: {accounts: {'x]}': a, y: \"a\"}}}":        "networks: {vk: {accounts: {'x]}': a, y: \"a\", B: b}}}",
		"networks: {vk: {accounts: {it's: a}}}":                   "networks: {vk: {accounts: {it's: a, B: b}}}",
		"networks: {vk: {spread: 1s}}":                            "networks: {vk: {spread: 1s, accounts: {B: b}}}",
		"networks: {}":                                            "networks:\n  vk:\n    schedule: \"@hourly\"\n    accounts:\n      B: b",
		"networks: {} # c\n#  bluesky:\n":                         "networks: # c\n  vk:\n    schedule: \"@hourly\"\n    accounts:\n      B: b\n#  bluesky:\n",
		"networks:\n  vk: {}\n":                                   "networks:\n  vk:\n    accounts:\n      B: b\n",
		"networks:\n  vk:\n    accounts: {}\nlog: {}\n":           "networks:\n  vk:\n    accounts:\n      B: b\nlog: {}\n",
		"networks: &n {}":                                         `networks: &n {vk: {schedule: "@hourly", accounts: {B: b}}}`,
		"networks: { }":                                           `networks: { vk: {schedule: "@hourly", accounts: {B: b}}}`,
		"networks: {bluesky: {}}":                                 `networks: {bluesky: {}, vk: {schedule: "@hourly", accounts: {B: b}}}`,
		"networks: ~":                                             `networks: {vk: {schedule: "@hourly", accounts: {B: b}}}`,
		"{log: {level: info}}":                                    `{log: {level: info}, networks: {vk: {schedule: "@hourly", accounts: {B: b}}}}`,
		"networks:\n  vk:\n    accounts: [\n      a # c\n    ]\n": "networks:\n  vk:\n    accounts: [\n      a, # c\n      {B: b}\n    ]\n",
		"networks:\n  vk:\n    accounts: [a, # ]\n      c]\n":     "networks:\n  vk:\n    accounts: [a, # ]\n      c, {B: b}]\n",
	} {
		got, err := addTo(t, before, Addition{Network: "vk", Label: "B", Handle: "b"})
		if err != nil || got != after {
			t.Errorf("%v\n%s\ngave\n%s\nwant\n%s", err, before, got, after)
		}
	}
}

// TestAddAccountRefused leaves the file as it is, and says why.
func TestAddAccountRefused(t *testing.T) {
	const two = "networks:\n  vk:\n    accounts: {A: a}\n"
	for _, c := range []struct{ src, network, label, handle, why string }{
		{two, "vk", "A", "b", "already, at"},
		{two, "vk", "B", "@A", `the label "A" already`},
		{two, "vkontakt", "B", "b", "unknown network"},
		{two, "vk", "B", "two words", "letters, digits"},
		{two, "vk", "B\\", "b", "backslash"},
		{two, "vk", "B\n", "b", "control"},
		{two, "vk", "B", "\xff", "UTF-8"},
		{"networks:\n  vk: &v\n    accounts: &x {A: a}\n  twitter:\n    accounts: *x\n", "twitter", "B", "b", "by hand"},
		{"networks:\n  vk: &v\n    accounts: &x {A: a}\n  twitter:\n    accounts: *x\n", "vk", "B", "b", "by hand"},
		{"networks:\n  vk: &v\n    accounts: {A: a}\n  twitter:\n    <<: *v\n", "twitter", "B", "b", "by hand"},
		{"networks:\n  vk: {accounts: {A: a}\n", "vk", "B", "b", "not YAML"},
		{"networks:\n  vk: {acounts: {A: a}}\n", "vk", "B", "b", "unknown key"},
	} {
		got, err := addTo(t, c.src, Addition{Network: c.network, Label: c.label, Handle: c.handle})
		var refused *RefusedError
		var mistakes Mistakes
		if err == nil || !strings.Contains(err.Error(), c.why) || !errors.As(err, &refused) && !errors.As(err, &mistakes) {
			t.Errorf("%q + %q: %v; want %q", c.src, c.label, err, c.why)
		}
		if got != c.src {
			t.Errorf("%q became %q", c.src, got)
		}
	}
}

// TestAddAccountUnsetVariable edits a file whose token only the daemon has.
func TestAddAccountUnsetVariable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	write(t, path, "influxdb: {url: \"http://a\", bucket: b, token: \"${T}\"}\nnetworks: {vk: {accounts: [a]}}\n")
	done, err := AddAccount(path, testEnv(nil), Addition{Network: "vk", Handle: "b"})
	if err != nil || len(done.Unchecked) != 1 || done.Unchecked[0].Path != "influxdb.token" {
		t.Errorf("%+v, %v; want the token unchecked", done, err)
	}
	write(t, path, "networks: {vk: {accounts: [\"${T}\"]}}\n")
	if _, err := AddAccount(path, testEnv(nil), Addition{Network: "vk", Handle: "b"}); err == nil {
		t.Error("an account that is not known was taken for right")
	}
}

// TestAddAccountKeepsTheFile follows a link and keeps the mode.
func TestAddAccountKeepsTheFile(t *testing.T) {
	dir := t.TempDir()
	mkdir(t, filepath.Join(dir, "there"))
	file, link := filepath.Join(dir, "there", "c.yaml"), filepath.Join(dir, "config.yaml")
	write(t, file, "networks: {vk: {accounts: [a]}}\n")
	if err := errors.Join(os.Chmod(file, 0o640), os.Symlink(filepath.Join("there", "c.yaml"), link)); err != nil {
		t.Fatal(err)
	}
	if _, err := AddAccount(link, testEnv(nil), Addition{Network: "vk", Handle: "b"}); err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(link)
	if err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is %v, %v", info, err)
	}
	if info, err = os.Stat(file); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("the file is %v, %v; want mode 0640", info.Mode(), err)
	}
	if got := readText(t, file); got != "networks: {vk: {accounts: [a, b]}}\n" {
		t.Errorf("it is %q", got)
	}
	left, err := os.ReadDir(filepath.Dir(file))
	if err != nil || len(left) != 1 {
		t.Errorf("%v, %v; want the file alone", left, err)
	}
}

// TestEditsAtOnce has many edits of one file at the same time: none is lost.
func TestEditsAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	write(t, path, "networks:\n  vk:\n    accounts:\n      - a\n")
	const many = 20
	done := make(chan error)
	for i := range many {
		go func() {
			_, err := AddAccount(path, testEnv(nil), Addition{Network: "vk", Handle: "b" + string(rune('a'+i))})
			done <- err
		}()
	}
	for range many {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	cfg, err := Load(path, testEnv(nil))
	if err != nil || len(cfg.Networks[0].Accounts) != 1+many {
		t.Errorf("%d accounts, %v", len(cfg.Networks[0].Accounts), err)
	}
}

// TestAddAnyLabel adds labels of all letters and signs, into every form, and removes them.
func TestAddAnyLabel(t *testing.T) {
	forms := []string{
		"networks:\n  vk:\n    accounts:\n      A: a\n  bluesky: {accounts: [x]}\n",
		"networks:\n  vk:\n    accounts:\n      - a\n\n# end\n",
		"networks: {vk: {accounts: {A: a}}}\n",
		"networks: {vk: {accounts: [a]}}\n",
	}
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		label := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"yes", "~", "<<", "#", "a #b", "a: b", "- a", "@a", "*a", "&a", "!a", "null", "12", "1:2", "'", "\"",
			"2024-01-01", "{a}", "[a", "a,b", "${A}", "$${A}", "handle", "?", "a:", "%", "`", "| a", "> a", "=", "\u2028", "\u0085", "é", "0x1f", ".inf", "007"})).Draw(t, "label")
		path := filepath.Join(dir, "config.yaml")
		before := rapid.SampledFrom(forms).Draw(t, "form")
		if err := os.WriteFile(path, []byte(before), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := AddAccount(path, testEnv(nil), Addition{Network: "vk", Label: label, Handle: "b"})
		if refused := new(RefusedError); errors.As(err, &refused) && (badTagText(label) != "" || label == "A" || label == "a") || label == "" {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		cfg, err := Load(path, testEnv(nil))
		if err != nil || cfg.Networks[0].Accounts[1].Label != label {
			t.Fatalf("%q came back as %+v, %v", label, cfg, err)
		}
		if _, err := RemoveAccount(path, testEnv(nil), "vk", label); err != nil {
			t.Fatal(err)
		}
		if b, err := os.ReadFile(path); err != nil || string(b) != before {
			t.Fatalf("%q: removed, it is %q, %v", label, b, err)
		}
	})
}
