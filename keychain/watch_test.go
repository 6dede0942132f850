package keychain_test

import (
	"context"
	"os"
	"slices"
	"testing"
	"time"

	"collectord/keychain"
)

func TestWatch(t *testing.T) {
	dir := t.TempDir()
	k := open(t, dir)
	ctx, cancel := context.WithCancel(context.Background())
	changes := make(chan keychain.Change, 10)
	done := make(chan error)
	go func() { done <- k.Watch(ctx, func(c keychain.Change) { changes <- c }) }()
	next := func(slots ...string) {
		t.Helper()
		select {
		case c := <-changes:
			if !slices.Equal(c.Slots, slots) || (c.Err != nil) != (len(slots) == 0) {
				t.Errorf("change: %+v; want %q", c, slots)
			}
		case <-time.After(2 * time.Second):
			t.Fatalf("no change of %q within 2 s", slots)
		}
	}
	other := open(t, dir)
	must(t, other.Assign("vk", keychain.Bare("one")))
	next("vk")
	want(t, k, "vk", "one")
	must(t, other.Assign("yt", keychain.Bare("two")))
	next("yt")
	must(t, other.SetState("vk", keychain.State{Name: keychain.Dead}))
	must(t, other.Delete("vk"))
	next("vk")
	want(t, k, "vk", "")

	// A newest dump that nobody here can open changes nothing and is told once.
	must(t, os.WriteFile(dir+"/keychain/21990101T000000.000000000Z-00000000.age", []byte("x"), 0o600))
	next()
	want(t, k, "yt", "two")
	must(t, os.Remove(dir+"/keychain/21990101T000000.000000000Z-00000000.age"))
	must(t, other.Assign("yt", keychain.Bare("three")))
	next("yt")
	cancel()
	must(t, <-done)
	if len(changes) != 0 {
		t.Errorf("one change more: %+v", <-changes)
	}
}
