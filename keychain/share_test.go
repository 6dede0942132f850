package keychain

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// twin is another machine's keychain with the same key.
func twin(t *testing.T, of *KeyChain, dir string) *KeyChain {
	t.Helper()
	key, err := os.ReadFile(filepath.Join(of.opts.Dir, "keychain.key"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "keychain.key"), key, 0o600); err != nil {
		t.Fatal(err)
	}
	k, err := Open(Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func sealed(t *testing.T, k *KeyChain) ([]byte, map[string]string) {
	t.Helper()
	file, stamps, err := k.Sealed()
	if err != nil || file == nil {
		t.Fatal(file, err)
	}
	return file, stamps
}

func merged(t *testing.T, k *KeyChain, file []byte, base map[string]string, ahead bool) {
	t.Helper()
	got, err := k.Merge(file, base)
	if err != nil || got != ahead {
		t.Fatalf("Merge = %t, %v; want %t", got, err, ahead)
	}
}

func holds(t *testing.T, k *KeyChain, slot, want string) {
	t.Helper()
	v, ok := k.Get(slot)
	if ok != (want != "") || ok && v.Bare() != want {
		t.Errorf("%s holds %v, %t; want %q", slot, v, ok, want)
	}
}

func assign(t *testing.T, k *KeyChain, slot, value string) {
	t.Helper()
	if err := k.Assign(slot, Bare(value)); err != nil {
		t.Fatal(err)
	}
}

// TestMerge: two machines change their keychains, and hand each other dumps.
func TestMerge(t *testing.T) {
	a, err := Open(Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	assign(t, a, "vk", "first")
	b := twin(t, a, t.TempDir())
	file, base := sealed(t, a)
	merged(t, b, file, nil, false)
	holds(t, b, "vk", "first")

	assign(t, a, "vk:a", "of-a") // each has a slot that the other has not
	assign(t, b, "vk:b", "of-b")
	file, _ = sealed(t, a)
	merged(t, b, file, base, true)
	file, agreed := sealed(t, b)
	merged(t, a, file, base, false)
	base = agreed
	for _, k := range []*KeyChain{a, b} {
		holds(t, k, "vk", "first")
		holds(t, k, "vk:a", "of-a")
		holds(t, k, "vk:b", "of-b")
	}

	if err := a.Delete("vk:a"); err != nil { // a deleted slot does not come back
		t.Fatal(err)
	}
	file, _ = sealed(t, b)
	merged(t, a, file, base, true)
	holds(t, a, "vk:a", "")
	file, _ = sealed(t, a)
	merged(t, b, file, base, false)
	holds(t, b, "vk:a", "")

	_, base = sealed(t, a)
	assign(t, a, "vk", "older") // both change one slot: the later one counts
	assign(t, b, "vk", "newer")
	file, _ = sealed(t, b)
	merged(t, a, file, base, false)
	holds(t, a, "vk", "newer")
	before, _ := a.Dumps()
	merged(t, a, file, base, false)
	if after, _ := a.Dumps(); len(after) != len(before) {
		t.Error("a merge that brings nothing new writes a dump")
	}
}

// TestMergeForeign: a dump for another key is refused, and nothing changes.
func TestMergeForeign(t *testing.T) {
	var ks [2]*KeyChain
	for i := range ks {
		k, err := Open(Options{Dir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		assign(t, k, "vk", "of-its-own")
		ks[i] = k
	}
	file, _ := sealed(t, ks[0])
	if _, err := ks[1].Merge(file, nil); !errors.Is(err, ErrKey) {
		t.Errorf("%v; want an ErrKey", err)
	}
	empty, err := Open(Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := empty.Merge(file, nil); !errors.Is(err, ErrKey) {
		t.Errorf("without a key: %v; want an ErrKey", err)
	}
}

// turned is a Refresher that counts.
type turned struct{ refreshes int }

func (r *turned) Window(_ Token, assigned, _ time.Time) Window {
	return Window{From: assigned, By: assigned.Add(time.Minute)}
}

func (r *turned) Refresh(context.Context, Token) (Fresh, error) {
	r.refreshes++
	return Fresh{Value: Bare("renewed-here")}, nil
}

// TestTakeTurns: what another machine has renewed before this one's turn is not renewed
// again, and without a turn nothing is.
func TestTakeTurns(t *testing.T) {
	by := &turned{}
	k, err := Open(Options{Dir: t.TempDir(), Refreshers: map[string]Refresher{"vk": by}})
	if err != nil {
		t.Fatal(err)
	}
	assign(t, k, "vk", "old")
	old, _ := k.Token("vk")
	away := errors.New("away")
	k.TakeTurns(func(context.Context, string) (func(), error) { return nil, away })
	if _, err := k.Renew(t.Context(), old); !errors.Is(err, away) || by.refreshes != 0 {
		t.Errorf("without a turn: %v, %d refreshes", err, by.refreshes)
	}
	other := twin(t, k, t.TempDir())
	file, _ := sealed(t, k)
	merged(t, other, file, nil, false)
	assign(t, other, "vk", "renewed-there")
	ended := 0
	k.TakeTurns(func(context.Context, string) (func(), error) {
		file, _ := sealed(t, other)
		merged(t, k, file, nil, false)
		return func() { ended++ }, nil
	})
	got, err := k.Renew(t.Context(), old)
	if err != nil || got.Bare() != "renewed-there" || by.refreshes != 0 || ended != 1 {
		t.Errorf("%v, %v, %d refreshes, %d ends", got, err, by.refreshes, ended)
	}
}

// exchange has two machines agree that do not know when they last did.
func exchange(t *testing.T, a, b *KeyChain, ahead bool) {
	t.Helper()
	file, _ := sealed(t, a)
	merged(t, b, file, nil, ahead)
	file, _ = sealed(t, b)
	merged(t, a, file, nil, false)
}

// TestMergeAfterAbsence: a machine that was away does not bring back what was deleted
// meanwhile; what it was given there counts where that was later.
func TestMergeAfterAbsence(t *testing.T) {
	a, err := Open(Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	assign(t, a, "vk", "first")
	assign(t, a, "vk:gone", "deleted")
	assign(t, a, "vk:again", "deleted")
	b := twin(t, a, t.TempDir())
	exchange(t, a, b, false)
	for _, slot := range []string{"vk:gone", "vk:again"} { // b is away
		if err := a.Delete(slot); err != nil {
			t.Fatal(err)
		}
	}
	assign(t, b, "vk:again", "assigned-where-the-daemon-was-down")
	exchange(t, a, b, true)
	for _, k := range []*KeyChain{a, b} {
		holds(t, k, "vk", "first")
		holds(t, k, "vk:gone", "")
		holds(t, k, "vk:again", "assigned-where-the-daemon-was-down")
	}
	third := twin(t, a, t.TempDir()) // what was deleted is known to who never had it
	exchange(t, a, third, false)
	assign(t, third, "vk:gone", "there-again")
	exchange(t, a, third, true)
	holds(t, a, "vk:gone", "there-again")
}

// TestMergeLoaded: an older dump that was made the newest stays that, whatever a machine
// has that was away.
func TestMergeLoaded(t *testing.T) {
	a, err := Open(Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	assign(t, a, "vk", "first")
	old, err := a.Dump()
	if err != nil {
		t.Fatal(err)
	}
	assign(t, a, "vk", "second")
	assign(t, a, "vk:new", "new")
	b := twin(t, a, t.TempDir())
	exchange(t, a, b, false)
	if err := a.Load(old); err != nil {
		t.Fatal(err)
	}
	exchange(t, a, b, false)
	holds(t, b, "vk", "first")
	holds(t, b, "vk:new", "")
}

// TestStampsOfAnotherClock: a change is later than every one it can know of, also where
// the machine that made that has its clock ahead.
func TestStampsOfAnotherClock(t *testing.T) {
	a, err := Open(Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	assign(t, a, "vk", "first")
	ahead := nextID(time.Now().Add(time.Hour), "", "00000000")
	if err := a.changeAll(func(next *content, _ dumpID) error {
		delete(next.slots, "vk")
		next.emptied = map[string]string{"vk": string(ahead)}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	b := twin(t, a, t.TempDir())
	exchange(t, a, b, false)
	assign(t, b, "vk", "assigned-again")
	exchange(t, a, b, true)
	holds(t, a, "vk", "assigned-again")
}
