package config

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the expected texts anew")

// corpusEnv has a variable whose content must not appear in any message.
func corpusEnv() Env {
	return testEnv(map[string]string{"SET": "vk", "EMPTY": "", "SECRET": "marked secret"})
}

// golden compares got with the file at path, or writes it with -update.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s:\ngot:\n%s\nwant:\n%s", path, got, want)
	}
}

// TestBad loads every file of testdata/bad and compares all its mistakes with
// the text beside it.
func TestBad(t *testing.T) {
	t.Chdir("testdata/bad")
	files, err := filepath.Glob("*.yaml")
	if err != nil || len(files) < 60 {
		t.Fatalf("%d files, %v; want at least 60", len(files), err)
	}
	for _, file := range files {
		t.Run(file, func(t *testing.T) {
			cfg, err := Load(file, corpusEnv())
			var list Mistakes
			if cfg != nil || !errors.As(err, &list) || len(list) == 0 {
				t.Fatalf("Load gave %v, %v; want Mistakes", cfg, err)
			}
			for _, m := range list {
				if m.File == "" || m.Line < 1 || m.Col < 1 || m.Msg == "" {
					t.Errorf("%#v has no place or no words", m)
				}
			}
			got := list.Error() + "\n"
			if strings.Contains(got, "marked") || strings.Contains(got, "hunter2") {
				t.Errorf("a secret in:\n%s", got)
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".txt", got)
		})
	}
}
