package main

import (
	"bytes"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// install has TestPackages run where CI is not set: it installs and removes a package on
// this very machine.
//
//	go test ./internal/release -run TestPackages -install
var install = flag.Bool("install", false, "install the .deb on this machine, try it, remove and purge it")

// TestPackages builds everything twice, which comes to the same bytes, and has dpkg
// install the package, look at it, remove it and purge it.
func TestPackages(t *testing.T) {
	if !*install && os.Getenv("CI") == "" {
		t.Skip("it builds for half a minute and installs on this machine: see -install")
	}
	t.Chdir(filepath.Join("..", ".."))
	t.Setenv("SOURCE_DATE_EPOCH", "1790000000")
	first, second := t.TempDir(), t.TempDir()
	for _, dir := range []string{first, second} {
		if err := run(t.Context(), []string{"-o", dir, "-version", "v1.2.3"}, io.Discard); err != nil {
			t.Fatal(err)
		}
	}
	a, b := read(t, filepath.Join(first, "SHA256SUMS")), read(t, filepath.Join(second, "SHA256SUMS"))
	if a != b || strings.Count(a, "\n") != 3 {
		t.Errorf("the second build differs from the first:\n%s%s", a, b)
	}
	debs, err := filepath.Glob(filepath.Join(first, "*.deb"))
	if err != nil || len(debs) != 1 {
		t.Fatalf("packages: %v, %v", debs, err)
	}
	if _, err := exec.LookPath("rpm"); err == nil {
		if got := runs(t, "sh", "-c", "rpm -qpl --nosignature "+first+"/*.rpm"); !strings.Contains(got, "/usr/lib/systemd/system/collectord.service") {
			t.Errorf("rpm lists\n%s", got)
		}
	}
	runs(t, "dpkg-deb", "--info", debs[0])
	if os.Geteuid() != 0 {
		t.Log("not root: the package was not installed")
		return
	}
	if exec.Command("dpkg", "-s", "collectord").Run() == nil {
		t.Fatal("collectord is installed here already; this test would remove it")
	}
	t.Cleanup(func() { _ = exec.Command("dpkg", "--purge", "collectord").Run() }) // where the test ended early
	installed(t, debs[0])
}

// installed goes through the life of a package.
func installed(t *testing.T, deb string) {
	t.Helper()
	if out := runs(t, "dpkg", "--install", "--force-depends", deb); !strings.Contains(out, "not started yet") {
		t.Errorf("installing says\n%s", out)
	}
	if out := runs(t, "/usr/bin/collectord", "check", "--config", "/etc/collectord/config.yaml"); !strings.Contains(out, ": ok: 0 networks, 0 accounts") {
		t.Errorf("check says %s", out)
	}
	if out := runs(t, "/usr/bin/collectord", "version"); !strings.HasPrefix(out, "collectord 1.2.3, ") {
		t.Errorf("version says %s", out)
	}
	pages, err := filepath.Glob("/usr/share/man/man1/collectord*.1.gz")
	if err != nil || len(pages) < 15 {
		t.Errorf("manual pages: %v, %v", pages, err)
	}
	if _, err := exec.LookPath("man"); err == nil {
		for _, page := range pages {
			cmd := exec.Command("man", "--warnings", "-l", page)
			var warnings bytes.Buffer
			cmd.Stderr, cmd.Env = &warnings, append(os.Environ(), "LC_ALL=C.UTF-8", "MANPAGER=cat")
			if out, err := cmd.Output(); err != nil || warnings.Len() > 0 || !bytes.Contains(out, []byte("EXIT STATUS")) {
				t.Errorf("man %s: %v\n%s", page, err, &warnings)
			}
		}
	} else if os.Getenv("CI") != "" {
		t.Error("man is missing: apt-get install man-db")
	}
	const state, config = "/var/lib/collectord/journal.db", "/etc/collectord/config.yaml"
	if err := os.MkdirAll(filepath.Dir(state), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(state, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(config, []byte("networks: {} # mine\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	runs(t, "dpkg", "--install", "--force-depends", deb) // as an upgrade
	if !strings.HasSuffix(read(t, config), "# mine\n") {
		t.Error("an upgrade changed the config")
	}
	runs(t, "dpkg", "--remove", "collectord")
	for _, path := range []string{state, config} {
		if _, err := os.Stat(path); err != nil {
			t.Errorf("removed, and gone is %v", err)
		}
	}
	runs(t, "dpkg", "--purge", "collectord")
	for _, path := range []string{state, filepath.Dir(state), "/etc/collectord", "/usr/bin/collectord", "/usr/share/doc/collectord", "/usr/share/collectord"} {
		if _, err := os.Lstat(path); err == nil {
			t.Errorf("purged, and still there is %s", path)
		}
	}
}

func runs(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command(args[0], args[1:]...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestTarballIsTheSame packs two folders that differ in times, modes and who made them
// first, but in nothing that is handed out.
func TestTarballIsTheSame(t *testing.T) {
	r := &release{at: time.Unix(1790000000, 0).UTC()}
	var packed []string
	for _, names := range [][]string{{"usr/bin/collectord", "etc/config.yaml"}, {"etc/config.yaml", "usr/bin/collectord"}} {
		stage := t.TempDir()
		for i, name := range names {
			path := filepath.Join(stage, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte("text of "+name), os.FileMode(0o600|i)); err != nil {
				t.Fatal(err)
			}
		}
		if err := r.date(stage); err != nil {
			t.Fatal(err)
		}
		to := filepath.Join(t.TempDir(), "a.tar.gz")
		if err := r.tarball(to, stage, "top"); err != nil {
			t.Fatal(err)
		}
		packed = append(packed, read(t, to))
		list := runs(t, "tar", "tvzf", to)
		if !strings.Contains(list, "-rwxr-xr-x root/root") || !strings.Contains(list, "top/usr/bin/collectord") || !strings.Contains(list, "-rw-r--r-- root/root") {
			t.Errorf("tar lists\n%s", list)
		}
	}
	if packed[0] != packed[1] {
		t.Error("the same files make two archives")
	}
}

// TestPlace leaves Go's tests behind.
func TestPlace(t *testing.T) {
	from, to := t.TempDir(), t.TempDir()
	for _, name := range []string{"a.json", "a_test.go"} {
		if err := os.WriteFile(filepath.Join(from, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := place(from, filepath.Join(to, "x")); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(filepath.Join(to, "x"))
	if err != nil || len(entries) != 1 || entries[0].Name() != "a.json" {
		t.Errorf("placed: %v, %v", entries, err)
	}
}

// TestSourceTime has no time made up.
func TestSourceTime(t *testing.T) {
	t.Setenv("SOURCE_DATE_EPOCH", "yesterday")
	if _, err := sourceTime(t.Context()); err == nil {
		t.Error("SOURCE_DATE_EPOCH=yesterday was taken")
	}
	t.Setenv("SOURCE_DATE_EPOCH", "86400")
	if at, err := sourceTime(t.Context()); err != nil || at.Unix() != 86400 {
		t.Errorf("%v, %v", at, err)
	}
}
