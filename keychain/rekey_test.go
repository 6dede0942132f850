package keychain_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"

	"collectord/keychain"
)

func keyFile(t testing.TB, dir string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "keychain.key"))
	must(t, err)
	return string(text)
}

// wantRekeyed wants one key in the file, every dump readable and for that key.
func wantRekeyed(t testing.TB, dir string, dumps int) {
	t.Helper()
	if n := strings.Count(keyFile(t, dir), "AGE-SECRET-KEY-1"); n != 1 {
		t.Errorf("%d keys in the file", n)
	}
	infos, err := open(t, dir).Dumps()
	must(t, err)
	tags := make(map[string]bool)
	for _, d := range infos {
		if d.Err != nil {
			t.Error(d.Err)
		}
		tags[d.ID[len(d.ID)-8:]] = true
	}
	if len(tags) != 1 || dumps > 0 && len(infos) != dumps {
		t.Errorf("%d dumps for %d keys", len(infos), len(tags))
	}
}

func TestRekey(t *testing.T) {
	dir := t.TempDir()
	k := open(t, dir)
	done, err := k.Rekey() // nothing there: a key is made
	if err != nil || done.Dumps != 0 || done.Key != filepath.Join(dir, "keychain.key") {
		t.Fatalf("%+v %v", done, err)
	}
	must(t, k.Assign("vk", keychain.Bare("one")))
	must(t, k.Assign("yt", keychain.Bare("two")))
	before, old := k.Show(), keyFile(t, dir)
	for range 2 {
		done, err = k.Rekey()
		if err != nil || done.Dumps != 2 || len(done.SetAside)+len(done.Left) != 0 {
			t.Errorf("%+v %v", done, err)
		}
		wantRekeyed(t, dir, 2)
		if now := keyFile(t, dir); now == old {
			t.Error("the key is the one of before")
		} else {
			old = now
		}
		if after := k.Show(); !slices.Equal(before, after) {
			t.Errorf("%+v became %+v", before, after)
		}
		want(t, loaded(t, dir), "vk", "one")
	}
	if info, err := os.Stat(filepath.Join(dir, "keychain.key")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	must(t, k.Assign("vk", keychain.Bare("three")))
	dumps, err := k.Dumps()
	must(t, err)
	must(t, k.Load(dumps[1].ID))
	want(t, loaded(t, dir), "vk", "one")
}

// TestRekeyRefused: nothing is touched where not everything can be read.
func TestRekeyRefused(t *testing.T) {
	dir := t.TempDir()
	k := open(t, dir)
	must(t, k.Assign("vk", keychain.Bare("one")))
	key, good := filepath.Join(dir, "keychain.key"), keyFile(t, dir)
	refused := func(is error, parts ...string) {
		t.Helper()
		before, dumps := keyFile(t, dir), dumpFiles(t, dir)
		for _, k := range []*keychain.KeyChain{k, open(t, dir)} {
			_, err := k.Rekey()
			contains(t, err, parts...)
			if !errors.Is(err, is) {
				t.Errorf("not %v: %v", is, err)
			}
		}
		if keyFile(t, dir) != before || !slices.Equal(dumpFiles(t, dir), dumps) {
			t.Error("something was changed")
		}
	}
	other, err := age.GenerateX25519Identity()
	must(t, err)
	must(t, os.WriteFile(key, []byte(other.String()+"\n"), 0o600))
	refused(keychain.ErrKey, "another key", key)
	must(t, os.WriteFile(key, []byte(good), 0o644))
	must(t, os.Chmod(key, 0o644))
	refused(keychain.ErrKey, "chmod 600")
	must(t, os.Chmod(key, 0o600))
	must(t, os.WriteFile(dumpFiles(t, dir)[0], []byte("rubbish"), 0o600))
	refused(keychain.ErrDamaged, "none of the 1 dumps")
}

func TestRekeyCredential(t *testing.T) {
	dir, credentials := t.TempDir(), t.TempDir()
	daemon := func(o *keychain.Options) { o.Credentials = credentials }
	k := open(t, dir, daemon)
	_, err := open(t, credentials).Rekey() // makes a key there
	must(t, err)
	credential := keyFile(t, credentials)
	must(t, k.Assign("vk", keychain.Bare("one")))
	_, err = k.Rekey()
	contains(t, err, "credential", filepath.Join(credentials, "keychain.key"), "LoadCredential")
	if !errors.Is(err, keychain.ErrKey) || keyFile(t, credentials) != credential {
		t.Errorf("%v", err)
	}
	// Its owner put a new one before the old one.
	fresh, err := age.GenerateX25519Identity()
	must(t, err)
	both := fresh.String() + "\n" + credential
	must(t, os.WriteFile(filepath.Join(credentials, "keychain.key"), []byte(both), 0o600))
	must(t, k.LoadLast())
	for _, dumps := range []int{1, 0} {
		done, err := k.Rekey()
		if err != nil || done.Dumps != dumps || done.Spare != 1 || keyFile(t, credentials) != both {
			t.Errorf("%+v %v", done, err)
		}
	}
	must(t, os.WriteFile(filepath.Join(credentials, "keychain.key"), []byte(fresh.String()), 0o600))
	want(t, loaded(t, dir, daemon), "vk", "one")
}

// TestRekeyLeavesOthers: a dump for a key that is not at hand stays, and so does the
// link that the key's file is.
func TestRekeyLeavesOthers(t *testing.T) {
	dir, elsewhere := t.TempDir(), t.TempDir()
	k := open(t, dir)
	must(t, k.Assign("vk", keychain.Bare("one")))
	key, target := filepath.Join(dir, "keychain.key"), filepath.Join(elsewhere, "my.key")
	must(t, os.Rename(key, target))
	must(t, os.Symlink(target, key))
	stranger := filepath.Join(dir, "keychain", "20200101T000000.000000000Z-00000000.age")
	must(t, os.WriteFile(stranger, []byte("x"), 0o600))
	done, err := k.Rekey()
	if err != nil || done.Dumps != 1 || !slices.Equal(done.Left, []string{stranger}) {
		t.Errorf("%+v %v", done, err)
	}
	if to, err := os.Readlink(key); err != nil || to != target || strings.Count(keyFile(t, dir), "AGE-SECRET-KEY-1") != 1 {
		t.Errorf("%q %v", to, err)
	}
	want(t, loaded(t, dir), "vk", "one")
}

// TestRekeyFullDisk: the disk takes neither key nor dumps, or the key alone.
func TestRekeyFullDisk(t *testing.T) {
	for limit, keys := range map[int]int{100: 1, 600: 2} {
		dir := t.TempDir()
		k := open(t, dir)
		must(t, k.Assign("vk", keychain.Bare(strings.Repeat("x", 1000))))
		must(t, k.Assign("yt", keychain.Bare("two")))
		_, said, err := limitedChild(t, dir, "rekey", limit)
		if err == nil || !strings.Contains(said, "run it again") {
			t.Errorf("%v %s", err, said)
		}
		if n := strings.Count(keyFile(t, dir), "AGE-SECRET-KEY-1"); n != keys {
			t.Errorf("%d keys in the file", n)
		}
		want(t, loaded(t, dir), "yt", "two")
		must(t, k.Assign("yt", keychain.Bare("three")))
		_, err = k.Rekey()
		must(t, err)
		wantRekeyed(t, dir, 3)
		want(t, loaded(t, dir), "yt", "three")
	}
}

// TestRekeyBesideOthers: others assign while the key changes again and again, and a
// daemon that watches never misses a dump or its key.
func TestRekeyBesideOthers(t *testing.T) {
	dir := t.TempDir()
	must(t, open(t, dir).Assign("vk", keychain.Bare("first")))
	watching := loaded(t, dir)
	ctx, cancel := context.WithCancel(context.Background())
	var watch, all sync.WaitGroup
	last := make(chan struct{}, 1)
	watch.Go(func() {
		err := watching.Watch(ctx, func(c keychain.Change) {
			if c.Err != nil || len(c.Warnings) > 0 {
				t.Errorf("%+v", c)
			}
			if v, _ := watching.Get("vk"); v.Bare() == "last" {
				last <- struct{}{}
			}
		})
		if err != nil {
			t.Error(err)
		}
	})
	for p := range 2 {
		k := open(t, dir)
		all.Go(func() {
			for i := range 10 {
				slot := fmt.Sprintf("vk:%d-%d", p, i)
				if err := k.Assign(slot, keychain.Bare(slot)); err != nil {
					t.Error(err)
				}
				if dumps, err := k.Dumps(); err != nil || len(dumps) == 0 || dumps[0].Err != nil {
					t.Errorf("%v %v", dumps, err)
				}
			}
		})
	}
	for range 2 {
		k := open(t, dir)
		all.Go(func() {
			for range 4 {
				if _, err := k.Rekey(); err != nil {
					t.Error(err)
				}
				if err := open(t, dir).LoadLast(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	must(t, open(t, dir).Assign("vk", keychain.Bare("last")))
	select {
	case <-last:
	case <-time.After(2 * time.Second):
		t.Error("the last change was not seen within 2 s")
	}
	cancel()
	watch.Wait()
	wantRekeyed(t, dir, 22)
	if n := len(loaded(t, dir).Slots()); n != 21 {
		t.Errorf("%d of 21 slots", n)
	}
}

// TestKillRekey kills a process that changes the key in a loop: every dump can be
// read, and Rekey finishes.
func TestKillRekey(t *testing.T) {
	dir := t.TempDir()
	k := open(t, dir)
	for i := range 8 {
		must(t, k.Assign("vk", keychain.Bare(fmt.Sprint("value-", i))))
	}
	for n := range *kills {
		cmd, out := startChild(t, dir, "rekey")
		if !out.Scan() {
			t.Fatal("the child ended by itself")
		}
		// A round takes 30 ms or more; the kill comes anywhere in it.
		timer := time.AfterFunc(time.Duration(rand.IntN(40_000))*time.Microsecond, func() { _ = cmd.Process.Kill() })
		for out.Scan() {
		}
		timer.Stop()
		_ = cmd.Wait()
		dumps, err := open(t, dir).Dumps()
		must(t, err)
		seen := make(map[time.Time]bool)
		for _, d := range dumps {
			if d.Err != nil {
				t.Errorf("kill %d: %v", n, d.Err)
			}
			seen[d.Time] = true
		}
		if len(seen) != 8 {
			t.Errorf("kill %d: %d of 8 dumps", n, len(seen))
		}
		want(t, loaded(t, dir), "vk", "value-7")
	}
	_, err := k.Rekey()
	must(t, err)
	wantRekeyed(t, dir, 8)
}

func BenchmarkRekey(b *testing.B) {
	dir := b.TempDir()
	k := open(b, dir)
	for i := range 50 {
		must(b, k.Assign("vk", keychain.Bare(fmt.Sprint("value-", i))))
	}
	for b.Loop() {
		_, err := k.Rekey()
		must(b, err)
	}
}
