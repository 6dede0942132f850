package journal

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A journal that is deleted while it is open is put back whole by the next write.
func TestDeletedWhileOpen(t *testing.T) {
	for name, harm := range map[string]func(t *testing.T, path string){
		"the file": func(t *testing.T, path string) { remove(t, path) },
		"all of them": func(t *testing.T, path string) {
			remove(t, path)
			remove(t, path+"-wal")
			remove(t, path+"-shm")
		},
		"the folder": func(t *testing.T, path string) {
			if err := os.RemoveAll(filepath.Dir(path)); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := temp(t)
			j := open(t, path)
			fill(t, j, 20, 3)
			want := lines(t, j)
			if err := j.Advance(t.Context(), "i", 7, nil); err != nil {
				t.Fatal(err)
			}
			harm(t, path)
			at := t0.Add(99 * time.Hour)
			record(t, j, "vk", at, profile("vk", "new", at, 1))
			if j.Mended() != 1 {
				t.Errorf("mended %d times", j.Mended())
			}
			if j.Damaged() != "" {
				t.Errorf("set aside: %s", j.Damaged())
			}
			got := lines(t, j)
			if err := j.Close(); err != nil {
				t.Fatal(err)
			}
			again := open(t, path)
			wantLines(t, again, got...)
			wantLines(t, again, append(want, got[len(got)-1])...)
			if n := must(again.Cursor(t.Context(), "i"))(t); n != 7 {
				t.Errorf("cursor %d", n)
			}
			if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%v %v", info.Mode(), err)
			}
		})
	}
}

// One that is deleted, and a crash or a failure while it is put back: the next start has
// all of it.
func TestDeletedAndCutShort(t *testing.T) {
	path := temp(t)
	j := open(t, path)
	fill(t, j, 20, 3)
	want := lines(t, j)
	for _, end := range []string{"", "-wal", "-shm"} {
		remove(t, path+end)
	}
	obstacle := filepath.Join(path+"-wal", "in the way")
	if err := os.MkdirAll(obstacle, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := j.Record(t.Context(), batchOf(1)); err == nil {
		t.Fatal("it was put back in spite of the obstacle")
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Dir(obstacle)); err != nil {
		t.Fatal(err)
	}
	wantLines(t, open(t, path), want...)
}

// One that is exchanged under an open journal is set aside, and the right one put back.
func TestExchangedWhileOpen(t *testing.T) {
	path := temp(t)
	j := open(t, path)
	fill(t, j, 20, 3)
	remove(t, path)
	if err := os.WriteFile(path, []byte("another file"), 0o600); err != nil {
		t.Fatal(err)
	}
	at := t0.Add(99 * time.Hour)
	record(t, j, "vk", at, profile("vk", "new", at, 1))
	if n := len(lines(t, j)); n != 61 {
		t.Errorf("%d lines", n)
	}
	if b, err := os.ReadFile(j.Damaged()); err != nil || string(b) != "another file" {
		t.Errorf("set aside as %q: %s %v", j.Damaged(), b, err)
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}
