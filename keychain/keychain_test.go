package keychain_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"pgregory.net/rapid"

	"collectord/keychain"
)

func dumpFiles(t testing.TB, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "keychain", "*.age"))
	must(t, err)
	slices.Sort(files)
	return files
}

func TestAssignIsOnDisk(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	k := open(t, dir)
	must(t, k.LoadLast()) // nothing there: empty, and nothing is made
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Error("reading made the folder")
	}
	must(t, k.Assign("vk", keychain.Bare(" one\n")))
	must(t, k.Assign("vk:second", keychain.Bare("two")))
	must(t, k.Assign("tw", keychain.Mapping(map[string]string{"bearer_token": "three "})))
	fresh := loaded(t, dir)
	want(t, fresh, "vk", "one")
	want(t, fresh, "vk:second", "two")
	if v, _ := fresh.Get("tw"); v.Get("bearer_token") != "three" {
		t.Errorf("tw: got %q", v.Get("bearer_token"))
	}
	must(t, fresh.Delete("vk"))
	if err := fresh.Delete("vk"); !errors.Is(err, keychain.ErrEmpty) {
		t.Errorf("delete of an empty slot: %v", err)
	}
	must(t, k.LoadLast())
	want(t, k, "vk", "")
	if n := len(dumpFiles(t, dir)); n != 4 {
		t.Errorf("%d dumps after 4 changes", n)
	}
}

func TestModes(t *testing.T) {
	dir := t.TempDir()
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	k := open(t, dir)
	must(t, k.Assign("vk", keychain.Bare("one")))
	must(t, k.SetState("vk", keychain.State{Name: keychain.Dead}))
	must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		must(t, err)
		info, err := d.Info()
		must(t, err)
		mode := fs.FileMode(0o600)
		if d.IsDir() {
			mode = 0o700
		}
		if path != dir && info.Mode().Perm() != mode {
			t.Errorf("%s has mode %o", path, info.Mode().Perm())
		}
		return nil
	}))
	must(t, os.Chmod(filepath.Join(dir, "keychain"), 0o755))
	must(t, k.Assign("vk", keychain.Bare("two")))
	if info, err := os.Stat(filepath.Join(dir, "keychain")); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder stayed readable: %v %v", info.Mode(), err)
	}
}

func TestRootWritesForTheDaemon(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root gives files away")
	}
	dir := t.TempDir()
	must(t, os.Chown(dir, 12345, 12345))
	must(t, open(t, dir).Assign("vk", keychain.Bare("one")))
	must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		must(t, err)
		info, err := d.Info()
		must(t, err)
		if owner := info.Sys().(*syscall.Stat_t).Uid; owner != 12345 {
			t.Errorf("%s belongs to %d", path, owner)
		}
		return nil
	}))
}

func TestNames(t *testing.T) {
	dir := t.TempDir()
	k := open(t, dir)
	must(t, k.Assign("vk", keychain.Bare("one")))
	name := filepath.Base(dumpFiles(t, dir)[0])
	if !regexp.MustCompile(`^\d{8}T\d{6}\.\d{9}Z-[0-9a-f]{8}\.age$`).MatchString(name) {
		t.Fatalf("dump is called %s", name)
	}
	// The clock was in 2199 once: what is written now is newer all the same.
	data, err := os.ReadFile(dumpFiles(t, dir)[0])
	must(t, err)
	future := "21990101T000000.000000000Z" + name[len("21990101T000000.000000000Z"):]
	must(t, os.WriteFile(filepath.Join(dir, "keychain", future), data, 0o600))
	for _, v := range []string{"two", "three"} {
		must(t, k.Assign("vk", keychain.Bare(v)))
		want(t, loaded(t, dir), "vk", v)
	}
	if last := filepath.Base(dumpFiles(t, dir)[3]); last <= future {
		t.Errorf("newest dump is %s", last)
	}
}

