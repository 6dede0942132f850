package config

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"collectord/networks"
)

// goodEnv has the variables of testdata/good.
func goodEnv() Env {
	return testEnv(map[string]string{
		"INFLUXDB_TOKEN": `a:b'#"c${SET}`, "HOST": "influx.example", "PORT": "8086", "EMPTY": "", "LEVEL": "warn",
		"DAYS": "30", "SIZE": "5GB", "RATE": "2.5", "HANDLE": "durov", "SET": "set",
	})
}

// TestGood loads every file of testdata/good and compares what came of it with
// the text beside it.
func TestGood(t *testing.T) {
	t.Chdir("testdata/good")
	files, err := filepath.Glob("*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		t.Run(file, func(t *testing.T) {
			cfg, err := Load(file, goodEnv())
			if err != nil {
				t.Fatal(err)
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".txt", dump(cfg, true))
		})
	}
}

// dump writes a config for people; places says whether with files and lines.
func dump(c *Config, places bool) string {
	var b strings.Builder
	line := func(format string, args ...any) { _, _ = fmt.Fprintf(&b, format+"\n", args...) }
	if db := c.InfluxDB; db != nil {
		line("influxdb url=%q org=%q bucket=%q token=%q token_file=%q", db.URL, db.Org, db.Bucket, db.Token.Reveal(), db.TokenFile)
	}
	line("state_dir %q", c.StateDir)
	line("web listen=%q config_file=%q", c.Web.Listen, c.Web.ConfigFile)
	line("log level=%q format=%q", c.Log.Level, c.Log.Format)
	line("keychain autocomplete=%q", c.Keychain.Autocomplete)
	line("journal keep=%v max_size=%d", c.Journal.Keep, c.Journal.MaxSize)
	if c.Cluster != nil {
		line("cluster %+v bound=%v", *c.Cluster, c.Bound)
	}
	for _, n := range c.Networks {
		line("network %s schedule=%q tokens=%q spread=%v rate=%v", n.Name, n.Schedule, n.Tokens, n.Spread, n.RequestsPerSecond)
		if n.Budget != 0 {
			line("  budget=%v", n.Budget)
		}
		line("  base=%q auth=%q oauth=%q api=%q", n.BaseURL, n.AuthURL, n.OAuthURL, n.APIVersion)
		for _, a := range n.Accounts {
			line("  %q handle=%q name=%q schedule=%q tags=%q tokens=%q", a.Label, a.Handle, a.Ref().Name, a.Schedule, a.Tags, a.Tokens)
			if places {
				line("    %s", a.Pos())
			}
		}
	}
	if places {
		line("files %q globs %q", c.Files, c.Globs)
		for _, w := range c.Warnings {
			line("warning %v", w)
		}
	}
	return b.String()
}

func TestStateDirectory(t *testing.T) {
	for value, want := range map[string]string{"": "./state", "/var/lib/a": "/var/lib/a", "/var/lib/a:/var/lib/b": "/var/lib/a"} {
		cfg, err := Parse("config.yaml", []byte("networks: {}"), testEnv(map[string]string{"STATE_DIRECTORY": value}))
		if err != nil || cfg.StateDir != want {
			t.Errorf("STATE_DIRECTORY=%q: %q, %v; want %q", value, cfg.StateDir, err, want)
		}
	}
}

// TestShared checks that accounts share what they have in common.
func TestShared(t *testing.T) {
	src := "networks: {vk: {accounts: {A: {handle: a, token: [vk:a, vk:b]}, B: {handle: b, token: [vk:a, vk:b]}}}}"
	cfg, err := Parse("config.yaml", []byte(src), testEnv(nil))
	if err != nil {
		t.Fatal(err)
	}
	a, b := cfg.Networks[0].Accounts[0].Tokens, cfg.Networks[0].Accounts[1].Tokens
	if !slices.Equal(a, []string{"vk:a", "vk:b"}) || &a[0] != &b[0] {
		t.Errorf("%q and %q are not one pool", a, b)
	}
}

// TestHash checks that the hash changes with any file, and only then.
func TestHash(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "config.yaml")
	load := func() string {
		t.Helper()
		cfg, err := Load(path, testEnv(nil))
		if err != nil {
			t.Fatal(err)
		}
		return cfg.Hash
	}
	write(t, path, "networks: {vk: {accounts_files: [a.csv]}}")
	write(t, filepath.Join(dir, "a.csv"), "A,a\n")
	first := load()
	if len(first) != hashDigits || load() != first {
		t.Fatalf("hash %q; want %d digits, twice the same", first, hashDigits)
	}
	write(t, filepath.Join(dir, "a.csv"), "A,b\n")
	if load() == first {
		t.Error("another accounts file has the same hash")
	}
}

// TestFolderWithBrackets loads a config whose folder looks like a pattern.
func TestFolderWithBrackets(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a[b]*c?")
	mkdir(t, dir)
	write(t, filepath.Join(dir, "config.yaml"), "networks: {vk: {accounts_files: ['*.csv']}}")
	write(t, filepath.Join(dir, "a.csv"), "A,a\n")
	mkdir(t, filepath.Join(dir, "folder.csv"))
	cfg, err := Load(filepath.Join(dir, "config.yaml"), testEnv(nil))
	if err != nil || len(cfg.Networks[0].Accounts) != 1 {
		t.Fatalf("%+v, %v; want one account", cfg, err)
	}
	if found, err := filepath.Glob(cfg.Globs[0]); err != nil || len(found) != 2 {
		t.Errorf("the pattern %q finds %q, %v; want file and folder", cfg.Globs[0], found, err)
	}
}

// TestOwnSchedule checks that an account's schedule does not depend on the order
// of keys in the file.
func TestOwnSchedule(t *testing.T) {
	cfg, err := Parse("c", []byte(`networks: {vk: {accounts: {A: a}, schedule: "@every 7m"}}`), testEnv(nil))
	if err != nil {
		t.Fatal(err)
	}
	s := cfg.Networks[0].Accounts[0].Schedule
	if got := s.Next(time.Unix(0, 0)).Unix(); got != 7*60 {
		t.Errorf("the first tick is at %d; want 420", got)
	}
}

func TestRef(t *testing.T) {
	cfg, err := Parse("c", []byte(`networks: {vk: {accounts: {A: "https://vk.example/Durov", B: "id:7"}}}`), testEnv(nil))
	if err != nil {
		t.Fatal(err)
	}
	a := cfg.Networks[0].Accounts
	if a[0].Ref() != (networks.Ref{Name: "durov"}) || a[0].Handle != "https://vk.example/Durov" || a[1].Ref() != (networks.Ref{ID: "7"}) {
		t.Errorf("%+v; want the refs of durov and of id 7, and the handle as written", a)
	}
}
