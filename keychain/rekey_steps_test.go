package keychain

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// rekeyRig is a folder with four dumps, of which the newest but one is damaged, and
// with what killed processes left of a key's file.
func rekeyRig(t *testing.T) (dir string, damaged string) {
	t.Helper()
	dir = t.TempDir()
	k, err := Open(Options{Dir: dir, Credentials: "/nonexistent"})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 4 {
		if err := k.Assign("vk", Bare(fmt.Sprint("value-", i))); err != nil {
			t.Fatal(err)
		}
	}
	ids, err := k.disk.ids()
	if err != nil {
		t.Fatal(err)
	}
	damaged = k.disk.dumpPath(ids[1])
	if err := os.WriteFile(damaged, []byte("rubbish"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, left := range []string{".keychain.key123456", "keychain.key.new"} {
		if err := os.WriteFile(filepath.Join(dir, left), []byte("left"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir, damaged
}

// readable wants three good dumps at least, each once or twice, and value-3 in the newest.
func readable(t *testing.T, dir string) {
	t.Helper()
	k, err := Open(Options{Dir: dir, Credentials: "/nonexistent"})
	if err != nil {
		t.Fatal(err)
	}
	if err := k.LoadLast(); err != nil {
		t.Fatal(err)
	}
	if v, _ := k.Get("vk"); v.Bare() != "value-3" {
		t.Errorf("got %q", v.Bare())
	}
	dumps, err := k.Dumps()
	if err != nil {
		t.Fatal(err)
	}
	good := make(map[int64]bool)
	for _, d := range dumps {
		switch {
		case d.Err == nil:
			good[d.Time.UnixNano()] = true
		case !errors.Is(d.Err, ErrDamaged):
			t.Errorf("%s: %v", d.ID, d.Err)
		}
	}
	if len(good) < 3 {
		t.Errorf("%d of 3 dumps can be read", len(good))
	}
}

// TestRekeyCutShort stops after every step: everything can be read, a value can be
// assigned, and another Rekey finishes.
func TestRekeyCutShort(t *testing.T) {
	for n, all := 0, 1; n <= all; n++ {
		for _, assigns := range []bool{false, true} {
			dir, damaged := rekeyRig(t)
			k, err := Open(Options{Dir: dir, Credentials: "/nonexistent"})
			if err != nil {
				t.Fatal(err)
			}
			old, err := k.disk.readKeys()
			if err != nil {
				t.Fatal(err)
			}
			r, err := k.disk.rekeying()
			if err != nil {
				t.Fatal(err)
			}
			steps := r.steps()
			all = len(steps)
			for _, step := range steps[:n] {
				if err := step(); err != nil {
					t.Fatal(err)
				}
			}
			readable(t, dir)
			if assigns {
				if err := k.Assign("vk:b", Bare("meanwhile")); err != nil {
					t.Fatal(err)
				}
			}
			done, err := k.Rekey()
			if err != nil {
				t.Fatalf("after %d steps: %v", n, err)
			}
			readable(t, dir)
			rekeyed(t, k, old[0], damaged)
			if v, _ := k.Get("vk:b"); assigns && v.Bare() != "meanwhile" {
				t.Errorf("after %d steps a value was lost: %q", n, v.Bare())
			}
			if n == 0 && !assigns && (done.Dumps != 3 || len(done.SetAside) != 1 || done.SetAside[0] != damaged+".damaged" || len(done.Left)+done.Spare != 0) {
				t.Errorf("%+v", done)
			}
		}
	}
}

// rekeyed wants one key that is not the old one, every dump for it, the damaged dump
// under another name and nothing else left.
func rekeyed(t *testing.T, k *KeyChain, old key, damaged string) {
	t.Helper()
	ks, err := k.disk.readKeys()
	if err != nil || len(ks) != 1 || ks[0].tag == old.tag {
		t.Fatalf("%d keys, %v", len(ks), err)
	}
	ids, err := k.disk.ids()
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		if id.tag() != ks[0].tag {
			t.Errorf("%s is for another key", id)
		}
	}
	if text, err := os.ReadFile(damaged + ".damaged"); err != nil || string(text) != "rubbish" {
		t.Errorf("the damaged dump: %q %v", text, err)
	}
	text, err := os.ReadFile(k.disk.keyPath())
	if err != nil || strings.Contains(string(text), old.identity.String()) || strings.Count(string(text), "# created: ") != 1 {
		t.Error("the old key is still in the file")
	}
	entries, err := os.ReadDir(k.disk.state)
	if err != nil || len(entries) != 2 { // the folder and the key
		t.Errorf("%v were left, %v", entries, err)
	}
}

// TestRekeyDamagedCopy: a copy that is there already is not made again, one that is
// damaged is.
func TestRekeyDamagedCopy(t *testing.T) {
	dir, damaged := rekeyRig(t)
	k, err := Open(Options{Dir: dir, Credentials: "/nonexistent"})
	if err != nil {
		t.Fatal(err)
	}
	old, _ := k.disk.readKeys()
	r, err := k.disk.rekeying()
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range r.steps()[:4] {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	copied := r.disk.dumpPath(r.moved[0].under(r.to.tag))
	if err := os.WriteFile(copied, []byte("rubbish"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Rekey(); err != nil {
		t.Fatal(err)
	}
	readable(t, dir)
	rekeyed(t, k, old[0], damaged)
}

func TestFirstIdentity(t *testing.T) {
	for text, want := range map[string]string{
		"# a\nONE\n# b\nTWO\n": "# a\nONE\n",
		"\n  \r\nONE\r\nTWO":   "\n  \r\nONE\r\n",
		"ONE":                  "ONE",
	} {
		if got := string(firstIdentity([]byte(text))); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}

// FuzzParseKey: no text makes the parser panic, none of it is in an error, and the
// first identity of a file alone is the first one of all.
func FuzzParseKey(f *testing.F) {
	const one = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX"
	for _, s := range []string{one, "# created\n" + one + "\n\n" + one, one + "x", "", "# only"} {
		f.Add(s)
	}
	if _, err := parseKey(strings.NewReader(one)); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		all, err := parseKey(strings.NewReader(text))
		if err != nil {
			if strings.Contains(err.Error(), "AGE-SECRET-KEY-1G") {
				t.Errorf("the key is in the error: %v", err)
			}
			return
		}
		first, err := parseKey(strings.NewReader(string(firstIdentity([]byte(text)))))
		if err != nil || len(first) != 1 || !slices.Equal([]string{first[0].String()}, []string{all[0].String()}) {
			t.Errorf("%v", err)
		}
	})
}