func TestPrune(t *testing.T) {
	dir := t.TempDir()
	k := open(t, dir)
	must(t, k.Assign("vk", keychain.Bare("first")))
	leftover := filepath.Join(dir, "keychain", ".20261121T000000.000000000Z-00000000.age123456")
	must(t, os.WriteFile(leftover, []byte("x"), 0o600))
	for i := range 60 {
		must(t, k.Assign("vk", keychain.Bare(fmt.Sprint("value-", i))))
	}
	if n := len(dumpFiles(t, dir)); n != 50 {
		t.Errorf("%d dumps", n)
	}
	if _, err := os.Stat(leftover); err == nil {
		t.Error("what a killed process left stayed")
	}
	want(t, loaded(t, dir), "vk", "value-59")
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	k := open(t, dir)
	must(t, k.Assign("vk", keychain.Bare("one")))
	must(t, k.Assign("yt", keychain.Bare("two")))
	must(t, k.Delete("vk"))
	dumps, err := k.Dumps()
	must(t, err)
	if len(dumps) != 3 || !slices.Equal(dumps[1].Slots, []string{"vk", "yt"}) || time.Since(dumps[0].Time) > time.Minute {
		t.Fatalf("dumps: %v", dumps)
	}
	must(t, k.Load(dumps[1].ID))
	want(t, loaded(t, dir), "vk", "one")
	for _, id := range []string{"", "2", "../keychain.key", "nope"} {
		if err := k.Load(id); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("load %q: %v", id, err)
		}
	}
	if n := len(dumpFiles(t, dir)); n != 4 {
		t.Errorf("%d dumps", n)
	}
}

func TestKey(t *testing.T) {
	newDir := func(t *testing.T) (dir, key string) {
		dir = t.TempDir()
		must(t, open(t, dir).Assign("vk", keychain.Bare("one")))
		return dir, filepath.Join(dir, "keychain.key")
	}
	// fails wants an ErrKey from reading and from writing, and an untouched folder.
	fails := func(t *testing.T, dir string, parts ...string) {
		t.Helper()
		before := dumpFiles(t, dir)
		k := open(t, dir)
		err := k.LoadLast()
		contains(t, err, parts...)
		if !errors.Is(err, keychain.ErrKey) {
			t.Errorf("not an ErrKey: %v", err)
		}
		contains(t, k.Assign("yt", keychain.Bare("two")), parts...)
		if !slices.Equal(before, dumpFiles(t, dir)) {
			t.Error("dumps were written or removed")
		}
	}
	t.Run("readable by others", func(t *testing.T) {
		dir, key := newDir(t)
		must(t, os.Chmod(key, 0o640))
		fails(t, dir, "chmod 600 "+key, "0640")
	})
	t.Run("missing", func(t *testing.T) {
		dir, key := newDir(t)
		must(t, os.Remove(key))
		fails(t, dir, key, filepath.Join(dir, "keychain"))
		if _, err := os.Stat(key); err == nil {
			t.Error("a new key was made beside dumps that it cannot open")
		}
	})
	t.Run("another", func(t *testing.T) {
		dir, key := newDir(t)
		_, other := newDir(t)
		must(t, os.Rename(other, key))
		fails(t, dir, key, dumpFiles(t, dir)[0])
	})
	t.Run("another, newest dump alone", func(t *testing.T) {
		dir, _ := newDir(t)
		credentials := t.TempDir()
		_, other := newDir(t)
		must(t, os.Rename(other, filepath.Join(credentials, "keychain.key")))
		daemon := open(t, dir, func(o *keychain.Options) { o.Credentials = credentials })
		must(t, daemon.Assign("vk", keychain.Bare("newer"))) // reads with the file's key, writes with its own
		want(t, loaded(t, dir, func(o *keychain.Options) { o.Credentials = credentials }), "vk", "newer")
		fails(t, dir, "another key", "keychain.key")
	})
	t.Run("rubbish", func(t *testing.T) {
		dir, key := newDir(t)
		must(t, os.WriteFile(key, []byte("AGE-SECRET-KEY-1MARKED"), 0o600))
		err := open(t, dir).LoadLast()
		contains(t, err, key)
		if strings.Contains(err.Error(), "MARKED") {
			t.Errorf("the key is in the error: %v", err)
		}
	})
	t.Run("credential", func(t *testing.T) {
		_, key := newDir(t)
		dir := t.TempDir()
		must(t, os.Chmod(key, 0o440)) // as systemd shows its ACL
		k := open(t, dir, func(o *keychain.Options) { o.Credentials = filepath.Dir(key) })
		must(t, k.Assign("vk", keychain.Bare("two")))
		if _, err := os.Stat(filepath.Join(dir, "keychain.key")); err == nil {
			t.Error("a key was made beside the credential")
		}
	})
}

