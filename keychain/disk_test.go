package keychain_test

import (
	"context"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"collectord/internal/disktest"
	"collectord/keychain"
)

var everyCall = flag.Bool("every-call", false, "let TestEveryCallOfAChangeFails have every call fail, and not one of each kind")

// once is a process that makes one change, see child, and is watched.
func once(t *testing.T, dir, slot string) disktest.Process {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), "KEYCHAIN_TEST_DIR="+dir, "KEYCHAIN_TEST_SLOT="+slot, "KEYCHAIN_TEST_ONCE=1")
	return disktest.Process{Cmd: cmd, Dir: dir, Passing: func(name string) bool { return strings.HasSuffix(name, "lock") }}
}

// changes are what a process does to a keychain, each with what was there before and
// what has to be there afterwards if it said that it was done.
func changes() []change {
	return []change{
		{"the first", "vk", func(testing.TB, string) {}, "", "value-0"},
		{"another", "vk", func(t testing.TB, dir string) { must(t, loaded(t, dir).Assign("vk", keychain.Bare("before"))) }, "before", "value-0"},
		{"rekey", "rekey", func(t testing.TB, dir string) { must(t, loaded(t, dir).Assign("vk", keychain.Bare("before"))) }, "before", "before"},
	}
}

type change struct {
	name, slot    string
	prepare       func(t testing.TB, dir string)
	before, after string // value of vk
}

// TestPowerCut: a change that was acknowledged is on disk, the names of its files too.
func TestPowerCut(t *testing.T) {
	for _, c := range changes() {
		dir := t.TempDir()
		c.prepare(t, dir)
		r := once(t, dir, c.slot).Run(t)
		if r.Code != 0 || r.Output != "0\n" || len(r.Broken) > 0 {
			t.Errorf("%s: %d, %q, %q\n%s%s", c.name, r.Code, r.Output, r.Broken, r.Said, r)
		}
		want(t, loaded(t, dir), "vk", c.after)
	}
}

// TestEveryCallOfAChangeFails has one call to the kernel of each kind fail, or every one,
// as on a disk that breaks. What is acknowledged nevertheless is on disk, and what is not did no harm.
func TestEveryCallOfAChangeFails(t *testing.T) {
	for _, c := range changes() {
		if c.name == "another" { // the first makes the same calls, and more
			continue
		}
		prepared := t.TempDir()
		c.prepare(t, prepared)
		run := func(fail func(disktest.Call) syscall.Errno) (string, disktest.Report) {
			dir := t.TempDir()
			copyKeychain(t, prepared, dir)
			p := once(t, dir, c.slot)
			p.Fail = fail
			return dir, p.Run(t)
		}
		failed := 0
		_, whole := run(nil)
		calls := whole.Firsts()
		if *everyCall {
			calls = whole.Distinct()
		}
		for _, call := range calls {
			dir, r := run(disktest.Nth(call.N))
			c.judge(t, dir, r)
			if r.Code != 0 {
				failed++
			}
		}
		t.Logf("%s: %d calls failed, of %d", c.name, len(calls), len(whole.Calls))
		if failed < 5 {
			t.Errorf("%s: only %d calls were of consequence", c.name, failed)
		}
	}
}

// judge looks at what is there after a call that failed.
func (c change) judge(t *testing.T, dir string, r disktest.Report) {
	t.Helper()
	acknowledged := r.Output == "0\n"
	if acknowledged == (r.Code != 0) || acknowledged && len(r.Broken) > 0 {
		t.Errorf("%s: after %v: %d, %q, %q\n%s", c.name, r.Failed, r.Code, r.Output, r.Broken, r.Said)
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*.new")); acknowledged && len(left) > 0 {
		t.Errorf("%s: after %v %q was left, %v", c.name, r.Failed, left, err)
	}
	if acknowledged && c.slot == "rekey" {
		wantRekeyed(t, dir, 1)
	}
	k := loaded(t, dir)
	if v, _ := k.Get("vk"); v.Bare() != c.after && (acknowledged || v.Bare() != c.before) {
		t.Errorf("%s: after %v there is %q; %q was said", c.name, r.Failed, v.Bare(), r.Output+r.Said)
	}
	if !acknowledged { // and the next change is made as if nothing had been
		must(t, k.Assign("vk", keychain.Bare("afterwards")))
		want(t, loaded(t, dir), "vk", "afterwards")
	}
}

