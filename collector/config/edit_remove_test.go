package config

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
)

// TestRemoveAccount takes the account B out of files of every form.
func TestRemoveAccount(t *testing.T) {
	const cluster = "cluster: {nats: \"nats://h:1\", node: n}\n"
	for before, after := range map[string]string{
		"networks:\n  vk:\n    accounts:\n      B: b # gone\n      # stays\n      A: a\n":                             "networks:\n  vk:\n    accounts:\n      # stays\n      A: a\n",
		"networks:\n  vk:\n    accounts:\n      A: a\n      B:\n        handle: b\n        tags:\n          x: y\n\n": "networks:\n  vk:\n    accounts:\n      A: a\n\n",
		"networks:\n  vk:\n    accounts:\n      - a\n      - handle: b\n        label: B\n      - c\n":                "networks:\n  vk:\n    accounts:\n      - a\n      - c\n",
		"networks:\n  vk:\n    accounts:\n    - B\n  bluesky: {accounts: [x]}\n":                                      "networks:\n  vk:\n    accounts:\n  bluesky: {accounts: [x]}\n",
		"networks: {vk: {accounts: [B, c]}}":                                                                          "networks: {vk: {accounts: [c]}}",
		"networks: {vk: {accounts: [a, B]}}":                                                                          "networks: {vk: {accounts: [a]}}",
		"networks: {vk: {accounts: [a, {handle: b, label: B}, c]}}":                                                   "networks: {vk: {accounts: [a, c]}}",
		"networks: {vk: {accounts: {A: a, B: {handle: b}, C: c}}}":                                                    "networks: {vk: {accounts: {A: a, C: c}}}",
		"networks: {vk: {accounts: {B: b}}}":                                                                          "networks: {vk: {accounts: {}}}",
		"networks:\n  vk:\n    accounts: [\n      a,\n      B, # gone\n      c\n    ]\n":                              "networks:\n  vk:\n    accounts: [\n      a,\n      c\n    ]\n",
		"networks:\n  vk:\n    accounts: {\n      A: a,\n      B: {\n        handle: b\n      }\n    }\n":             "networks:\n  vk:\n    accounts: {\n      A: a,\n    }\n",
		cluster + "networks: {vk: {accounts: {A: a, B: {handle: b, token: {slot: \"vk:x\", node: n}}}}}":              cluster + "networks: {vk: {accounts: {A: a}}}",
		"networks:\n  vk:\n    accounts: {A: a,\n      B: b, C: c}\n":                                                 "networks:\n  vk:\n    accounts: {A: a,\n      C: c}\n",
	} {
		path := filepath.Join(t.TempDir(), "config.yaml")
		write(t, path, before)
		done, err := RemoveAccount(path, testEnv(nil), "vk", "B")
		if got := readText(t, path); err != nil || got != after || done.Account.Label != "B" {
			t.Errorf("%v\n%s\ngave\n%s\nwant\n%s", err, before, got, after)
		}
	}
}

// TestRemoveAccountRefused leaves alone what is elsewhere or shared.
func TestRemoveAccountRefused(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "more.csv"), "B,b\n")
	const cluster = "cluster: {nats: \"nats://h:1\", node: n}\n"
	for _, c := range []struct{ src, label, why string }{
		{"networks: {vk: {accounts: [A], accounts_files: [more.csv]}}", "B", "more.csv:1:1"},
		{"networks: {vk: {accounts: [A]}}", "C", "no account with the label"},
		{"networks: {bluesky: {accounts: [A]}}", "A", "no such network"},
		{"state_dir: &x s\nnetworks: {vk: {accounts: {A: {handle: &x a}, B: b}}}\ncluster: {nats: \"nats://h:1\", node: n, name: *x}", "A", "by hand"},
		{cluster + "networks: {vk: {accounts: {A: {handle: a, token: {slot: \"vk:x\", node: n}}, B: {handle: b, token: \"vk:x\"}}}}", "A", "by hand"},
		{"networks: {bluesky: &v {accounts: [A, B]}, vk: *v}", "A", "by hand"},
		{"networks: {vk: &v {accounts: [A, B]}, bluesky: *v}", "A", "by hand"},
	} {
		path := filepath.Join(dir, "config.yaml")
		write(t, path, c.src)
		_, err := RemoveAccount(path, testEnv(nil), "vk", c.label)
		var refused *RefusedError
		if !errors.As(err, &refused) || !strings.Contains(err.Error(), c.why) || readText(t, path) != c.src {
			t.Errorf("%s - %s: %v; want %q", c.src, c.label, err, c.why)
		}
	}
}

// FuzzEdit adds an account to any file, and removes it: whatever the file is, it stays
// right, and is in the end what it was in the beginning or has one empty section more.
func FuzzEdit(f *testing.F) {
	for _, c := range editCases() {
		f.Add(c.before, c.handle)
	}
	f.Add("networks: {vk: {accounts: {A: a, 'b': \"c\", d: [}}}", "x")
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, src, handle string) {
		path := filepath.Join(dir, "config.yaml")
		env := testEnv(nil)
		write(t, path, src)
		before, broken := Parse(path, []byte(src), env)
		done, err := AddAccount(path, env, Addition{Network: "vk", Handle: handle})
		got := readText(t, path)
		if err != nil {
			if got != src {
				t.Fatalf("%v, and %q became %q", err, src, got)
			}
			return
		}
		after, err := Parse(path, []byte(got), env)
		if broken != nil || err != nil || !differsBy(after, before, "vk", done.Account.Label) {
			t.Fatalf("%v, %v: %q became %q", broken, err, src, got)
		}
		if len(got) <= len(src) {
			t.Fatalf("%q became %q", src, got)
		}
	})
}