// TestDamage spoils the newest dump in every way: the one before is taken, and a
// change starts from there.
func TestDamage(t *testing.T) {
	template := t.TempDir()
	k := open(t, template)
	must(t, k.Assign("vk", keychain.Bare("one")))
	must(t, k.Assign("vk", keychain.Bare("two")))
	newest := filepath.Base(dumpFiles(t, template)[1])
	data, err := os.ReadFile(dumpFiles(t, template)[1])
	must(t, err)
	check := func(t *testing.T, damaged []byte) {
		t.Helper()
		dir := filepath.Join(t.TempDir(), "state")
		must(t, os.CopyFS(dir, os.DirFS(template)))
		must(t, os.Chmod(filepath.Join(dir, "keychain.key"), 0o600))
		path := filepath.Join(dir, "keychain", newest)
		must(t, os.WriteFile(path, damaged, 0o600))
		k := open(t, dir)
		must(t, k.LoadLast())
		want(t, k, "vk", "one")
		if w := k.Warnings(); len(w) != 1 || !strings.Contains(w[0].Error(), path) {
			t.Errorf("warnings: %v", w)
		}
		must(t, k.Assign("yt", keychain.Bare("three")))
		want(t, loaded(t, dir), "vk", "one")
		want(t, loaded(t, dir), "yt", "three")
	}
	for i := 0; i < len(data); i += 29 {
		flipped := slices.Clone(data)
		flipped[i] ^= 1
		check(t, flipped)
	}
	for _, n := range []int{0, 1, 100, len(data) - 1} {
		check(t, data[:n])
	}
	check(t, append(slices.Clone(data), 'x'))
	check(t, []byte("{}"))
}

func TestAllDamaged(t *testing.T) {
	dir := t.TempDir()
	k := open(t, dir)
	must(t, k.Assign("vk", keychain.Bare("one")))
	must(t, k.Assign("vk", keychain.Bare("two")))
	for _, file := range dumpFiles(t, dir) {
		must(t, os.WriteFile(file, []byte("rubbish"), 0o600))
	}
	k = open(t, dir)
	err := k.LoadLast()
	contains(t, err, append(dumpFiles(t, dir), filepath.Join(dir, "keychain.key"))...)
	contains(t, k.Assign("yt", keychain.Bare("three")), "keychain.key")
	if n := len(dumpFiles(t, dir)); n != 2 {
		t.Errorf("%d dumps", n)
	}
	dumps, err := k.Dumps()
	must(t, err)
	if len(dumps) != 2 || dumps[0].Err == nil {
		t.Errorf("dumps: %v", dumps)
	}
}

// TestVanished: dumps that somebody removes do not keep newer ones from being seen,
// and what is in memory is not lost with the last of them.
func TestVanished(t *testing.T) {
	dir := t.TempDir()
	k, other := open(t, dir), open(t, dir)
	must(t, other.Assign("vk", keychain.Bare("one")))
	must(t, other.Assign("vk", keychain.Bare("two")))
	data, err := os.ReadFile(dumpFiles(t, dir)[1])
	must(t, err)
	tag := dumpFiles(t, dir)[1][len(dumpFiles(t, dir)[1])-len("00000000.age"):]
	future := filepath.Join(dir, "keychain", "21990101T000000.000000000Z-"+tag)
	must(t, os.WriteFile(future, data, 0o600))
	must(t, k.LoadLast())
	want(t, k, "vk", "two")
	must(t, os.Remove(future))
	must(t, os.Remove(dumpFiles(t, dir)[1]))
	must(t, k.LoadLast())
	want(t, k, "vk", "one")
	fresh := open(t, dir)
	must(t, fresh.Assign("vk", keychain.Bare("three")))
	must(t, k.LoadLast())
	want(t, k, "vk", "three")

	for _, file := range dumpFiles(t, dir) {
		must(t, os.Remove(file))
	}
	must(t, k.LoadLast())
	want(t, k, "vk", "three")
	must(t, k.Assign("yt", keychain.Bare("four")))
	want(t, loaded(t, dir), "vk", "three")
}