// TestRekeyBesideABadBlock: a dump that the disk does not hand out at the moment may be
// whole, and the old key alone opens it.
func TestRekeyBesideABadBlock(t *testing.T) {
	prepared := t.TempDir()
	must(t, loaded(t, prepared).Assign("vk", keychain.Bare("before")))
	run := func(fail func(disktest.Call) syscall.Errno) (string, disktest.Report) {
		dir := t.TempDir()
		copyKeychain(t, prepared, dir)
		p := once(t, dir, "rekey")
		p.Fail = fail
		return dir, p.Run(t)
	}
	_, whole := run(nil)
	stopped := 0
	for _, call := range whole.Calls {
		if call.Name != "read" || filepath.Ext(call.Path) != ".age" {
			continue
		}
		dir, r := run(disktest.Nth(call.N))
		want(t, loaded(t, dir), "vk", "before")
		if r.Code != 0 {
			stopped++
		}
	}
	if stopped < 3 { // before it begins, in its middle, and where it reads what it wrote
		t.Errorf("%d reads ended the change", stopped)
	}
}

// telling is a Refresher that says when it asks: from then on the token may be spent.
type telling struct{ fakeRefresher }

func (r *telling) Refresh(ctx context.Context, t keychain.Token) (keychain.Fresh, error) {
	fmt.Println("asked")
	return r.fakeRefresher.Refresh(ctx, t)
}

// renewOnce renews the token of vk and says what is used from then on.
func renewOnce(dir string) error {
	k, err := keychain.Open(keychain.Options{Dir: dir, Refreshers: map[string]keychain.Refresher{"vk": &telling{fakeRefresher{window: always}}}})
	if err != nil {
		return err
	}
	defer k.Close()
	if err := k.LoadLast(); err != nil {
		return err
	}
	old, _ := k.Token("vk")
	renewed, err := k.Renew(context.Background(), old)
	if err != nil {
		return err
	}
	fmt.Println("used", renewed.Bare())
	return nil
}

// TestRenewalOnDisk: what is to be asked is on disk before it is asked, and the new
// token before it is used, whatever call fails.
func TestRenewalOnDisk(t *testing.T) {
	prepared := t.TempDir()
	must(t, loaded(t, prepared).Assign("vk", keychain.Bare("before")))
	run := func(fail func(disktest.Call) syscall.Errno) (string, disktest.Report) {
		dir := t.TempDir()
		copyKeychain(t, prepared, dir)
		p := once(t, dir, "renew")
		p.Fail = fail
		return dir, p.Run(t)
	}
	_, whole := run(nil)
	used := strings.TrimPrefix(whole.Output, "asked\nused ")
	if whole.Code != 0 || used == whole.Output || len(whole.Broken) > 0 || whole.N("fsync") < 4 {
		t.Fatalf("%d, %q, %q\n%s%s", whole.Code, whole.Output, whole.Broken, whole.Said, whole)
	}
	for _, call := range whole.Distinct() {
		if call.Name == "openat" || call.Name == "read" {
			continue // TestEveryCallOfAChangeFails has them fail
		}
		dir, r := run(disktest.Nth(call.N))
		if len(r.Broken) > 0 || r.Output == "" && r.Code == 0 {
			t.Errorf("after %v: %d, %q, %q\n%s", r.Failed, r.Code, r.Output, r.Broken, r.Said)
		}
		if strings.Contains(r.Output, "used") {
			want(t, loaded(t, dir), "vk", strings.TrimSpace(used))
		}
	}
}

func copyKeychain(t *testing.T, from, to string) {
	t.Helper()
	must(t, filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == from {
			return err
		}
		there := filepath.Join(to, strings.TrimPrefix(path, from))
		if d.IsDir() {
			return os.Mkdir(there, 0o700)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(there, b, 0o600)
	}))
}