// TestFullDisk: a child has the limit, because the test's own log is a file as well.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	k := open(t, dir)
	must(t, k.Assign("vk", keychain.Bare("one")))
	holds, said, err := limitedChild(t, dir, "vk", 100)
	if err == nil || !strings.Contains(said, "dump") || holds != "one\n" {
		t.Errorf("%v %q, holds %q", err, said, holds)
	}
	if n := len(dumpFiles(t, dir)); n != 1 {
		t.Errorf("%d dumps", n)
	}
	want(t, loaded(t, dir), "vk", "one")
	must(t, k.Assign("vk", keychain.Bare("two")))
}

// TestChangesAtOnce: two keychains of one folder, many goroutines each, and no
// change is lost.
func TestChangesAtOnce(t *testing.T) {
	dir := t.TempDir()
	var all sync.WaitGroup
	for p := range 2 {
		k := open(t, dir)
		for g := range 10 {
			all.Go(func() {
				slot := fmt.Sprintf("vk:%d-%d", p, g)
				if err := k.Assign(slot, keychain.Bare(slot)); err != nil {
					t.Error(err)
				}
				_ = k.Show()
				_, _ = k.Dumps()
				if err := k.SetState(slot, keychain.State{Name: keychain.Dead, Reason: slot}); err != nil {
					t.Error(err)
				}
			})
		}
	}
	all.Wait()
	k := loaded(t, dir)
	if n := len(k.Slots()); n != 20 {
		t.Errorf("%d of 20 slots: %v", n, k.Slots())
	}
	for _, slot := range k.Slots() {
		if k.State(slot).Name != keychain.Dead {
			t.Errorf("%s lost its state", slot)
		}
	}
	if n := len(dumpFiles(t, dir)); n != 20 {
		t.Errorf("%d dumps for 20 changes", n)
	}
}

// TestModel compares a keychain with a map over random changes, made through two
// keychains of one folder that are opened anew at random.
func TestModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "")
		must(t, err)
		ks := []*keychain.KeyChain{open(t, dir), open(t, dir)}
		model := map[string]string{}
		var history []map[string]string // by dump, the oldest first
		save := func() {
			saved := map[string]string{}
			for s, v := range model {
				saved[s] = v
			}
			history = append(history, saved)
		}
		slots := []string{"vk", "vk:a", "yt", "tg:b"}
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			k := ks[rapid.IntRange(0, 1).Draw(rt, "keychain")]
			slot := rapid.SampledFrom(slots).Draw(rt, "slot")
			switch rapid.SampledFrom([]string{"assign", "delete", "load", "reopen"}).Draw(rt, "step") {
			case "assign":
				value := rapid.StringMatching(`[!$-&(-.0-9A-Za-z]{1,30}`).Draw(rt, "value")
				must(t, k.Assign(slot, keychain.Bare(value)))
				model[slot] = value
				save()
			case "delete":
				_, held := model[slot]
				if err := k.Delete(slot); (err == nil) != held {
					rt.Fatalf("delete %s: %v", slot, err)
				}
				if held {
					delete(model, slot)
					save()
				}
			case "load":
				dumps, err := k.Dumps()
				must(t, err)
				if len(dumps) != len(history) {
					rt.Fatalf("%d dumps after %d changes", len(dumps), len(history))
				}
				if len(dumps) > 0 {
					i := rapid.IntRange(0, len(dumps)-1).Draw(rt, "dump")
					must(t, k.Load(dumps[len(dumps)-1-i].ID))
					clear(model)
					for s, v := range history[i] {
						model[s] = v
					}
					save()
				}
			case "reopen":
				ks[0] = open(t, dir)
			}
			must(t, k.LoadLast())
			for _, slot := range slots {
				if v, ok := k.Get(slot); v.Bare() != model[slot] || ok != (model[slot] != "") {
					rt.Fatalf("%s: got %q, want %q", slot, v.Bare(), model[slot])
				}
			}
		}
	})
}
